// Why a hub is believed to be what it is: who accused it and what became of it, and who reaches it which way.

import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { Accusation } from '../../src/core/membership/messages.ts'
import { seal } from '../../src/core/wire.ts'
import { isoOf } from '../../src/hub/iso.ts'
import type { Why } from '../../src/hub/shapes.ts'
import { at, hubId, infoOf, peerOf, wallStart } from '../core/kit.ts'
import { Rig, settingsFor } from './kit.ts'

const pool = 'region/north'

function rigWith(...names: string[]): Rig {
  const rig = new Rig()
  for (const name of names) rig.member(name, 'alive')
  return rig
}

function why(rig: Rig, name: string): Why {
  const found = rig.views.why(hubId(name), at(rig.now))
  if (!found.ok) throw new Error(found.code)
  return found.why
}

function accuse(rig: Rig, name: string, word: Partial<Accusation> = {}): void {
  const base = { accused: name, incarnation: wallStart, status: 'suspect', by: 'b', path: 'probe', health: 0 }
  rig.hear('gossip', 'swim.gossip', { pool, rumors: [{ ...base, ...word }] })
}

function sight(rig: Rig, by: string, ...blind: string[]): void {
  rig.hear('gossip', 'swim.gossip', { pool, rumors: [{ by, seq: rig.now + 1, blind }] })
}

describe('why a hub is suspect', () => {
  it('is who accused it, when, over which path, and how well the accuser hears', () => {
    const rig = rigWith('a', 'b', 'c')
    rig.now = 40
    accuse(rig, 'a', { by: hubId('b'), rttMs: 3.5 })
    rig.now = 70
    accuse(rig, 'a', { by: hubId('c'), path: 'refused', health: 2 })
    expect(why(rig, 'a')).toMatchObject({ hub_id: 'a', status: 'suspect', incarnation: wallStart, pools: [pool] })
    const common = { pool, status: 'suspect', incarnation: wallStart, outcome: 'open', discounted: false }
    expect(why(rig, 'a').accusations).toEqual([
      { ...common, by: 'b', at: isoOf(wallStart + 40), path: 'probe', health: 0, rtt_ms: 3.5 },
      { ...common, by: 'c', at: isoOf(wallStart + 70), path: 'refused', health: 2, rtt_ms: null },
    ])
  })

  it('stays told after it spoke up, as refuted, and after it died, as confirmed', () => {
    const rig = rigWith('a', 'b')
    const outcomes = (): string[] => why(rig, 'a').accusations.map(({ outcome }) => outcome)
    accuse(rig, 'a')
    rig.member('a', 'alive', { incarnation: wallStart + 1 })
    expect([why(rig, 'a').status, outcomes()]).toEqual(['alive', ['refuted']])
    accuse(rig, 'a', { incarnation: wallStart + 1 })
    accuse(rig, 'a', { incarnation: wallStart + 1, status: 'dead' })
    expect([why(rig, 'a').status, outcomes()]).toEqual(['dead', ['refuted', 'confirmed', 'confirmed']])
  })

  it('says of an accuser that it was mostly wrong', () => {
    const rig = rigWith('a', 'b', 'c', 'd', 'e')
    // Nobody is held to what was said in a hub's first minute.
    rig.now += 90_000
    for (const name of ['c', 'd', 'e']) {
      accuse(rig, name)
      rig.member(name, 'alive', { incarnation: wallStart + 1 })
    }
    accuse(rig, 'a')
    accuse(rig, 'a', { by: hubId('c') })
    expect(why(rig, 'a').accusations.map(({ by, discounted }) => [by, discounted])).toEqual([
      ['b', true],
      ['c', false],
    ])
  })

  it('is told for every pool that watches it, and of a hub of another region nothing is', () => {
    const rig = new Rig({ settings: settingsFor('me', { tier: 'regional' }) })
    rig.member('a', 'alive')
    expect(why(rig, 'a').pools).toEqual([pool])
    expect(why(rig, 'me')).toMatchObject({ status: 'alive', pools: [pool, 'backbone'], accusations: [] })
    expect(rig.views.why(hubId('nobody'), at(0))).toMatchObject({ ok: false, code: 'unknown-hub' })
  })
})

