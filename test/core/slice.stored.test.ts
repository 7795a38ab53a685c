// Slices on the disk: what comes back, and what is not guessed at.

import { describe, expect, it } from 'vitest'
import type { Stamp } from '../../src/core/catalog/hlc.ts'
import type { CatalogRecord } from '../../src/core/catalog/record.ts'
import { Replicas } from '../../src/core/catalog/replicas.ts'
import type { Epoch, Run, Slice } from '../../src/core/catalog/slice.ts'
import { readSlices } from '../../src/core/catalog/stored.ts'
import { Disk, sliceHash } from './catalog.kit.ts'
import { hubId } from './kit.ts'

const a = hubId('a')
const first: Epoch = [1, 'aa']
const second: Epoch = [2, '00']

function stamp(time: number, hub = 'a'): Stamp {
  return [time, 0, hubId(hub)]
}

function record(key: string, seq: number, time = seq): CatalogRecord {
  return { kind: 'project', key, seq, fields: { life: [true, stamp(time)] } }
}

function run([from, to]: readonly [number, number], records: readonly CatalogRecord[], epoch: Epoch = first): Run {
  return { hub: a, epoch, from, to, records }
}

function held(slice: Slice | undefined): string[] {
  return [...(slice?.records() ?? [])].map(({ key, seq }) => `${key}@${seq}`)
}

describe('what comes back from the disk', () => {
  function stored(replicas: Replicas, ...ids: string[]): Map<string, unknown> {
    const disk = new Disk()
    disk.write(
      replicas.storeOps(
        a,
        ids.map((id) => `project/${id}`),
      ),
      true,
    )
    return disk.entries()
  }

  it('is the slice as it was stored, surplus included', () => {
    const replicas = new Replicas()
    replicas.apply(run([0, 2], [record('p', 1), record('q', 2)]))
    replicas.apply(run([0, 1], [record('p', 1)], second))
    const { slices, lost } = readSlices(stored(replicas, 'p', 'q'))
    const [slice] = slices
    expect(lost).toEqual([])
    expect(sliceHash(slice)).toBe(sliceHash(replicas.slice(a)))
    expect(slice?.surplus()).toEqual(replicas.slice(a)?.surplus())
  })

  it('is no slice where one cannot be read whole, but its last epoch and what can be read of that', () => {
    const replicas = new Replicas()
    replicas.apply(run([0, 2], [record('p', 1), record('q', 2)], second))
    const whole = stored(replicas, 'p', 'q')
    const without = new Map([...whole].filter(([key]) => key !== 'record/a/project/q'))
    const garbled = new Map(whole).set('record/a/project/q', { epoch: second, record: 'garbage' })
    const ahead = new Map(whole).set('record/a/project/q', { epoch: second, record: record('q', 3) })
    for (const entries of [without, garbled, ahead]) {
      expect(readSlices(entries)).toMatchObject({ slices: [], lost: [{ hub: a, epoch: 2 }] })
    }
    const headless = new Map([...whole].filter(([key]) => !key.startsWith('slice/')))
    headless.set('record/a/project/old', { epoch: first, record: record('old', 1) })
    const [lost] = readSlices(headless).lost
    expect([lost?.epoch, lost?.records.map(({ key }) => key)]).toEqual([2, ['p', 'q']])
    expect(readSlices([['record/a/project/p', 'garbage']]).lost).toEqual([{ hub: a, epoch: 0, records: [] }])
    expect(readSlices([...whole, ['slice/', 1], ['other', 1]]).slices).toHaveLength(1)
  })

  it('is not disturbed by what an earlier epoch left behind, readable or not', () => {
    const replicas = new Replicas()
    replicas.apply(run([0, 1], [record('p', 1)], second))
    const entries = stored(replicas, 'p')
    entries.set('record/a/project/q', { epoch: first, record: record('q', 7) })
    entries.set('record/a/project/r', 'garbage')
    entries.set('surplus/a/project/s', { epoch: first, record: record('s', 1) })
    const { slices, lost } = readSlices(entries)
    expect(lost).toEqual([])
    expect(held(slices[0])).toEqual(['p@1'])
    expect(slices[0]?.surplus()).toBeUndefined()
  })
})
