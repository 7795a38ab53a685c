// Where a run that broke off goes on, and where it does not (C9): requests and parts by hand.

import { describe, expect, it } from 'vitest'
import type { PartBody } from '../../src/core/catalog/messages.ts'
import type { CatalogRecord } from '../../src/core/catalog/record.ts'
import type { Epoch } from '../../src/core/catalog/slice.ts'
import { maxBegun, type Stage, Stages } from '../../src/core/catalog/stages.ts'
import { Fetches, maxAsked } from '../../src/core/catalog/sync.ts'
import type { HubId } from '../../src/core/ids.ts'
import { minute } from '../../src/core/time.ts'
import { at, hubId, peerOf } from './kit.ts'

const a = hubId('a')
const epoch: Epoch = [1, 'aa']
const [one, two] = [peerOf('one'), peerOf('two')]

function record(key: string, seq: number): CatalogRecord {
  return { kind: 'project', key, seq, fields: { life: [true, [seq, 0, a]] } }
}

function part(body: Partial<PartBody>): PartBody {
  return { hub: a, epoch, from: 0, to: 4, after: 0, records: [], done: false, ...body }
}

interface Asking {
  readonly of?: HubId
  readonly seq?: number
  readonly in?: Epoch
  readonly have?: number
  readonly ms?: number
}

/** What is asked for first when that peer holds the slice so far. */
function asked(
  fetches: Fetches,
  peer: typeof one,
  { of = a, seq = 4, in: epochIn = epoch, have = 0, ms = 1 }: Asking = {},
) {
  fetches.wish(of, { peer, version: { epoch: epochIn, seq }, have })
  return fetches.start(at(ms), () => have)[0]?.wants[0]
}

function hear(fetches: Fetches, from: typeof one, said: Partial<PartBody>) {
  return fetches.receive(from, [part(said)], { now: at(2), have: () => 0 })
}

/** Two records of four have come from the first peer, whose link is gone. */
function broken(maxRecords = 100): Fetches {
  const fetches = new Fetches(maxRecords)
  asked(fetches, one)
  hear(fetches, one, { records: [record('p', 1), record('q', 2)] })
  fetches.dropPeer(one, at(3))
  expect(fetches.pending).toBe(0)
  return fetches
}

const first = { hub: a, epoch, have: 0, to: 0, after: 0 }
const rest = { hub: a, epoch, have: 2, to: 0, after: 2 }

describe('a run that broke off', () => {
  it.each([
    ['the same peer', one, {}],
    ['another peer', two, { isMixed: true }],
  ])('goes on with %s, and is one run in the end', (_, peer, how) => {
    const fetches = broken()
    expect(asked(fetches, peer)).toEqual(rest)
    const [run] = hear(fetches, peer, { from: 2, after: 2, records: [record('r', 4)], done: true }).runs
    const records = [record('p', 1), record('q', 2), record('r', 4)]
    expect(run).toEqual({ hub: a, epoch, from: 0, to: 4, records, source: peer, ...how })
  })

  it('goes on when a silent peer was given up', () => {
    const fetches = new Fetches(100)
    asked(fetches, one)
    hear(fetches, one, { records: [record('p', 1), record('q', 2)] })
    for (const ms of [4_000, 8_000, 12_000, 16_000]) fetches.retry(at(ms))
    expect(fetches.pending).toBe(0)
    expect(asked(fetches, two)).toEqual(rest)
  })

  it('has what was written again since from where it goes on', () => {
    const fetches = broken()
    expect(asked(fetches, two, { seq: 6 })).toEqual(rest)
    const later = [record('r', 4), record('p', 6)]
    const [run] = hear(fetches, two, { from: 2, after: 2, to: 6, records: later, done: true }).runs
    expect(run).toMatchObject({ from: 0, to: 6, records: [record('q', 2), ...later] })
  })

  it('breaks off again, and goes on from there', () => {
    const fetches = broken()
    asked(fetches, two)
    hear(fetches, two, { from: 2, after: 2, records: [record('r', 3)] })
    fetches.dropPeer(two, at(3))
    asked(fetches, one)
    const [run] = hear(fetches, one, { from: 3, after: 3, records: [record('s', 4)], done: true }).runs
    expect(run?.records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4])
    expect([run?.source, run?.isMixed]).toEqual([one, true])
  })

  it('goes on from there when the next one brings nothing', () => {
    const fetches = broken()
    asked(fetches, two)
    fetches.dropPeer(two, at(3))
    expect(asked(fetches, one)).toEqual(rest)
  })

  it('begins anew by the whole slice where the next source has dropped what is above (C14)', () => {
    const fetches = broken()
    asked(fetches, two)
    const whole = { records: [record('q', 2), record('s', 4)], floor: 3, done: true }
    const [run] = hear(fetches, two, whole).runs
    expect(run).toEqual({ hub: a, epoch, from: 0, to: 4, ...whole, done: undefined, source: two })
  })
})

