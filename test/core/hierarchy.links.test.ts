// Which links a hub wants: its neighbours on the rings of a large pool, and a few of those it cannot reach.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Healer, maxHealing } from '../../src/core/hierarchy/healer.ts'
import { ringLinks } from '../../src/core/hierarchy/rings.ts'
import type { HubId } from '../../src/core/ids.ts'
import { Random } from '../../src/core/random.ts'
import { Bench, connected } from './hierarchy.bench.ts'
import { at, hubId, infoOf, peerOf } from './kit.ts'

/** Who is linked with whom when each of the members chooses for itself. */
function graphOf(members: readonly HubId[], degree: number): Map<HubId, ReadonlySet<HubId>> {
  return new Map(members.map((hub) => [hub, ringLinks(hub, others(members, hub), degree)]))
}

function others(members: readonly HubId[], without: HubId): HubId[] {
  return members.filter((hub) => hub !== without)
}

function reachable(graph: Map<HubId, ReadonlySet<HubId>>): number {
  const [start] = graph.keys()
  const reached = new Set(start === undefined ? [] : [start])
  for (const hub of reached) for (const next of graph.get(hub) ?? []) reached.add(next)
  return reached.size
}

const pool = fc
  .tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 1_000_000 }))
  .map(([size, salt]) => Array.from({ length: size }, (_, i) => hubId(`h${salt}-${i}`)))
const degrees = fc.integer({ min: 2, max: 16 })

describe('the links of a pool', () => {
  it('connect everybody, are wanted by both ends, and are no more than the degree', () => {
    const property = fc.property(pool, degrees, (members, degree) => {
      const graph = graphOf(members, degree)
      expect(reachable(graph)).toBe(members.length)
      for (const [hub, links] of graph) {
        expect(links.size).toBeLessThanOrEqual(Math.max(2, degree))
        for (const other of links) expect(graph.get(other)?.has(hub)).toBe(true)
      }
    })
    fc.assert(property, { numRuns: 60, seed: 1 })
  })

  it('change little when one member goes', () => {
    const property = fc.property(pool, degrees, fc.nat(), (members, degree, at) => {
      fc.pre(members.length > degree + 2)
      const gone = members[at % members.length] as HubId
      const before = graphOf(members, degree)
      const after = graphOf(others(members, gone), degree)
      let changes = 0
      for (const [hub, links] of after) {
        const held = before.get(hub) ?? new Set()
        for (const other of held) if (other !== gone && !links.has(other)) changes++
        for (const other of links) if (!held.has(other)) changes++
      }
      // Where the two neighbours of a ring close the gap, one link begins at both its ends.
      expect(changes).toBeLessThanOrEqual(2 * Math.floor(degree / 2))
    })
    fc.assert(property, { numRuns: 40, seed: 2 })
  })

  it('are all of them up to the degree', () => {
    const members = Array.from({ length: 9 }, (_, i) => hubId(`h${i}`))
    expect(ringLinks(hubId('me'), members, 9).size).toBe(9)
    expect(ringLinks(hubId('me'), members, 8).size).toBeLessThanOrEqual(8)
  })

  it('spread news in a few hops, and many losses cut nobody off', () => {
    const members = Array.from({ length: 300 }, (_, i) => hubId(`h${i}`))
    const graph = graphOf(members, 8)
    let reached = new Set([members[0] as HubId])
    for (let hop = 0; hop < 6; hop++)
      reached = new Set([...reached, ...[...reached].flatMap((h) => [...(graph.get(h) ?? [])])])
    expect(reached.size).toBe(300)
    const lost = new Set(members.slice(0, 60))
    for (const hub of lost) graph.delete(hub)
    for (const [hub, links] of graph) graph.set(hub, new Set([...links].filter((other) => !lost.has(other))))
    expect(reachable(graph)).toBe(240)
  })
})

describe('the healer', () => {
  const dead = (count: number) => Array.from({ length: count }, (_, i) => infoOf(`d${i}`))

  it('lets each unreachable hub be dialled by a few of the living, and each living hub dial a few', () => {
    const dialled = new Map<string, number>()
    const random = new Random(1)
    for (let hub = 0; hub < 100; hub++) {
      const chosen = new Healer(random).choose(dead(1), 100, at(0))
      for (const { hub } of chosen) dialled.set(hub, (dialled.get(hub) ?? 0) + 1)
      expect(new Healer(random).choose(dead(300), 2, at(0)).length).toBe(maxHealing)
    }
    expect(dialled.get('d0')).toBeGreaterThan(0)
    expect(dialled.get('d0')).toBeLessThan(12)
  })

  it('stands by its choice for half a minute, and comes round to everybody', () => {
    const healer = new Healer(new Random(1))
    const first = healer.choose(dead(40), 2, at(0))
    expect(healer.choose(dead(40), 2, at(29_000))).toEqual(first)
    const reached = new Set(first)
    for (let round = 1; round < 60; round++)
      for (const info of healer.choose(dead(40), 2, at(round * 30_000))) reached.add(info)
    expect(new Set([...reached].map(({ hub }) => hub)).size).toBe(40)
  })

  it('lets go of a hub that is back, and takes up one that is lost later', () => {
    const healer = new Healer(new Random(1))
    expect(healer.choose(dead(2), 2, at(0)).map(({ hub }) => hub)).toEqual(['d0', 'd1'])
    expect(healer.choose([infoOf('d1'), infoOf('late')], 2, at(1_000)).map(({ hub }) => hub)).toEqual(['d1', 'late'])
  })
})

