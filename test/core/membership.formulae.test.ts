// The formulae of failure detection against the numbers of their papers, without a clock or a machine beside them.

import { describe, expect, it } from 'vitest'
import { exchangeScale } from '../../src/core/membership/exchange.ts'
import { LocalHealth, type ProbeOutcome, scoreDelta } from '../../src/core/membership/health.ts'
import { isPlausible, isRefutation, maxLeap } from '../../src/core/membership/member.ts'
import type { Rumor } from '../../src/core/membership/messages.ts'
import { measured, probeTimeout, type Rtt } from '../../src/core/membership/rtt.ts'
import { Rumors } from '../../src/core/membership/rumors.ts'
import { accusersExpected, dynamicTimeout, suspicionTimeout } from '../../src/core/membership/suspicion.ts'
import { wallStart } from './kit.ts'
import { accusation, state } from './swim.bench.ts'

describe('a suspicion', () => {
  it.each([
    [0, 4_000],
    [1, 4_000],
    [10, 4_000],
    [1_000, 12_000],
    [2_000, 13_204],
  ])('in a pool of %i lasts %i ms at least', (size, lasts) => {
    expect(suspicionTimeout(4, size, 1_000)).toBeCloseTo(lasts, 0)
  })

  // Lifeguard, section IV-B, with K = 3: the share that is left is 1 − log(c + 1) / log 4.
  it.each([
    [0, 24_000],
    [1, 14_000],
    [2, 24_000 - 20_000 * (Math.log(3) / Math.log(4))],
    [3, 4_000],
    [4, 4_000],
    [100, 4_000],
  ])('between 4 and 24 s with %i further accusers of 3 lasts %d ms', (confirmations, lasts) => {
    expect(dynamicTimeout({ minMs: 4_000, maxMs: 24_000, confirmations, expected: 3 })).toBeCloseTo(lasts, 6)
  })

  it('is as short as can be where nobody else could confirm it', () => {
    expect(dynamicTimeout({ minMs: 4_000, maxMs: 24_000, confirmations: 0, expected: 0 })).toBe(4_000)
  })

  it.each([
    [1, 0],
    [2, 0],
    [4, 0],
    [5, 3],
    [6, 3],
    [1_000, 3],
  ])('in a pool of %i waits for %i accusers besides the first', (size, expected) => {
    expect(accusersExpected(size)).toBe(expected)
  })
})

describe('local health', () => {
  const outcomes: readonly [string, ProbeOutcome, number][] = [
    ['was answered', { type: 'acked' }, -1],
    ['had no helpers', { type: 'failed', helpers: 0, nacks: 0 }, 1],
    ['had three silent helpers', { type: 'failed', helpers: 3, nacks: 0 }, 3],
    ['had one silent helper of three', { type: 'failed', helpers: 3, nacks: 2 }, 1],
    ['failed everywhere', { type: 'failed', helpers: 3, nacks: 3 }, 0],
    ['had more nacks than helpers', { type: 'failed', helpers: 1, nacks: 9 }, 0],
  ]
  it.each(outcomes)('after a probe that %s changes by %j → %i', (_, outcome, delta) => {
    expect(scoreDelta(outcome)).toBe(delta)
  })

  it('goes from 0 to 7 and no further', () => {
    const health = new LocalHealth(true)
    health.add(-3)
    expect([health.score, health.factor]).toEqual([0, 1])
    health.add(100)
    expect([health.score, health.factor]).toEqual([7, 8])
    health.add(-1)
    expect(health.score).toBe(6)
  })

  it('is never better than the process feels, and recovers with it', () => {
    const health = new LocalHealth(true)
    health.strain(2)
    health.add(-1)
    expect(health.score).toBe(2)
    health.add(3)
    expect(health.score).toBe(3)
    health.strain(99)
    expect(health.score).toBe(7)
    health.strain(0)
    expect(health.score).toBe(3)
  })

  it('switched off stays well', () => {
    const health = new LocalHealth(false)
    health.add(5)
    health.strain(5)
    expect([health.score, health.factor]).toEqual([0, 1])
  })
})