describe('it begins anew', () => {
  it.each<[string, typeof one, Asking]>([
    ['in another epoch', one, { in: [2, 'bb'] }],
    ['with a peer that is not as far as the run led', two, { seq: 3 }],
  ])('%s', (_, peer, how) => {
    const { in: epochIn = epoch } = how
    expect(asked(broken(), peer, how)).toEqual({ ...first, epoch: epochIn })
  })

  it('where this hub stands further by now', () => {
    expect(asked(broken(), one, { have: 3 })).toEqual({ ...first, have: 3, after: 3 })
  })

  it('after ten minutes', () => {
    const fetches = broken()
    fetches.retry(at(10 * minute))
    expect(asked(fetches, one)).toEqual(rest)
    const later = broken()
    later.retry(at(10 * minute + 3))
    expect(asked(later, one)).toEqual(first)
  })

  it('when one of those who sent it has forged the slice since', () => {
    const fetches = broken()
    fetches.unwish({ hub: a, peer: two }, true)
    fetches.unwish({ hub: a, peer: one }, false)
    expect(asked(fetches, two)).toEqual(rest)
    fetches.dropPeer(two, at(3))
    fetches.unwish({ hub: a, peer: one }, true)
    expect(asked(fetches, two)).toEqual(first)
  })

  it('where a part says of its records that they are beyond its end', () => {
    const fetches = new Fetches(100)
    asked(fetches, one)
    hear(fetches, one, { records: [record('p', Number.MAX_SAFE_INTEGER)] })
    fetches.dropPeer(one, at(3))
    expect(asked(fetches, two, { seq: 9 })).toEqual(first)
  })
})

describe('a run that grows larger than a slice may be', () => {
  const bring = (fetches: Fetches, after: number, records: readonly CatalogRecord[]) =>
    hear(fetches, two, { from: after, after, records: [...records], done: true })

  it('blames nobody where another had begun it, which counts twice what was written again since', () => {
    const fetches = broken(3)
    expect(asked(fetches, two)).toEqual(rest)
    expect(bring(fetches, 2, [record('p', 3), record('q', 4)])).toMatchObject({ runs: [], withheld: [] })
    expect(asked(fetches, two)).toEqual(first)
    expect(bring(fetches, 0, [record('p', 3), record('q', 4)]).runs).toMatchObject([{ from: 0, to: 4, source: two }])
  })

  it('blames who sent all of it', () => {
    const fetches = new Fetches(3)
    asked(fetches, two)
    const many = ['p', 'q', 'r', 's'].map((key, i) => record(key, i + 1))
    expect(bring(fetches, 0, many)).toMatchObject({ runs: [], withheld: [{ hub: a, peer: two }] })
  })
})

describe('of two runs of a slice that broke off', () => {
  const next: Epoch = [2, 'bb']
  const stage = (count: number, { in: epochIn = epoch, to = 9 } = {}): Stage => {
    const records = Array.from({ length: count }, (_, i) => record(`k${i}`, i + 1))
    return { peer: one, version: { epoch: epochIn, seq: to }, have: 0, to, after: count, records, floor: 0 }
  }

  const cases: Readonly<Record<string, readonly [before: Stage, later: Stage, kept: readonly number[]]>> = {
    'that of more records': [stage(3), stage(2), [3, 9]],
    'that of more records, though it came last': [stage(2), stage(3), [3, 9]],
    'the first of as many': [stage(2), stage(2, { to: 10 }), [2, 9]],
    'that of more records, however far the other says it goes': [stage(3), stage(2, { to: 1_000 }), [3, 9]],
    'that of the later epoch': [stage(1, { in: next }), stage(3), [1, 9]],
    'that of the later epoch, though it came last': [stage(3), stage(1, { in: next }), [1, 9]],
  }

  it.each(Object.entries(cases))('%s is kept', (_, [before, later, kept]) => {
    const stages = new Stages(100)
    stages.keep(a, before, at(1))
    stages.keep(a, later, at(2))
    const isNext = [before, later].some(({ version }) => version.epoch === next)
    const wish = { peer: two, version: { epoch: isNext ? next : epoch, seq: 1_000 }, have: 0 }
    const { begun } = stages.open(a, wish, 0)
    expect([begun?.after, begun?.to]).toEqual(kept)
  })
})

describe('what is kept of runs that broke off', () => {
  function manyBroken(count: number, maxRecords: number): Fetches {
    const fetches = new Fetches(maxRecords)
    for (let i = 0; i < count; i++) {
      const of = hubId(`h${i}`)
      asked(fetches, one, { of })
      hear(fetches, one, { hub: of, records: [record('p', 1), record('q', 2)] })
      fetches.dropPeer(one, at(3))
    }
    return fetches
  }
  const goOn = (fetches: Fetches, count: number): number => {
    let goingOn = 0
    for (let i = 0; i < count; i++) {
      if (asked(fetches, two, { of: hubId(`h${i}`) })?.after === 2) goingOn++
      fetches.dropPeer(two, at(4))
    }
    return goingOn
  }

  it('is bounded in runs', () => {
    expect(maxBegun).toBeGreaterThan(maxAsked)
    expect(goOn(manyBroken(maxBegun + 5, 1_000), maxBegun + 5)).toBe(maxBegun)
  })

  it('is bounded in records', () => {
    expect(goOn(manyBroken(10, 7), 10)).toBe(3)
  })
})

describe('a slice of which several sent what nobody signed', () => {
  it('comes from one alone until it is there, though the one comes back', () => {
    const fetches = broken()
    fetches.seekAlone(a, { epoch, seq: 4 })
    expect(asked(fetches, one)).toEqual(first)
    hear(fetches, one, { records: [record('p', 1)] })
    fetches.dropPeer(one, at(3))
    expect(asked(fetches, two)).toEqual(first)
    fetches.dropPeer(two, at(3))
    expect(asked(fetches, one)).toEqual({ ...first, have: 1, after: 1 })
    fetches.dropPeer(one, at(3))
    expect(asked(fetches, two, { seq: 9, have: 4 })).toEqual({ ...first, have: 4, after: 4 })
    hear(fetches, two, { from: 4, to: 9, after: 4, records: [record('t', 5)] })
    fetches.dropPeer(two, at(3))
    fetches.wish(a, { peer: one, version: { epoch, seq: 9 }, have: 4 })
    expect(fetches.start(at(5), () => 4)[0]?.wants[0]).toEqual({ ...first, have: 5, after: 5 })
  })
})
