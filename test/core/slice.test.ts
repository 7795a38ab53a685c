// Slices as replicas hold them: runs, epochs, what is left of an earlier epoch.

import { describe, expect, it } from 'vitest'
import type { Stamp } from '../../src/core/catalog/hlc.ts'
import type { ListedVersion } from '../../src/core/catalog/messages.ts'
import { type CatalogRecord, entryId } from '../../src/core/catalog/record.ts'
import { reasonAgainst } from '../../src/core/catalog/refusal.ts'
import { Replicas } from '../../src/core/catalog/replicas.ts'
import { digestOf } from '../../src/core/catalog/roster.ts'
import { compareEpochs, type Epoch, isFurther, isSurplus, type Run, Slice } from '../../src/core/catalog/slice.ts'
import { unprovedHead } from './catalog.heads.ts'
import { sliceHash } from './catalog.kit.ts'
import { hubId } from './kit.ts'

const a = hubId('a')
const b = hubId('b')
const first: Epoch = [1, 'aa']
const second: Epoch = [2, '00']

function stamp(time: number, hub = 'a'): Stamp {
  return [time, 0, hubId(hub)]
}

function record(key: string, seq: number, time = seq): CatalogRecord {
  return { kind: 'project', key, seq, fields: { life: [true, stamp(time)] } }
}

/** Records p1, p2, ... */
function numbered(count: number): CatalogRecord[] {
  return Array.from({ length: count }, (_, i) => record(`p${i + 1}`, i + 1))
}

function run([from, to]: readonly [number, number], records: readonly CatalogRecord[], epoch: Epoch = first): Run {
  return { hub: a, epoch, from, to, records, head: { ...unprovedHead('a'), horizon: 0 } }
}

function sliceOf(...runs: Run[]): Slice {
  const slice = new Slice(a, { epoch: first, seq: 0 })
  for (const each of runs) slice.extend(each)
  return slice
}

function held(slice: Slice | undefined): string[] {
  return [...(slice?.records() ?? [])].map(({ key, seq }) => `${key}@${seq}`)
}

describe('versions', () => {
  it('are ordered by epoch number, then nonce, then seq', () => {
    const epochs: Epoch[] = [
      [1, 'a'],
      [1, 'b'],
      [2, '0'],
      [10, '0'],
    ]
    expect(epochs.toReversed().toSorted(compareEpochs)).toEqual(epochs)
    expect(isFurther({ epoch: [2, '0'], seq: 1 }, { epoch: [1, 'z'], seq: 9 })).toBe(true)
    expect(isFurther({ epoch: [1, 'z'], seq: 9 }, { epoch: [1, 'z'], seq: 9 })).toBe(false)
    expect(isFurther({ epoch: [1, 'z'], seq: 0 }, undefined)).toBe(true)
  })

  it('have one fingerprint in any order, and another when any part differs (C11)', () => {
    const list: ListedVersion[] = [
      [a, first, 3],
      [b, second, 1],
    ]
    expect(digestOf(list.toReversed())).toBe(digestOf(list))
    const others: ListedVersion[][] = [
      [],
      [[a, first, 3]],
      [
        [a, first, 4],
        [b, second, 1],
      ],
      [
        [a, [1, 'ab'], 3],
        [b, second, 1],
      ],
    ]
    expect(new Set([list, ...others].map((each) => digestOf(each))).size).toBe(5)
  })
})

