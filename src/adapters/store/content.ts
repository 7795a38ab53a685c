// All that a store holds, judged as it is read, part by part. What reads as it was written is packed into few large pieces of
// memory: a hundred thousand values on their own are twice as large, and as many to clear away.

import type { StoredEntry } from '../../hub/ports.ts'
import { damagedKey, formatKey, isSealed, type RawEntry, sumKey, unseal } from './layout.ts'
import { Tally } from './tally.ts'

const layoutKeys: ReadonlySet<string> = new Set([formatKey, sumKey, damagedKey])

export class Content {
  /** All that reads as it was written, but for what the layout says of itself. */
  readonly entries = new Pack()
  /** Stored bytes that are not what was written under their key. */
  readonly damaged: RawEntry[] = []
  /** Over all that reads as it was written. */
  readonly tally = new Tally()
  readonly #said = new Map<string, string>()
  #size = 0
  #isSealed = false

  take(part: readonly RawEntry[]): void {
    this.#size += part.length
    for (const [key, bytes] of part) {
      this.#isSealed ||= isSealed(bytes)
      const value = unseal(key, bytes)
      if (value === undefined) {
        this.damaged.push([key, bytes])
        continue
      }
      this.tally.add(key, bytes)
      if (layoutKeys.has(key)) this.#said.set(key, new TextDecoder().decode(value))
      else this.entries.add(key, value)
    }
  }

  get isEmpty(): boolean {
    return this.#size === 0
  }

  /** Whether any of it looks like what later formats than 0 store. */
  get isSealed(): boolean {
    return this.#isSealed
  }

  /** What the layout says of itself under that key; undefined where nothing is, or nothing that reads as it was written. */
  said(key: string): string | undefined {
    return this.#said.get(key)
  }
}

const chunkBytes = 1024 * 1024

interface Chunk {
  readonly bytes: Uint8Array
  /** Of the entries whose values are in it, the first one. */
  readonly first: number
}

/** Entries in the order in which they were added. A value that is longer than a chunk has one of its own. */
class Pack implements Iterable<StoredEntry> {
  readonly #keys: string[] = []
  /** Of each entry where its value ends in its chunk. */
  readonly #ends: number[] = []
  readonly #chunks: Chunk[] = []
  #filled = 0

  add(key: string, value: Uint8Array): void {
    let chunk = this.#chunks.at(-1)
    if (chunk === undefined || this.#filled + value.length > chunk.bytes.length) {
      chunk = { bytes: new Uint8Array(Math.max(chunkBytes, value.length)), first: this.#keys.length }
      this.#chunks.push(chunk)
      this.#filled = 0
    }
    chunk.bytes.set(value, this.#filled)
    this.#filled += value.length
    this.#keys.push(key)
    this.#ends.push(this.#filled)
  }

  *[Symbol.iterator](): Generator<StoredEntry> {
    for (const [nth, { bytes, first }] of this.#chunks.entries()) {
      const last = this.#chunks[nth + 1]?.first ?? this.#keys.length
      let start = 0
      for (let index = first; index < last; index++) {
        const end = this.#ends[index] as number
        yield { key: this.#keys[index] as string, value: bytes.subarray(start, end) }
        start = end
      }
    }
  }
}
