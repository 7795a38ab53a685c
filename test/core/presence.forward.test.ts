// Beats that reach a hub which is not the home: when they are passed on, and when they move the project.

import { describe, expect, it } from 'vitest'
import { at, hubId, slug, wallStart } from './kit.ts'
import { Bench, changes, fine, forwarded, ill, leaseOf, published } from './presence.bench.ts'

const me = hubId('me')

describe('a beat for a project with another home (P4)', () => {
  function withHome(
    status: 'alive' | 'suspect' | 'dead' | 'left' | undefined,
    more: Parameters<typeof leaseOf>[1] = {},
  ): Bench {
    const bench = Bench.settled()
    if (status !== undefined) bench.home('b', status)
    bench.told([leaseOf('p', more)])
    return bench
  }

  it.each(['alive', 'suspect'] as const)('is forwarded to a home that is %s, and claims nothing', (status) => {
    const bench = withHome(status)
    const out = bench.beat('p', ill)
    expect(forwarded(out)).toEqual([{ home: hubId('b'), slug: 'p', report: ill }])
    expect(changes(out)).toEqual([{ type: 'beaten', slug: 'p', as: 'forwarded' }])
    expect(bench.homeOf('p')).toBe('b')
    expect(published(bench.pass(2_000), false)).toEqual([])
  })

  it.each([
    ['dead', withHome('dead')],
    ['gone', withHome('left')],
    ['unknown', withHome(undefined)],
    ['late to hear of it', withHome('alive', { state: 'late' })],
    ['without a beat for long', withHome('alive', { state: 'lapsed' })],
  ])('is claimed above the claim of a home that is %s', (_, bench) => {
    const before = bench.lease('p')?.claim[0] ?? 0
    expect(forwarded(bench.beat('p'))).toEqual([])
    expect(bench.homeOf('p')).toBe('me')
    expect(bench.lease('p')?.claim[0]).toBeGreaterThan(before)
  })

  it('is claimed from a home that has told nothing for as long as a lease lasts', () => {
    const bench = withHome('alive')
    bench.pass(90_000)
    expect(forwarded(bench.beat('p'))).toHaveLength(1)
    bench.pass(1)
    expect(forwarded(bench.beat('p'))).toEqual([])
    expect(bench.homeOf('p')).toBe('me')
  })

  it('is claimed above a claim from the future too', () => {
    const bench = withHome('dead', { claim: [wallStart + 1_000_000, hubId('b')] })
    bench.beat('p')
    expect(bench.lease('p')?.claim).toEqual([wallStart + 1_000_001, me])
  })

  it('renews the lease of the home it was forwarded to, and nobody else', () => {
    const bench = Bench.settled()
    bench.beat('p')
    bench.pass(50_000)
    const body = { home: me, slug: slug('p'), report: fine }
    bench.hear({ kind: 'presence.beat', body })
    expect(bench.lease('p')?.beatAt).toBe(at(bench.now).wall)
    expect(bench.hear({ kind: 'presence.beat', body: { ...body, slug: slug('q') } })).toEqual([])
    expect(bench.hear({ kind: 'presence.beat', body: { ...body, home: hubId('c') } })).toEqual([])
    expect(bench.lease('q')).toBeUndefined()
  })
})
