// Records and their join: what is visible, what wins, what counts as removed.

import { Compile } from 'typebox/compile'
import { describe, expect, it } from 'vitest'
import { compareStamps, Hlc, isWithinDrift, type Stamp } from '../../src/core/catalog/hlc.ts'
import {
  type CatalogRecord,
  contentHash,
  exists,
  type Field,
  type Fields,
  hasPlainValues,
  isFit,
  isNews,
  join,
  maxFields,
  maxRecordText,
  merge,
  RecordSchema,
  wins,
  withoutCovered,
} from '../../src/core/catalog/record.ts'
import { hubId } from './kit.ts'

function stamp(time: number, hub = 'a', count = 0): Stamp {
  return [time, count, hubId(hub)]
}

function record(fields: Record<string, Field>, removed?: Stamp): CatalogRecord {
  const content = { kind: 'project', key: 'p', seq: 1, fields: fields as CatalogRecord['fields'] }
  return removed === undefined ? content : { ...content, removed }
}

function live(time: number, hub = 'a', more: Record<string, Field> = {}): CatalogRecord {
  return record({ life: [true, stamp(time, hub)], ...more })
}

describe('of two values of one field', () => {
  const cases: readonly (readonly [claim: string, winner: Field, loser: Field | undefined])[] = [
    ['any wins over none', [1, stamp(1)], undefined],
    ['the later time wins', [1, stamp(2)], [9, stamp(1, 'z', 9)]],
    ['at one time the higher count wins', [1, stamp(1, 'a', 2)], [9, stamp(1, 'z', 1)]],
    ['at one time and count the greater hub wins', [1, stamp(1, 'b')], [9, stamp(1, 'a')]],
    ['a later add wins over a void', [true, stamp(2)], [null, stamp(1)]],
    ['a void wins under the same stamp', [null, stamp(1)], [true, stamp(1)]],
    ['the greater text wins under the same stamp', ['b', stamp(1)], ['a', stamp(1)]],
    ['the greater text wins, whatever the type', [{ b: 1 }, stamp(1)], [[1], stamp(1)]],
  ]

  it.each(cases)('%s', (_, winner, loser) => {
    expect(wins(winner, loser)).toBe(true)
    if (loser !== undefined) expect(wins(loser, winner)).toBe(false)
  })

  it('neither wins when they are equal', () => {
    expect(wins(['a', stamp(1)], ['a', stamp(1)])).toBe(false)
    expect(wins([null, stamp(1)], [null, stamp(1)])).toBe(false)
    expect(wins([{ x: 1, y: 2 }, stamp(1)], [{ y: 2, x: 1 }, stamp(1)])).toBe(false)
  })
})

describe('an entry as all slices show it (C4)', () => {
  it('has each field with its latest value, whoever wrote it', () => {
    const joined = join([
      record({ name: ['old', stamp(1)], url: ['u', stamp(5)] }),
      record({ name: ['new', stamp(2, 'b')] }),
    ])
    expect(joined.fields).toEqual({ name: ['new', stamp(2, 'b')], url: ['u', stamp(5)] })
    expect(joined.removed).toBeUndefined()
  })

  it('is without the fields that a removal in any slice covers', () => {
    const joined = join([
      record({ name: ['n', stamp(3)], url: ['u', stamp(5)] }),
      record({}, stamp(3, 'a')),
      record({}, stamp(2, 'z')),
    ])
    expect(joined.fields).toEqual({ url: ['u', stamp(5)] })
    expect(joined.removed).toEqual(stamp(3, 'a'))
  })

  it('keeps voids, so that a writer sees what was removed', () => {
    expect(join([record({ 'tag:x': [null, stamp(1)] })]).fields).toEqual({ 'tag:x': [null, stamp(1)] })
  })

  it('is nothing when no slice shows it', () => {
    expect(join([])).toEqual({ fields: {} })
  })

  const existing: readonly (readonly [claim: string, records: CatalogRecord[], isThere: boolean])[] = [
    ['exists once registered', [live(1)], true],
    ['does not exist by a patch alone', [record({ name: ['n', stamp(9)] })], false],
    ['does not exist after a removal', [live(1), record({}, stamp(2, 'b'))], false],
    [
      'does not come back with a field that was written late',
      [live(1, 'a', { n: [1, stamp(3)] }), record({}, stamp(2, 'b'))],
      false,
    ],
    ['exists again when it is registered after the removal', [live(3), record({}, stamp(2, 'b'))], true],
    ['exists where one slice removed and another registered later', [record({}, stamp(2)), live(3, 'b')], true],
  ]

  it.each(existing)('%s (C5)', (_, records, isThere) => {
    expect(exists(join(records))).toBe(isThere)
    expect(exists(join([...records].reverse()))).toBe(isThere)
  })
})

