// Which hubs become parents: the order of preference, when a better one is worth a move, and what happens when all are full.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Candidate, type Chooser, chooseParents } from '../../src/core/hierarchy/routes.ts'
import type { HubId, Tier } from '../../src/core/ids.ts'
import type { HubInfo } from '../../src/core/wire.ts'
import { Bench, sent } from './hierarchy.bench.ts'
import { hubId, infoOf, peerOf } from './kit.ts'

const chooser: Chooser = { ...infoOf('me', { region: 'north' }), preferred: [] }

interface Facts {
  readonly tier?: Tier
  readonly region?: string
  readonly zone?: string
  readonly rttMs?: number
  readonly children?: number
}

function candidate(name: string, { tier, region, zone, ...measured }: Facts = {}): Candidate {
  const info = infoOf(name, { tier: tier ?? 'regional', region: region ?? 'north' })
  return { info: zone === undefined ? info : { ...info, labels: { zone } }, ...measured }
}

function chosen(
  candidates: readonly Candidate[],
  choice: { count?: number; now?: string[]; by?: Chooser } = {},
): string[] {
  const incumbents = new Set((choice.now ?? []).map(hubId))
  const infos: HubInfo[] = chooseParents(choice.by ?? chooser, candidates, { count: choice.count ?? 1, incumbents })
  return infos.map((info) => info.hub)
}

describe('choosing parents', () => {
  it('takes only hubs above, never itself', () => {
    expect(chosen([candidate('me'), candidate('peer', { tier: 'local' }), candidate('up')], { count: 2 })).toEqual([
      'up',
    ])
  })

  it('prefers the named, then the own region, then the tier just above, then the nearest, then the least loaded', () => {
    const candidates = [
      candidate('far', { region: 'south' }),
      candidate('global', { tier: 'global' }),
      candidate('slow', { rttMs: 90 }),
      candidate('quick', { rttMs: 3, children: 4 }),
      candidate('calm', { rttMs: 3, children: 1 }),
      candidate('named', { region: 'south', tier: 'global' }),
    ]
    const all = chosen(candidates, { count: 9, by: { ...chooser, preferred: [hubId('named')] } })
    expect(all).toEqual(['named', 'calm', 'quick', 'slow', 'global', 'far'])
    expect(chosen(candidates, { count: 2 })).toEqual(['calm', 'quick'])
  })

  it('takes the second from another zone than the first, where labels tell them apart', () => {
    const near = [candidate('a1', { zone: 'a', rttMs: 1 }), candidate('a2', { zone: 'a', rttMs: 1 })]
    expect(chosen([...near, candidate('b', { zone: 'b', rttMs: 90 })], { count: 2 })[1]).toBe('b')
    expect(chosen([...near, candidate('unlabelled', { rttMs: 90 })], { count: 2 }).sort()).toEqual(['a1', 'a2'])
    const elsewhere = candidate('b', { zone: 'b', region: 'south' })
    expect(chosen([...near, elsewhere], { count: 2 }).sort()).toEqual(['a1', 'a2'])
  })

  it('takes the nearest by coordinates where no round trip is known', () => {
    const place = (name: string, longitude: number): Candidate => ({
      info: { ...infoOf(name, { tier: 'regional' }), coordinates: { latitude: 0, longitude } },
    })
    const here = { ...chooser, coordinates: { latitude: 0, longitude: 0 } }
    expect(chosen([place('a', 90), place('b', 10)], { by: here })).toEqual(['b'])
  })

  it('spreads children over parents that are alike', () => {
    const alike = ['p1', 'p2', 'p3', 'p4'].map((name) => candidate(name))
    const counts = new Map<string, number>()
    for (let i = 0; i < 400; i++) {
      const [first = ''] = chosen(alike, { by: { ...chooser, hub: hubId(`c${i}`) } })
      counts.set(first, (counts.get(first) ?? 0) + 1)
    }
    for (const name of ['p1', 'p2', 'p3', 'p4']) expect(counts.get(name)).toBeGreaterThan(60)
  })
})

