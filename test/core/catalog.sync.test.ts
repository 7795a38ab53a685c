// The parts of replication by themselves: cutting runs into parts, fetching, serving, waiting.

import { describe, expect, it } from 'vitest'
import { Gaps } from '../../src/core/catalog/gaps.ts'
import { type PartBody, partBytes, partRecords, type WantBody } from '../../src/core/catalog/messages.ts'
import type { CatalogRecord } from '../../src/core/catalog/record.ts'
import { maxServed, nextPart, Serves } from '../../src/core/catalog/serves.ts'
import type { Epoch, Run } from '../../src/core/catalog/slice.ts'
import { Fetches, maxAsked } from '../../src/core/catalog/sync.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { never } from '../../src/core/time.ts'
import { at, hubId, peerOf } from './kit.ts'

const a = hubId('a')
const epoch: Epoch = [1, 'aa']
const peer = peerOf('source')

function record(key: string, seq: number, bytes = 1): CatalogRecord {
  return { kind: 'project', key, seq, fields: { text: ['x'.repeat(bytes), [seq, 0, a]] } }
}

function run([from, to]: readonly [number, number], records: readonly CatalogRecord[], of: Epoch = epoch): Run {
  return { hub: a, epoch: of, from, to, records }
}

const seqs = (records: readonly CatalogRecord[]): number[] => records.map(({ seq }) => seq)

describe('a part of a run', () => {
  it('holds what follows in order of seq, whatever the order given', () => {
    const { part, isLast } = nextPart([record('c', 3), record('a', 1), record('b', 2)], 1)
    expect([seqs(part), isLast]).toEqual([[2, 3], true])
    expect(nextPart([], 0)).toEqual({ part: [], isLast: true })
  })

  it('is bounded in records and in bytes', () => {
    const many = Array.from({ length: partRecords + 1 }, (_, i) => record(`k${i}`, i + 1))
    expect(nextPart(many, 0)).toMatchObject({ part: { length: partRecords }, isLast: false })
    const large = [1, 2, 3].map((seq) => record(`k${seq}`, seq, partBytes / 2))
    expect(seqs(nextPart(large, 0).part)).toEqual([1])
  })

  it('holds at least one record, however large', () => {
    expect(seqs(nextPart([record('a', 1, 2 * partBytes), record('b', 2)], 0).part)).toEqual([1])
  })
})

/** One part, and what became of it. */
function taken(fetches: Fetches, part: PartBody, { from = peer, ms = 1 } = {}) {
  const { runs, requests, strays } = fetches.receive(from, [part], { now: at(ms), have: () => 0 })
  return { run: runs[0], wants: requests[0]?.wants, isStray: strays.length > 0 }
}

const nothing = { run: undefined, wants: undefined, isStray: false }