describe('what a removal covers (C7)', () => {
  const own = record({ life: [true, stamp(1)], name: ['n', stamp(3)] })

  it('is dropped, and the rest kept', () => {
    expect(withoutCovered(own, stamp(2))).toEqual({ name: ['n', stamp(3)] })
    expect(withoutCovered(own, stamp(3))).toEqual({})
  })

  it('is nothing when every field is later', () => {
    expect(withoutCovered(own, stamp(0, 'z'))).toBeUndefined()
    expect(withoutCovered(record({}, stamp(1)), stamp(9))).toBeUndefined()
  })
})

describe('a record of an earlier epoch (C13)', () => {
  const news: readonly (readonly [claim: string, record: CatalogRecord, rest: CatalogRecord[], isNews: boolean])[] = [
    ['is news where nothing else is known', live(1), [], true],
    ['is no news where the same is known', live(1), [live(1)], false],
    ['is no news where later is known', live(1), [live(2)], false],
    [
      'is news where one field is later',
      live(1, 'a', { n: [1, stamp(5)] }),
      [live(2, 'a', { n: [2, stamp(4)] })],
      true,
    ],
    ['is no news where a removal covers it', live(1), [record({}, stamp(1, 'b'))], false],
    ['is news by a later removal', record({}, stamp(2)), [record({}, stamp(1))], true],
    ['is no news by an earlier removal', record({}, stamp(1)), [record({}, stamp(1))], false],
    ['is no news by an add that was voided', record({ t: [true, stamp(1)] }), [record({ t: [null, stamp(1)] })], false],
  ]

  it.each(news)('%s', (...[, old, rest, expected]) => {
    expect(isNews(old, join(rest))).toBe(expected)
  })

  it('says together with the present one what both say', () => {
    const now = { ...record({ life: [true, stamp(3)], n: ['old', stamp(1)] }, stamp(2)), seq: 7 }
    const old = record({ n: ['new', stamp(4)], u: ['u', stamp(1)] }, stamp(1))
    const fields = { life: [true, stamp(3)], n: ['new', stamp(4)], u: ['u', stamp(1)] }
    expect(merge(now, old)).toEqual({ kind: 'project', key: 'p', seq: 7, fields, removed: stamp(2) })
    expect(merge({ ...old, seq: 7 }, now)).toEqual(merge(now, old))
    expect(merge(live(1), live(1))).toEqual(live(1))
  })
})

