// What one hub and its peers do to hold the same: digests, lists, runs, and the disk behind them.

import { describe, expect, it } from 'vitest'
import { Slice } from '../../src/core/catalog/slice.ts'
import {
  Bench,
  digestBody,
  epochOfB,
  idleMs,
  listBody,
  partOf,
  partsOf,
  persists,
  record,
  runOfB,
  sends,
  stamp,
  syncIntervalMs,
} from './catalog.bench.ts'
import { headOf } from './catalog.heads.ts'
import { putOf } from './catalog.kit.ts'
import { hubId, peerOf } from './kit.ts'

const b = hubId('b')
const me = hubId('me')

describe('comparing with peers (C11)', () => {
  it('begins with every link, and comes back every sync interval', () => {
    const bench = Bench.opened()
    const digest = bench.catalog.replicas.digest()
    expect(sends(bench.link(), 'catalog.digest')).toEqual([{ digest, reply: true }])
    const rounds = sends(bench.pass(10 * syncIntervalMs), 'catalog.digest').length
    expect(rounds).toBeGreaterThanOrEqual(8)
    expect(rounds).toBeLessThanOrEqual(13)
    bench.step({ type: 'link-down', peer: peerOf('b') })
    expect(bench.catalog.deadline() % idleMs).toBe(0)
  })

  it('is answered with a digest when equal, and with all versions when not', () => {
    const bench = Bench.opened()
    const digest = bench.catalog.replicas.digest()
    expect(sends(bench.hear(digestBody(digest, true)), 'catalog.digest')).toEqual([{ digest, reply: false }])
    expect(bench.hear(digestBody(digest))).toEqual([])
    const [list] = sends(bench.hear(digestBody('other')), 'catalog.versions')
    expect(list).toMatchObject({ versions: [[hubId('me'), [1, expect.any(String)], 1]], last: true, reply: true })
  })

  it('fetches each slice that the peer holds further, and nothing else', () => {
    const bench = Bench.opened()
    bench.link()
    bench.delta(runOfB([0, 2], [record('p', 2)]))
    const wants = (...versions: Parameters<typeof listBody>[0]): unknown[] =>
      sends(bench.hear(listBody(versions)), 'catalog.want')
    expect(wants([b, epochOfB, 2])).toEqual([])
    expect(wants([b, epochOfB, 1])).toEqual([])
    expect(wants([b, [0, 'zz'], 9])).toEqual([])
    expect(wants([b, [1, '!0123456789abcdef'], 9], [hubId('d'), [7, '!0123456789abcdef'], 9])).toEqual([])
    const have = { hub: b, epoch: epochOfB, have: 2, to: 0, after: 2 }
    expect(wants([b, epochOfB, 3])).toEqual([{ wants: [have] }])
    expect(wants([b, epochOfB, 3])).toEqual([])
    expect(bench.catalog.behind).toBe(1)
  })

  it('shows a fetched run only when it is complete (C9)', () => {
    const bench = Bench.opened()
    bench.link()
    bench.hear(listBody([[b, epochOfB, 2]]))
    const first = { ...runOfB([0, 2], [record('p', 1)]), after: 0, done: false }
    const next = sends(bench.hear(partsOf(first)), 'catalog.want')
    expect(next).toMatchObject([{ wants: [{ to: 2, after: 1 }] }])
    expect(bench.has('p')).toBe(false)
    bench.hear(partsOf({ ...first, after: 1, records: [record('q', 2)], done: true }))
    expect([bench.has('p'), bench.has('q'), bench.catalog.behind]).toEqual([true, true, 0])
  })

  it('drops a run of an epoch that ended meanwhile', () => {
    const bench = Bench.opened()
    bench.link()
    bench.hear(listBody([[b, epochOfB, 2]]))
    bench.delta(runOfB([0, 1], [record('q', 1)], [2, 'x']))
    bench.hear(partOf(runOfB([0, 2], [record('p', 2)])))
    expect([bench.has('p'), bench.has('q'), bench.catalog.behind]).toEqual([false, true, 0])
  })

  it('takes of a run that was overtaken in part what is new', () => {
    const bench = Bench.opened()
    bench.link()
    bench.hear(listBody([[b, epochOfB, 3]]))
    bench.delta(runOfB([0, 2], [record('p', 1), record('q', 2)]))
    bench.hear(partOf(runOfB([0, 3], [record('q', 2), record('p', 3)])))
    expect(bench.seq('b')).toBe(3)
  })

  it('goes on with another peer soon after the source is gone', () => {
    const bench = Bench.opened()
    bench.link('b')
    bench.link('c')
    bench.pass(4 * syncIntervalMs)
    bench.hear(listBody([[b, epochOfB, 2]]))
    bench.step({ type: 'link-down', peer: peerOf('b') })
    expect(bench.catalog.behind).toBe(0)
    expect(sends(bench.pass(200), 'catalog.digest')).toHaveLength(1)
  })

  it('never throws on an answer that makes no sense', () => {
    const bench = Bench.opened()
    bench.link()
    for (const to of [0, 1]) {
      bench.hear(listBody([[b, epochOfB, 2]]))
      bench.hear(partOf(runOfB([0, to], [record('p', 9)])))
      expect(bench.seq('b')).toBeUndefined()
    }
    bench.hear(listBody([[hubId('me'), [9, 'x'], 2]]))
    bench.hear(partOf({ ...runOfB([0, 1], [record('p', 9)], [9, 'x']), hub: hubId('me') }))
    expect(bench.seq()).toBe(1)
  })
})

