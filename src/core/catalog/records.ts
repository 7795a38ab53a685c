// Records by their entries, in order of seq, as one slice holds them. Those that came from the store rest until they are asked
// for; from then on they are held like any other, and are the same whenever they are asked for again.

import { compareText } from '../ids.ts'
import type { Stamp } from './hlc.ts'
import { type CatalogRecord, type EntryId, entryId, marksOf, merge, removalMark, stampsOf } from './record.ts'
import { Rest } from './rest.ts'

/** Where nothing rests. */
const nobody = new Rest([0, ''], () => undefined)

export class Records {
  /** A record, or its number among those at rest. A rewritten record moves to the end. */
  readonly #held = new Map<EntryId, CatalogRecord | number>()
  #rest: Rest = nobody
  /** How many of them rest, and how many remove their entry. */
  #resting = 0
  #removals = 0

  get size(): number {
    return this.#held.size
  }

  /** How many of them remove their entry. */
  get removals(): number {
    return this.#removals
  }

  has(id: EntryId): boolean {
    return this.#held.has(id)
  }

  ids(): IterableIterator<EntryId> {
    return this.#held.keys()
  }

  /** The entries of which the others have no record. */
  idsBeside(others: Records): EntryId[] {
    return [...this.ids()].filter((id) => !others.has(id))
  }

  get(id: EntryId): CatalogRecord | undefined {
    const held = this.#held.get(id)
    return typeof held === 'number' ? this.#wake(id, held) : held
  }

  /** What the record of an entry has, without reading it; 0 where there is none. */
  marks(id: EntryId): number {
    const held = this.#held.get(id)
    if (typeof held === 'number') return this.#rest.marks(held)
    return held === undefined ? 0 : marksOf(held)
  }

  *values(): Generator<CatalogRecord, undefined> {
    for (const [id, held] of this.#held) yield typeof held === 'number' ? this.#wake(id, held) : held
  }

  /** All as they are now, whatever becomes of them, to be read at leisure. */
  kept(): Iterable<CatalogRecord> {
    const rest = this.#rest
    const kept = [...this.#held.values()]
    return {
      *[Symbol.iterator]() {
        for (const held of kept) yield typeof held === 'number' ? rest.record(held) : held
      },
    }
  }

  /** Those written after `seq`, in order of seq. */
  after(seq: number): CatalogRecord[] {
    const after: CatalogRecord[] = []
    for (const [id, held] of this.#held) {
      const record = typeof held !== 'number' ? held : this.#seqOf(held) > seq ? this.#wake(id, held) : undefined
      if (record !== undefined && record.seq > seq) after.push(record)
    }
    return after
  }

  /** All, numbered anew in the order of their entries. */
  numbered(): CatalogRecord[] {
    const sorted = [...this.values()].map((record) => [entryId(record), record] as const)
    sorted.sort(([a], [b]) => compareText(a, b))
    return sorted.map(([, record], index) => ({ ...record, seq: index + 1 }))
  }

  /** C2: stamps of which none is later than the latest. */
  *stamps(): Generator<Stamp, undefined> {
    if (this.#rest.latest !== undefined) yield this.#rest.latest
    for (const held of this.#held.values()) if (typeof held !== 'number') yield* stampsOf(held)
  }

  put(record: CatalogRecord): void {
    const id = entryId(record)
    this.delete(id)
    this.#set(id, record)
  }

  /** In its place in the order, which is the end where there was none; without it, when nothing is left. */
  replace(id: EntryId, left: CatalogRecord | undefined): void {
    this.#forget(id)
    if (left === undefined) this.#held.delete(id)
    else this.#set(id, left)
  }

  /** Takes these as well, each as one with what is held of its entry; returns the entries. */
  mergeAll(records: Iterable<CatalogRecord>): EntryId[] {
    const touched: EntryId[] = []
    for (const record of records) {
      const id = entryId(record)
      const other = this.get(id)
      this.replace(id, other === undefined ? record : merge(record, other))
      touched.push(id)
    }
    return touched
  }

  delete(id: EntryId): void {
    this.#forget(id)
    this.#held.delete(id)
  }

  clear(): void {
    this.#held.clear()
    this.#rest = nobody
    this.#resting = 0
    this.#removals = 0
  }

  /** Takes records at rest where there are none yet. */
  lay(rest: Rest): void {
    this.#rest = rest
    this.#resting = rest.size
    for (const nth of rest.order()) {
      this.#held.set(rest.ids[nth] as EntryId, nth)
      if ((rest.marks(nth) & removalMark) !== 0) this.#removals++
    }
  }

  #set(id: EntryId, record: CatalogRecord): void {
    this.#held.set(id, record)
    if (record.removed !== undefined) this.#removals++
  }

  /** What is held of an entry is about to go. */
  #forget(id: EntryId): void {
    const held = this.#held.get(id)
    if (typeof held === 'number') {
      if ((this.#rest.marks(held) & removalMark) !== 0) this.#removals--
      this.#woken()
    } else if (held?.removed !== undefined) this.#removals--
  }

  #wake(id: EntryId, nth: number): CatalogRecord {
    const record = this.#rest.record(nth)
    this.#held.set(id, record)
    this.#woken()
    return record
  }

  #woken(): void {
    this.#resting--
    // A single one that sleeps on keeps the bytes of all.
    if (this.#resting === 0) this.#rest = nobody
  }

  #seqOf(nth: number): number {
    return this.#rest.seq(nth)
  }
}