describe('what peers take for a record', () => {
  const check = Compile(RecordSchema)
  const field = [1, stamp(1)]
  const takes = (fields: unknown): boolean => check.Check({ kind: 'project', key: 'p', seq: 1, fields })

  it('has unknown kinds and fields, and names of any letters (C16)', () => {
    expect(check.Check({ kind: 'later-kind', key: 'x y', seq: 1, fields: {}, later: 1 })).toBe(true)
    expect(takes({ 'tag:two\nlines': field, [`tag:${'😀'.repeat(64)}`]: field })).toBe(true)
  })

  it.each([
    ['a field without a stamp', { n: [1] }],
    ['garbage under a name of two lines', { 'a\nb': 'garbage' }],
    ['a stamp that is no stamp', { n: [1, [1.5, 0, 'a']] }],
    ['a nameless field', { '': field }],
    ['a name without end', { ['x'.repeat(513)]: field }],
    ['a name that objects have a use for', JSON.parse('{"__proto__":[1,[1,0,"a"]]}')],
    ['too many fields', Object.fromEntries(Array.from({ length: maxFields + 1 }, (_, i) => [`f${i}`, field]))],
  ])('has not %s', (_, fields) => {
    expect(takes(fields)).toBe(false)
  })

  it('is plain and of a bounded length', () => {
    expect(isFit(live(1, 'a', { n: ['x', stamp(1)] }))).toBe(true)
    expect(isFit(live(1, 'a', { n: ['x'.repeat(maxRecordText), stamp(1)] }))).toBe(false)
    expect(isFit(live(1, 'a', { ['x'.repeat(513)]: [1, stamp(1)] }))).toBe(false)
    const odd: Fields = { n: [Number.NaN, stamp(1)] }
    expect(isFit(record(odd))).toBe(false)
    expect(hasPlainValues(record(odd))).toBe(false)
  })
})

describe('the hash of a record', () => {
  it('is that of its content, whatever its seq and the order of its fields', () => {
    const one = record({ x: [1, stamp(1)], y: [{ b: 1, a: 2 }, stamp(2)] })
    const same = { ...record({ y: [{ a: 2, b: 1 }, stamp(2)], x: [1, stamp(1)] }), seq: 9 }
    expect(contentHash(one)).toBe(contentHash(same))
  })

  it('differs with any part of the content', () => {
    const all = [
      live(1),
      live(2),
      live(1, 'b'),
      { ...live(1), key: 'q' },
      { ...live(1), kind: 'hub' },
      record({ life: [true, stamp(1)] }, stamp(1)),
    ]
    expect(new Set(all.map(contentHash)).size).toBe(all.length)
  })
})

describe('the clock of stamps (C2)', () => {
  it('follows the wall clock and counts within a millisecond', () => {
    const hlc = new Hlc(hubId('a'), 100)
    expect([hlc.next(50), hlc.next(50), hlc.next(51)]).toEqual([stamp(50), stamp(50, 'a', 1), stamp(51)])
  })

  it('never goes back with the wall clock', () => {
    const hlc = new Hlc(hubId('a'), 100)
    const stamps = [50, 49, 10, 50, 51, 20].map((wall) => hlc.next(wall) ?? stamp(0))
    expect(stamps.toSorted(compareStamps)).toEqual(stamps)
    expect(new Set(stamps.map(String)).size).toBe(stamps.length)
  })

  it('stamps above everything it has seen', () => {
    const hlc = new Hlc(hubId('a'), 100)
    hlc.observe(stamp(80, 'b', 7))
    hlc.observe(stamp(80, 'z', 3))
    hlc.observe(stamp(10, 'z', 90))
    expect(hlc.next(50)).toEqual(stamp(80, 'a', 8))
    hlc.observe(stamp(90, 'z', 2))
    expect(hlc.next(50)).toEqual(stamp(90, 'a', 3))
  })

  it('gives no stamp that others would refuse', () => {
    const hlc = new Hlc(hubId('a'), 100)
    hlc.observe(stamp(200, 'b'))
    expect([hlc.isDrifted(99), hlc.next(99)]).toEqual([true, undefined])
    expect([hlc.isDrifted(100), hlc.next(100)]).toEqual([false, stamp(200, 'a', 1)])
  })

  it('takes stamps up to the drift and none beyond', () => {
    expect(isWithinDrift(stamp(150), 50, 100)).toBe(true)
    expect(isWithinDrift(stamp(151), 50, 100)).toBe(false)
  })
})
