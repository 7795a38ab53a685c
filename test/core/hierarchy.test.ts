// Hierarchy as its users would put it: who is whose parent, whose word counts about a far hub, which links are kept.

import { describe, expect, it } from 'vitest'
import { hour } from '../../src/core/time.ts'
import { Bench, connected, sent, statuses, up, word } from './hierarchy.bench.ts'
import { hubId, infoOf, peerOf } from './kit.ts'

describe('a hub', () => {
  it('keeps links to its pool, dead members included, and lets go of those who left or were dropped', () => {
    const bench = new Bench()
    expect(connected(bench.member('a'))).toEqual([[peerOf('a'), false]])
    expect(connected(bench.member('z'))).toEqual([[peerOf('z'), true]])
    expect(bench.member('a', 'dead')).not.toContainEqual({ type: 'disconnect', peer: peerOf('a') })
    expect(bench.member('z', 'left')).toContainEqual({ type: 'disconnect', peer: peerOf('z') })
    expect(bench.step({ type: 'member-dropped', pool: 'region/north', hub: hubId('a') })).toContainEqual({
      type: 'disconnect',
      peer: peerOf('a'),
    })
  })

  it('attaches to two parents, asks them at once, and replaces one that dies', () => {
    const bench = new Bench()
    bench.member('p1', 'alive', { tier: 'regional' })
    bench.member('p2', 'alive', { tier: 'regional' })
    bench.member('p3', 'alive', { tier: 'regional' })
    expect(bench.hierarchy.parents().map((info) => info.hub)).toEqual(['p1', 'p2'])
    expect(sent(bench.pass(0), 'tier.attach').map(({ to }) => to)).toEqual([])
    expect(sent(bench.pass(1_000), 'tier.attach').map(({ to }) => to)).toEqual([peerOf('p1'), peerOf('p2')])
    const effects = bench.member('p1', 'dead', { tier: 'regional' })
    expect(effects).toContainEqual({ type: 'change', change: { type: 'parents', parents: ['p2', 'p3'] } })
  })

  it('goes to another parent when one refuses or does not answer', () => {
    const bench = new Bench()
    for (const name of ['p1', 'p2', 'p3', 'p4']) {
      bench.member(name, 'alive', { tier: 'regional' })
      bench.step({ type: 'link-up', info: infoOf(name, { tier: 'regional' }) })
    }
    const parents = (): string[] => bench.hierarchy.parents().map((info) => info.hub)
    const [refusing = '', mute = ''] = parents()
    const answer = (hub: string, accepted: boolean) =>
      bench.hear(hub, { kind: 'tier.attached', body: { hub: hubId(hub), accepted } })
    answer(refusing, false)
    bench.pass(100)
    const third = parents().find((hub) => hub !== mute) ?? ''
    expect([refusing, mute]).not.toContain(third)
    for (let i = 0; i < 7; i++) {
      answer(third, true)
      bench.pass(1_000)
    }
    expect(parents()).toHaveLength(2)
    expect(parents()).toContain(third)
    expect(parents()).not.toContain(refusing)
    expect(parents()).not.toContain(mute)
  })

  it('answers a child, refuses one too many, and believes no child that speaks for another', () => {
    const bench = new Bench({ tier: 'regional' })
    for (const name of ['a', 'b']) bench.step({ type: 'link-up', info: infoOf(name) })
    const attach = (from: string, hub: string) => bench.hear(from, { kind: 'tier.attach', body: { hub: hubId(hub) } })
    const answer = (to: string, accepted: boolean) => ({
      type: 'send',
      to: peerOf(to),
      message: {
        kind: 'tier.attached',
        body: { hub: 'me', accepted, digest: '0000000000000000', children: 1, capacity: 1 },
      },
    })
    expect(attach('a', 'a')).toEqual([answer('a', true)])
    expect(attach('b', 'b')).toEqual([answer('b', false)])
    expect(attach('b', 'a')).toEqual([])
    expect(bench.hierarchy.children().map((info) => info.hub)).toEqual(['a'])
  })

  it('learns far hubs by report, and keeps a link only to those it shares a pool with', () => {
    const bench = new Bench()
    const effects = bench.report('r', up('far'), { ...word('mate'), info: infoOf('mate') })
    expect(bench.foreign('far')).toBe('alive')
    expect(connected(effects).map(([peer]) => peer)).toContain(peerOf('mate'))
    expect(effects).toContainEqual(expect.objectContaining({ change: expect.objectContaining({ type: 'foreign' }) }))
  })

  it('takes the word of its own pool before any report', () => {
    const bench = new Bench()
    bench.report('r', { ...word('a'), info: infoOf('a') })
    expect(bench.foreign('a')).toBe('alive')
    bench.member('a', 'dead')
    expect(bench.foreign('a')).toBeUndefined()
    bench.report('r', { ...word('a'), info: infoOf('a') })
    expect(bench.foreign('a')).toBeUndefined()
  })

  it('sees for itself that a far parent is gone when nobody reports it any more', () => {
    const bench = new Bench()
    bench.member('r', 'alive', { tier: 'local' })
    bench.report('r', up('far'))
    bench.step({ type: 'link-up', info: infoOf('far', { tier: 'regional', region: 'south' }) })
    bench.hear('far', { kind: 'tier.attached', body: { hub: hubId('far'), accepted: true } })
    bench.member('r', 'dead')
    bench.pass(4_000)
    expect(bench.foreign('far')).toBe('alive')
    bench.pass(8_000)
    expect(bench.foreign('far')).toBe('dead')
  })

  it('is quick to see that, where the link was lost as well', () => {
    const bench = new Bench()
    bench.member('r', 'alive', { tier: 'local' })
    bench.report('r', up('far'))
    bench.step({ type: 'link-up', info: infoOf('far', { tier: 'regional', region: 'south' }) })
    bench.pass(100)
    bench.hear('far', { kind: 'tier.attached', body: { hub: hubId('far'), accepted: true } })
    bench.member('r', 'dead')
    bench.step({ type: 'link-down', peer: peerOf('far') })
    bench.pass(5_500)
    expect(bench.foreign('far')).toBe('dead')
  })

  it('does not bury a silent parent that a live reporter holds alive', () => {
    const bench = new Bench()
    bench.member('r')
    bench.report('r', up('far'))
    bench.pass(8_000)
    expect(bench.hierarchy.parents()).toEqual([])
    expect(bench.foreign('far')).toBe('alive')
  })

  it('introduces the living that a new link will want, and believes an introduction of the living only', () => {
    const bench = new Bench()
    bench.member('a')
    bench.member('b', 'suspect')
    bench.report('r', word('far'), up('relay'))
    // A mate is greeted with the whole pool, and needs to hear of others only.
    const effects = bench.step({ type: 'link-up', info: infoOf('new') })
    const said = effects.flatMap((effect) =>
      effect.type === 'send' && effect.message.kind === 'tier.introduction' ? [effect.message.body.words] : [],
    )
    expect(statuses(said.flat())).toEqual([
      ['me', 'alive'],
      ['relay', 'alive'],
    ])
    bench.hear('new', {
      kind: 'tier.introduction',
      body: { words: [word('y'), word('far', 'dead', 9), word('s', 'suspect')] },
    })
    expect([bench.foreign('y'), bench.foreign('far')]).toEqual(['alive', 'alive'])
    expect(bench.foreign('s')).toBeUndefined()
    bench.hear('stranger', { kind: 'tier.introduction', body: { words: [word('z')] } })
    expect(bench.foreign('z')).toBeUndefined()
  })

  it('does not keep a dead hub alive by passing its introduction around', () => {
    const bench = new Bench()
    bench.step({ type: 'link-up', info: infoOf('a') })
    const introduce = (incarnation: number) =>
      bench.hear('a', { kind: 'tier.introduction', body: { words: [word('x', 'alive', incarnation)] } })
    introduce(1)
    expect(bench.foreign('x')).toBe('alive')
    for (let i = 0; i < 12; i++) {
      bench.pass(5_000)
      introduce(1)
    }
    expect(bench.foreign('x')).toBe('dead')
    introduce(2)
    expect(bench.foreign('x')).toBe('alive')
  })

  it('believes the death of a hub that it knows by introduction alone', () => {
    for (const status of ['dead', 'left'] as const) {
      const bench = new Bench()
      bench.step({ type: 'link-up', info: infoOf('a') })
      bench.hear('a', { kind: 'tier.introduction', body: { words: [word('x')] } })
      bench.report('r', word('x', status))
      expect(bench.foreign('x')).toBe(status)
    }
  })

  it('believes a report before an introduction of the same life', () => {
    const bench = new Bench()
    bench.step({ type: 'link-up', info: infoOf('a') })
    bench.hear('a', { kind: 'tier.introduction', body: { words: [word('x')] } })
    bench.report('r', word('x'))
    bench.report('r', word('x', 'dead'))
    expect(bench.foreign('x')).toBe('dead')
    bench.hear('a', { kind: 'tier.introduction', body: { words: [word('x', 'alive', 2)] } })
    expect(bench.foreign('x')).toBe('alive')
  })

  it('dials whom it remembers of its own pools, and anyone when it knows nobody else', () => {
    const mates = new Bench().step({ type: 'book', infos: [infoOf('mate'), infoOf('far', { region: 'south' })] })
    expect(connected(mates).map(([peer]) => peer)).toEqual([peerOf('mate')])
    const strangers = new Bench().step({ type: 'book', infos: [infoOf('far', { region: 'south' })] })
    expect(connected(strangers).map(([peer]) => peer)).toEqual([peerOf('far')])
  })

  it('forgets a far hub that has been dead for the retention', () => {
    const bench = new Bench()
    bench.report('r', word('x'))
    bench.report('r', word('x', 'dead'))
    bench.pass(hour - 60_000)
    expect(bench.foreign('x')).toBe('dead')
    const effects = bench.pass(120_000)
    expect(bench.foreign('x')).toBeUndefined()
    expect(effects).toContainEqual(
      expect.objectContaining({ change: expect.objectContaining({ type: 'foreign-dropped' }) }),
    )
  })
})
