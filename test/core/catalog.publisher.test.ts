// How deltas of the own slice are cut and paced.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partBytes } from '../../src/core/catalog/messages.ts'
import { Publisher } from '../../src/core/catalog/publisher.ts'
import type { CatalogRecord } from '../../src/core/catalog/record.ts'
import { type Epoch, type Run, Slice } from '../../src/core/catalog/slice.ts'
import { never } from '../../src/core/time.ts'
import { sliceHash } from './catalog.kit.ts'
import { at, hubId, peerOf } from './kit.ts'

const a = hubId('a')
const epoch: Epoch = [1, 'aa']

function record(key: string, seq: number, bytes = 1): CatalogRecord {
  return { kind: 'project', key, seq, fields: { text: ['x'.repeat(bytes), [seq, 0, a]] } }
}

function run([from, to]: readonly [number, number], records: readonly CatalogRecord[], of: Epoch = epoch): Run {
  return {
    hub: a,
    epoch: of,
    from,
    to,
    records,
    head: { peer: peerOf('a'), horizon: 0, root: `${to}`, signature: 's' },
  }
}

const seqs = (records: readonly CatalogRecord[]): number[] => records.map(({ seq }) => seq)

describe('publishing', () => {
  function world(): { slice: Slice; publisher: Publisher; write: (...records: CatalogRecord[]) => void } {
    const slice = new Slice(a, { epoch, seq: 1 })
    const publisher = new Publisher()
    const write = (...records: CatalogRecord[]): void => {
      const written = run([slice.version.seq, Math.max(...seqs(records))], records)
      slice.extend(written)
      publisher.add(written)
    }
    return { slice, publisher, write }
  }

  it('is at once for the first write and then at most every 100 ms', () => {
    const { slice, publisher, write } = world()
    write(record('p', 2))
    expect(publisher.take(slice, at(50))).toEqual(run([1, 2], [record('p', 2)]))
    expect(publisher.deadline()).toBe(never)
    write(record('q', 3))
    write(record('p', 4))
    expect(publisher.take(slice, at(149))).toBeUndefined()
    expect(publisher.deadline()).toBe(150)
    expect(publisher.take(slice, at(150))).toEqual(run([2, 4], [record('q', 3), record('p', 4)]))
  })

  it('is of the end alone when more was written than a message holds: what lies before is fetched', () => {
    const { slice, publisher, write } = world()
    write(...[2, 3, 4].map((seq) => record(`k${seq}`, seq, partBytes)))
    expect(publisher.take(slice, at(0))).toEqual(run([3, 4], [record('k4', 4, partBytes)]))
    expect(publisher.deadline()).toBe(never)
    write(record('p', 5))
    expect(publisher.take(slice, at(100))).toEqual(run([4, 5], [record('p', 5)]))
  })

  it('is of a head alone when nothing was written but dropped (C14)', () => {
    const { slice, publisher } = world()
    const dropped = run([1, 2], [])
    slice.extend(dropped)
    publisher.add(dropped)
    expect(publisher.take(slice, at(0))).toEqual(dropped)
    expect(publisher.take(slice, at(100))).toBeUndefined()
  })

  it('leaves a new epoch with records to sync, and forgets what waited in the one before', () => {
    const { slice, publisher, write } = world()
    write(record('p', 2))
    slice.restart(run([0, 2], [record('p', 1), record('q', 2)], [2, 'x']))
    publisher.add(run([0, 2], [record('p', 1), record('q', 2)], [2, 'x']))
    expect(publisher.take(slice, at(0))).toBeUndefined()
    slice.extend(run([2, 3], [record('r', 3)], [2, 'x']))
    publisher.add(run([2, 3], [record('r', 3)], [2, 'x']))
    expect(publisher.take(slice, at(0))).toEqual(run([2, 3], [record('r', 3)], [2, 'x']))
  })

  it('tells replicas nothing that the slice did not hold at that seq, however writes fall', () => {
    const write = fc.record({ keys: fc.uniqueArray(fc.nat(5), { minLength: 1 }), after: fc.nat(150) })
    const property = fc.property(fc.array(write, { maxLength: 15 }), (writes) => {
      const { slice, publisher, write: put } = world()
      const truth = new Map([[1, sliceHash(new Slice(a, { epoch, seq: 1 }))]])
      const follower = new Slice(a, { epoch, seq: 1 })
      let now = 0
      const follow = (): void => {
        const delta = publisher.take(slice, at(now))
        if (delta === undefined || delta.from > follower.version.seq || delta.to <= follower.version.seq) return
        follower.extend(delta)
        const known = truth.get(follower.version.seq)
        if (known !== undefined) expect(sliceHash(follower)).toBe(known)
      }
      for (const { keys, after } of writes) {
        put(...keys.map((key, i) => record(`k${key}`, slice.version.seq + i + 1, partBytes / 3)))
        truth.set(slice.version.seq, sliceHash(slice))
        now += after
        follow()
      }
    })
    fc.assert(property, { seed: 5, numRuns: 100 })
  })
})