describe('storing the slices of others', () => {
  it('is one batch at a time; what comes meanwhile goes with the next', () => {
    const bench = Bench.opened()
    expect(persists(bench.delta(runOfB([0, 1], [record('p', 1)])), false)).toHaveLength(1)
    expect(persists(bench.delta(runOfB([1, 2], [record('q', 2)])), false)).toEqual([])
    expect(persists(bench.delta(runOfB([2, 3], [record('r', 3)])), false)).toEqual([])
    const [next] = persists(bench.persisted(true, 2), false)
    expect(next?.batch.map(({ key }) => key)).toEqual(['slice/b', 'record/b/project/q', 'record/b/project/r'])
    expect(persists(bench.persisted(true, 2), false)).toEqual([])
  })

  it('tries a refused batch again with the next, not before: the disk never skips one (C9)', () => {
    const bench = Bench.opened()
    bench.delta(runOfB([0, 1], [record('p', 1)]))
    expect(bench.persisted(false, 2)).toEqual([])
    const [next] = persists(bench.delta(runOfB([1, 2], [record('q', 2)])), false)
    expect(next?.batch.map(({ key }) => key)).toEqual(['slice/b', 'record/b/project/p', 'record/b/project/q'])
  })
})

describe('a restarted hub', () => {
  it('goes on in its epoch, above every stamp it stored, also of what an earlier epoch left (C2)', () => {
    const own = new Slice(me, { epoch: [2, 'x'], seq: 0 })
    const records = [record('p', 3)]
    const head = headOf({ hub: me, epoch: [2, 'x'], to: 3 }, records)
    own.extend({ ...runOfB([0, 3], records, [2, 'x']), hub: me, head })
    const other = new Slice(hubId('b'), { epoch: [2, 'x'], seq: 1 })
    other.restoreSurplus(record('q', 1, 9_000), [1, 'x'])
    const bench = new Bench({ slices: [own, other] })
    expect(bench.catalog.isOpen).toBe(true)
    bench.write(putOf('q', {}))
    bench.persisted(true)
    expect(bench.seq()).toBe(4)
    expect(bench.catalog.replicas.joined('project/q').fields['life']?.[1].slice(1)).toEqual([1, 'me'])
  })

  it('with another key says its own slice anew in a later epoch: under that key nobody takes it in this one (C10)', () => {
    const records = [record('p', 3)]
    const own = new Slice(me, { epoch: [2, 'x'], seq: 0 })
    const head = { ...headOf({ hub: me, epoch: [2, 'x'], to: 3 }, records), peer: peerOf('former') }
    own.extend({ ...runOfB([0, 3], records, [2, 'x']), hub: me, head })
    const bench = new Bench({ slices: [own] })
    bench.step({ type: 'tick' })
    bench.persisted(true)
    const slice = bench.catalog.replicas.slice(me)
    expect([slice?.version.epoch[0], slice?.head?.peer, slice?.size]).toEqual([3, peerOf('me'), 1])
  })

  it('drops from its slice what was covered while it could not (C7)', () => {
    const own = new Slice(me, { epoch: [1, 'x'], seq: 0 })
    own.extend({ ...runOfB([0, 1], [record('p', 1)], [1, 'x']), hub: me })
    const other = new Slice(hubId('b'), { epoch: [1, 'x'], seq: 0 })
    const removal = { kind: 'project', key: 'p', seq: 1, fields: {}, removed: stamp(5) }
    other.extend(runOfB([0, 1], [removal], [1, 'x']))
    const bench = new Bench({ slices: [own, other] })
    expect(persists(bench.link(), true)).toHaveLength(1)
    bench.persisted(true)
    expect(bench.catalog.replicas.slice(me)?.get('project/p')?.fields).toEqual({})
  })
})
