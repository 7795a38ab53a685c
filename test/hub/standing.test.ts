// What a hub is to others: well or degraded, and whose the name is when two hubs go by it.

import { describe, expect, it } from 'vitest'
import type { HubEffect } from '../../src/hub/effects.ts'
import { at, infoOf, peerOf, wallStart } from '../core/kit.ts'
import { changes, Rig, register, settingsFor } from './kit.ts'

/** The loop stands still for so long. */
function stall(rig: Rig, ms: number): HubEffect[] {
  rig.now = Math.max(rig.now, rig.hub.deadline()) + ms
  return rig.step({ type: 'tick' })
}

/** So many seconds of this. */
function feel(rig: Rig, sample: { utilization?: number; waiting?: number }, seconds: number): void {
  for (let i = 0; i < seconds; i++) {
    rig.pass(1_000)
    rig.step({ type: 'pulse', sample: { utilization: 0.1, waiting: 0, ...sample } })
  }
}

const reasons = (rig: Rig): readonly string[] => rig.hub.info.degraded ?? []

describe('a hub that runs badly', () => {
  it('says so, with the reason, in its own signed word, durably, and in its own checks', () => {
    const rig = new Rig()
    const before = rig.hub.incarnation
    const effects = stall(rig, 1_200)
    expect(changes(effects)).toContainEqual({ type: 'degraded', reasons: ['event-loop'] })
    expect(rig.hub.self.word).toMatchObject({ incarnation: before + 1, info: { degraded: ['event-loop'] } })
    expect(rig.hub.notary.vouches(rig.hub.self.word)).toBe(true)
    expect(rig.hub.pools.map((swim) => swim.self())).toEqual([rig.hub.self.word])
    expect(new TextDecoder().decode(rig.disk.get('hub/incarnation'))).toBe(String(before + 1))
    const { status, checks } = rig.views.health(at(rig.now))
    expect([status, checks['runtime']]).toEqual([
      'degraded',
      { status: 'warn', details: 'this process is strained: event-loop' },
    ])
  })

  it('is shown as degraded by every other hub, and as well again afterwards', () => {
    const rig = new Rig()
    const shown = () => rig.views.members(at(rig.now)).find(({ hub_id }) => hub_id === 'a')?.degraded_reasons
    rig.member('a', 'alive', { info: { ...infoOf('a'), degraded: ['backlog', 'event-loop'] } })
    expect(shown()).toEqual(['backlog', 'event-loop'])
    rig.member('a', 'alive', { incarnation: wallStart + 1 })
    expect(shown()).toEqual([])
  })

  it('is well again after half a minute, and says that too', () => {
    const rig = new Rig()
    stall(rig, 1_200)
    const { incarnation } = rig.hub
    rig.pass(29_900)
    expect(reasons(rig)).toEqual(['event-loop'])
    const effects = rig.pass(200)
    expect(changes(effects)).toContainEqual({ type: 'degraded', reasons: [] })
    expect(rig.hub.self.word).toMatchObject({ incarnation: incarnation + 1 })
    expect(rig.hub.info).not.toHaveProperty('degraded')
    expect(rig.views.health(at(rig.now)).checks['runtime']?.status).toBe('pass')
  })

  it('trusts its own probes less meanwhile', () => {
    const rig = new Rig()
    const score = (): unknown => rig.hub.pools[0]?.score
    feel(rig, { waiting: 2_000 }, 1)
    expect([reasons(rig), score()]).toEqual([['backlog'], 1])
    feel(rig, { utilization: 0.99 }, 5)
    expect([reasons(rig), score()]).toEqual([['backlog', 'event-loop'], 2])
    feel(rig, {}, 31)
    expect([reasons(rig), score()]).toEqual([[], 0])
  })

  it.each([
    ['one stall of a second', (rig: Rig) => stall(rig, 1_000), ['event-loop']],
    ['one shorter stall', (rig: Rig) => stall(rig, 900), []],
    ['five saturated seconds', (rig: Rig) => feel(rig, { utilization: 0.95 }, 5), ['event-loop']],
    ['four saturated seconds', (rig: Rig) => feel(rig, { utilization: 0.95 }, 4), []],
    ['two thousand waiting messages', (rig: Rig) => feel(rig, { waiting: 2_000 }, 1), ['backlog']],
    ['fewer waiting messages', (rig: Rig) => feel(rig, { waiting: 1_999 }, 9), []],
  ] satisfies readonly [string, (rig: Rig) => unknown, string[]][])('after %s', (_, happens, expected) => {
    const rig = new Rig()
    happens(rig)
    expect(reasons(rig)).toEqual(expected)
  })

  it.each(['local', 'regional'] as const)('counts the short stalls of a %s hub once each: three are many', (tier) => {
    const rig = new Rig({ settings: settingsFor('me', { tier }) })
    const seen = [1, 2, 3].map(() => {
      stall(rig, 400)
      rig.pass(3_000)
      return reasons(rig)
    })
    expect(seen).toEqual([[], [], ['event-loop']])
  })

  it('lets others sleep when it leaves while it is degraded', () => {
    const rig = new Rig()
    stall(rig, 1_200)
    rig.step({ type: 'leave' })
    rig.now += 31_000
    rig.step({ type: 'tick' })
    expect(rig.hub.deadline()).toBeGreaterThan(rig.now)
  })
})

