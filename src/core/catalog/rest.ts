// Records at rest: as they are stored, looked at once, and read when somebody asks for them. Most of a large catalog nobody asks
// for, and a record that is read takes three times the memory of its bytes.

import { assert } from '../errors.ts'
import type { Glance } from './glance.ts'
import { isLater, type Stamp } from './hlc.ts'
import { type CatalogRecord, type EntryId, withSharedStamps } from './record.ts'

/** A record as it is stored. */
export interface StoredRecord {
  readonly epoch: readonly [number, string]
  readonly record: CatalogRecord
}

/** Reads stored bytes; undefined when they are no record. */
type ReadRecord = (bytes: Uint8Array) => StoredRecord | undefined

/** Records of one slice and one epoch, each by its number. */
export class Rest {
  readonly epoch: StoredRecord['epoch']
  readonly ids: EntryId[] = []
  readonly #read: ReadRecord
  /** Of each where its bytes are. They stay where the store has read them. */
  readonly #buffers: ArrayBufferLike[] = []
  readonly #starts: number[] = []
  readonly #lengths: number[] = []
  readonly #seqs: number[] = []
  readonly #marks: number[] = []
  #latest: Stamp | undefined

  constructor(epoch: StoredRecord['epoch'], read: ReadRecord) {
    this.epoch = epoch
    this.#read = read
  }

  get size(): number {
    return this.ids.length
  }

  /** The highest seq of all; 0 when there is none. */
  highest = 0

  /** C2: the latest stamp of all. */
  get latest(): Stamp | undefined {
    return this.#latest
  }

  /** Takes a record that was looked at; false when it is of another epoch. */
  add(id: EntryId, bytes: Uint8Array, { epoch, seq, marks, latest }: Glance): boolean {
    if (epoch[0] !== this.epoch[0] || epoch[1] !== this.epoch[1]) return false
    this.ids.push(id)
    this.#buffers.push(bytes.buffer)
    this.#starts.push(bytes.byteOffset)
    this.#lengths.push(bytes.length)
    this.#seqs.push(seq)
    this.highest = Math.max(this.highest, seq)
    this.#marks.push(marks)
    if (latest !== undefined && isLater(latest, this.#latest)) this.#latest = latest
    return true
  }

  /** Their numbers in order of seq. */
  order(): number[] {
    return this.#seqs.map((_, nth) => nth).sort((a, b) => this.seq(a) - this.seq(b))
  }

  seq(nth: number): number {
    return this.#seqs[nth] as number
  }

  marks(nth: number): number {
    return this.#marks[nth] as number
  }

  /** Reads it anew each time. */
  record(nth: number): CatalogRecord {
    return this.stored(nth).record
  }

  stored(nth: number): StoredRecord {
    const bytes = new Uint8Array(this.#buffers[nth] as ArrayBufferLike, this.#starts[nth], this.#lengths[nth])
    const stored = this.#read(bytes)
    assert(stored !== undefined, 'C9', `${this.ids[nth]} is another than it looked like`)
    withSharedStamps(stored.record)
    return stored
  }
}
