// C10: what a head signs of a slice's records: a sum over them, each spread over 16 Kbit, so that a write costs its own record
// and not the slice, and nobody can make another set of records with the same sum. LtHash (Bellare and Micciancio 1997; Lewi,
// Kim, Maykov, Weis: "Securing Update Propagation with Homomorphic Hashing", 2019: 1,024 words of 16 bits are good for 200
// bits). A record's seq is part of it, so the sum says the order, too. A tree of chunks would cost a quarter of the hashing
// when a whole slice is read, and memory for every record.

import type { Hashing } from '../keys.ts'
import type { Millis } from '../time.ts'
import type { Head } from './head.ts'
import type { CatalogRecord } from './record.ts'
import { guardedUntil, reduced } from './retention.ts'

/** A sum over records as they are without what had done its work by the horizon. */
export class Tally {
  readonly #hashing: Hashing
  readonly #horizon: Millis
  readonly #words: Uint16Array

  constructor(hashing: Hashing, horizon: Millis, words = new Uint16Array(hashing.width)) {
    this.#hashing = hashing
    this.#horizon = horizon
    this.#words = words
  }

  static of(records: Iterable<CatalogRecord>, hashing: Hashing, horizon: Millis): Tally {
    const tally = new Tally(hashing, horizon)
    for (const record of records) tally.add(record)
    return tally
  }

  /** The same sum under a horizon that is not before this one; `records` are those it is of. */
  at(horizon: Millis, records: Iterable<CatalogRecord>): Tally {
    const next = new Tally(this.#hashing, horizon, this.#words.slice())
    if (horizon === this.#horizon) return next
    for (const record of records) {
      const until = guardedUntil(record)
      if (!until.some((at) => at >= this.#horizon && at < horizon)) continue
      next.#count(-1, reduced(record, this.#horizon))
      next.add(record)
    }
    return next
  }

  add(record: CatalogRecord): void {
    this.#count(1, reduced(record, this.#horizon))
  }

  remove(record: CatalogRecord): void {
    this.#count(-1, reduced(record, this.#horizon))
  }

  root(): string {
    return this.#hashing.digest(this.#words)
  }

  #count(sign: 1 | -1, record: CatalogRecord | undefined): void {
    if (record === undefined) return
    const term = this.#hashing.spread(record)
    const words = this.#words
    for (let i = 0; i < words.length; i++) words[i] = (words[i] as number) + sign * (term[i] as number)
  }
}

/** Whether the records of a slice are still those that its head was signed for: disks err, too. Costs a hash per record. */
export function isSound(
  slice: { readonly head: Head | undefined; records(): Iterable<CatalogRecord> },
  hashing: Hashing,
) {
  const { head } = slice
  return head === undefined || Tally.of(slice.records(), hashing, head.horizon).root() === head.root
}
