// Two hubs that compare what they hold (C11): they come to hold the same, and it costs what differs.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Catalog } from '../../src/core/catalog/catalog.ts'
import type { Epoch } from '../../src/core/catalog/slice.ts'
import { type Holdings, Pair } from './catalog.pair.ts'

const epoch: Epoch = [1, 'aaaaaaaa']

/** So many slices, two of them the hubs' own; each as far as `seqOf` says. */
function holdings(count: number, seqOf: (nth: number) => number): Holdings {
  const names = ['a', 'b', ...Array.from({ length: count - 2 }, (_, i) => `hub-${i + 2}`)]
  return new Map(names.map((name, nth) => [name, [epoch, seqOf(nth)]]))
}

function kindsOf({ frames }: ReturnType<Pair['compare']>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { kind } of frames) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

describe('two hubs that compare', () => {
  const seqs = fc.array(fc.tuple(fc.nat(12), fc.nat(12), fc.nat(2)), { minLength: 0, maxLength: 40 })

  it.each([false, true])('hold the same in the end, whatever each held before; both ask: %s', (isBoth) => {
    fc.assert(
      fc.property(seqs, (slices) => {
        const a = new Map<string, readonly [Epoch, number]>([['a', [epoch, 3]]])
        const b = new Map<string, readonly [Epoch, number]>([['b', [epoch, 3]]])
        let missing = 6
        slices.forEach(([inA, inB, later], nth) => {
          const of = (seq: number, isLater: boolean): readonly [Epoch, number] => [
            isLater ? [2, 'bbbbbbbb'] : epoch,
            seq,
          ]
          if (inA > 0) a.set(`hub-${nth}`, of(inA, later === 1 && inB > 0))
          if (inB > 0) b.set(`hub-${nth}`, of(inB, later === 2 && inA > 0))
          if (later > 0 && inA > 0 && inB > 0) missing += later === 1 ? inA : inB
          else missing += Math.abs(inA - inB)
        })
        const pair = new Pair(a, b)
        const costs = [pair.compare(isBoth), pair.compare(), pair.compare()]
        // What an earlier epoch left stays with whoever held it, until its author asks for it (C13).
        const held = (at: Catalog): unknown[] =>
          [...at.replicas.slices()].map(({ hub, version }) => [hub, version]).sort()
        expect(held(pair.a)).toEqual(held(pair.b))
        expect(pair.dropped).toEqual([])
        // Nothing comes twice unless both asked at once.
        const records = costs.reduce((sum, cost) => sum + cost.records, 0)
        if (!isBoth) expect(records).toBe(missing)
      }),
      { numRuns: 40 },
    )
  })

  it('exchange one fingerprint when they hold the same: 64 bytes each way', () => {
    const held = holdings(100, () => 2)
    const cost = new Pair(held, held).compare()
    expect(cost.frames.map(({ bytes }) => bytes)).toEqual([64, 64])
  })

  it.each(['a', 'b'])(
    'move one record that %s has more for less than 300 bytes beside it, in two round trips',
    (ahead) => {
      const even = holdings(1_000, () => 2)
      const odd = holdings(1_000, (nth) => (nth === 500 ? 3 : 2))
      const cost = (ahead === 'a' ? new Pair(odd, even) : new Pair(even, odd)).compare()
      expect([cost.records, cost.roundTrips]).toEqual([1, 2])
      expect(cost.beside).toBeLessThanOrEqual(300)
    },
  )

  it('pay a sketch of the length needed for a hundred differences, not a list', () => {
    const count = 100
    const one = holdings(600, (nth) => (nth % 2 === 0 && nth >= 2 && nth < 2 + count * 2 ? 3 : 2))
    const cost = new Pair(
      one,
      holdings(600, () => 2),
    ).compare()
    expect(cost.records).toBe(count)
    expect(kindsOf(cost)).toMatchObject({ 'catalog.sketch': 2, 'catalog.doubt': 1 })
    expect(kindsOf(cost)['catalog.versions']).toBeUndefined()
    expect(cost.beside / count).toBeLessThanOrEqual(13)
  })

  it.each([
    ['a hundred', 100],
    ['nearly all', 598],
  ])('come to hold the same with a hub of 0.3.0, which reads rows as lists alone: %s differ', (_, count) => {
    const one = holdings(600, (nth) => (nth >= 2 && nth < 2 + count ? 2 + (nth % 2) : 2))
    const two = holdings(600, (nth) => (nth >= 2 && nth < 2 + count ? 3 - (nth % 2) : 2))
    const [brief, old] = [new Pair(one, two), new Pair(one, two, true)]
    const [less, more] = [brief.compare(), old.compare()]
    expect([less.records, more.records, old.dropped]).toEqual([count, count, []])
    expect(old.a.replicas.digest()).toBe(old.b.replicas.digest())
    expect(less.beside).toBeLessThan(more.beside)
  })

  it('pay all seqs where nearly all differ, and no names', () => {
    const cost = new Pair(
      holdings(400, (nth) => (nth < 2 ? 2 : 3)),
      holdings(400, () => 2),
    ).compare()
    expect(cost.records).toBe(398)
    expect(kindsOf(cost)['catalog.versions']).toBeUndefined()
    expect(cost.beside / 398).toBeLessThanOrEqual(13)
  })

  it('list names once where they hold different slices, and answer with what the other lacks alone', () => {
    const all = holdings(200, () => 2)
    const some = new Map([...all].filter(([hub]) => hub !== 'hub-7'))
    const pair = new Pair(some, all)
    const cost = pair.compare()
    expect([cost.records, pair.a.replicas.digest()]).toEqual([2, pair.b.replicas.digest()])
    expect(kindsOf(cost)).toMatchObject({ 'catalog.versions': 2, 'catalog.want': 1 })
  })
})