describe('fetching a run', () => {
  const part = (body: Partial<PartBody>): PartBody => {
    return { hub: a, epoch, from: 0, to: 4, after: 0, records: [], done: false, ...body }
  }

  function started(maxRecords = 100): Fetches {
    const fetches = new Fetches(maxRecords)
    fetches.wish(a, { peer, version: { epoch, seq: 4 }, have: 0 })
    expect(fetches.start(at(0), () => 0)).toEqual([{ to: peer, wants: [{ hub: a, epoch, have: 0, to: 0, after: 0 }] }])
    return fetches
  }

  it('ends with all parts together, or with nothing (C9)', () => {
    const fetches = started()
    const first = taken(fetches, part({ records: [record('p', 1), record('q', 2)] }))
    expect(first).toEqual({ wants: [{ hub: a, epoch, have: 0, to: 4, after: 2 }], run: undefined, isStray: false })
    const last = taken(fetches, part({ after: 2, records: [record('r', 4)], done: true }), { ms: 2 })
    expect(last.run).toEqual({ ...run([0, 4], [record('p', 1), record('q', 2), record('r', 4)]), source: peer })
    expect([fetches.pending, fetches.deadline()]).toEqual([0, never])
  })

  it('takes a part once, in its turn, from the source it was asked of', () => {
    const fetches = started()
    const first = part({ records: [record('p', 1)] })
    expect(taken(fetches, first, { from: peerOf('other') })).toEqual({ ...nothing, isStray: true })
    expect(taken(fetches, part({ after: 2 }))).toEqual(nothing)
    expect(taken(fetches, part({ epoch: [2, 'aa'] }))).toEqual(nothing)
    expect(taken(fetches, part({ from: 1 }))).toEqual(nothing)
    expect(taken(fetches, first).wants).toBeDefined()
    expect(taken(fetches, first)).toEqual(nothing)
    expect(fetches.pending).toBe(1)
  })

  it('asks again for a lost part, and gives up a source that stays silent', () => {
    const fetches = started()
    const [request] = fetches.retry(at(3_000)).requests
    expect(request?.wants[0]?.after).toBe(0)
    expect(fetches.retry(at(3_001)).requests).toEqual([])
    expect(fetches.retry(at(6_000)).requests).toHaveLength(1)
    expect(fetches.retry(at(9_000)).requests).toHaveLength(1)
    expect(fetches.retry(at(12_000))).toEqual({ requests: [], silent: [{ hub: part({}).hub, peer }] })
    expect(fetches.pending).toBe(0)
  })

  it.each([
    ['is another run than before', part({ after: 1, to: 5, records: [record('q', 2)] })],
    ['brings nothing and is not the last', part({ after: 1 })],
    ['says that the run is no more', part({ after: 1, to: 0, done: true })],
    ['makes the run larger than a slice may be', part({ after: 1, records: [2, 3, 4].map((seq) => record('x', seq)) })],
  ])('starts over when a part %s', (_, bad) => {
    const fetches = started(3)
    taken(fetches, part({ records: [record('p', 1)] }))
    expect(taken(fetches, bad, { ms: 2 })).toEqual(nothing)
    expect(fetches.pending).toBe(0)
  })

  it('asks for as many slices at once as may fill a part, and for a few such requests', () => {
    const fetches = new Fetches(100)
    const many = 4 * maxAsked
    for (let i = 0; i < many; i++) fetches.wish(hubId(`h${i}`), { peer, version: { epoch, seq: 32 }, have: 0 })
    const requests = fetches.start(at(0), () => 0)
    expect(requests.map(({ wants }) => wants.length)).toEqual(Array(maxAsked).fill(2))
    expect(fetches.start(at(0), () => 0)).toEqual([])
    const [first, second] = ['h0', 'h1'].map((name) => part({ hub: hubId(name), to: 32, done: true }))
    expect(taken(fetches, first as PartBody).wants).toMatchObject([{ hub: 'h1' }, { hub: 'h8' }])
    expect(taken(fetches, second as PartBody).wants).toMatchObject([{ hub: 'h8' }, { hub: 'h9' }])
    expect(fetches.pending).toBe(many - 2)
  })

  it('goes on with every request of which a message brings parts', () => {
    const fetches = new Fetches(100)
    const names = ['h0', 'h1', 'h2', 'h3'].map((name) => hubId(name))
    for (const hub of names) fetches.wish(hub, { peer, version: { epoch, seq: 32 }, have: 0 })
    expect(fetches.start(at(0), () => 0)).toHaveLength(2)
    const parts = names.map((hub) => part({ hub, to: 32, records: [record('p', 32)], done: true }))
    expect(fetches.receive(peer, parts, { now: at(1), have: () => 0 }).runs).toHaveLength(4)
    expect([fetches.pending, fetches.deadline()]).toEqual([0, never])
  })

  it('asks first for the rest of what has come in part', () => {
    const fetches = new Fetches(100)
    for (const name of ['h0', 'h1']) fetches.wish(hubId(name), { peer, version: { epoch, seq: 4 }, have: 0 })
    fetches.start(at(0), () => 0)
    expect(taken(fetches, part({ hub: hubId('h1'), records: [record('p', 1)] })).wants).toMatchObject([
      { hub: 'h1', to: 4, after: 1 },
      { hub: 'h0', to: 0, after: 0 },
    ])
  })

  it('asks first for slices of few records, whatever the order in which it heard of them', () => {
    const fetches = new Fetches(10_000)
    const sizes = { large: 5_000, middle: 60, small: 2, other: 3 }
    for (const [name, seq] of Object.entries(sizes))
      fetches.wish(hubId(name), { peer, version: { epoch, seq }, have: 0 })
    const requests = fetches.start(at(0), () => 0).map(({ wants }) => wants.map(({ hub }) => hub))
    expect(requests).toEqual([['small', 'other', 'middle'], ['large']])
  })

  it('lets small slices pass large ones of which parts are here', () => {
    const fetches = new Fetches(10_000)
    for (let i = 0; i < maxAsked; i++)
      fetches.wish(hubId(`large-${i}`), { peer, version: { epoch, seq: 5_000 }, have: 0 })
    expect(fetches.start(at(0), () => 0)).toHaveLength(maxAsked)
    for (const name of ['small', 'other']) fetches.wish(hubId(name), { peer, version: { epoch, seq: 2 }, have: 0 })
    fetches.wish(hubId('larger'), { peer, version: { epoch, seq: 6_000 }, have: 0 })
    expect(fetches.start(at(0), () => 0)).toEqual([])
    const begun = part({ hub: hubId('large-0'), to: 5_000, records: [record('p', 1)] })
    const wants = taken(fetches, begun).wants?.map(({ hub, to, after }) => [hub, to, after])
    expect(wants).toEqual([
      ['small', 0, 0],
      ['other', 0, 0],
      ['large-0', 5_000, 1],
    ])
    const whole = ['small', 'other'].map((name) =>
      part({ hub: hubId(name), to: 2, records: [record('p', 2)], done: true }),
    )
    const { runs, requests } = fetches.receive(peer, whole, { now: at(2), have: () => 0 })
    expect([runs.length, requests[0]?.wants.map(({ hub }) => hub)]).toEqual([2, ['large-0']])
  })

  it('follows the furthest peer, and skips what has arrived meanwhile', () => {
    const fetches = new Fetches(100)
    fetches.wish(a, { peer, version: { epoch, seq: 4 }, have: 0 })
    fetches.wish(a, { peer: peerOf('further'), version: { epoch, seq: 5 }, have: 0 })
    fetches.wish(a, { peer: peerOf('behind'), version: { epoch, seq: 3 }, have: 0 })
    expect(fetches.start(at(0), () => 2)).toMatchObject([{ to: peerOf('further'), wants: [{ have: 2, after: 2 }] }])
    fetches.wish(a, { peer, version: { epoch, seq: 5 }, have: 0 })
    expect(fetches.pending).toBe(1)
    const other = hubId('other')
    fetches.wish(other, { peer, version: { epoch, seq: 5 }, have: 0 })
    expect(fetches.start(at(0), () => undefined)).toEqual([])
    expect(fetches.pending).toBe(1)
  })

  it('remembers a bounded number of wishes', () => {
    const fetches = new Fetches(100)
    for (let i = 0; i < 20_100; i++) fetches.wish(hubId(`h${i}`), { peer, version: { epoch, seq: 1 }, have: 0 })
    expect(fetches.pending).toBe(20_000)
  })

  it('ends with the link to its source', () => {
    const fetches = started()
    fetches.wish(hubId('b'), { peer, version: { epoch, seq: 1 }, have: 0 })
    expect(fetches.dropPeer(peerOf('other'), at(1))).toBe(false)
    expect(fetches.pending).toBe(2)
    expect(fetches.dropPeer(peer, at(1))).toBe(true)
    expect(fetches.pending).toBe(0)
  })
})

