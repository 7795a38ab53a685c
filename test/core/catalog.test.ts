// The catalog of one hub: when a write is answered, what is told to whom, what is taken from others.

import { describe, expect, it } from 'vitest'
import type { CatalogRecord } from '../../src/core/catalog/record.ts'
import { reasonAgainst } from '../../src/core/catalog/refusal.ts'
import {
  Bench,
  changes,
  idleMs,
  maxClockDriftMs,
  persists,
  published,
  record,
  replies,
  runOfB,
  sends,
  stamp,
  syncIntervalMs,
} from './catalog.bench.ts'
import { putOf, removeOf } from './catalog.kit.ts'
import { hubId, wallStart } from './kit.ts'

const b = hubId('b')

describe('a write (C12)', () => {
  it('is seen, told and answered only once it is durable', () => {
    const bench = Bench.opened()
    const asked = bench.submit(7, [putOf('p', { name: 'n' })])
    expect(asked.map(({ type }) => type)).toEqual(['persist'])
    expect(persists(asked, true)).toHaveLength(1)
    expect(bench.has('p')).toBe(false)
    const done = bench.persisted(true)
    expect(bench.has('p')).toBe(true)
    expect(published(done)).toHaveLength(1)
    expect(replies(done)).toEqual([[7, { ok: true, outcomes: ['created'] }]])
    expect(changes(done, 'entry')).toEqual([{ type: 'entry', id: 'project/p', exists: true }])
    expect(changes(done, 'written')).toEqual([{ type: 'written', outcomes: ['created'] }])
  })

  it('joins those that come while the disk is busy in one batch', () => {
    const bench = Bench.opened()
    bench.write(putOf('p', {}))
    expect([bench.write(putOf('q', {})), bench.write(putOf('r', {})), bench.write(removeOf('x'))]).toEqual([[], [], []])
    const next = persists(bench.persisted(true), true)
    expect(next).toHaveLength(1)
    expect(next[0]?.batch.map(({ key }) => key)).toEqual(['slice/me', 'record/me/project/q', 'record/me/project/r'])
    expect(replies(bench.persisted(true)).map((reply) => (reply as unknown[])[1])).toEqual([
      { ok: true, outcomes: ['created'] },
      { ok: true, outcomes: ['created'] },
      { ok: true, outcomes: ['absent'] },
    ])
  })

  it('sees the writes before it in the same batch', () => {
    const bench = Bench.opened()
    bench.write(putOf('p', { name: 1 }, ['x']), removeOf('p'), putOf('p', { name: 2 }))
    expect(replies(bench.persisted(true))).toEqual([[1, { ok: true, outcomes: ['created', 'removed', 'created'] }]])
    const { fields } = bench.catalog.replicas.joined('project/p')
    expect(Object.keys(fields)).toEqual(['life', 'name'])
  })

  it('is stored with what the caller stores beside it', () => {
    const bench = Bench.opened()
    const extra = { op: 'put', key: 'file/p', value: 'hash' } as const
    expect(persists(bench.submit(1, [putOf('p', {})], [extra]), true)[0]?.batch).toContainEqual(extra)
  })

  it('that changes nothing is answered without a new version', () => {
    const bench = Bench.opened()
    const before = bench.seq()
    bench.write(removeOf('x'))
    const done = bench.persisted(true)
    expect(replies(done)).toEqual([[1, { ok: true, outcomes: ['absent'] }]])
    expect([bench.seq(), published(done)]).toEqual([before, []])
  })

  it('waits until the slice is open', () => {
    const bench = new Bench()
    expect(bench.write(putOf('p', {}))).toEqual([])
    expect(persists(bench.step({ type: 'alone' }), true)).toHaveLength(1)
    expect(replies(bench.persisted(true))).toEqual([[1, { ok: true, outcomes: ['created'] }]])
  })

  it('is told at once, the next ones at most every 100 ms', () => {
    const bench = Bench.opened()
    bench.now = 1_000
    bench.write(putOf('p', {}))
    expect(published(bench.persisted(true))).toHaveLength(1)
    for (const key of ['q', 'r']) {
      bench.write(putOf(key, {}))
      expect(published(bench.persisted(true))).toEqual([])
    }
    expect(published(bench.pass(99))).toEqual([])
    expect(published(bench.pass(1))).toMatchObject([{ from: 2, to: 4, records: [{ key: 'q' }, { key: 'r' }] }])
    expect(bench.catalog.deadline() % idleMs).toBe(0)
  })
})