describe('the wait for an answer', () => {
  it('follows the estimator of TCP (RFC 6298, section 2)', () => {
    const first = measured(undefined, 100)
    expect(first).toEqual({ smoothedMs: 100, variationMs: 50 })
    // RTTVAR = 3/4 · 50 + 1/4 · |100 − 180|, then SRTT = 7/8 · 100 + 1/8 · 180.
    expect(measured(first, 180)).toEqual({ smoothedMs: 110, variationMs: 57.5 })
  })

  it.each([
    ['not measured', undefined, 500],
    ['of 1 ms that never vary', { smoothedMs: 1, variationMs: 0 }, 200],
    ['of 100 ms that vary by 50', { smoothedMs: 100, variationMs: 50 }, 300],
    ['of 400 ms that vary by 50', { smoothedMs: 400, variationMs: 50 }, 500],
  ] satisfies readonly [string, Rtt | undefined, number][])(
    'for round trips %s is between a fifth of the interval and the longest',
    (_, known, waitMs) => {
      expect(probeTimeout(known, 500, 1_000)).toBe(waitMs)
    },
  )

  it('between whole tables is one interval up to 32 hubs and one more with every doubling', () => {
    expect([1, 32, 33, 64, 65, 128, 1_000].map(exchangeScale)).toEqual([1, 1, 2, 2, 3, 3, 6])
  })
})

describe('an incarnation', () => {
  it.each([
    ['as far ahead as clocks may differ', wallStart + maxLeap, 0, true],
    ['one more', wallStart + maxLeap + 1, 0, false],
    ['of a hub whose clock is known to be ahead', wallStart + 2 * maxLeap, wallStart + maxLeap, true],
    ['the largest number', Number.MAX_SAFE_INTEGER, wallStart, false],
    ['of long ago', 0, 0, true],
  ] as const)('%s is plausible or not', (...[, incarnation, known, isOne]) => {
    expect(isPlausible(incarnation, known, wallStart)).toBe(isOne)
  })

  it.each([
    [10, 11, true],
    [10, 74, true],
    [10, 75, false],
    [10, 10, false],
    [10, 9, false],
  ])('from %i to %i took a word back: %j', (from, to, isOne) => {
    expect(isRefutation(from, to)).toBe(isOne)
  })
})

describe('rumours on one message', () => {
  const bytesOf = (rumors: readonly Rumor[]): number =>
    rumors.reduce((sum, each) => sum + JSON.stringify(each).length, 0)
  const names = Array.from({ length: 40 }, (_, i) => `hub-${i}`)

  it('keep within the bytes of one segment, and all get their turn', () => {
    const rumors = new Rumors()
    for (const name of names) rumors.tell(state(name))
    const told = new Set<string>()
    for (let i = 0; i < names.length; i++) {
      const taken = rumors.take({ bytes: 1_200, count: 32 }, 10)
      expect(bytesOf(taken)).toBeLessThanOrEqual(1_200)
      expect(taken.length).toBeGreaterThan(1)
      for (const rumor of taken) if ('info' in rumor) told.add(rumor.info.hub)
    }
    expect(told.size).toBe(names.length)
  })

  it('are no more than were asked for', () => {
    const rumors = new Rumors()
    for (const name of names) rumors.tell(accusation(name))
    expect(rumors.take({ bytes: 1_000_000, count: 32 }, 10)).toHaveLength(32)
  })

  it('come least told first: nobody is told twice before all were told once', () => {
    const rumors = new Rumors()
    for (const name of names) rumors.tell(accusation(name))
    const told = new Map<string, number>()
    for (let i = 0; i < 10; i++) {
      for (const rumor of rumors.take({ bytes: 1_000_000, count: 12 }, 1_000)) {
        if ('accused' in rumor) told.set(rumor.accused, (told.get(rumor.accused) ?? 0) + 1)
      }
      const times = names.map((name) => told.get(name) ?? 0)
      expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1)
    }
  })

  it('let a short one by where a long one does not fit', () => {
    const rumors = new Rumors()
    rumors.tell(accusation('short'))
    rumors.tell(state('long'))
    rumors.tell(accusation('first'))
    const [first, long] = [bytesOf([accusation('first')]), bytesOf([state('long')])]
    const taken = rumors.take({ bytes: first + long - 1, count: 32 }, 10)
    expect(taken).toEqual([accusation('first'), accusation('short')])
  })
})
