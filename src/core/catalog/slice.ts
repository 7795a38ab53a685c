// A slice: all records of one hub, as far as this replica holds them. Single-writer, so "up to seq n" says exactly what
// is held: for equal (hub, epoch, seq) two replicas hold the same records (C9).

import type { Static } from 'typebox'
import { assert } from '../errors.ts'
import { hashOf } from '../hash.ts'
import { compareText, type HubId, type PeerId } from '../ids.ts'
import type { Hashing } from '../keys.ts'
import { Type } from '../schema.ts'
import type { Millis } from '../time.ts'
import { CountSchema } from '../wire.ts'
import type { Head, StoredHead } from './head.ts'
import type { Stamp } from './hlc.ts'
import { type CatalogRecord, contentHash, type EntryId, entryId } from './record.ts'
import { Records } from './records.ts'
import type { Rest } from './rest.ts'
import type { Trim } from './retention.ts'
import { Tally } from './tally.ts'

/** C13: which history a slice is; ordered by number, then nonce. */
export const EpochSchema = Type.Tuple([CountSchema, Type.String({ minLength: 1, maxLength: 32 })])
export type Epoch = Static<typeof EpochSchema>

export function compareEpochs(a: Readonly<Epoch>, b: Readonly<Epoch>): number {
  return a[0] - b[0] || compareText(a[1], b[1])
}

/** Marks the name of a surplus; below every nonce, so that a surplus never passes for an epoch to come. */
const surplusMark = '!'

/** Whether what is listed under this epoch is a surplus (C13): of use to its author alone. */
export function isSurplus(epoch: Epoch): boolean {
  return epoch[1].startsWith(surplusMark)
}

/** How far a replica holds a slice. */
export interface Version {
  readonly epoch: Epoch
  readonly seq: number
}

/** Whether `a` is further than `b`; any version is further than none. */
export function isFurther(a: Version, b: Version | undefined): boolean {
  if (b === undefined) return true
  const byEpoch = compareEpochs(a.epoch, b.epoch)
  return byEpoch > 0 || (byEpoch === 0 && a.seq > b.seq)
}

/** A run of a slice: all records whose latest seq lies in (from, to]. */
export interface Run {
  readonly hub: HubId
  readonly epoch: Epoch
  readonly from: number
  readonly to: number
  readonly records: readonly CatalogRecord[]
  /** C14: of a run from the beginning: the source's floor. */
  readonly floor?: number
  /** C10: of the slice at `to`. Missing from what is left of earlier epochs. */
  readonly head?: Head
  /** Who sent it, or the last of it: `isMixed` when others sent what came before (C9). */
  readonly source?: PeerId
  readonly isMixed?: boolean
}

/** C14: a floor as it is stored and sent: left out where nothing was dropped. */
export function floorOf(floor: number): { readonly floor?: number } {
  return floor === 0 ? {} : { floor }
}

export class Slice {
  readonly hub: HubId
  #epoch: Epoch
  #seq: number
  readonly #records = new Records()
  /** C13: what earlier epochs said and the join would miss without them, and the latest epoch it is from. */
  readonly #surplus = new Records()
  #surplusEpoch: Epoch | undefined
  #floor: number
  #head: Head | undefined
  /** C10: of the records at the head's horizon. What a trim drops is in no tally of that horizon. */
  #tally: Tally | undefined

  constructor(hub: HubId, version: Version, { floor = 0, head }: Pick<StoredHead, 'floor' | 'head'> = {}) {
    this.hub = hub
    this.#floor = floor
    this.#head = head
    this.#epoch = version.epoch
    this.#seq = version.seq
  }