describe('a slice', () => {
  it('shows of each record only the latest, in order of writing (C3)', () => {
    const slice = sliceOf(run([0, 2], [record('p', 1), record('q', 2)]), run([2, 3], [record('p', 3)]))
    expect(held(slice)).toEqual(['q@2', 'p@3'])
    expect(slice.after(2).map(entryId)).toEqual(['project/p'])
    expect(slice.version).toEqual({ epoch: first, seq: 3 })
  })

  it('takes a run that begins before where it stands, and ends as exact (C8, C9)', () => {
    const slice = sliceOf(
      run([0, 2], [record('p', 1), record('q', 2)]),
      run([0, 4], [record('q', 2), record('r', 3), record('p', 4)]),
    )
    const whole = sliceOf(run([0, 4], [record('q', 2), record('r', 3), record('p', 4)]))
    expect(held(slice)).toEqual(['q@2', 'r@3', 'p@4'])
    expect(sliceHash(slice)).toBe(sliceHash(whole))
  })

  it('refuses as a defect a run that would leave a gap, or says nothing new', () => {
    const slice = sliceOf(run([0, 2], [record('p', 2)]))
    expect(() => slice.extend(run([3, 4], []))).toThrow('C8')
    expect(() => slice.extend(run([0, 2], []))).toThrow('C8')
    expect(() => slice.extend(run([2, 3], [], second))).toThrow('C8')
    expect(() => slice.restart(run([0, 3], []))).toThrow('C13')
    expect(() => slice.restart(run([1, 3], [], second))).toThrow('C13')
  })

  it('hashes alike exactly when version and content are alike', () => {
    const one = sliceOf(run([0, 2], [record('p', 1), record('q', 2)]))
    const same = sliceOf(run([0, 1], [record('p', 1)]), run([1, 2], [record('q', 2)]))
    const others = [
      sliceOf(run([0, 3], [record('p', 1), record('q', 2)])),
      sliceOf(run([0, 2], [record('p', 1), record('q', 2, 9)])),
    ]
    expect(sliceHash(same)).toBe(sliceHash(one))
    for (const other of others) expect(sliceHash(other)).not.toBe(sliceHash(one))
  })
})

describe('replicas', () => {
  it('know where they stand in every epoch', () => {
    const replicas = new Replicas()
    expect(replicas.position(a, { epoch: first, seq: 5 })).toBe(0)
    replicas.apply(run([0, 3], [record('p', 3)], second))
    const at = (epoch: Epoch, seq: number): number | undefined => replicas.position(a, { epoch, seq })
    expect([at(second, 4), at(second, 3), at(second, 2)]).toEqual([3, undefined, undefined])
    expect([at([3, '0'], 1), at([2, '01'], 1), at(first, 9)]).toEqual([0, 0, undefined])
  })

  it('show the join over all slices, and forget it when a slice touches the entry', () => {
    const replicas = new Replicas()
    replicas.apply(run([0, 1], [record('p', 1)]))
    expect(replicas.joined('project/p').fields['life']).toEqual([true, stamp(1)])
    replicas.apply({ ...run([0, 1], [{ ...record('p', 1), fields: {}, removed: stamp(9, 'b') }]), hub: b })
    expect(replicas.joined('project/p')).toEqual({ fields: {}, removed: stamp(9, 'b') })
    expect(replicas.shown('project/p', new Set([b]))).toEqual([record('p', 1)])
  })

  it('change their fingerprint with every version', () => {
    const replicas = new Replicas()
    const digests = [replicas.digest()]
    for (const next of [run([0, 1], [record('p', 1)]), run([1, 2], []), run([0, 1], [], second)]) {
      replicas.apply(next)
      digests.push(replicas.digest())
    }
    expect(new Set(digests).size).toBe(4)
  })
})

