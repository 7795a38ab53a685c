// gossip.strategy: how writes get to others.

import { describe, expect, it } from 'vitest'
import type { Strategy } from '../../src/core/catalog/protocol.ts'
import { Bench, digestBody, published, record, runOfB, sends, syncIntervalMs } from './catalog.bench.ts'
import { putOf } from './catalog.kit.ts'

/** What a linked hub tells of a write, and how often it compares itself within ten intervals. */
function spoken(strategy: Strategy): { readonly told: number; readonly compared: number } {
  const bench = Bench.opened({ strategy })
  bench.link()
  bench.write(putOf('x', {}))
  const told = published([...bench.persisted(true), ...bench.pass(1_000)]).length
  return { told, compared: sends(bench.pass(10 * syncIntervalMs), 'catalog.digest').length }
}

describe('a write', () => {
  it.each(['hybrid', 'push'] as const)('is told at once with %s', (strategy) => {
    expect(spoken(strategy).told).toBe(1)
  })

  it('is told to nobody with pull, and found where catalogs are compared', () => {
    const { told, compared } = spoken('pull')
    expect(told).toBe(0)
    expect(compared).toBeGreaterThanOrEqual(8)
  })

  it('is all there is with push', () => {
    expect(spoken('push').compared).toBe(0)
  })
})

describe('with push', () => {
  it('a new link is compared all the same, and answered', () => {
    const bench = Bench.opened({ strategy: 'push' })
    expect(sends(bench.link(), 'catalog.digest')).toHaveLength(1)
    const digest = bench.catalog.replicas.digest()
    expect(sends(bench.hear(digestBody(digest, true)), 'catalog.digest')).toHaveLength(1)
  })

  it('a gap leads to a comparison', () => {
    const bench = Bench.opened({ strategy: 'push' })
    bench.link()
    bench.delta(runOfB([2, 3], [record('y', 3)]))
    expect(sends(bench.pass(syncIntervalMs), 'catalog.digest').length).toBeGreaterThan(0)
  })
})