describe('a disk that takes no writes (C12)', () => {
  it('has the write refused, those behind it too, and further ones at once', () => {
    const bench = Bench.opened()
    bench.write(putOf('p', {}))
    bench.write(putOf('q', {}))
    const refused = bench.persisted(false)
    expect(replies(refused)).toMatchObject([
      [1, { ok: false, code: 'storage-failed' }],
      [2, { ok: false, code: 'storage-failed' }],
    ])
    expect(changes(refused, 'storage')).toEqual([{ type: 'storage', ok: false }])
    expect([bench.has('p'), bench.catalog.isStuck]).toEqual([false, true])
    expect(replies(bench.write(putOf('r', {})))).toMatchObject([[3, { ok: false, code: 'storage-failed' }]])
  })

  it('is asked again with the same batch, until it takes it', () => {
    const bench = Bench.opened()
    const [first] = persists(bench.write(putOf('p', {})), true)
    bench.persisted(false)
    expect(bench.pass(999)).toEqual([])
    expect(persists(bench.pass(1), true)).toEqual([first])
    expect(changes(bench.persisted(false), 'storage')).toEqual([])
    expect(persists(bench.pass(1_000), true)).toEqual([first])
    const done = bench.persisted(true)
    expect(changes(done, 'storage')).toEqual([{ type: 'storage', ok: true }])
    expect([replies(done), bench.has('p'), bench.catalog.isStuck]).toEqual([[], true, false])
    bench.write(putOf('q', {}))
    expect(replies(bench.persisted(true))).toMatchObject([[2, { ok: true }]])
  })
})

describe('a write that cannot be', () => {
  it('is refused while the clock is far behind what was seen (C2)', () => {
    const bench = Bench.opened()
    bench.now = 60_000
    bench.delta(runOfB([0, 1], [record('p', 1, 60_000 + maxClockDriftMs)]))
    bench.now = 59_000
    expect(replies(bench.write(putOf('q', {})))).toMatchObject([[1, { ok: false, code: 'clock-drift' }]])
    bench.now = 60_000
    bench.write(putOf('q', {}))
    expect(replies(bench.persisted(true))).toMatchObject([[2, { ok: true }]])
  })

  it('is refused when the slice is full, counted exactly; known entries are still written', () => {
    const bench = Bench.opened({ maxSliceRecords: 2 })
    bench.write(putOf('p', {}), putOf('q', {}), putOf('r', {}), putOf('p', { name: 1 }))
    const outcomes = ['created', 'created', 'slice-full', 'updated']
    expect(replies(bench.persisted(true))).toEqual([[1, { ok: true, outcomes }]])
    bench.delta(runOfB([0, 1], [record('theirs', 1)]))
    bench.write(removeOf('theirs'), removeOf('p'))
    expect(replies(bench.persisted(true))).toEqual([[2, { ok: true, outcomes: ['slice-full', 'removed'] }]])
    expect(bench.catalog.replicas.slice(hubId('me'))?.size).toBe(2)
  })

  it('is refused when peers would not take the record', () => {
    const bench = Bench.opened()
    const tags = Array.from({ length: 260 }, (_, i) => `t${i}`)
    bench.write(putOf('p', {}, tags), putOf('q', { name: 'x'.repeat(70_000) }), putOf('r', {}, ['x'.repeat(600)]))
    const outcomes = ['too-many-fields', 'unfit', 'unfit']
    expect(replies(bench.persisted(true))).toEqual([[1, { ok: true, outcomes }]])
    expect(bench.catalog.replicas.slice(hubId('me'))?.size).toBe(0)
  })

  it('is refused when ten thousand wait already', () => {
    const bench = new Bench()
    for (let i = 0; i < 10_000; i++) expect(bench.write(putOf('p', {}))).toEqual([])
    expect(replies(bench.write(putOf('p', {})))).toMatchObject([[10_001, { ok: false, code: 'limit-reached' }]])
  })
})

