// Values to bytes and back: the part of CBOR (RFC 8949) that plain data needs. There is one way to write each value, and
// nothing else is read: no tags (shared references can make a kilobyte stand for gigabytes), no indefinite lengths, no
// eight-byte integers (numbers above 32 bits travel as doubles), no trailing bytes, no deep nesting. A general library reads
// all of that, so its bytes had to be scanned first, which cost as much as reading them; one pass does both.

import { Buffer } from 'node:buffer'
import type { Codec } from '../hub/ports.ts'

/** Arrays and maps inside each other: `wire.maxDepth` for a value, the rest for the records and envelopes around it. */
const maxNesting = 32

const major = { natural: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5 } as const
const simple = { no: 0xf4, yes: 0xf5, nothing: 0xf6, absent: 0xf7, double: 0xfb } as const
const above32Bits = 0x1_0000_0000
/** Longer text is left to the platform, whose calls cost more than a loop over a few letters and less over many. */
const shortText = 64
/** Places for words read before; one that falls into another's place takes it, so nobody can make them more. */
const places = 4_096
/** What the writer's buffer is at first, and beyond what it is given back. */
const usualBytes = 64 * 1024
const keptBytes = 1024 * 1024

/** Deterministic: the same value with its keys in the same order gives the same bytes. Never throws when decoding. */
export const cborCodec: Codec = {
  encode: (value) => writer.write(value),
  decode: (bytes) => reader.read(bytes),
}

/** Eight bytes seen as a double, in the order of the network. */
const double = new DataView(new ArrayBuffer(8))

class Writer {
  #bytes = new Uint8Array(usualBytes)
  #at = 0

