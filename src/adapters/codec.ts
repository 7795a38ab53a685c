// Values to bytes and back: CBOR (RFC 8949) by cbor-x. What we encode is a small part of CBOR, so a scan refuses the rest
// before the library sees it: tags (shared references can make a kilobyte stand for gigabytes), indefinite lengths,
// trailing bytes, deep nesting, lengths beyond the end. After the well-formedness check of RFC 8949, appendix C.

import { Encoder } from 'cbor-x'
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

/** Deterministic: the same value with its keys in the same order gives the same bytes. Never throws when decoding. */
export const cborCodec: Codec = {
  encode: (value) => new Uint8Array(cbor.encode(value)),
  decode(bytes) {
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
  },
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
