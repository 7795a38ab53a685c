// The rules of the hierarchy as pure functions and tables: tiers, parents, links, verdicts, ties.

import { describe, expect, it } from 'vitest'
import type { Word } from '../../src/core/hierarchy/messages.ts'
import { Reports } from '../../src/core/hierarchy/reports.ts'
import { chooseParents } from '../../src/core/hierarchy/routes.ts'
import { distanceKm, isAbove, isBackbone, ownsDial, reporters, sharesPool } from '../../src/core/hierarchy/tiers.ts'
import { brokenAfter, Ties } from '../../src/core/hierarchy/ties.ts'
import type { HubId, Tier } from '../../src/core/ids.ts'
import type { Millis } from '../../src/core/time.ts'
import type { HubInfo } from '../../src/core/wire.ts'
import { at, hubId, infoOf } from './kit.ts'

function word(name: string, status: Word['status'] = 'alive', incarnation = 1): Word {
  return { info: infoOf(name, { region: 'south' }), incarnation, status }
}

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

describe('the verdict about a far hub', () => {
  const noPools = () => undefined
  const judge = (reports: Reports, ms: Millis, pools: (hub: HubId) => Word['status'] | undefined = noPools) =>
    reports.judge(hubId('x'), at(ms), pools)?.status
  const reportsAt = (
    ...told: [reporter: string, status: Word['status'], ms: Millis, incarnation?: number][]
  ): Reports => {
    const reports = new Reports(30_000)
    for (const [reporter, status, ms, incarnation] of told) {
      reports.hear(hubId(reporter), at(ms))
      reports.tell(hubId(reporter), word('x', status, incarnation), at(ms))
    }
    return reports
  }

  it('is the best word: one relay that cannot reach a hub does not kill it', () => {
    expect(judge(reportsAt(['r1', 'alive', 0], ['r2', 'dead', 10]), 20)).toBe('alive')
    expect(judge(reportsAt(['r1', 'suspect', 0], ['r2', 'dead', 10]), 20)).toBe('suspect')
  })

  it('is dead when all reporters say so', () => {
    expect(judge(reportsAt(['r1', 'alive', 0], ['r1', 'dead', 5], ['r2', 'dead', 10]), 20)).toBe('dead')
  })

  it('follows the highest incarnation, whatever others say of an older one', () => {
    expect(judge(reportsAt(['r1', 'alive', 0, 1], ['r2', 'alive', 1, 2], ['r2', 'dead', 10, 2]), 20)).toBe('dead')
  })

  it('never comes from a word of death about an unknown hub', () => {
    expect(judge(reportsAt(['r1', 'dead', 0]), 10)).toBeUndefined()
    expect(judge(reportsAt(['r1', 'left', 0]), 10)).toBeUndefined()
  })

  it('takes no word of a reporter that the own pool holds dead', () => {
    const reports = reportsAt(['r1', 'alive', 0], ['r2', 'alive', 0], ['r2', 'dead', 10])
    expect(judge(reports, 20, (hub) => (hub === 'r1' ? 'dead' : undefined))).toBe('dead')
    expect(judge(reports, 20, (hub) => (hub === 'r1' ? 'suspect' : undefined))).toBe('alive')
  })

  it('takes no word of a reporter that has fallen silent, nor one that was not repeated', () => {
    expect(judge(reportsAt(['r1', 'alive', 0], ['r2', 'alive', 0], ['r2', 'dead', 29_000]), 31_000)).toBe('dead')
  })

  it('takes no word of a reporter that a fresh word buries, until it is heard again', () => {
    const reports = reportsAt(['r1', 'alive', 0], ['r2', 'alive', 0], ['r2', 'dead', 100])
    reports.tell(hubId('r2'), word('r1'), at(0))
    reports.tell(hubId('r2'), { ...word('r1'), status: 'dead' }, at(200))
    expect(judge(reports, 300)).toBe('dead')
    reports.hear(hubId('r1'), at(400))
    expect(judge(reports, 500)).toBe('alive')
  })

  it('believes a hub about itself where nobody else speaks, and wherever it spoke after its burial', () => {
    expect(judge(reportsAt(['x', 'alive', 0]), 10)).toBe('alive')
    const buried = reportsAt(['x', 'alive', 0], ['r1', 'alive', 1], ['r1', 'dead', 100])
    expect(judge(buried, 200)).toBe('dead')
    buried.hear(hubId('x'), at(300))
    expect(judge(buried, 400)).toBe('alive')
  })

  it('lets a hub say itself that it leaves', () => {
    expect(judge(reportsAt(['r1', 'alive', 0], ['x', 'alive', 1], ['x', 'left', 10]), 20)).toBe('left')
    expect(judge(reportsAt(['r1', 'alive', 0], ['x', 'alive', 1], ['x', 'left', 10], ['r1', 'alive', 20, 2]), 30)).toBe(
      'alive',
    )
  })

  it('stays as it was when all reporters are gone, until the silence is long', () => {
    const reports = reportsAt(['r1', 'alive', 0])
    const dead = (): Word['status'] => 'dead'
    expect(judge(reports, 29_999, dead)).toBe('alive')
    expect(judge(reports, 30_001, dead)).toBe('dead')
  })
})

describe('ties', () => {
  it('break after a few unanswered intervals, and the parent is left alone for a minute', () => {
    const ties = new Ties(1_000)
    ties.choose([infoOf('up', { tier: 'regional' })], at(0))
    ties.answered(hubId('up'), true, at(2_000))
    expect(ties.sever(at(2_000 + brokenAfter * 1_000))).toEqual([])
    expect(ties.sever(at(2_001 + brokenAfter * 1_000)).map((info) => info.hub)).toEqual(['up'])
    expect(ties.parents()).toEqual([])
    expect(ties.isAvoided(hubId('up'), at(60_000))).toBe(true)
    expect(ties.isAvoided(hubId('up'), at(70_000))).toBe(false)
  })

  it('end with a refusal, and an avoided hub that is well again may be asked', () => {
    const ties = new Ties(1_000)
    ties.choose([infoOf('up', { tier: 'regional' })], at(0))
    ties.answered(hubId('up'), false, at(10))
    expect(ties.isAvoided(hubId('up'), at(11))).toBe(true)
    ties.pardon(hubId('up'))
    expect(ties.isAvoided(hubId('up'), at(11))).toBe(false)
  })

  it('are given to children up to the capacity, and kept for those who have one', () => {
    const ties = new Ties(1_000)
    expect(ties.adopt(infoOf('a'), 1, at(0))).toBe(true)
    expect(ties.adopt(infoOf('b'), 1, at(0))).toBe(false)
    expect(ties.adopt(infoOf('a'), 1, at(0))).toBe(true)
    ties.sever(at(10_000))
    expect(ties.adopt(infoOf('b'), 1, at(10_000))).toBe(true)
  })

  it('say whether the choice changed', () => {
    const ties = new Ties(1_000)
    expect(ties.choose([infoOf('a'), infoOf('b')], at(0))).toBe(true)
    expect(ties.choose([infoOf('b'), infoOf('a')], at(0))).toBe(false)
    expect(ties.choose([infoOf('b')], at(0))).toBe(true)
  })
})