describe('changing parents', () => {
  it('is worth it for a round trip half as long, not for about the same', () => {
    const pair = (held: number, other: number) => [
      candidate('held', { rttMs: held }),
      candidate('other', { rttMs: other }),
    ]
    expect(chosen(pair(14, 12), { now: ['held'] })).toEqual(['held'])
    expect(chosen(pair(30, 20), { now: ['held'] })).toEqual(['held'])
    expect(chosen(pair(80, 2), { now: ['held'] })).toEqual(['other'])
    expect(chosen([candidate('held'), candidate('other', { rttMs: 1 })], { now: ['held'] })).toEqual(['held'])
  })

  it('is worth it for two children less, not for one', () => {
    const pair = (held: number, other: number) => [
      candidate('held', { children: held }),
      candidate('other', { children: other }),
    ]
    expect(chosen(pair(6, 5), { now: ['held'] })).toEqual(['held'])
    expect(chosen(pair(6, 4), { now: ['held'] })).toEqual(['other'])
  })

  it('is worth it for the own region, and for a named one', () => {
    const candidates = [candidate('held', { region: 'south', rttMs: 1 }), candidate('mate', { rttMs: 90 })]
    expect(chosen(candidates, { now: ['held'] })).toEqual(['mate'])
  })

  it('settles: the same facts never make a hub move twice', () => {
    const fact = fc.record(
      {
        tier: fc.constantFrom<Tier>('regional', 'global'),
        region: fc.constantFrom('north', 'south'),
        zone: fc.constantFrom('a', 'b', 'c'),
        rttMs: fc.integer({ min: 0, max: 200 }),
        children: fc.nat(30),
      },
      { requiredKeys: [] },
    )
    const property = fc.property(
      fc.array(fact, { maxLength: 8 }),
      fc.array(fc.nat(9), { maxLength: 2 }),
      (facts, start) => {
        const candidates = facts.map((each, i) => candidate(`p${i}`, each))
        let now = start.map((i) => `p${i}`)
        const seen = new Set<string>()
        for (let round = 0; round < 20; round++) {
          const next = chosen(candidates, { count: 2, now })
          if (next.toSorted().join() === now.toSorted().join()) return
          now = next
          expect(seen.has(now.toSorted().join())).toBe(false)
          seen.add(now.toSorted().join())
        }
        expect.fail('it still moves after 20 rounds')
      },
    )
    fc.assert(property, { numRuns: 2_000, seed: 4 })
  })

  it('comes to an end when many children act on what they are told of loads', () => {
    const parents = ['p1', 'p2', 'p3']
    const of = new Map<string, string>(Array.from({ length: 30 }, (_, i) => [`c${i}`, 'p1']))
    const loads = (): Candidate[] => {
      const count = (parent: string): number => [...of.values()].filter((each) => each === parent).length
      return parents.map((name) => candidate(name, { children: count(name) }))
    }
    let moves = 0
    for (let round = 0; round < 10; round++) {
      for (const [child, parent] of of) {
        const [next = parent] = chosen(loads(), { now: [parent], by: { ...chooser, hub: hubId(child) } })
        if (next !== parent) moves++
        of.set(child, next)
      }
    }
    expect(moves).toBeLessThanOrEqual(21)
    for (const { children } of loads()) expect(Math.abs((children ?? 0) - 10)).toBeLessThanOrEqual(1)
  })
})

describe('a hub that could do better', () => {
  /** Two parents in the pool, both linked and answering. */
  function settled(): Bench {
    const bench = new Bench()
    for (const name of ['p1', 'p2', 'p3']) {
      bench.member(name, 'alive', { tier: 'regional' })
      bench.step({ type: 'link-up', info: infoOf(name, { tier: 'regional' }) })
    }
    answering(bench, 1, () => 0)
    return bench
  }

  /** Seconds in which every hub above answers, with that many children. */
  function answering(bench: Bench, seconds: number, children: (hub: string) => number): void {
    for (let i = 0; i < seconds; i++) {
      for (const { to } of sent(bench.pass(1_000), 'tier.attach')) {
        const name = to.replace('peer-', '')
        const body = { hub: hubId(name), accepted: true, children: children(name), capacity: 20 }
        bench.hear(name, { kind: 'tier.attached', body })
      }
    }
  }

  const parentsOf = (bench: Bench): HubId[] => bench.hierarchy.parents().map((info) => info.hub)

  it('learns of a much nearer one when that has lasted, and moves', () => {
    const bench = settled()
    const [first, second] = parentsOf(bench)
    const third = ['p1', 'p2', 'p3'].map(hubId).find((hub) => hub !== first && hub !== second) as HubId
    for (const name of ['p1', 'p2', 'p3']) bench.rtts.set(hubId(name), 40)
    answering(bench, 120, () => 0)
    expect(new Set(parentsOf(bench))).toEqual(new Set([first, second]))
    bench.rtts.set(third, 2)
    answering(bench, 4, () => 0)
    expect(parentsOf(bench)).not.toContain(third)
    answering(bench, 180, () => 0)
    expect(parentsOf(bench)).toContain(third)
  })

  it('says so to the one it leaves', () => {
    const bench = settled()
    const before = parentsOf(bench)
    const third = ['p1', 'p2', 'p3'].map(hubId).find((hub) => !before.includes(hub)) as HubId
    for (const name of before) bench.rtts.set(name, 40)
    bench.rtts.set(third, 2)
    const said: { to: string; body: { ask?: boolean } }[] = []
    for (let i = 0; i < 300 && !parentsOf(bench).includes(third); i++) {
      for (const { to, body } of sent(bench.pass(1_000), 'tier.attach')) {
        const hub = hubId(to.replace('peer-', ''))
        const answer = bench.hear(hub, {
          kind: 'tier.attached',
          body: { hub, accepted: true, children: 0, capacity: 20 },
        })
        said.push({ to, body }, ...sent(answer, 'tier.attach'))
      }
    }
    const left = before.find((hub) => !parentsOf(bench).includes(hub)) as HubId
    expect(said.filter(({ to }) => to === peerOf(left)).at(-1)).toMatchObject({ body: { ask: true } })
  })

  it('asks others how full they are, and moves to one that is much emptier', () => {
    const bench = settled()
    for (const name of ['p1', 'p2', 'p3']) bench.rtts.set(hubId(name), 40)
    const before = parentsOf(bench)
    const third = ['p1', 'p2', 'p3'].map(hubId).find((hub) => !before.includes(hub)) as HubId
    answering(bench, 300, (hub) => (hub === third ? 3 : 9))
    expect(parentsOf(bench)).toContain(third)
    const settledOn = parentsOf(bench).toSorted()
    answering(bench, 600, (hub) => (hub === third ? 4 : 5))
    expect(parentsOf(bench).toSorted()).toEqual(settledOn)
  })
})