describe('two hubs with one name', () => {
  const twin = (name: string) => ({ ...infoOf('me'), peer: peerOf(name) })
  const meet = (rig: Rig, peer: string, uptimeMs: number) => rig.step({ type: 'namesake', info: twin(peer), uptimeMs })
  const speech = (effects: readonly HubEffect[]) => effects.filter(({ type }) => type === 'send' || type === 'publish')

  it('the one that started later gives up, and says which hub it met', () => {
    const rig = new Rig()
    rig.member('a', 'alive')
    rig.pass(5_000)
    expect(changes(meet(rig, 'twin', 60_000))).toEqual([{ type: 'conflict', with: twin('twin') }])
    expect(register(rig)).toMatchObject({ ok: false, code: 'leaving' })
  })

  it('and falls silent: no goodbye, no probe, no answer in a name that is not its own', () => {
    const rig = new Rig()
    rig.link(infoOf('a'))
    rig.member('a', 'alive')
    rig.pass(5_000)
    const said = [...meet(rig, 'twin', 60_000), ...rig.step({ type: 'leave' }), ...rig.pass(10_000)]
    const ping = { pool: 'region/north', seq: 3, rumors: [] }
    expect(speech([...said, ...rig.hear('a', 'swim.ping', ping)])).toEqual([])
  })

  it('the older one stays, goes on, and puts its word above that of the younger', () => {
    const rig = new Rig()
    rig.pass(60_000)
    rig.link(infoOf('a'))
    rig.member('a', 'alive')
    expect(changes(meet(rig, 'twin', 5_000))).toEqual([])
    const incarnation = wallStart + 55_000
    const effects = rig.member('me', 'alive', { incarnation, info: twin('twin') })
    expect(rig.hub.state).toBe('ready')
    expect(rig.hub.incarnation).toBe(incarnation + 1)
    expect(changes(effects).map(({ type }) => type)).toContain('refuted')
    expect(speech(rig.pass(2_000)).length).toBeGreaterThan(0)
  })

  it.each([
    ['twin', 0, true],
    ['a', 0, true],
    ['zwin', 0, false],
    ['a', 999, true],
    ['zwin', -999, false],
    ['a', -1_000, false],
    ['zwin', 1_000, true],
  ] as const)(
    'that started within a second are told apart by their keys (%s, %i ms older: yields %j)',
    (peer, older, yields) => {
      const rig = new Rig({ settings: { ...settingsFor('me'), peer: peerOf('u') } })
      rig.pass(10_000)
      const met = changes(meet(rig, peer, 10_000 + older)).map(({ type }) => type)
      expect(met).toEqual(yields ? ['conflict'] : [])
    },
  )

  it('find each other: the namesake is dialled once, so that it says hello', () => {
    const rig = new Rig()
    const told = (incarnation: number) =>
      rig.member('me', 'alive', { incarnation, info: twin('twin') }).filter(({ type }) => type === 'connect')
    expect(told(wallStart + 9)).toEqual([
      { type: 'connect', peer: peerOf('twin'), addresses: ['/test/me'], eager: true },
    ])
    expect(told(wallStart + 20)).toEqual([])
  })
})