  get version(): Version {
    return { epoch: this.#epoch, seq: this.#seq }
  }

  /**
   * C14: the highest seq of a record that was dropped here because it said nothing any more; 0 when none was. Who stands
   * below it may still hold an earlier version of that record, and hears that it is gone by the whole slice alone.
   */
  get floor(): number {
    return this.#floor
  }

  /** C10: what its author signed of it as it stands. */
  get head(): Head | undefined {
    return this.#head
  }

  /** Another word of its author on the same, or none any more. */
  set head(head: Head | undefined) {
    this.#head = head
  }

  get size(): number {
    return this.#records.size
  }

  /** C10: over the records as they stand, at the horizon of the head. */
  tally(hashing: Hashing): Tally {
    this.#tally ??= Tally.of(this.#records.values(), hashing, this.#head?.horizon ?? 0)
    return this.#tally
  }

  /** C10: what `tally` will be at that horizon once this run of the present epoch, which follows what is held, is taken. */
  tallyAfter(run: Run, horizon: Millis, hashing: Hashing): Tally {
    const next = this.tally(hashing).at(horizon, this.#records.values())
    for (const id of this.#missingFrom(run)) next.remove(this.#records.get(id) as CatalogRecord)
    for (const record of run.records) {
      if (record.seq <= this.#seq) continue
      const before = this.#records.get(entryId(record))
      if (before !== undefined) next.remove(before)
      next.add(record)
    }
    return next
  }

  get(id: EntryId): CatalogRecord | undefined {
    return this.#records.get(id)
  }

  records(): IterableIterator<CatalogRecord> {
    return this.#records.values()
  }

  /** The same as they are now, to be read at leisure. */
  kept(): Iterable<CatalogRecord> {
    return this.#records.kept()
  }

  /** How many records remove their entry. */
  get removals(): number {
    return this.#records.removals
  }

  /** What the slice has of an entry, surplus included: `marksOf`, all in one. Reads nothing that rests. */
  marks(id: EntryId): number {
    return this.#records.marks(id) | this.#surplus.marks(id)
  }

  /** C2: stamps of which none of the slice is later than the latest. */
  *stamps(): Generator<Stamp, undefined> {
    yield* this.#records.stamps()
    yield* this.#surplus.stamps()
  }

  /** The entries that the slice takes part in, surplus included. */
  ids(): EntryId[] {
    return [...this.#records.ids(), ...this.#surplus.idsBeside(this.#records)]
  }

  /** How many those are. */
  get breadth(): number {
    return this.#records.size + this.#surplus.idsBeside(this.#records).length
  }

  /** Whether the slice takes part in an entry. */
  has(id: EntryId): boolean {
    return this.#records.has(id) || this.#surplus.has(id)
  }

  /** What is left of earlier epochs for an entry. */
  surplusOf(id: EntryId): CatalogRecord | undefined {
    return this.#surplus.get(id)
  }

  /** The join does without it from now on. */
  dropSurplus(id: EntryId): void {
    this.#surplus.delete(id)
  }

  /**
   * What is left of earlier epochs, numbered anew, as a run; undefined when nothing is. Its epoch is named by the content:
   * replicas that hold different leftovers never seem to hold the same.
   */
  surplus(): Run | undefined {
    if (this.#surplus.size === 0 || this.#surplusEpoch === undefined) return undefined
    const records = this.#surplus.numbered()
    const name = surplusMark + hashOf(records.map(contentHash)).slice(0, 16)
    return { hub: this.hub, epoch: [this.#surplusEpoch[0], name], from: 0, to: records.length, records }
  }

  /** The epoch that left a surplus; undefined when all of it is taken over. */
  get surplusEpoch(): Epoch | undefined {
    return this.#surplus.size === 0 ? undefined : this.#surplusEpoch
  }

  /** Whether an earlier epoch was held here. */
  get hasPredecessor(): boolean {
    return this.#surplusEpoch !== undefined
  }

  /** The records written after `seq`, in order of seq. */
  after(seq: number): CatalogRecord[] {
    return this.#records.after(seq)
  }

  /**
   * C8, C9: takes a run that starts at or before where this replica stands and ends after it; returns the entries it
   * touched. Records of a run are exact at `to`, so taking the later seq per entry is exact from any point inside it.
   */
  extend(run: Run, tally?: Tally): EntryId[] {
    assert(compareEpochs(run.epoch, this.#epoch) === 0, 'C8', `a run of another epoch for ${this.hub}`)
    assert(run.from <= this.#seq && run.to > this.#seq, 'C8', `run ${run.from}..${run.to} at ${this.#seq}`)
    const fresh = run.records.filter((record) => record.seq > this.#seq).sort((a, b) => a.seq - b.seq)
    const gone = this.#missingFrom(run)
    for (const id of gone) this.#records.delete(id)
    for (const record of fresh) this.#records.put(record)
    this.#seq = run.to
    this.#floor = Math.max(this.#floor, run.floor ?? 0)
    this.#head = run.head
    this.#tally = tally
    return [...gone, ...fresh.map(entryId)]
  }

  /** C14: what its source has dropped, by a run that is the whole slice. */
  #missingFrom(run: Run): EntryId[] {
    if (run.from > 0 || run.floor === undefined) return []
    const named = new Set(run.records.map(entryId))
    return [...this.#records.ids()].filter((id) => !named.has(id))
  }

  /** C14: a record, or what an earlier epoch left of it, says less from now on; nothing when it has changed meanwhile. */
  trim({ id, from, left }: Trim): void {
    if (this.#records.get(id) === from) {
      if (left === undefined) this.#floor = Math.max(this.#floor, from.seq)
      this.#records.replace(id, left)
    } else if (this.#surplus.get(id) === from) this.#surplus.replace(id, left)
  }

  /** C13: starts a later epoch from a complete run of it; all that was held becomes surplus. */
  restart(run: Run, tally?: Tally): EntryId[] {
    assert(compareEpochs(run.epoch, this.#epoch) > 0, 'C13', `epoch ${run.epoch} does not follow ${this.#epoch}`)
    assert(run.from === 0, 'C13', 'a new epoch starts from its beginning')
    this.addSurplus(this.#records.values(), this.#epoch)
    this.#records.clear()
    this.#epoch = run.epoch
    this.#floor = run.floor ?? 0
    for (const record of [...run.records].sort((a, b) => a.seq - b.seq)) this.#records.put(record)
    this.#seq = run.to
    this.#head = run.head
    this.#tally = tally
    return [...new Set([...this.#surplus.ids(), ...this.#records.ids()])]
  }

  /** C13: what an epoch said that is over; returns the entries. */
  addSurplus(records: Iterable<CatalogRecord>, epoch: Epoch): EntryId[] {
    const isLast = this.#surplusEpoch === undefined || compareEpochs(epoch, this.#surplusEpoch) > 0
    if (isLast) this.#surplusEpoch = epoch
    return this.#surplus.mergeAll(records)
  }

  /** C10: all of it as the leftover of an epoch that nobody can vouch for: held and shown until it comes anew, with a head. */
  unheaded(): Slice {
    const slice = new Slice(this.hub, { epoch: this.#epoch, seq: 0 })
    slice.addSurplus([...this.#surplus.values(), ...this.#records.values()], this.#epoch)
    return slice
  }

  /** Restores a surplus record from the store. */
  restoreSurplus(record: CatalogRecord, epoch: Epoch): void {
    this.#surplusEpoch = epoch
    this.#surplus.replace(entryId(record), record)
  }

  /** Restores a record from the store, in order of seq. */
  restore(record: CatalogRecord): void {
    assert(record.seq <= this.#seq, 'C3', `${this.hub} holds ${record.seq} beyond its seq ${this.#seq}`)
    this.#records.put(record)
  }

  /** Restores all records from the store, as they are stored. */
  restoreAll(rest: Rest): void {
    this.#records.lay(rest)
  }
}
