// Values to bytes and back: CBOR (RFC 8949) by cbor-x. What we encode is a small part of CBOR, so a scan refuses the rest
// before the library sees it: tags (shared references can make a kilobyte stand for gigabytes), indefinite lengths,
// trailing bytes, deep nesting, lengths beyond the end. After the well-formedness check of RFC 8949, appendix C.

import { Encoder } from 'cbor-x'
import type { Codec } from '../hub/ports.ts'

/** Arrays and maps inside each other: `wire.maxDepth` for a value, the rest for the records and envelopes around it. */
const maxNesting = 32

// No records and no shared structures: they are state between messages, and peers are not trusted with ours.
const cbor = new Encoder({ useRecords: false, variableMapSize: true, copyBuffers: true, tagUint8Array: false })

/** Deterministic: the same value with its keys in the same order gives the same bytes. Never throws when decoding. */
export const cborCodec: Codec = {
  encode: (value) => new Uint8Array(cbor.encode(value)),
  decode(bytes) {
    if (itemEnd(bytes, 0, maxNesting) !== bytes.length) return undefined
    try {
      // A view of our own: the library hangs a property on what it reads.
      return cbor.decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as unknown
    } catch {
      return undefined
    }
  },
}

interface Head {
  readonly major: number
  readonly argument: number
  /** Where the head ends; `invalid` for one that we never write. */
  readonly end: number
}

const invalid = Number.POSITIVE_INFINITY
const broken: Head = { major: 7, argument: 0, end: invalid }

/** Where the item that starts at `at` ends; `invalid` if it is not well-formed or not of our part of CBOR. */
function itemEnd(bytes: Uint8Array, at: number, depth: number): number {
  const { major, argument, end } = headAt(bytes, at)
  if (end > bytes.length || depth < 0) return invalid
  switch (major) {
    case 0:
    case 1:
    case 7:
      return end
    case 2:
    case 3:
      return end + argument
    case 4:
    case 5: {
      const partEnd = major === 4 ? itemEnd : entryEnd
      let next = end
      for (let i = 0; i < argument && next !== invalid; i++) next = partEnd(bytes, next, depth - 1)
      return next
    }
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

function headAt(bytes: Uint8Array, at: number): Head {
  const first = bytes[at]
  if (first === undefined) return broken
  const major = first >> 5
  const info = first & 0x1f
  if (major === 7) return simpleAt(info, at)
  if (info < 24) return { major, argument: info, end: at + 1 }
  // Eight-byte lengths and integers are never written: numbers above 32 bits travel as floats.
  if (info > 26) return broken
  const width = 1 << (info - 24)
  let argument = 0
  for (let i = 1; i <= width; i++) argument = argument * 256 + (bytes[at + i] ?? 0)
  return { major, argument, end: at + 1 + width }
}

/** false, true, null, undefined and the three widths of floats. */
function simpleAt(info: number, at: number): Head {
  if (info >= 20 && info <= 23) return { major: 7, argument: info, end: at + 1 }
  if (info >= 25 && info <= 27) return { major: 7, argument: 0, end: at + 1 + (1 << (info - 24)) }
  return broken
}
