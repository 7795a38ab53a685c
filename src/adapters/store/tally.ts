// The sum over all that is stored, kept in the store with every batch: a batch that went missing from the middle of a log,
// an entry that came back with an old table, a table that is gone: each leaves another sum than the one that is stored.

import type { StoredOp } from '../../hub/ports.ts'
import { checksumOf, sealedOp, sumKey } from './layout.ts'

const modulus = 2 ** 32

/** What a batch makes of the sum, to be taken over once it is written. */
export interface Entered {
  readonly sums: ReadonlyMap<string, number | undefined>
  readonly total: number
  /** How many batches it makes. */
  readonly batches: number
  /** The entry that goes with the batch. */
  readonly op: { readonly put: string; readonly value: Uint8Array }
}

export class Tally {
  /** Of each key the checksum of its value, as a signed number: those take no memory of their own. Bounded by what is stored. */
  readonly #sums = new Map<string, number>()
  #total = 0
  #batches = 0

  /** Counts what is stored under a key that was not counted before. */
  add(key: string, sealed: Uint8Array): void {
    if (key === sumKey) return
    const sum = checksumOf(sealed)
    this.#sums.set(key, sum | 0)
    this.#total = (this.#total + sum) % modulus
  }

  /** Goes on from what the store says; false when that is not the sum of all that was counted. */
  resume(said: string | undefined): boolean {
    const [size, total, batches = 0] = (said ?? '').split(' ').map(Number)
    this.skipTo(batches)
    return size === this.#sums.size && total === this.#total
  }

  /** Batches that the store was given, as far as it says. */
  get batches(): number {
    return this.#batches
  }

  /** There were so many at least. */
  skipTo(batches: number): void {
    if (Number.isSafeInteger(batches)) this.#batches = Math.max(this.#batches, batches)
  }

  /** What this batch of sealed values, in its order, makes of the sum. */
  enter(batch: readonly StoredOp[]): Entered {
    const sums = new Map<string, number | undefined>()
    let { size } = this.#sums
    let total = this.#total
    for (const op of batch) {
      const key = 'del' in op ? op.del : op.put
      const before = sums.has(key) ? sums.get(key) : this.#sums.get(key)
      const after = 'del' in op ? undefined : checksumOf(op.value) | 0
      sums.set(key, after)
      size += Number(after !== undefined) - Number(before !== undefined)
      total = (total + 2 * modulus + (after ?? 0) - (before ?? 0)) % modulus
    }
    const batches = this.#batches + 1
    return { sums, total, batches, op: sealedOp(sumKey, `${size} ${total} ${batches}`) }
  }

  /** The batch is written. */
  take({ sums, total, batches }: Entered): void {
    this.#total = total
    this.#batches = batches
    for (const [key, sum] of sums) {
      if (sum === undefined) this.#sums.delete(key)
      else this.#sums.set(key, sum)
    }
  }
}
