// Summaries of rows of numbers: what they tell, what they cannot tell, and what garbage does to them.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { differencesBehind, marksOf } from '../../src/core/catalog/estimate.ts'
import { differences, isAffordable, maxWork, sketchOf } from '../../src/core/catalog/sketch.ts'
import { Random } from '../../src/core/random.ts'

/** A row, and another that is larger by the changes at their places. */
function changed(row: readonly number[], changes: ReadonlyMap<number, number>): number[] {
  return row.map((value, index) => value + (changes.get(index) ?? 0))
}

const rows = fc
  .array(fc.nat(1_000_000), { minLength: 1, maxLength: 60 })
  .map((row) => row.map((value) => value + 40_000))

describe('a sketch', () => {
  it('tells any differences up to as many as it was made for, places and values', () => {
    const scene = rows.chain((row) => {
      const place = fc.nat(row.length - 1)
      const value = fc.integer({ min: -32_760, max: 32_760 }).filter((difference) => difference !== 0)
      return fc.record({ row: fc.constant(row), changes: fc.array(fc.tuple(place, value), { maxLength: 12 }) })
    })
    const spare = fc.nat(3)
    fc.assert(
      fc.property(scene, spare, ({ row, changes }, more) => {
        const wanted = new Map(changes)
        const sketch = sketchOf(changed(row, wanted), wanted.size + more)
        expect(new Map([...(differences(sketch, row) ?? [])].sort())).toEqual(new Map([...wanted].sort()))
      }),
    )
  })

  it('says nothing, or something that does not add up, where there are more', () => {
    const row = Array.from({ length: 200 }, (_, i) => 1_000 + i)
    for (let count = 5; count <= 200; count += 13) {
      const wanted = new Map(Array.from({ length: count }, (_, i) => [i, i + 1]))
      const told = differences(sketchOf(changed(row, wanted), 4), row)
      expect(told === undefined || told.size <= 4).toBe(true)
    }
  })

  it('that is garbage is read without harm', () => {
    const garbage = fc.uint8Array({ maxLength: 64 })
    fc.assert(
      fc.property(garbage, rows, (sketch, row) => {
        const told = differences(sketch, row)
        for (const place of told?.keys() ?? []) expect(row[place]).toBeDefined()
      }),
    )
  })

  it('is bounded in the work that it costs either side', () => {
    expect([isAffordable(1_000, 500), isAffordable(20_000, 50)]).toEqual([true, true])
    expect(isAffordable(20_000, maxWork / 40_000 + 1)).toBe(false)
    expect([isAffordable(10, 1_000), isAffordable(65_521, 1)]).toEqual([false, false])
    expect(isAffordable(1_000, Number.POSITIVE_INFINITY)).toBe(false)
  })
})

describe('an estimate of the differences', () => {
  it.each([10, 50, 100, 200, 300])('of %i is seldom too low and not much too high', (count) => {
    const random = new Random(count)
    const row = Array.from({ length: 1_000 }, () => random.below(100_000))
    const rounds = 40
    let low = 0
    for (let round = 0; round < rounds; round++) {
      const places = random.sample([...row.keys()], count)
      const other = changed(row, new Map(places.map((place) => [place, 1 + random.below(3)])))
      const estimate = differencesBehind(marksOf(other), marksOf(row))
      if (estimate < count) low++
      expect(estimate).toBeLessThanOrEqual(2 * count + 10)
    }
    expect(low).toBeLessThanOrEqual(1)
  })

  it('is of no use where nearly all differ, and none where the marks are of another row', () => {
    const row = Array.from({ length: 400 }, (_, i) => i)
    const other = row.map((value) => value + 1)
    expect(differencesBehind(marksOf(other), marksOf(row))).toBeGreaterThan(250)
    expect(differencesBehind(new Uint8Array(3), marksOf(row))).toBe(Number.POSITIVE_INFINITY)
    expect(differencesBehind(new Uint8Array(0), new Uint8Array(0))).toBe(Number.POSITIVE_INFINITY)
  })
})
