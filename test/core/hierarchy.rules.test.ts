// The rules of the hierarchy as pure functions: who is above whom, who reports, who dials.

import { describe, expect, it } from 'vitest'
import { distanceKm, isAbove, isBackbone, ownsDial, reporters, sharesPool } from '../../src/core/hierarchy/tiers.ts'
import type { Tier } from '../../src/core/ids.ts'
import { infoOf } from './kit.ts'

describe('tiers', () => {
  it('only higher tiers are above', () => {
    const above = (upper: Tier, lower: Tier): boolean => isAbove(upper, lower)
    expect([above('global', 'regional'), above('regional', 'local'), above('global', 'local')]).toEqual([
      true,
      true,
      true,
    ])
    expect([above('local', 'local'), above('local', 'global'), above('regional', 'global')]).toEqual([
      false,
      false,
      false,
    ])
  })

  it('the backbone is regional and global hubs', () => {
    expect([isBackbone('global'), isBackbone('regional'), isBackbone('local')]).toEqual([true, true, false])
  })

  it('hubs share a pool by region, or on the backbone', () => {
    const hub = (region: string, tier: Tier) => infoOf('x', { region, tier })
    expect(sharesPool(hub('a', 'local'), hub('a', 'global'))).toBe(true)
    expect(sharesPool(hub('a', 'regional'), hub('b', 'global'))).toBe(true)
    expect(sharesPool(hub('a', 'local'), hub('b', 'global'))).toBe(false)
  })

  it('exactly one of two hubs owns the dial: the lower tier, else the lower peer id', () => {
    const low = infoOf('a', { tier: 'local' })
    const high = infoOf('b', { tier: 'global' })
    expect([ownsDial(low, high), ownsDial(high, low)]).toEqual([true, false])
    const twin = infoOf('b', { tier: 'local' })
    expect([ownsDial(low, twin), ownsDial(twin, low)]).toEqual([true, false])
  })

  it('the two lowest relays report a pool, the two lowest hubs where there is no relay', () => {
    const hubs = ['e', 'd', 'c', 'b', 'a'].map((name) => infoOf(name, { tier: name < 'c' ? 'local' : 'regional' }))
    expect(reporters(hubs)).toEqual(['c', 'd'])
    expect(reporters(hubs.filter((info) => info.tier === 'local'))).toEqual(['a', 'b'])
    expect(reporters([])).toEqual([])
  })

  it('measures distance on the globe', () => {
    const paris = { latitude: 48.8566, longitude: 2.3522 }
    const newYork = { latitude: 40.7128, longitude: -74.006 }
    expect(distanceKm(paris, newYork)).toBeCloseTo(5_837, -1)
    expect(distanceKm(paris, paris)).toBe(0)
  })
})
