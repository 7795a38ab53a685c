// Records at rest: what is told of them without reading them is what reading them tells.

import fc from 'fast-check'
import { Compile } from 'typebox/compile'
import { describe, expect, it } from 'vitest'
import { cborCodec } from '../../src/adapters/codec.ts'
import { Glance } from '../../src/core/catalog/glance.ts'
import { compareStamps, type Stamp } from '../../src/core/catalog/hlc.ts'
import {
  type CatalogRecord,
  entryId,
  hasPlainValues,
  marksOf,
  RecordSchema,
  stampsOf,
} from '../../src/core/catalog/record.ts'
import { Replicas } from '../../src/core/catalog/replicas.ts'
import type { Epoch } from '../../src/core/catalog/slice.ts'
import { type Loaded, SliceReader } from '../../src/core/catalog/stored.ts'
import type { Scan } from '../../src/core/scan.ts'
import { sliceHash } from './catalog.kit.ts'
import { hubId } from './kit.ts'

const a = hubId('a')
const epoch: Epoch = [2, 'nonce']
const { encode, decode } = cborCodec
const scan = cborCodec.scan as Scan
const schema = Compile(RecordSchema)

const stamp = fc.tuple(fc.nat(2 ** 41), fc.nat(70_000), fc.constantFrom(a, hubId('hub-2'))) as fc.Arbitrary<Stamp>
const value = fc.oneof(
  fc.constant(true),
  fc.constant(null),
  fc.string({ unit: 'binary' }),
  fc.jsonValue({ maxDepth: 9 }),
)
const fieldName = fc.oneof(fc.constantFrom('life', 'name', 'tag:x'), fc.string({ maxLength: 12, unit: 'binary' }))
const fields = fc.dictionary(fieldName, fc.tuple(value, stamp), { maxKeys: 6 })
const key = fc.oneof(fc.stringMatching(/^[a-z0-9-]{1,20}$/), fc.string({ minLength: 1, maxLength: 6, unit: 'binary' }))

/** As hubs write them, and as they do not. */
const someRecord = fc
  .record({ kind: fc.constantFrom('project', 'forgotten', 'x', 'No kind'), key, seq: fc.nat(2 ** 40), fields })
  .chain((said) => fc.option(stamp, { nil: undefined }).map((removed) => (removed ? { ...said, removed } : said)))

function reads(stored: unknown): stored is { epoch: Epoch; record: CatalogRecord } {
  const { record } = stored as { record: unknown }
  return schema.Check(record) && hasPlainValues(record)
}

describe('a glance', () => {
  const expectRight = (bytes: Uint8Array, id: string): boolean => {
    const glance = new Glance(scan)
    if (!glance.takes(bytes, id)) return false
    const stored = decode(bytes)
    if (!reads(stored)) throw new Error('it took what is no record')
    const latest = [...stampsOf(stored.record)].sort((x, y) => compareStamps(x, y)).at(-1)
    expect([glance.epoch, glance.seq, id]).toEqual([stored.epoch, stored.record.seq, entryId(stored.record)])
    expect(glance.marks & marksOf(stored.record)).toBe(marksOf(stored.record))
    expect(glance.latest?.slice(0, 2)).toEqual(latest?.slice(0, 2))
    return true
  }

  it('takes nothing but records, and tells of them what they say', () => {
    let taken = 0
    fc.assert(
      fc.property(someRecord, (record) => {
        const bytes = encode({ epoch, record })
        if (expectRight(bytes, `${record.kind}/${record.key}`)) taken++
      }),
      { numRuns: 2_000 },
    )
    expect(taken).toBeGreaterThan(100)
  })

  it('takes nothing else where a byte is another, or is missing, or is too many', () => {
    fc.assert(
      fc.property(someRecord, fc.nat(), fc.nat(255), (record, where, other) => {
        const bytes = encode({ epoch, record })
        const at = where % bytes.length
        const id = `${record.kind}/${record.key}`
        expectRight(bytes.with(at, other), id)
        expect(expectRight(bytes.subarray(0, at), id)).toBe(false)
        expect(expectRight(new Uint8Array([...bytes, other]), id)).toBe(false)
      }),
      { numRuns: 2_000 },
    )
  })

  it('does not take a stamp of nobody, and least of all before it has met any hub', () => {
    const record = { kind: 'project', key: 'p', seq: 1, fields: { life: [true, [1, 0, '']] } }
    expect(schema.Check(record)).toBe(false)
    expect(new Glance(scan).takes(encode({ epoch, record }), 'project/p')).toBe(false)
  })

  it('does not take a record for that of another entry', () => {
    const record = { kind: 'project', key: 'p', seq: 1, fields: { life: [true, [1, 0, a]] } }
    const bytes = encode({ epoch, record })
    const takes = (id: string): boolean => new Glance(scan).takes(bytes, id)
    expect(['project/p', 'project/q', 'project/pp', 'project/', 'p', ''].map(takes)).toEqual([
      true,
      ...[false, false, false, false, false],
    ])
  })
})