/** The part that answers one want. */
function answer(serves: Serves, [to, want]: readonly [PeerId, WantBody], snapshot: () => Run | undefined): PartBody {
  const [part] = serves.answer(to, [want], snapshot)
  if (part === undefined) throw new Error('no answer')
  return part
}

describe('serving a run', () => {
  const want = { hub: a, epoch, have: 0, to: 0, after: 0 }
  const large = (keys: string): CatalogRecord[] => [...keys].map((key, i) => record(key, i + 1, partBytes))

  it('brings as many of the slices asked for as fit a message, in that order', () => {
    const serves = new Serves()
    const wants = ['b', 'c', 'd'].map((name) => ({ ...want, hub: hubId(name) }))
    const short = (): Run => run([0, 1], [record('p', 1, partBytes / 2 - 100)])
    expect(serves.answer(peer, wants, short)).toMatchObject([{ done: true }, { done: true }])
    expect(serves.answer(peer, wants, () => run([0, 3], large('pqr')))).toMatchObject([{ done: false }])
  })

  it('goes on as the run stood when it was first asked for (C9)', () => {
    const serves = new Serves()
    expect(answer(serves, [peer, want], () => run([0, 3], large('pqr')))).toMatchObject({ to: 3, done: false })
    const moved = (): Run => run([0, 9], [record('p', 9)])
    const second = answer(serves, [peer, { ...want, to: 3, after: 1 }], moved)
    expect([second.to, seqs(second.records), second.done]).toEqual([3, [2], false])
    const third = answer(serves, [peer, { ...want, to: 3, after: 2 }], moved)
    expect([seqs(third.records), third.done]).toEqual([[3], true])
    expect(answer(serves, [peer, { ...want, to: 3, after: 2 }], moved)).toEqual(third)
  })

  it('begins anew for a first request', () => {
    const serves = new Serves()
    answer(serves, [peer, want], () => run([0, 3], large('pqr')))
    expect(answer(serves, [peer, want], () => run([0, 9], [record('p', 9)]))).toMatchObject({ to: 9, done: true })
  })

  it('says so when the run is no more, instead of keeping the peer waiting', () => {
    const serves = new Serves()
    const gone = { hub: a, epoch, from: 0, to: 0, after: 2, records: [], done: true }
    expect(answer(serves, [peer, { ...want, to: 3, after: 2 }], () => run([0, 9], []))).toEqual(gone)
    expect(answer(serves, [peer, want], () => undefined)).toEqual({ ...gone, after: 0 })
  })

  it('keeps a bounded number of runs, and none of a peer that is gone', () => {
    const serves = new Serves()
    const next = { ...want, to: 3, after: 1 }
    for (let i = 0; i <= maxServed; i++) answer(serves, [peerOf(`p${i}`), want], () => run([0, 3], large('pqr')))
    expect(answer(serves, [peerOf('p0'), next], () => undefined).records).toEqual([])
    expect(answer(serves, [peerOf('p1'), next], () => undefined).records).toHaveLength(1)
    serves.dropPeer(peerOf('p1'))
    expect(answer(serves, [peerOf('p1'), next], () => undefined).records).toEqual([])
  })
})

