// Values to bytes and back: CBOR (RFC 8949) by cbor-x. What we encode is a small part of CBOR, so a scan refuses the rest
// before the library sees it: tags (shared references can make a kilobyte stand for gigabytes), indefinite lengths,
// trailing bytes, deep nesting, lengths beyond the end. After the well-formedness check of RFC 8949, appendix C.
// Large messages travel compressed (Zstandard, RFC 8878): a part of a run of records is a fifth as long, for half of what
// encoding it costs.

import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { Encoder } from 'cbor-x'
import { isPacked, packedHeadBytes, plainBytesOf, withPackedHead } from '../core/packed.ts'
import type { Scan } from '../core/scan.ts'
import { maxFrameBytes } from '../core/wire.ts'
import type { Codec } from '../hub/ports.ts'

/** Arrays and maps inside each other: `wire.maxDepth` for a value, the rest for the records and envelopes around it. */
const maxNesting = 32

// No records and no shared structures: they are state between messages, and peers are not trusted with ours.
const cbor = new Encoder({ useRecords: false, variableMapSize: true, copyBuffers: true, tagUint8Array: false })

/**
 * Messages are read from here: the library hangs a view on what it reads, and making two views of every message cost more
 * than copying it. What it reads is copied out of here.
 */
const desk = new Uint8Array(64 * 1024)
/** The library reads up to an end, which its types leave out. */
const reader: { decode(source: Uint8Array, end: number): unknown } = cbor

/** What fits one packet of 1,500 bytes with all the heads around it is not worth it; half of a longer one is saved. */
const leastPackedBytes = 1_400
/** What unpacks to more than this many times itself is refused, and sent as it is: a few bytes must not keep a reader busy. */
const mostRatio = 32
/** log2 of how far back the compressed text refers: a whole frame. A reader needs as much memory as its sender says. */
const windowLog = 18
const packing = { params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: windowLog } }
const unpacking = { params: { [constants.ZSTD_d_windowLogMax]: windowLog } }

export interface Packing {
  /** Whether this hub compresses what it says. What others compressed is read all the same. */
  readonly isOn: boolean
  /** Told of each message that was compressed: its bytes before and after. */
  readonly packed?: (before: number, after: number) => void
}

const falseHead = 0xf4
const trueHead = 0xf5
const nullHead = 0xf6
const doubleHead = 0xfb
const doubleBytes = new Uint8Array(8)
const doubleView = new DataView(doubleBytes.buffer)

/** Longer ones are left to decoding. */
const longestText = 512

/** Stricter than decoding: what is not plainly what it looks like is left to that. */
class CborScan implements Scan {
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0

