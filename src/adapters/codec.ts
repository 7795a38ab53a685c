// Values to bytes and back: CBOR (RFC 8949) by cbor-x. What we encode is a small part of CBOR, so a scan refuses the rest
// before the library sees it: tags (shared references can make a kilobyte stand for gigabytes), indefinite lengths,
// trailing bytes, deep nesting, lengths beyond the end. After the well-formedness check of RFC 8949, appendix C.
// Large messages travel compressed (Zstandard, RFC 8878): a part of a run of records is a fifth as long, for half of what
// encoding it costs.

import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { Encoder } from 'cbor-x'
import { isPacked, packedHeadBytes, plainBytesOf, withPackedHead } from '../core/packed.ts'
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
  return packed.length < bytes.length ? packed : undefined
}

/** Undefined unless it is as long as it says, and no longer than a frame: nothing beyond that is made. */
function unpacked(bytes: Uint8Array): Uint8Array | undefined {
  const length = plainBytesOf(bytes)
  if (length === 0 || length > maxFrameBytes) return undefined
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
