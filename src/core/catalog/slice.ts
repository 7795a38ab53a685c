// A slice: all records of one hub, as far as this replica holds them. Single-writer, so "up to seq n" says exactly what
// is held: for equal (hub, epoch, seq) two replicas hold the same records (C9).

import type { Static } from 'typebox'
import { Type } from 'typebox'
import { assert } from '../errors.ts'
import { hashOf } from '../hash.ts'
import { compareText, type HubId } from '../ids.ts'
import { CountSchema } from '../wire.ts'
import { type CatalogRecord, contentHash, type EntryId, entryId } from './record.ts'

/** C13: which history a slice is; ordered by number, then nonce. */
export const EpochSchema = Type.Tuple([CountSchema, Type.String({ minLength: 1, maxLength: 32 })])
export type Epoch = Static<typeof EpochSchema>

export function compareEpochs(a: Epoch, b: Epoch): number {
  return a[0] - b[0] || compareText(a[1], b[1])
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
}

/** What the store keeps of a slice besides its records. */
export interface StoredHead {
  readonly epoch: Epoch
  readonly seq: number
  readonly surplusEpoch?: Epoch
}

export class Slice {
  readonly hub: HubId
  #epoch: Epoch
  #seq: number
  /** In order of seq: a rewritten record moves to the end. */
  readonly #records = new Map<EntryId, CatalogRecord>()
  /** C13: records of earlier epochs that this one has not taken over yet, and the latest epoch they are from. */
  readonly #surplus = new Map<EntryId, CatalogRecord>()
  #surplusEpoch: Epoch | undefined

  constructor(hub: HubId, version: Version) {
    this.hub = hub
    this.#epoch = version.epoch
    this.#seq = version.seq
  }

  get version(): Version {
    return { epoch: this.#epoch, seq: this.#seq }
  }

  get size(): number {
    return this.#records.size
  }

  get(id: EntryId): CatalogRecord | undefined {
    return this.#records.get(id)
  }

  /** What the join sees of this slice for an entry. */
  visible(id: EntryId): CatalogRecord | undefined {
    return this.#records.get(id) ?? this.#surplus.get(id)
  }

  records(): IterableIterator<CatalogRecord> {
    return this.#records.values()
  }

  hasSurplus(id: EntryId): boolean {
    return this.#surplus.has(id)
  }

  /** What is left of earlier epochs, numbered anew, as a run of the latest of them; undefined when nothing is. */
  surplus(): Run | undefined {
    if (this.#surplus.size === 0 || this.#surplusEpoch === undefined) return undefined
    const records = [...this.#surplus.values()].map((record, index) => ({ ...record, seq: index + 1 }))
    return { hub: this.hub, epoch: this.#surplusEpoch, from: 0, to: records.length, records }
  }

  /** The records written after `seq`, in order of seq. */
  after(seq: number): CatalogRecord[] {
    return [...this.#records.values()].filter((record) => record.seq > seq)
  }

  /**
   * C8, C9: takes a run that starts at or before where this replica stands and ends after it; returns the entries it
   * touched. Records of a run are exact at `to`, so taking the later seq per entry is exact from any point inside it.
   */
  extend(run: Run): EntryId[] {
    assert(compareEpochs(run.epoch, this.#epoch) === 0, 'C8', `a run of another epoch for ${this.hub}`)
    assert(run.from <= this.#seq && run.to > this.#seq, 'C8', `run ${run.from}..${run.to} at ${this.#seq}`)
    const fresh = run.records.filter((record) => record.seq > this.#seq).sort((a, b) => a.seq - b.seq)
    for (const record of fresh) this.#put(record)
    this.#seq = run.to
    return fresh.map(entryId)
  }

  /** C13: starts a later epoch from a complete run of it; what the new epoch lacks stays as surplus. */
  restart(run: Run): EntryId[] {
    assert(compareEpochs(run.epoch, this.#epoch) > 0, 'C13', `epoch ${run.epoch} does not follow ${this.#epoch}`)
    assert(run.from === 0, 'C13', 'a new epoch starts from its beginning')
    const touched = new Set<EntryId>([...this.#records.keys(), ...this.#surplus.keys(), ...run.records.map(entryId)])
    for (const [id, record] of this.#records) this.#surplus.set(id, record)
    if (this.#surplus.size > 0) this.#surplusEpoch = this.#epoch
    this.#records.clear()
    this.#epoch = run.epoch
    this.#seq = 0
    for (const record of [...run.records].sort((a, b) => a.seq - b.seq)) this.#put(record)
    this.#seq = run.to
    return [...touched]
  }

  /** Restores a surplus record from the store. */
  restoreSurplus(record: CatalogRecord, epoch: Epoch): void {
    this.#surplusEpoch = epoch
    if (!this.#records.has(entryId(record))) this.#surplus.set(entryId(record), record)
  }

  /** Restores a record from the store, in order of seq. */
  restore(record: CatalogRecord): void {
    assert(record.seq <= this.#seq, 'C3', `${this.hub} holds ${record.seq} beyond its seq ${this.#seq}`)
    this.#put(record)
  }

  /** Equal exactly when the content is: what C9 promises for equal versions. Costs a hash per record. */
  contentHash(): string {
    const lines = [...this.#records.values()].flatMap((record) => [record.seq, contentHash(record)])
    return hashOf([...this.#epoch, this.#seq, ...lines])
  }

  #put(record: CatalogRecord): void {
    const id = entryId(record)
    this.#records.delete(id)
    this.#records.set(id, record)
    this.#surplus.delete(id)
  }
}
