// Where callers should go: the order of instances, and the distance between places.

import { describe, expect, it } from 'vitest'
import { type Candidate, distanceKm, failoverOrder } from '../../src/hub/resolve.ts'
import { at, hubId, infoOf, slug } from '../core/kit.ts'
import { Lookout } from './lookout.ts'

const candidate = (name: string, said: Partial<Candidate> = {}): Candidate => ({
  slug: slug(name),
  hubUrl: `http://${name}`,
  status: 'online',
  home: hubId('h'),
  region: null,
  isDraining: false,
  rttMs: null,
  distanceKm: null,
  ...said,
})

describe('the order in which instances are tried', () => {
  it.each<[string, Candidate[], string[], string[]]>([
    ['is by round trip', [candidate('b', { rttMs: 9 }), candidate('a', { rttMs: 20 })], ['b', 'a'], ['rtt', 'rtt']],
    [
      'takes no noise for a difference',
      [candidate('b', { rttMs: 8.6 }), candidate('a', { rttMs: 9.4 })],
      ['a', 'b'],
      ['rtt', 'rtt'],
    ],
    [
      'has a measured way before one that is not, and that by distance',
      [candidate('a', { distanceKm: 900 }), candidate('b', { distanceKm: 10 }), candidate('c', { rttMs: 200 })],
      ['c', 'b', 'a'],
      ['rtt', 'distance', 'distance'],
    ],
    [
      'has by distance those that are equally far in time',
      [candidate('a', { rttMs: 3, distanceKm: 50 }), candidate('b', { rttMs: 3, distanceKm: 5 })],
      ['b', 'a'],
      ['rtt', 'rtt'],
    ],
    [
      'has degraded ones behind those that are online, however near',
      [candidate('a', { status: 'degraded', rttMs: 0 }), candidate('b')],
      ['b', 'a'],
      ['nearness-unknown', 'degraded, rtt'],
    ],
    [
      'has draining hubs last',
      [candidate('a', { isDraining: true, rttMs: 0 }), candidate('b', { status: 'degraded' })],
      ['b', 'a'],
      ['degraded, nearness-unknown', 'draining, rtt'],
    ],
    [
      'is by slug where nothing is known',
      [candidate('b'), candidate('a')],
      ['a', 'b'],
      ['nearness-unknown', 'nearness-unknown'],
    ],
    ['is empty for nobody', [], [], []],
  ])('%s', (...row) => {
    const [, candidates, order, reasons] = row
    const ranked = failoverOrder(candidates)
    expect(ranked.map((each) => each.slug)).toEqual(order)
    expect(ranked.map((each) => each.reason)).toEqual(reasons)
    expect(failoverOrder(candidates.toReversed())).toEqual(ranked)
  })

  it.each([
    [{ latitude: 52.52, longitude: 13.405 }, { latitude: 48.8566, longitude: 2.3522 }, 877],
    [{ latitude: 0, longitude: 179 }, { latitude: 0, longitude: -179 }, 222],
    [{ latitude: 90, longitude: 0 }, { latitude: -90, longitude: 0 }, 20_015],
    [{ latitude: 1, longitude: 1 }, { latitude: 1, longitude: 1 }, 0],
  ])('knows how far %o is from %o', (from, to, km) => {
    expect(Math.round(distanceKm(from, to))).toBe(km)
  })
})

describe('a hub that is asked where to go', () => {
  it('names what is up and says where, by slug, tag or namespace', () => {
    const hub = new Lookout()
    hub.turn(() => hub.rig.link(infoOf('b')))
    hub.register(slug('up'), { hub_url: 'http://up', tags: ['x'], mesh_namespace: 'n' })
    hub.register(slug('down'), { hub_url: 'http://down', tags: ['x'] })
    hub.register(slug('nowhere'), { tags: ['x'] })
    hub.beat(slug('up'))
    hub.beat(slug('nowhere'))
    const asked = (query: object) => hub.watch.listing.resolve(query, at(hub.rig.now)).map((each) => each.slug)
    expect(asked({ tag: 'x' })).toEqual(['up'])
    expect(asked({ namespace: 'n' })).toEqual(['up'])
    expect(asked({ slug: 'up' })).toEqual(['up'])
    expect(asked({ slug: 'up', tag: 'y' })).toEqual([])
    expect(asked({ slug: 'never' })).toEqual([])
    expect(hub.watch.listing.resolve({ slug: 'up' }, at(hub.rig.now))).toEqual([
      {
        slug: 'up',
        hub_url: 'http://up',
        status: 'online',
        region: hub.rig.hub.info.region,
        rtt_ms: 0,
        distance_km: 0,
        reason: 'rtt',
      },
    ])
  })
})