const fitRecord = fc.record({
  kind: fc.constantFrom('project', 'forgotten'),
  key: fc.stringMatching(/^[a-z]{1,2}$/),
  fields: fc.dictionary(fc.constantFrom('life', 'name', 'ünlike'), fc.tuple(value, stamp), { maxKeys: 3 }),
  removed: fc.option(stamp, { nil: undefined }),
})

/** What a store holds of a slice of these. */
function rowsOf(said: readonly (Omit<CatalogRecord, 'seq'> & object)[]): Map<string, Uint8Array> {
  const byId = new Map(said.map((each) => [`${each.kind}/${each.key}`, each]))
  const records = [...byId.values()].map(({ removed, ...rest }, i): CatalogRecord => {
    const record = { ...rest, seq: 2 * byId.size - i }
    return removed === undefined ? record : { ...record, removed }
  })
  const rows = records.map((record): [string, Uint8Array] => [`record/a/${entryId(record)}`, encode({ epoch, record })])
  const head = { epoch, seq: 2 * byId.size, size: byId.size }
  return new Map([...rows].sort(([x], [y]) => (x < y ? -1 : 1)).concat([['slice/a', encode(head)]]))
}

function readBy(reading: { decode: typeof decode; scan?: Scan }, rows: ReadonlyMap<string, Uint8Array>): Loaded {
  const reader = new SliceReader(reading)
  for (const [name, bytes] of rows) reader.take(name, bytes)
  return reader.finish()
}

describe('a slice at rest', () => {
  it('is what it would be, had all of it been read', () => {
    fc.assert(
      fc.property(fc.array(fitRecord, { maxLength: 8 }), fc.nat(20), (said, after) => {
        const rows = rowsOf(said as CatalogRecord[])
        const [resting] = readBy(cborCodec, rows).slices
        const [awake] = readBy({ decode }, rows).slices
        if (resting === undefined || awake === undefined) throw new Error('it was not read')
        const ids = [...awake.ids()]
        expect([resting.size, resting.removals, resting.ids()]).toEqual([awake.size, awake.removals, ids])
        for (const id of ids) expect(resting.marks(id) & awake.marks(id)).toBe(awake.marks(id))
        const latest = (stamps: Iterable<Stamp>) => Math.max(0, ...[...stamps].map(([wall]) => wall))
        expect(latest(resting.stamps())).toBe(latest(awake.stamps()))
        expect([...resting.kept()]).toEqual([...awake.records()])
        expect(resting.after(after)).toEqual(awake.after(after))
        for (const id of ids) expect(resting.get(id)).toEqual(awake.get(id))
        for (const id of ids) expect(resting.get(id)).toBe(resting.get(id))
        expect(sliceHash(resting)).toBe(sliceHash(awake))
      }),
      { numRuns: 300 },
    )
  })

  it('is as lost as it would be, had all of it been read, whatever was damaged', () => {
    const harm = fc.tuple(fc.constantFrom('gone', 'garbage', 'epoch', 'seq', 'more', 'head', 'none'), fc.nat())
    fc.assert(
      fc.property(fc.array(fitRecord, { minLength: 1, maxLength: 6 }), harm, (said, [what, where]) => {
        const rows = rowsOf(said as CatalogRecord[])
        const name = [...rows.keys()][where % rows.size] as string
        const record = { kind: 'project', key: 'harmed', seq: what === 'seq' ? 99 : 1, fields: {} }
        if (what === 'gone') rows.delete(name)
        if (what === 'garbage') rows.set(name, encode('garbage'))
        if (what === 'epoch' || what === 'seq') {
          rows.set(name, encode({ epoch: what === 'seq' ? epoch : [1, 'old'], record: { ...record, key: 'p' } }))
        }
        if (what === 'more') rows.set('record/a/project/harmed', encode({ epoch, record }))
        if (what === 'head') rows.set('slice/a', encode({ epoch: [3, 'new'], seq: 1, size: 1 }))
        const tell = ({ slices, lost }: Loaded) => [slices.map(sliceHash), lost]
        expect(tell(readBy(cborCodec, rows))).toEqual(tell(readBy({ decode }, rows)))
      }),
      { numRuns: 500 },
    )
  })

  it('is not read to tell what exists, and only where it is asked to tell more', () => {
    const life: CatalogRecord['fields'] = { life: [true, [1, 0, a]] }
    const removed: Stamp = [9, 0, a]
    const said = ['p', 'q', 'r'].map((key) => ({ kind: 'project', key, fields: life }))
    const rows = rowsOf([...said, { kind: 'project', key: 'gone', fields: {}, removed }])
    let reads = 0
    const counted = (bytes: Uint8Array): unknown => {
      reads++
      return decode(bytes)
    }
    const replicas = new Replicas()
    for (const slice of readBy({ scan, decode: counted }, rows).slices) replicas.adopt(slice)
    const atFirst = reads
    const exist = [...replicas.entries()].filter((id) => replicas.exists(id)).sort()
    expect([exist, reads - atFirst]).toEqual([['project/p', 'project/q', 'project/r'], 0])
    expect(replicas.joined('project/q').fields['life']?.[0]).toBe(true)
    replicas.joined('project/q')
    expect(reads - atFirst).toBe(1)
  })
})