describe('a delta (C8)', () => {
  it('is taken, stored unsynced, and announced', () => {
    const bench = Bench.opened()
    const out = bench.delta(runOfB([0, 2], [record('p', 2)]))
    expect([bench.has('p'), bench.seq('b')]).toEqual([true, 2])
    expect(persists(out, false)[0]?.batch.map(({ key }) => key)).toEqual(['slice/b', 'record/b/project/p'])
    expect(changes(out, 'entry')).toEqual([{ type: 'entry', id: 'project/p', exists: true }])
  })

  it('is nothing the second time, or from behind', () => {
    const bench = Bench.opened()
    bench.delta(runOfB([0, 2], [record('p', 2)]))
    expect(bench.delta(runOfB([0, 2], [record('p', 2)]))).toEqual([])
    expect(bench.delta(runOfB([0, 1], [record('p', 1)]))).toEqual([])
    expect(bench.delta(runOfB([0, 9], [record('p', 9)], [0, 'zz']))).toEqual([])
  })

  it('of the own slice is nothing: nobody else writes there (C3)', () => {
    const bench = Bench.opened()
    expect(bench.delta({ ...runOfB([0, 9], [record('p', 9)], [9, 'x']), hub: hubId('me') })).toEqual([])
    expect(bench.seq()).toBe(1)
  })

  it('that comes early waits, and asks its author what lies between', () => {
    const bench = Bench.opened()
    bench.link()
    expect(sends(bench.delta(runOfB([2, 3], [record('r', 3)])), 'catalog.want')).toMatchObject([
      { wants: [{ have: 0 }] },
    ])
    expect(sends(bench.delta(runOfB([1, 2], [record('q', 2)])), 'catalog.want')).toEqual([])
    expect([bench.seq('b'), bench.catalog.behind]).toEqual([undefined, 2])
    const out = bench.delta(runOfB([0, 1], [record('p', 1)]))
    expect(['p', 'q', 'r'].map((key) => bench.has(key))).toEqual([true, true, true])
    expect(bench.seq('b')).toBe(3)
    expect(changes(out, 'entry')).toHaveLength(3)
  })

  it('that waited is judged like any other when its turn comes (C2)', () => {
    const bench = Bench.opened()
    bench.delta(runOfB([1, 2], [record('q', 2, maxClockDriftMs + 1)]))
    const out = bench.delta(runOfB([0, 1], [record('p', 1)]))
    expect(changes(out, 'run-refused')).toEqual([{ type: 'run-refused', hub: b, reason: 'drift' }])
    expect([bench.seq('b'), bench.has('q')]).toEqual([1, false])
    bench.delta(runOfB([2, 3], [record('r', 3, 20_000)]))
    bench.delta(runOfB([1, 2], [record('q', 2)]))
    bench.write(putOf('r', { name: 'n' }))
    bench.persisted(true)
    expect(bench.catalog.replicas.joined('project/r').fields['life']?.[1]).toEqual([wallStart + 20_000, 1, hubId('me')])
  })

  it('that waits in vain is given up', () => {
    const bench = Bench.opened()
    bench.link()
    bench.delta(runOfB([1, 2], [record('q', 2)]))
    bench.pass(2 * syncIntervalMs)
    expect(bench.catalog.behind).toBe(1)
    bench.pass(3 * syncIntervalMs)
    expect(bench.catalog.behind).toBe(0)
  })

  const odd: CatalogRecord = { ...record('p', 1), fields: { n: [undefined, stamp(1)] } }
  it.each([
    ['stamped beyond the drift', runOfB([0, 1], [record('p', 1, maxClockDriftMs + 1)]), 'drift'],
    ['with what is no plain data', runOfB([0, 1], [odd]), 'not-plain'],
    [
      'larger than a slice',
      runOfB(
        [0, 201],
        Array.from({ length: 201 }, (_, i) => record(`k${i}`, i + 1)),
      ),
      'too-large',
    ],
    ['with a record outside of it', runOfB([0, 1], [record('p', 2)]), 'malformed'],
  ] as const)('%s is refused, and said', (_, run, reason) => {
    const bench = Bench.opened()
    const out = bench.delta(run)
    expect(changes(out, 'run-refused')).toEqual([{ type: 'run-refused', hub: b, reason }])
    expect(changes(out, 'quarantined')).toHaveLength(reason === 'malformed' ? 1 : 0)
    expect(bench.seq('b')).toBeUndefined()
    expect(reasonAgainst(run, undefined, { wall: wallStart, maxClockDriftMs, maxEntries: 200 })).toBe(reason)
  })
})

describe('what others remove (C7)', () => {
  it('is dropped from the own record, by a write that nobody waits for', () => {
    const bench = Bench.opened()
    bench.write(putOf('p', { name: 'n' }))
    bench.persisted(true)
    const removal: CatalogRecord = { kind: 'project', key: 'p', seq: 1, fields: {}, removed: stamp(5) }
    const out = bench.delta(runOfB([0, 1], [removal]))
    expect(changes(out, 'entry')).toEqual([{ type: 'entry', id: 'project/p', exists: false }])
    expect(persists(out, true)).toHaveLength(1)
    const done = bench.persisted(true)
    expect([replies(done), persists(done, true)]).toEqual([[], []])
    expect(bench.catalog.replicas.slice(hubId('me'))?.get('project/p')?.fields).toEqual({})
  })
})