describe('a new epoch of a slice (C13)', () => {
  function restarted(...later: Run[]): Replicas {
    const replicas = new Replicas()
    for (const next of [run([0, 3], [record('p', 1), record('q', 2), record('r', 3)]), ...later]) replicas.apply(next)
    return replicas
  }

  it('leaves what it lacks as surplus, still visible', () => {
    const replicas = restarted(run([0, 1], [record('p', 1)], second))
    const slice = replicas.slice(a)
    expect(held(slice)).toEqual(['p@1'])
    expect(slice?.surplus()?.records.map(({ key, seq }) => [key, seq])).toEqual([
      ['q', 1],
      ['r', 2],
    ])
    expect(replicas.joined('project/q').fields['life']).toEqual([true, stamp(2)])
    expect(slice?.breadth).toBe(3)
  })

  it('leaves also what it has in an older version only', () => {
    const replicas = restarted(run([3, 4], [record('p', 4, 4)]), run([0, 1], [record('p', 1)], second))
    expect(replicas.joined('project/p').fields['life']).toEqual([true, stamp(4)])
    expect(replicas.slice(a)?.surplusOf('project/p')?.fields['life']).toEqual([true, stamp(4)])
  })

  it('takes a surplus over by writing it again, whichever field by field', () => {
    const replicas = restarted(
      run([0, 1], [record('p', 1)], second),
      run([1, 3], [record('q', 2), record('r', 3)], second),
    )
    expect(replicas.slice(a)?.surplus()).toBeUndefined()
    expect(replicas.slice(a)?.surplusEpoch).toBeUndefined()
    expect(replicas.roster.versions()).toEqual([[a, second, 3]])
  })

  it('loses a surplus that another slice removes or says later', () => {
    const replicas = restarted(run([0, 1], [record('p', 1)], second))
    const removal: CatalogRecord = { ...record('q', 1), fields: {}, removed: stamp(9, 'b') }
    const { drained } = replicas.apply({ ...run([0, 2], [removal, record('r', 2, 9)]), hub: b })
    expect(drained).toEqual([
      { hub: a, id: 'project/q' },
      { hub: a, id: 'project/r' },
    ])
    expect(replicas.slice(a)?.surplus()).toBeUndefined()
  })

  it('is in the digest as long as it is listed (C11)', () => {
    const replicas = new Replicas()
    const removal: CatalogRecord = { ...record('q', 1), fields: {}, removed: stamp(9, 'b') }
    const runs = [
      run([0, 3], [record('p', 1), record('q', 2), record('r', 3)]),
      run([0, 1], [record('p', 1)], second),
      { ...run([0, 2], [removal, record('r', 2, 9)]), hub: b },
      run([1, 2], [record('p', 2, 4)], second),
    ]
    const digests = runs.map((next) => {
      replicas.apply(next)
      expect(replicas.digest()).toBe(digestOf(replicas.roster.versions()))
      return replicas.digest()
    })
    expect(new Set(digests).size).toBe(runs.length)
  })

  it('after another keeps what is left of both', () => {
    const replicas = restarted(run([0, 1], [record('p', 1)], second), run([0, 1], [record('q', 1, 2)], [3, 'x']))
    const left = replicas.slice(a)?.surplus()
    expect(left?.records.map(({ key }) => key)).toEqual(['p', 'r'])
    expect(left?.epoch[0]).toBe(2)
  })

  it('names a surplus by its content, below every epoch of its number', () => {
    const one = restarted(run([0, 1], [record('p', 1)], second))
      .slice(a)
      ?.surplus()
    const same = restarted(run([0, 1], [record('p', 1)], [2, 'ff']))
      .slice(a)
      ?.surplus()
    const other = restarted(run([0, 2], [record('p', 1), record('q', 2)], second))
      .slice(a)
      ?.surplus()
    expect(one?.epoch).toEqual(same?.epoch)
    expect(one?.epoch).not.toEqual(other?.epoch)
    expect(one && isSurplus(one.epoch)).toBe(true)
    expect(one && compareEpochs(one.epoch, [1, '0'])).toBeLessThan(0)
    expect(isSurplus(first)).toBe(false)
  })
})

describe('a run', () => {
  const limits = { wall: 100, maxClockDriftMs: 10, maxEntries: 3 }
  const reason = (given: Run, slice?: Slice): string | undefined => reasonAgainst(given, slice, limits)
  const odd: CatalogRecord = { ...record('p', 1), fields: { n: [undefined, stamp(1)] } }

  it.each([
    ['that is empty', run([2, 2], []), 'malformed'],
    ['that runs backwards', run([2, 1], []), 'malformed'],
    ['with a record before it', run([1, 2], [record('p', 1)]), 'malformed'],
    ['with a record after it', run([1, 2], [record('p', 3, 1)]), 'malformed'],
    ['with two records of one seq', run([0, 2], [record('p', 1), record('q', 1)]), 'malformed'],
    ['with one record twice', run([0, 2], [record('p', 1), record('p', 2)]), 'malformed'],
    ['with a value that is no plain data', run([0, 1], [odd]), 'not-plain'],
    ['with a stamp from the future', run([0, 1], [record('p', 1, 111)]), 'drift'],
    ['with a removal from the future', run([0, 1], [{ ...record('p', 1), removed: stamp(111) }]), 'drift'],
    ['with more entries than a slice may have', run([0, 4], numbered(4)), 'too-large'],
  ])('%s is refused', (_, given, expected) => {
    expect(reason(given)).toBe(expected)
  })

  it('is taken up to the limits', () => {
    expect(reason(run([0, 3], numbered(3)))).toBeUndefined()
    expect(reason(run([0, 1], [record('p', 1, 110)]))).toBeUndefined()
    expect(reason(run([0, 1], []))).toBeUndefined()
  })

  it('is measured by the entries it adds', () => {
    const full = sliceOf(run([0, 3], numbered(3)))
    expect(reason(run([3, 4], [record('p1', 4)]), full)).toBeUndefined()
    expect(reason(run([3, 4], [record('p4', 4)]), full)).toBe('too-large')
    expect(reason(run([0, 3], numbered(3), second), full)).toBeUndefined()
  })
})