describe('who reaches a hub', () => {
  const cells = (rig: Rig, name: string): unknown =>
    why(rig, name).reachability.map((cell) => [cell.hub_id, cell.reaches_it, cell.is_reached_by_it, cell.asymmetric])

  it('is everybody, until somebody says otherwise', () => {
    expect(cells(rigWith('a', 'b'), 'a')).toEqual([
      ['b', 'direct', 'direct', false],
      ['me', 'direct', 'direct', false],
    ])
  })

  it('shows a cut that works one way as asymmetric, and one that works both ways as not', () => {
    const rig = rigWith('a', 'b', 'c')
    sight(rig, 'b', 'a')
    expect(cells(rig, 'a')).toContainEqual(['b', 'through-others', 'direct', true])
    expect(cells(rig, 'b')).toContainEqual(['a', 'direct', 'through-others', true])
    expect(cells(rig, 'a')).toContainEqual(['c', 'direct', 'direct', false])
    sight(rig, 'a', 'b')
    expect(cells(rig, 'a')).toContainEqual(['b', 'through-others', 'through-others', false])
  })

  it('is what a hub said last, in whatever order its words arrive', () => {
    const rig = rigWith('a', 'b')
    const say = (seq: number, ...blind: string[]) =>
      rig.hear('gossip', 'swim.gossip', { pool, rumors: [{ by: 'b', seq, blind }] })
    say(8)
    say(7, 'a')
    say(8, 'a')
    expect(cells(rig, 'a')).toContainEqual(['b', 'direct', 'direct', false])
    say(9, 'a')
    expect(cells(rig, 'a')).toContainEqual(['b', 'through-others', 'direct', true])
  })

  it('forgets a word that is not repeated, and one of a hub that is gone', () => {
    const rig = rigWith('a', 'b')
    sight(rig, 'b', 'a')
    rig.now += 180_000
    expect(cells(rig, 'a')).toContainEqual(['b', 'through-others', 'direct', true])
    rig.now += 1
    expect(cells(rig, 'a')).toContainEqual(['b', 'direct', 'direct', false])
    sight(rig, 'b', 'a')
    rig.member('b', 'dead')
    expect(cells(rig, 'a')).toEqual([['me', 'direct', 'direct', false]])
  })

  it('is not known of the dead', () => {
    const rig = rigWith('a', 'b')
    rig.member('a', 'dead')
    expect(cells(rig, 'a')).toContainEqual(['b', 'unknown', 'unknown', false])
  })

  it('is noticed by this hub itself, and told to the others, when only a neighbour hears an answer', () => {
    const rig = rigWith('a', 'b', 'c')
    for (const name of ['b', 'c']) rig.link(infoOf(name))
    const requests = (): { to: PeerId; seq: number }[] =>
      rig.done.flatMap((effect) => {
        if (effect.type !== 'send' || effect.kind !== 'swim.ping-request') return []
        const { target, seq } = effect.body as { target: string; seq: number }
        return target === 'a' ? [{ to: effect.to, seq }] : []
      })
    const ack = (from: PeerId, seq: number) =>
      rig.step({ type: 'message', from, value: seal('swim.ack', { pool, seq, rumors: [] }) })
    const isHeard = new Set<number>()
    // A newcomer without a link is left alone for five intervals; the others answer meanwhile. One miss is no news.
    for (let i = 0; i < 60 && isHeard.size < 2; i++) {
      for (const effect of rig.pass(200)) {
        if (effect.type === 'send' && effect.kind === 'swim.ping') ack(effect.to, (effect.body as { seq: number }).seq)
      }
      for (const { to, seq } of requests()) {
        if (!isHeard.has(seq)) ack(to, seq)
        isHeard.add(seq)
      }
    }
    expect(cells(rig, 'a')).toContainEqual(['me', 'through-others', 'direct', true])
    const told = rig.pass(3_000).flatMap((effect) => {
      const body = effect.type === 'send' ? (effect.body as { rumors?: readonly object[] }) : {}
      return (body.rumors ?? []).filter((rumor) => 'blind' in rumor)
    })
    expect(told).toContainEqual(expect.objectContaining({ by: 'me', blind: ['a'] }))
    expect(requests().map(({ to }) => to)).not.toContain(peerOf('a'))
  })
})