describe('a hub of a pool larger than its link degree', () => {
  it('keeps to its neighbours, says whom it watches, and closes the gap that a death leaves', () => {
    const bench = new Bench({ poolLinks: 4 })
    const names = Array.from({ length: 40 }, (_, i) => `h${i}`)
    for (const name of names) bench.member(name)
    bench.pass(0)
    const watched = new Set(bench.hierarchy.watched())
    expect(watched.size).toBeGreaterThanOrEqual(2)
    expect(watched.size).toBeLessThanOrEqual(4)
    expect(new Set(bench.hierarchy.kept().keys())).toEqual(watched)
    const [lost] = names.filter((name) => watched.has(peerOf(name)))
    bench.member(lost ?? '', 'dead')
    bench.pass(100)
    expect(bench.hierarchy.watched().has(peerOf(lost ?? ''))).toBe(false)
    expect(bench.hierarchy.watched().size).toBeGreaterThanOrEqual(2)
  })
})

describe('a hub with more links than its limit', () => {
  const released = (effects: ReturnType<Bench['step']>): string[] =>
    effects.flatMap((effect) => (effect.type === 'release' ? [effect.peer] : []))
  const linkUp = (bench: Bench, name: string) => released(bench.step({ type: 'link-up', info: infoOf(name) }))

  it('ends those that it does not need, the oldest first, each after a stay of 5 s', () => {
    const bench = new Bench({ maxLinks: 3 })
    bench.member('mate')
    for (const [at, name] of [
      [0, 'mate'],
      [1_000, 'a'],
      [2_000, 'b'],
      [3_000, 'c'],
      [4_000, 'd'],
    ] as const) {
      bench.now = at
      expect(linkUp(bench, name)).toEqual([])
    }
    expect(released(bench.pass(1_999))).toEqual([])
    expect(released(bench.pass(1))).toEqual([peerOf('a')])
    bench.step({ type: 'link-down', peer: peerOf('a') })
    expect(released(bench.pass(1_000))).toEqual([peerOf('b')])
    bench.step({ type: 'link-down', peer: peerOf('b') })
    expect(released(bench.pass(60_000))).toEqual([])
  })

  it('keeps its children, and lets guests stay while there is room', () => {
    const bench = new Bench({ tier: 'regional', maxLinks: 1 })
    expect(linkUp(bench, 'child')).toEqual([])
    bench.hear('child', { kind: 'tier.attach', body: { hub: hubId('child'), digest: '' } })
    expect(released(bench.pass(10_000))).toEqual([])
    bench.hear('child', { kind: 'tier.attach', body: { hub: hubId('child'), digest: '' } })
    expect(linkUp(bench, 'guest')).toEqual([])
    expect(released(bench.pass(5_000))).toEqual([peerOf('guest')])
  })
})

describe('a hub that lost others', () => {
  it('goes on dialling the other half of a split pool, also after hours and after a restart', () => {
    const bench = new Bench()
    for (let i = 0; i < 10; i++) bench.member(`mine${i}`)
    for (let i = 0; i < 10; i++) bench.member(`theirs${i}`, 'dead')
    const dialled = new Set<string>()
    for (let minute = 0; minute < 60; minute++) {
      for (const [peer] of connected(bench.pass(60_000))) dialled.add(peer)
      for (const peer of bench.hierarchy.kept().keys()) dialled.add(peer)
    }
    expect([...dialled].filter((peer) => peer.startsWith('peer-theirs'))).toHaveLength(10)

    const restarted = new Bench()
    restarted.step({ type: 'book', infos: Array.from({ length: 10 }, (_, i) => infoOf(`theirs${i}`)) })
    restarted.member('mine')
    const found = new Set<string>()
    for (let minute = 0; minute < 60; minute++) {
      restarted.pass(60_000)
      for (const peer of restarted.hierarchy.kept().keys()) found.add(peer)
    }
    expect([...found].filter((peer) => peer.startsWith('peer-theirs'))).toHaveLength(10)
  })

  it('that has no parent left dials the lost ones of other regions', () => {
    const bench = new Bench()
    bench.member('mate')
    bench.step({ type: 'book', infos: [infoOf('far', { tier: 'global', region: 'south' })] })
    bench.pass(9_000)
    expect([...bench.hierarchy.kept().keys()]).toEqual([peerOf('mate')])
    bench.pass(61_000)
    expect([...bench.hierarchy.kept().keys()]).toEqual([peerOf('mate'), peerOf('far')])
    bench.member('relay', 'alive', { tier: 'regional' })
    bench.pass(1_000)
    expect([...bench.hierarchy.kept().keys()]).not.toContain(peerOf('far'))
  })
})
