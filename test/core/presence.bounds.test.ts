// Presence at its edges: a full table, a home that is forgotten, a project that is removed elsewhere.

import { describe, expect, it } from 'vitest'
import { hubId, peerOf, slug, wallStart } from './kit.ts'
import { Bench, changes, ill, leaseOf, published, refreshMs } from './presence.bench.ts'

describe('a full table of leases', () => {
  it('still takes news of the leases in it', () => {
    const bench = new Bench({ maxLeases: 2 })
    bench.told([leaseOf('p'), leaseOf('q')])
    bench.told([leaseOf('r'), leaseOf('p', { rev: wallStart + 1, report: ill })])
    expect([...bench.presence.leases().keys()]).toEqual(['p', 'q'])
    expect(bench.lease('p')?.report).toEqual(ill)
  })

  it('still lets a hub become the home of a project in it', () => {
    const bench = new Bench({ maxLeases: 1 })
    bench.told([leaseOf('p', { state: 'lapsed' })])
    bench.beat('p')
    expect(bench.homeOf('p')).toBe('me')
  })
})

describe('a home that is forgotten', () => {
  it('takes its leases with it, leaves those of others, and is told to nobody', () => {
    const bench = new Bench()
    bench.home('b')
    bench.beat('own')
    bench.told([leaseOf('p')])
    bench.told([leaseOf('q', { claim: [wallStart, hubId('c')] })], { home: hubId('c') })
    expect(bench.step({ type: 'home-dropped', hub: hubId('b') })).toEqual([
      { type: 'change', change: { type: 'lease', slug: 'p' } },
    ])
    expect([...bench.presence.leases().keys()].sort()).toEqual(['own', 'q'])
  })

  it('is not greeted: what changes later goes by gossip alone', () => {
    const bench = Bench.settled()
    bench.home('b')
    bench.step({ type: 'home-dropped', hub: hubId('b') })
    bench.beat('p')
    expect(bench.pass(1_000).filter((effect) => effect.type === 'send')).toEqual([])
  })
})

describe('a lease that ages', () => {
  it('is a change each time its state is another', () => {
    const bench = Bench.settled()
    bench.beat('p')
    bench.pass(1_000)
    const leases = (ms: number): unknown[] => changes(bench.pass(ms)).filter((change) => change.type === 'lease')
    expect(leases(59_000)).toEqual([])
    expect(leases(1)).toEqual([{ type: 'lease', slug: 'p' }])
    expect(leases(29_999)).toEqual([])
    expect(leases(1)).toEqual([{ type: 'lease', slug: 'p', isStale: true }])
    expect(leases(300_000)).toEqual([])
  })
})

describe('a hub that never held a lease', () => {
  it('says three times that it holds none, also to a peer that remembers an earlier run (P6)', () => {
    const bench = new Bench()
    const bodies = published(bench.pass(5 * refreshMs), true)
    expect(bodies.map(({ home, leases }) => [home, leases])).toEqual(Array.from({ length: 3 }, () => ['me', []]))
  })

  it('says so no more after it left', () => {
    const bench = new Bench()
    bench.step({ type: 'greet', peer: peerOf('b'), scope: 'own' })
    bench.step({ type: 'leave' })
    expect(bench.pass(5 * refreshMs)).toEqual([])
    expect(bench.presence.held(slug('p'))).toBeUndefined()
  })
})
