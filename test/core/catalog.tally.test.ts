// C10: the sum that heads sign is the same for the same records, however a replica came to hold them and whatever of what has
// done its work it has dropped; and another for any other records.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Stamp } from '../../src/core/catalog/hlc.ts'
import type { CatalogRecord, Field } from '../../src/core/catalog/record.ts'
import { guardedUntil, leftOf, reduced } from '../../src/core/catalog/retention.ts'
import { type Epoch, type Run, Slice } from '../../src/core/catalog/slice.ts'
import { Tally } from '../../src/core/catalog/tally.ts'
import { hubId, testHashing } from './kit.ts'

const a = hubId('a')
const epoch: Epoch = [1, 'aa']
const stamp = (wall: number): Stamp => [wall, 0, a]

const wall = fc.integer({ min: 1, max: 9 })
const field = fc.tuple(fc.constantFrom('x', null), wall).map(([value, at]): Field => [value, stamp(at)])
const content = fc.record({
  fields: fc.dictionary(fc.constantFrom('life', 'tag:t', 'name'), field, { maxKeys: 3 }),
  removed: fc.option(wall.map(stamp), { nil: undefined }),
})
const said = fc.tuple(content, fc.nat(4)).map(([{ fields, removed }, key]): Omit<CatalogRecord, 'seq'> => {
  const record = { kind: 'project', key: `k${key}`, fields: fields as CatalogRecord['fields'] }
  return removed === undefined ? record : { ...record, removed }
})

function numbered(batch: readonly Omit<CatalogRecord, 'seq'>[], from: number): Run {
  const latest = new Map(batch.map((record, index) => [record.key, { ...record, seq: from + index + 1 }]))
  return { hub: a, epoch, from, to: from + batch.length, records: [...latest.values()] }
}

const rootOf = (records: Iterable<CatalogRecord>, horizon = 0) => Tally.of(records, testHashing, horizon).root()

describe('the sum', () => {
  it('goes along with a slice, write by write and horizon by horizon, as if it were made anew', () => {
    const writes = fc.array(fc.record({ batch: fc.array(said, { minLength: 1, maxLength: 4 }), later: fc.nat(3) }))
    const property = fc.property(writes, (history) => {
      const slice = new Slice(a, { epoch, seq: 0 })
      let horizon = 0
      for (const { batch, later } of history) {
        const run = numbered(batch, slice.version.seq)
        horizon += later
        const tally = slice.tallyAfter(run, horizon, testHashing)
        const head = { peer: 'p', horizon, root: tally.root(), signature: '' } as const
        slice.extend({ ...run, head: head as NonNullable<Run['head']> }, tally)
        expect(tally.root()).toBe(rootOf(slice.records(), horizon))
      }
    })
    fc.assert(property, { seed: 1, numRuns: 200 })
  })

  it('leaves out what any hub may have dropped by then, and nothing else that was written since', () => {
    const others = fc.array(
      said.map((record) => ({ ...record, seq: 1 })),
      { maxLength: 2 },
    )
    const property = fc.property(fc.tuple(said, others, fc.array(wall, { maxLength: 3 }), wall), (drawn) => {
      const [written, beside, drops, last] = drawn
      const record = { ...written, seq: 1 }
      const horizons = [...drops].sort((x, y) => x - y).filter((horizon) => horizon <= last)
      let left: CatalogRecord | undefined = record
      for (const horizon of horizons) left = left && leftOf(left, beside, horizon)
      expect(left === undefined ? undefined : reduced(left, last)).toEqual(reduced(record, last))
    })
    fc.assert(property, { seed: 2, numRuns: 2_000 })
  })

  it('changes with the horizon only where a record says so', () => {
    const property = fc.property(said, wall, wall, (written, one, other) => {
      const record = { ...written, seq: 1 }
      const [from, to] = one < other ? [one, other] : [other, one]
      const isSame = guardedUntil(record).every((at) => at < from || at >= to)
      if (isSame) expect(reduced(record, to)).toEqual(reduced(record, from))
    })
    fc.assert(property, { seed: 3, numRuns: 2_000 })
  })

  const p: CatalogRecord = {
    kind: 'project',
    key: 'p',
    seq: 1,
    fields: { life: [true, stamp(1)], name: ['n', stamp(1)] },
  }
  const q: CatalogRecord = { ...p, key: 'q', seq: 2 }
  it.each([
    ['a record is missing', [p]],
    ['one stands twice', [p, q, q]],
    ['another is there as well', [p, q, { ...q, key: 'r', seq: 3 }]],
    [
      'they change places',
      [
        { ...p, seq: 2 },
        { ...q, seq: 1 },
      ],
    ],
    ['a value is another', [p, { ...q, fields: { ...q.fields, name: ['m', stamp(1)] as Field } }]],
    ['a stamp is another', [p, { ...q, fields: { ...q.fields, name: ['n', stamp(2)] as Field } }]],
    ['a field is missing', [p, { ...q, fields: { life: [true, stamp(1)] as Field } }]],
    ['one is removed', [p, { ...q, removed: stamp(9) }]],
    ['one has what this version does not know', [p, { ...q, later: 1 }]],
  ])('is another when %s', (_, records) => {
    expect(rootOf(records as CatalogRecord[])).not.toBe(rootOf([p, q]))
    expect(rootOf([q, p])).toBe(rootOf([p, q]))
  })

  it('keeps a removal that covers what stands beside it in its record: dropped, that would be back', () => {
    const covered: CatalogRecord = { ...p, removed: stamp(5) }
    expect(reduced(covered, 9)).toBe(covered)
    expect(reduced({ ...covered, fields: {} }, 9)).toBeUndefined()
    expect(reduced({ ...covered, fields: {} }, 5)).toEqual({ ...covered, fields: {} })
  })
})
