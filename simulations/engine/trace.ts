// What happened, as a running hash and, if wanted, as text. Equal hashes mean equal histories: the proof that a seed
// decides everything. Two lanes of FNV-1a with different primes; it guards against accidents, not against forgers.

import type { Millis } from '../../src/core/time.ts'

export class Trace {
  #high = 0x811c9dc5
  #low = 0x9e3779b9
  readonly #write: ((line: string) => void) | undefined

  /** `write` gets every line as text; without it only the hash is kept. */
  constructor(write?: (line: string) => void) {
    this.#write = write
  }

  /** A rare event: a fault, a link, a verdict. */
  note(at: Millis, text: string): void {
    const line = `${at.toFixed(3)} ${text}`
    for (let i = 0; i < line.length; i++) this.#mix(line.charCodeAt(i))
    this.#write?.(line)
  }

  /** A message that arrived; `mark` is `markOf` its bytes. */
  arrival(at: Millis, arrival: Arrival): void {
    const { from, to, by, mark } = arrival
    this.#mix(Math.round(at * 1000) | 0)
    this.#mix((from << 16) ^ to)
    this.#mix(mark)
    this.#write?.(`${at.toFixed(3)} ${by} ${from} > ${to} ${(mark >>> 0).toString(16)}`)
  }

  /** Sixteen hex digits. */
  get hash(): string {
    return hex(this.#high) + hex(this.#low)
  }

  #mix(word: number): void {
    this.#high = Math.imul(this.#high ^ word, 0x01000193)
    this.#low = Math.imul((this.#low ^ word ^ (this.#high >>> 15)) | 0, 0x85ebca6b)
  }
}

export interface Arrival {
  /** Indexes of the hosts. */
  readonly from: number
  readonly to: number
  /** `control`, `bulk` or the topic. */
  readonly by: string
  readonly mark: number
}

/** A 32-bit fingerprint of the bytes (FNV-1a, over words of four bytes: this is done with every message). */
export function markOf(bytes: Uint8Array): number {
  const { length } = bytes
  let mark = 0x811c9dc5 ^ length
  let at = 0
  for (; at + 4 <= length; at += 4) {
    const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
    const high = (bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8)
    // The shift lets the upper bytes reach the lower ones, which a product alone never does.
    mark = Math.imul(mark ^ (mark >>> 15) ^ low ^ (high << 16), 0x01000193)
  }
  for (; at < length; at++) mark = Math.imul(mark ^ (mark >>> 15) ^ (bytes[at] as number), 0x01000193)
  return mark
}

/** The same for text. */
export function textMark(text: string): number {
  let mark = 0x811c9dc5
  for (let i = 0; i < text.length; i++) mark = Math.imul(mark ^ text.charCodeAt(i), 0x01000193)
  return mark
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
