// Ties between children and parents: when a parent is asked, when a tie is broken, who is taken.

import { describe, expect, it } from 'vitest'
import { brokenAfter, Ties, watchedPace } from '../../src/core/hierarchy/ties.ts'
import { Random } from '../../src/core/random.ts'
import type { Millis } from '../../src/core/time.ts'
import type { HubInfo } from '../../src/core/wire.ts'
import { at, hubId, infoOf } from './kit.ts'

const ties = (): Ties => new Ties({ self: infoOf('me'), intervalMs: 5_000, random: new Random(1) })
const mate = infoOf('up', { tier: 'regional' })
const far = infoOf('far', { tier: 'regional', region: 'south' })

/** When the parent is asked, in that time, with every question answered or none. */
function asked(held: Ties, until: Millis, isAnswered: boolean): Millis[] {
  const times: Millis[] = []
  for (let now = held.deadline(); now <= until; now = held.deadline()) {
    if (held.sever(at(now)).length > 0) break
    for (const info of held.due(at(now))) {
      times.push(now)
      if (isAnswered) held.answered(info.hub, true, at(now))
    }
  }
  return times
}

describe('ties', () => {
  it('are spoken to at once, then seldom: four times less often where SWIM watches the parent as well', () => {
    const rate = (parent: HubInfo): number => {
      const held = ties()
      held.choose([parent], at(0))
      const times = asked(held, 400_000, true)
      expect(times[0]).toBe(0)
      return times.length
    }
    expect(rate(far)).toBeGreaterThan(75)
    expect(rate(far)).toBeLessThan(85)
    expect(Math.abs(rate(mate) - rate(far) / watchedPace)).toBeLessThan(3)
  })

  it('break after a few questions a second apart, and the parent is left alone for a minute', () => {
    const held = ties()
    held.choose([far], at(0))
    held.answered(hubId('far'), true, at(0))
    const times = asked(held, 60_000, false)
    expect(times).toHaveLength(brokenAfter)
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBe((brokenAfter - 1) * 1_000)
    expect(held.parents()).toEqual([])
    expect(held.isAvoided(hubId('far'), at(60_000))).toBe(true)
    expect(held.isAvoided(hubId('far'), at(80_000))).toBe(false)
  })

  it('are asked again at once when a link comes up or is lost', () => {
    const held = ties()
    held.choose([mate], at(0))
    held.due(at(0))
    held.answered(hubId('up'), true, at(0))
    held.stir(hubId('up'), at(3_000))
    expect(held.deadline()).toBe(3_000)
  })

  it('end with a refusal, and an avoided hub that is well again may be asked', () => {
    const held = ties()
    held.choose([mate], at(0))
    held.answered(hubId('up'), false, at(10))
    expect(held.isAvoided(hubId('up'), at(11))).toBe(true)
    held.pardon(hubId('up'))
    expect(held.isAvoided(hubId('up'), at(11))).toBe(false)
  })

  it('are given to children up to the capacity, and kept for those who have one', () => {
    const held = ties()
    expect(held.adopt(infoOf('a'), 1, at(0))).toBe(true)
    expect(held.adopt(infoOf('b'), 1, at(0))).toBe(false)
    expect(held.adopt(infoOf('a'), 1, at(40_000))).toBe(true)
    expect(held.sever(at(80_000))).toEqual([])
    expect(held.sever(at(100_000)).map((info) => info.hub)).toEqual(['a'])
    expect(held.adopt(infoOf('b'), 1, at(100_000))).toBe(true)
  })

  it('say whether the choice changed', () => {
    const held = ties()
    expect(held.choose([infoOf('a'), infoOf('b')], at(0))).toBe(true)
    expect(held.choose([infoOf('b'), infoOf('a')], at(0))).toBe(false)
    expect(held.choose([infoOf('b')], at(0))).toBe(true)
  })
})
