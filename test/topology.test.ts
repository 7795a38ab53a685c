// The federations that are simulated keep the fan-in caps that they are made from.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { topology } from '../simulations/scenarios/topology.ts'
import type { Tier } from '../src/core/ids.ts'
import { Random } from '../src/core/random.ts'

it('a topology has the hubs asked for, and room for two parents of each within the caps', () => {
  const caps = fc.record({
    maxRegionalHubs: fc.integer({ min: 4, max: 20 }),
    maxChildHubs: fc.integer({ min: 5, max: 40 }),
  })
  const property = fc.property(
    fc.integer({ min: 1, max: 1_500 }),
    caps,
    fc.option(fc.constantFrom(1, 3, 10)),
    (count, each, regions) => {
      const hubs = topology(count, new Random(1), { ...each, ...(regions === null ? {} : { regions }) })
      const of = (tier: Tier, region?: string) =>
        hubs.filter((hub) => hub.tier === tier && (region === undefined || hub.region === region)).length
      expect(hubs).toHaveLength(count)
      expect(new Set(hubs.map(({ hub }) => hub)).size).toBe(count)
      if (of('global') < count) expect(of('global') * each.maxRegionalHubs).toBeGreaterThanOrEqual(2 * of('regional'))
      for (const region of new Set(hubs.flatMap((hub) => (hub.tier === 'local' ? [hub.region] : [])))) {
        expect(of('regional', region) * each.maxChildHubs).toBeGreaterThanOrEqual(2 * of('local', region))
        expect(of('regional', region)).toBeGreaterThanOrEqual(2)
      }
      const names = new Set(hubs.map(({ hub }) => hub))
      for (const { hub, bootstrap } of hubs) {
        expect(bootstrap.every((other) => names.has(other) && other !== hub) || count <= 3).toBe(true)
        expect(bootstrap.length > 0 || count === 1).toBe(true)
      }
    },
  )
  fc.assert(property, { numRuns: 80, seed: 5 })
})

it('is what the usual caps ask for: a thousand hubs in ten regions', () => {
  const hubs = topology(1_000, new Random(1), { maxRegionalHubs: 10, maxChildHubs: 20, regions: 10 })
  const count = (tier: Tier) => hubs.filter((hub) => hub.tier === tier).length
  expect([count('global'), count('regional'), count('local')]).toEqual([18, 90, 892])
  expect(new Set(hubs.map(({ region }) => region)).size).toBe(11)
})