  write(value: unknown): Uint8Array {
    this.#at = 0
    this.#item(value)
    const written = this.#bytes.slice(0, this.#at)
    if (this.#bytes.length > keptBytes) this.#bytes = new Uint8Array(usualBytes)
    return written
  }

  #item(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.#text(value)
        break
      case 'number':
        this.#number(value)
        break
      case 'boolean':
        this.#byte(value ? simple.yes : simple.no)
        break
      case 'undefined':
        this.#byte(simple.absent)
        break
      case 'object':
        if (value === null) this.#byte(simple.nothing)
        else if (Array.isArray(value)) this.#array(value)
        else if (value instanceof Uint8Array) this.#raw(value)
        else this.#map(value)
        break
      default:
        throw new TypeError(`a ${typeof value} is no plain data`)
    }
  }

  #number(value: number): void {
    if (value >= 0 && value < above32Bits && Number.isInteger(value)) this.#head(major.natural, value)
    else if (value < 0 && value >= -above32Bits && Number.isInteger(value)) this.#head(major.negative, -1 - value)
    else this.#double(value)
  }

  #double(value: number): void {
    this.#reserve(9)
    this.#bytes[this.#at++] = simple.double
    double.setFloat64(0, value)
    for (let i = 0; i < 8; i++) this.#bytes[this.#at++] = double.getUint8(i)
  }

  #text(text: string): void {
    const { length } = text
    this.#reserve(5 + length)
    const start = this.#at
    if (length <= shortText) {
      this.#head(major.text, length)
      const bytes = this.#bytes
      let at = this.#at
      let seen = 0
      for (let i = 0; i < length; i++) {
        const letter = text.charCodeAt(i)
        seen |= letter
        bytes[at++] = letter
      }
      this.#at = at
      if (seen < 0x80) return
    }
    this.#at = start
    this.#raw(Buffer.from(text), major.text)
  }

  #raw(bytes: Uint8Array, kind: number = major.bytes): void {
    this.#reserve(5 + bytes.length)
    this.#head(kind, bytes.length)
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  #array(items: readonly unknown[]): void {
    this.#head(major.array, items.length)
    for (let i = 0; i < items.length; i++) this.#item(items[i])
  }

  #map(value: object): void {
    const keys = Object.keys(value)
    this.#head(major.map, keys.length)
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string
      this.#text(key)
      this.#item((value as Readonly<Record<string, unknown>>)[key])
    }
  }

  #byte(byte: number): void {
    this.#reserve(1)
    this.#bytes[this.#at++] = byte
  }

  /** A kind and its argument, in as few bytes as they take. */
  #head(kind: number, argument: number): void {
    this.#reserve(5)
    const bytes = this.#bytes
    const top = kind << 5
    if (argument < 24) {
      bytes[this.#at++] = top | argument
    } else if (argument < 0x100) {
      bytes[this.#at++] = top | 24
      bytes[this.#at++] = argument
    } else if (argument < 0x1_0000) {
      bytes[this.#at++] = top | 25
      bytes[this.#at++] = argument >>> 8
      bytes[this.#at++] = argument
    } else {
      bytes[this.#at++] = top | 26
      for (let shift = 24; shift >= 0; shift -= 8) bytes[this.#at++] = argument >>> shift
    }
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#at + bytes))
    grown.set(this.#bytes.subarray(0, this.#at))
    this.#bytes = grown
  }
}

/** Thrown and caught in this file alone. */
const malformed = new Error('the bytes are no value')

class Reader {
  readonly #words = new Words()
  #bytes: Uint8Array = new Uint8Array()
  #at = 0

  read(bytes: Uint8Array): unknown {
    this.#bytes = bytes
    this.#at = 0
    try {
      const value = this.#item(maxNesting)
      return this.#at === bytes.length ? value : undefined
    } catch (error) {
      if (error !== malformed) throw error
      return undefined
    }
  }

  #item(depth: number): unknown {
    const first = this.#byte()
    if (depth < 0) throw malformed
    switch (first >> 5) {
      case major.natural:
        return this.#argument(first)
      case major.negative:
        return -1 - this.#argument(first)
      case major.bytes: {
        const start = this.#skip(this.#argument(first))
        return new Uint8Array(this.#bytes.subarray(start, this.#at))
      }
      case major.text:
        return this.#text(first)
      case major.array:
        return this.#array(this.#argument(first), depth - 1)
      case major.map:
        return this.#map(this.#argument(first), depth - 1)
      default:
        return this.#simple(first)
    }
  }

  #simple(first: number): unknown {
    switch (first) {
      case simple.no:
        return false
      case simple.yes:
        return true
      case simple.nothing:
        return null
      case simple.absent:
        return undefined
      case simple.double: {
        const start = this.#skip(8)
        for (let i = 0; i < 8; i++) double.setUint8(i, this.#bytes[start + i] as number)
        return double.getFloat64(0)
      }
      default:
        throw malformed
    }
  }

  #array(length: number, depth: number): unknown[] {
    const items: unknown[] = []
    for (let i = 0; i < length; i++) items.push(this.#item(depth))
    return items
  }

  #map(size: number, depth: number): Record<string, unknown> {
    const value: Record<string, unknown> = {}
    for (let i = 0; i < size; i++) {
      const first = this.#byte()
      if (first >> 5 !== major.text) throw malformed
      const key = this.#text(first)
      // Assigning to this name would change what the object is.
      value[key === '__proto__' ? '__proto_' : key] = this.#item(depth)
    }
    return value
  }

  #text(first: number): string {
    const start = this.#skip(this.#argument(first))
    if (this.#at - start <= shortText) return this.#words.read(this.#bytes, start, this.#at)
    return textOf(this.#bytes, start, this.#at)
  }

  #byte(): number {
    if (this.#at >= this.#bytes.length) throw malformed
    return this.#bytes[this.#at++] as number
  }

  /** Of a head: in the byte itself, or in the one, two or four after it. */
  #argument(first: number): number {
    const info = first & 0x1f
    if (info < 24) return info
    if (info > 26) throw malformed
    const width = 1 << (info - 24)
    const start = this.#skip(width)
    let argument = 0
    for (let i = 0; i < width; i++) argument = argument * 256 + (this.#bytes[start + i] as number)
    return argument
  }

  /** Goes over that many bytes, which must be there, and returns where they start. */
  #skip(length: number): number {
    const start = this.#at
    if (start + length > this.#bytes.length) throw malformed
    this.#at = start + length
    return start
  }
}

/**
 * Short texts that were read before: peers say the same few hundred again and again. Knowing one by its bytes is quicker
 * than making a text of it, and a text that is the same one every time is found in a map without being hashed anew.
 */
class Words {
  readonly #known: string[] = new Array(places).fill('')

  /** The text of bytes[start, end). */
  read(bytes: Uint8Array, start: number, end: number): string {
    let mark = 0x811c9dc5
    for (let at = start; at < end; at++) mark = Math.imul(mark ^ (bytes[at] as number), 0x01000193)
    const place = (mark ^ (mark >>> 15)) & (places - 1)
    const known = this.#known[place] as string
    let isSame = known.length === end - start
    for (let i = 0; isSame && i < known.length; i++) isSame = known.charCodeAt(i) === bytes[start + i]
    if (isSame) return known
    const text = textOf(bytes, start, end)
    // Only where a letter is a byte: text beyond ASCII is shorter than its bytes and is not kept.
    if (text.length === end - start) this.#known[place] = text
    return text
  }
}

/** UTF-8; what is none becomes U+FFFD. */
function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString()
}

const writer = new Writer()
const reader = new Reader()
