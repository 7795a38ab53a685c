// Rows of numbers as they travel: what is said of places in a roster, in full or briefly, and what nobody can have said.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxSlices, type PartBody, type SeqsBody, type WantBody } from '../../src/core/catalog/messages.ts'
import { bytesOf, numbersOf, rowOf } from '../../src/core/catalog/numbers.ts'
import { fullPlaces, Packer, partsIn, wantsIn } from '../../src/core/catalog/packing.ts'
import { seqsBody, seqsIn } from '../../src/core/catalog/places.ts'
import type { CatalogRecord } from '../../src/core/catalog/record.ts'
import { Roster } from '../../src/core/catalog/roster.ts'
import type { Epoch } from '../../src/core/catalog/slice.ts'
import type { HubId } from '../../src/core/ids.ts'
import { unprovedHead } from './catalog.heads.ts'
import { hubId, peerOf } from './kit.ts'

const count = fc.oneof(fc.nat(300), fc.maxSafeNat())
const peer = peerOf('peer')
const epoch: Epoch = [1, 'aa']
const hubs = Array.from({ length: 300 }, (_, i) => hubId(`hub-${String(i).padStart(3, '0')}`))
const roster = new Roster((hub) => [[hub, epoch, 1_000]])
for (const hub of hubs) roster.moved(hub)

const record = (key: string, seq: number): CatalogRecord => ({ kind: 'project', key, seq, fields: {} })

describe('numbers as bytes', () => {
  it('are the same numbers', () => {
    fc.assert(fc.property(fc.array(count), (row) => void expect(numbersOf(bytesOf(row))).toEqual(row)))
    expect([127, 128, 16_383, 16_384].map((number) => bytesOf([number]).length)).toEqual([1, 2, 2, 3])
  })

  it('are none where they end too early, are too large or too many', () => {
    expect(numbersOf(Uint8Array.of(5, 128))).toBeUndefined()
    expect(numbersOf(new Uint8Array(150).fill(128).with(149, 0))).toBeUndefined()
    expect(numbersOf(new Uint8Array(9).fill(255).with(8, 1))).toBeUndefined()
    expect([rowOf(Uint8Array.of(1, 2, 3), 2), rowOf([1, 2, 3], 2)]).toEqual([undefined, undefined])
    expect(rowOf(Uint8Array.of(1, 2, 3), 3)).toEqual(rowOf([1, 2, 3], 3))
  })
})

/** What is said of these places: each slice's hub, and how far its run is from being one record for each seq. */
const said = fc.uniqueArray(fc.tuple(fc.nat(299), fc.nat(3), fc.nat(3), fc.nat(9)), {
  maxLength: maxSlices,
  minLength: 1,
  selector: ([place]) => place,
})

function packerFor(isBrief: boolean): Packer {
  const packer = new Packer(roster, () => isBrief)
  packer.hear(peer, roster.digest())
  return packer
}

const byHub = <T extends { readonly hub: HubId }>(list: readonly T[] | undefined) =>
  list?.toSorted((a, b) => (a.hub < b.hub ? -1 : 1))

describe.each([false, true])('between hubs in one roster, briefly: %s', (isBrief) => {
  it('a request says what is wanted', () => {
    fc.assert(
      fc.property(said, (places) => {
        const wants = places.map(([place, have]): WantBody => {
          return { hub: hubs[place] as HubId, epoch, have: have * 300, to: 0, after: have * 300 }
        })
        const { message } = packerFor(isBrief).request({ to: peer, wants })
        if (message.kind !== 'catalog.ask') throw new Error(message.kind)
        expect(message.body.at instanceof Uint8Array).toBe(isBrief)
        expect(byHub(wantsIn(message.body, roster))).toEqual(byHub(wants))
      }),
    )
  })

  it('an answer says which runs they are, whatever of them was dropped', () => {
    fc.assert(
      fc.property(said, (places) => {
        const parts = places.map(([place, length, behind, gap]): PartBody => {
          const records = Array.from({ length }, (_, i) => record(`k${i}`, 100 + gap + i + 1))
          const to = (records.at(-1)?.seq ?? 101) + behind
          const run = { hub: hubs[place] as HubId, epoch, from: 100, to, after: 100, records, done: true }
          return { ...run, head: unprovedHead('a') }
        })
        const { message } = packerFor(isBrief).answer(peer, parts)
        if (message.kind !== 'catalog.runs') throw new Error(message.kind)
        expect(message.body.at instanceof Uint8Array).toBe(isBrief)
        expect(byHub(partsIn(message.body, roster))).toEqual(byHub(parts))
      }),
    )
  })

  it('a row of seqs is the same row', () => {
    for (const row of [{ seqs: [1, 300, 70_000] }, { seqs: [1, 300], at: [0, 200] }])
      expect(seqsIn(seqsBody(roster.digest(), row, isBrief))).toEqual(row)
  })
})

describe('what nobody can have said', () => {
  it('is no request and no answer', () => {
    const names = roster.digest().slice(10)
    const bytes = bytesOf(Array.from({ length: 3 * maxSlices + 1 }, () => 0))
    for (const at of [Uint8Array.of(200), bytes]) {
      expect(wantsIn({ roster: names, at }, roster)).toBeUndefined()
      expect(partsIn({ roster: names, at, records: [], heads: [] }, roster)).toBeUndefined()
    }
    const many = bytesOf(Array.from({ length: maxSlices + 1 }, () => 0))
    expect(fullPlaces({ at: many, records: [] })).toBeUndefined()
    const odd: SeqsBody = { digest: roster.digest(), seqs: Uint8Array.of(200) }
    expect([seqsIn(odd), seqsIn({ ...odd, seqs: [1], at: Uint8Array.of(200) })]).toEqual([undefined, undefined])
  })
})