  begin(bytes: Uint8Array): void {
    this.#bytes = bytes
    this.#at = 0
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  map(): number {
    return this.#argument(5)
  }

  list(): number {
    return this.#argument(4)
  }

  is(text: string, from = 0, to = text.length): boolean {
    const length = this.#argument(3)
    return length === to - from && this.#at + length <= this.#bytes.length && this.#goesPast(text, from, to)
  }

  text(likely = ''): string | undefined {
    const length = this.#argument(3)
    if (length < 0 || length > longestText || this.#at + length > this.#bytes.length) return undefined
    if (length === likely.length && this.#goesPast(likely)) return likely
    const start = this.#at
    this.#at += length
    const text = String.fromCharCode(...this.#bytes.subarray(start, this.#at))
    return isAscii(text) ? text : undefined
  }

  /** Goes past an ASCII text, if that is what comes. */
  #goesPast(text: string, from = 0, to = text.length): boolean {
    for (let i = from; i < to; i++) {
      const code = text.charCodeAt(i)
      if (code >= 0x80 || code !== this.#bytes[this.#at + i - from]) return false
    }
    this.#at += to - from
    return true
  }

  count(): number {
    const first = this.#bytes[this.#at]
    if (first !== doubleHead) return this.#argument(0)
    this.#at++
    const number = this.#double()
    return Number.isSafeInteger(number) && number >= 0 ? number : -1
  }

  plain(depth: number): 'null' | 'other' | 'none' {
    const first = this.#bytes[this.#at]
    if (first === undefined) return 'none'
    const major = first >> 5
    if (major === 7) return this.#simple()
    const argument = this.#argument(major)
    if (argument < 0) return 'none'
    switch (major) {
      case 0:
      case 1:
        return 'other'
      case 3:
        this.#at += argument
        return this.#at <= this.#bytes.length ? 'other' : 'none'
      case 4:
      case 5:
        return depth > 0 && this.#areItemsPlain(major === 5, argument, depth - 1) ? 'other' : 'none'
      default:
        return 'none'
    }
  }

  #areItemsPlain(hasNames: boolean, count: number, depth: number): boolean {
    for (let i = 0; i < count; i++) {
      if (hasNames) {
        const length = this.#argument(3)
        if (length < 0) return false
        this.#at += length
      }
      if (this.plain(depth) === 'none') return false
    }
    return true
  }

  /** False, true, null, and finite floats of the widths that are written. */
  #simple(): 'null' | 'other' | 'none' {
    const first = this.#bytes[this.#at++]
    if (first === nullHead) return 'null'
    if (first === falseHead || first === trueHead) return 'other'
    return first === doubleHead && Number.isFinite(this.#double()) ? 'other' : 'none'
  }

  /** The number behind the head of an item of that type; -1 when another comes. Never of eight bytes. */
  #argument(major: number): number {
    const first = this.#bytes[this.#at]
    if (first === undefined || first >> 5 !== major) return -1
    this.#at++
    const info = first & 0x1f
    if (info < 24) return info
    if (info > 26) return -1
    let argument = 0
    for (const end = this.#at + (1 << (info - 24)); this.#at < end; this.#at++) {
      const byte = this.#bytes[this.#at]
      if (byte === undefined) return -1
      argument = argument * 256 + byte
    }
    return argument
  }

  /** Of the eight bytes that come next; not a number when there are fewer. */
  #double(): number {
    if (this.#at + 8 > this.#bytes.length) return Number.NaN
    for (let i = 0; i < 8; i++) doubleBytes[i] = this.#bytes[this.#at++] as number
    return doubleView.getFloat64(0)
  }
}

/** Deterministic: the same value with its keys in the same order gives the same bytes. Never throws when decoding. */
export function cborCodecOf({ isOn, packed }: Packing): Codec {
  return {
    encode,
    pack(value) {
      const bytes = encode(value)
      const shorter = isOn ? compressed(bytes) : undefined
      if (shorter === undefined) return bytes
      packed?.(bytes.length, shorter.length)
      return shorter
    },
    decode(bytes) {
      const plain = isPacked(bytes) ? unpacked(bytes) : bytes
      return plain === undefined ? undefined : decode(plain)
    },
    scan: new CborScan(),
  }
}

/** As a hub has it that was told nothing else. */
export const cborCodec = cborCodecOf({ isOn: true })

function encode(value: unknown): Uint8Array {
  return new Uint8Array(cbor.encode(value))
}

function decode(bytes: Uint8Array): unknown {
  if (itemEnd(bytes, 0, maxNesting) !== bytes.length) return undefined
  try {
    if (bytes.length > desk.length) {
      return cbor.decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as unknown
    }
    desk.set(bytes)
    return reader.decode(desk, bytes.length)
  } catch {
    return undefined
  }
}

/** Undefined where it is not worth it, and beyond a frame: no reader would unpack so much. */
function compressed(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < leastPackedBytes || bytes.length > maxFrameBytes) return undefined
  const packed = withPackedHead(bytes.length, zstdCompressSync(bytes, packing))
  return packed.length < bytes.length && bytes.length <= mostRatio * packed.length ? packed : undefined
}

/** Undefined unless it is as long as it says, and no longer than a frame: nothing beyond that is made. */
function unpacked(bytes: Uint8Array): Uint8Array | undefined {
  const length = plainBytesOf(bytes)
  if (length === 0 || length > maxFrameBytes || length > mostRatio * bytes.length) return undefined
  try {
    const plain = zstdDecompressSync(bytes.subarray(packedHeadBytes), { ...unpacking, maxOutputLength: length })
    return plain.length === length ? plain : undefined
  } catch {
    return undefined
  }
}

const invalid = Number.POSITIVE_INFINITY

/** Where the item that starts at `at` ends; `invalid` if it is not well-formed or not of our part of CBOR. */
function itemEnd(bytes: Uint8Array, at: number, depth: number): number {
  if (at >= bytes.length || depth < 0) return invalid
  const first = bytes[at] as number
  const info = first & 0x1f
  const major = first >> 5
  if (major === 7) return at + 1 + simpleWidth(info)
  let argument = info
  let end = at + 1
  if (info >= 24) {
    // Eight-byte lengths and integers are never written: numbers above 32 bits travel as floats.
    if (info > 26) return invalid
    argument = 0
    for (const last = end + (1 << (info - 24)); end < last; end++) argument = argument * 256 + (bytes[end] ?? 0)
  }
  switch (major) {
    case 0:
    case 1:
      return end
    case 2:
    case 3:
      return end + argument
    case 4:
      for (let i = 0; i < argument && end !== invalid; i++) end = itemEnd(bytes, end, depth - 1)
      return end
    case 5:
      for (let i = 0; i < argument && end !== invalid; i++) end = entryEnd(bytes, end, depth - 1)
      return end
    default:
      return invalid
  }
}

/** A map's entry: its key is text. */
function entryEnd(bytes: Uint8Array, at: number, depth: number): number {
  const key = bytes[at]
  if (key === undefined || key >> 5 !== 3) return invalid
  return itemEnd(bytes, itemEnd(bytes, at, depth), depth)
}

/** Of false, true, null, undefined and the three widths of floats. */
function simpleWidth(info: number): number {
  if (info >= 20 && info <= 23) return 0
  return info >= 25 && info <= 27 ? 1 << (info - 24) : invalid
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false
  return true
}