describe('a delta that comes too early', () => {
  it('waits until what lies before it has arrived (C8)', () => {
    const gaps = new Gaps()
    gaps.keep(run([3, 4], []), 0)
    gaps.keep(run([2, 3], []), 0)
    gaps.keep(run([2, 3], []), 0)
    expect(gaps.size).toBe(1)
    expect(gaps.next(a, { epoch, seq: 1 })).toBeUndefined()
    expect(gaps.next(a, { epoch, seq: 2 })).toEqual(run([2, 3], []))
    expect(gaps.next(a, { epoch, seq: 3 })).toEqual(run([3, 4], []))
    expect(gaps.size).toBe(0)
  })

  it('is dropped when it is overtaken, by seq or by epoch', () => {
    const gaps = new Gaps()
    gaps.keep(run([3, 4], []), 0)
    expect(gaps.next(a, { epoch, seq: 4 })).toBeUndefined()
    expect(gaps.size).toBe(0)
    gaps.keep(run([3, 4], []), 0)
    expect(gaps.next(a, { epoch: [2, 'aa'], seq: 1 })).toBeUndefined()
    expect(gaps.size).toBe(0)
  })

  it('is given up when nothing comes before it', () => {
    const gaps = new Gaps()
    gaps.keep(run([3, 4], []), 10)
    gaps.expire(10)
    expect(gaps.size).toBe(1)
    gaps.expire(11)
    expect(gaps.size).toBe(0)
  })

  it('has a bounded number of others beside it', () => {
    const gaps = new Gaps()
    for (let i = 0; i < 20; i++) gaps.keep(run([3 + i, 4 + i], []), 0)
    let kept = 0
    for (let seq = 3; gaps.next(a, { epoch, seq }) !== undefined; seq++) kept++
    expect(kept).toBe(16)
    for (let i = 0; i < 300; i++) gaps.keep({ ...run([3, 4], []), hub: hubId(`h${i}`) }, 0)
    expect(gaps.size).toBe(256)
  })
})
