// Whose signature counts for a slice (C10), and how much waits for one.

import { describe, expect, it } from 'vitest'
import { Quarantine, quarantineMs } from '../../src/core/catalog/quarantine.ts'
import { Replicas } from '../../src/core/catalog/replicas.ts'
import { type Epoch, type Run, Slice } from '../../src/core/catalog/slice.ts'
import { Vetting } from '../../src/core/catalog/vetting.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { headOf } from './catalog.heads.ts'
import { hubId, peerOf, testHashing, wallStart } from './kit.ts'

const b = hubId('b')
const first: Epoch = [1, 'x']
const limits = { wall: wallStart, maxClockDriftMs: 30_000, maxEntries: 100 }

/** A run of an empty slice of b, with the head of that key. */
function runBy(peer: PeerId, epoch: Epoch = first, to = 2): Run {
  const run = { hub: b, epoch, from: 0, to, records: [] }
  return { ...run, head: { ...headOf(run, []), peer } }
}

function vettingOf({ held, known }: { held?: PeerId | undefined; known?: PeerId | undefined }): Vetting {
  const replicas = new Replicas()
  const head = held === undefined ? {} : { head: { ...headOf({ hub: b, epoch: first, to: 1 }, []), peer: held } }
  if (held !== undefined) replicas.adopt(new Slice(b, { epoch: first, seq: 1 }, head))
  return new Vetting({ hub: hubId('me'), federation: 'test', replicas, hashing: testHashing, keyOf: () => known })
}

describe('the key of a head', () => {
  const [key, other] = [peerOf('b'), peerOf('other')]
  const next: Epoch = [2, 'y']

  it.each([
    ['that is the one of the epoch held, is verified', first, key, { held: key }, 'verify'],
    ['that is another than the one of the epoch held, is not', first, other, { held: key }, 'forged'],
    [
      'that is another, is not either where the hub is believed to have it by now',
      first,
      other,
      { held: key, known: other },
      'forged',
    ],
    [
      'of an epoch held whose hub has another key by now, still counts',
      first,
      key,
      { held: key, known: other },
      'verify',
    ],
    [
      'of a later epoch, is the one that the hub is believed to have',
      next,
      other,
      { held: key, known: other },
      'verify',
    ],
    ['of a later epoch, is no other', next, key, { held: key, known: other }, 'forged'],
    ['of a slice not held, is the one that the hub is believed to have', first, key, { known: key }, 'verify'],
    ['of a slice not held, is no other', first, other, { known: key }, 'forged'],
    ['of a hub that nobody knows, is believed', first, other, {}, 'verify'],
  ] as const)('%s', (...[, epoch, peer, world, type]) => {
    const verdict = vettingOf(world).begin(runBy(peer, epoch), limits)
    expect(verdict.type).toBe(type)
    if (verdict.type === 'verify') expect(verdict.peer).toBe(peer)
  })

  it('signs federation, hub, epoch, seq, horizon and root', () => {
    const vetting = vettingOf({})
    const verdict = vetting.begin(runBy(key), limits)
    const root = headOf({ hub: b, epoch: first, to: 2 }, []).root
    const text = JSON.stringify(['hubmesh/slice/3', 'test', 'b', [1, 'x'], 2, 'peer-b', 0, root])
    expect(verdict).toMatchObject({ type: 'verify', text })
  })
})

describe('what waits for a signature', () => {
  it('is bounded, and given out once', () => {
    const vetting = vettingOf({})
    const verdicts = Array.from({ length: 257 }, (_, i) => vetting.begin(runBy(peerOf('b'), first, i + 1), limits))
    expect(verdicts.map(({ type }) => type).filter((type) => type === 'verify')).toHaveLength(256)
    expect([verdicts.at(-1)?.type, vetting.size, vetting.has(b)]).toEqual(['later', 256, true])
    const [one] = verdicts
    const token = one?.type === 'verify' ? one.token : 0
    expect(vetting.end(token)?.to).toBe(1)
    expect(vetting.end(token)).toBeUndefined()
  })

  it('is no run whose head leaves out what is still to come (C14)', () => {
    const run = runBy(peerOf('b'))
    const head = { ...headOf(run, []), horizon: wallStart + 30_001 }
    expect(vettingOf({}).begin({ ...run, head }, limits)).toEqual({ type: 'refused', reason: 'drift' })
  })
})

describe('a quarantine', () => {
  it('is of a slice and a peer, for a time, and bounded', () => {
    const quarantine = new Quarantine()
    const add = (name: string, peer: string) =>
      quarantine.add({ hub: hubId(name), peer: peerOf(peer), reason: 'root' }, 0)
    add('a', 'p')
    expect([quarantine.has(peerOf('p'), hubId('a'), 1), quarantine.has(peerOf('q'), hubId('a'), 1)]).toEqual([
      true,
      false,
    ])
    expect([...quarantine.peers(1)]).toEqual([peerOf('p')])
    expect(quarantine.has(peerOf('p'), hubId('a'), quarantineMs)).toBe(false)
    expect(quarantine.news()).toHaveLength(1)
    expect(quarantine.news()).toEqual([])
    for (let i = 0; i < 10_000; i++) add(`n${i}`, 'p')
    expect([quarantine.has(peerOf('p'), hubId('a'), 1), quarantine.forged(1)]).toEqual([false, 10_000])
  })
})
