// The rules of the hierarchy as pure functions and tables: tiers and parents.

import { describe, expect, it } from 'vitest'
import { chooseParents } from '../../src/core/hierarchy/routes.ts'
import { distanceKm, isAbove, isBackbone, ownsDial, reporters, sharesPool } from '../../src/core/hierarchy/tiers.ts'
import type { HubId, Tier } from '../../src/core/ids.ts'
import type { HubInfo } from '../../src/core/wire.ts'
import { hubId, infoOf } from './kit.ts'

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

describe('choosing parents', () => {
  const chooser = { ...infoOf('me', { region: 'north' }), preferred: [] as HubId[] }
  const candidate = (name: string, where: { tier?: Tier; region?: string }, rttMs?: number) => ({
    info: infoOf(name, { tier: 'regional', ...where }),
    ...(rttMs === undefined ? {} : { rttMs }),
  })
  const names = (infos: readonly HubInfo[]): string[] => infos.map((info) => info.hub)

  it('takes only hubs above, never itself', () => {
    const candidates = [candidate('me', {}), candidate('peer', { tier: 'local' }), candidate('up', {})]
    expect(names(chooseParents(chooser, candidates, 2))).toEqual(['up'])
  })

  it('prefers the named, then the own region, then the tier just above, then the nearest', () => {
    const candidates = [
      candidate('far', { region: 'south' }),
      candidate('global', { tier: 'global', region: 'north' }),
      candidate('slow', { region: 'north' }, 90),
      candidate('quick', { region: 'north' }, 3),
      candidate('named', { region: 'south', tier: 'global' }),
    ]
    const all = names(chooseParents({ ...chooser, preferred: [hubId('named')] }, candidates, 9))
    expect(all).toEqual(['named', 'quick', 'slow', 'global', 'far'])
    expect(names(chooseParents(chooser, candidates, 2))).toEqual(['quick', 'slow'])
  })

  it('does not change its mind for a round trip that is about the same', () => {
    const pair = (a: number, b: number) => [candidate('a', {}, a), candidate('b', {}, b)]
    expect(names(chooseParents(chooser, pair(14, 12), 1))).toEqual(['a'])
    expect(names(chooseParents(chooser, pair(80, 2), 1))).toEqual(['b'])
  })

  it('takes the nearest by coordinates where no round trip is known', () => {
    const place = (name: string, longitude: number) => ({
      info: { ...infoOf(name, { tier: 'regional' }), coordinates: { latitude: 0, longitude } },
    })
    const here = { ...chooser, coordinates: { latitude: 0, longitude: 0 } }
    expect(names(chooseParents(here, [place('a', 90), place('b', 10)], 1))).toEqual(['b'])
  })
})