describe('when every hub above is full', () => {
  const refuse = (bench: Bench, name: string, children: number) =>
    bench.hear(name, { kind: 'tier.attached', body: { hub: hubId(name), accepted: false, children, capacity: 2 } })

  it('the least loaded is asked anyway, which counts and degrades', () => {
    const bench = new Bench()
    for (const name of ['p1', 'p2', 'p3']) {
      bench.member(name, 'alive', { tier: 'regional' })
      bench.step({ type: 'link-up', info: infoOf(name, { tier: 'regional' }) })
    }
    bench.pass(1)
    expect(bench.hierarchy.isOverfull).toBe(false)
    const effects = [...refuse(bench, 'p1', 4), ...refuse(bench, 'p2', 2), ...refuse(bench, 'p3', 3)]
    expect(effects).toContainEqual({ type: 'change', change: { type: 'overfull', parent: 'p2' } })
    const asked = sent([...effects, ...bench.pass(1_000)], 'tier.attach').at(-1)
    expect(asked).toMatchObject({ to: peerOf('p2'), body: { insist: true } })
    expect(bench.hierarchy.isOverfull).toBe(true)
    bench.hear('p2', { kind: 'tier.attached', body: { hub: hubId('p2'), accepted: true, children: 3, capacity: 2 } })
    bench.pass(30_000)
    expect(bench.hierarchy.parents().map((info) => info.hub)).toContain('p2')
    // A minute later another one has room.
    for (let i = 0; i < 90; i++) {
      for (const { to } of sent(bench.pass(1_000), 'tier.attach')) {
        const hub = hubId(to.replace('peer-', ''))
        const accepted = hub !== 'p3'
        bench.hear(hub, { kind: 'tier.attached', body: { hub, accepted, children: 1, capacity: 2 } })
      }
    }
    expect(bench.hierarchy.isOverfull).toBe(false)
    expect(bench.hierarchy.parents().length).toBe(2)
  })

  it('a parent takes a child that insists, says how full it is, and is overfull itself', () => {
    const bench = new Bench({ tier: 'regional' })
    for (const name of ['a', 'b']) bench.step({ type: 'link-up', info: infoOf(name) })
    const attach = (from: string, how: { ask?: boolean; insist?: boolean } = {}) =>
      sent(bench.hear(from, { kind: 'tier.attach', body: { hub: hubId(from), ...how } }), 'tier.attached')[0]?.body
    expect(attach('a', { ask: true })).toMatchObject({ accepted: true, children: 0, capacity: 1 })
    expect(attach('a')).toMatchObject({ accepted: true, children: 1, capacity: 1 })
    expect(attach('b')).toMatchObject({ accepted: false, children: 1, capacity: 1 })
    expect(bench.hierarchy.isOverfull).toBe(false)
    expect(attach('b', { insist: true })).toMatchObject({ accepted: true, children: 2, capacity: 1 })
    expect(bench.hierarchy.isOverfull).toBe(true)
  })

  it('regional and local children have a cap each', () => {
    const bench = new Bench({ tier: 'global' })
    const attach = (name: string, tier: Tier) => {
      bench.step({ type: 'link-up', info: infoOf(name, { tier }) })
      return sent(bench.hear(name, { kind: 'tier.attach', body: { hub: hubId(name) } }), 'tier.attached')[0]?.body
        .accepted
    }
    expect([attach('a', 'local'), attach('b', 'regional'), attach('c', 'local'), attach('d', 'regional')]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})
