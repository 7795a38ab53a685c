// The layout of the store on LevelDB (docs/STORE.md): every value behind a mark and a checksum over key and value, a key that
// says which format this is, a key that sums up all of it. LevelDB's own checksums are not enough: it does not compare those
// of tables on reading, and drops what it cannot read of a log without a word.

import { crc32 } from 'node:zlib'
import type { StoredOp } from '../../hub/ports.ts'

export type RawEntry = readonly [key: string, bytes: Uint8Array]

export const formatKey = 'format'
export const sumKey = 'sum'
/** There from when damage was found until the hub has drawn its conclusions, and written them. */
export const damagedKey = 'damaged'
/** The format that this version writes. */
export const format = 1

/** No CBOR value begins so ("break"): what 0.2 wrote never looks sealed. */
const mark = 0xff
const headBytes = 5

/** The value as it is stored. */
export function seal(key: string, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headBytes + value.length)
  bytes[0] = mark
  new DataView(bytes.buffer).setUint32(1, sumOf(key, value))
  bytes.set(value, headBytes)
  return bytes
}

/** The value in the stored bytes; undefined when they are not what was stored under this key. */
export function unseal(key: string, bytes: Uint8Array): Uint8Array | undefined {
  if (!isSealed(bytes)) return undefined
  const value = bytes.subarray(headBytes)
  return checksumOf(bytes) === sumOf(key, value) ? value : undefined
}

/** The checksum that sealed bytes carry. A view of them would cost as much as the checksum itself. */
export function checksumOf(sealed: Uint8Array): number {
  let sum = 0
  for (let i = 1; i < headBytes; i++) sum = sum * 256 + (sealed[i] as number)
  return sum
}

/** Whether the bytes look like a value with its checksum. */
export function isSealed(bytes: Uint8Array): boolean {
  return bytes.length >= headBytes && bytes[0] === mark
}

function sumOf(key: string, value: Uint8Array): number {
  return crc32(value, crc32(key))
}

/** The store was written by a later version of HubMesh. */
export class FormatTooNew extends Error {
  constructor(found: number) {
    super(
      `it has format ${found}, and this version of HubMesh reads up to ${format}: run the version that wrote it, or a later one`,
    )
    this.name = 'FormatTooNew'
  }
}

/** What is known of a store before its format is. */
export interface Unknown {
  readonly isEmpty: boolean
  /** Whether any of it looks like what later formats than 0 store. */
  readonly isSealed: boolean
  /** What the layout says of itself under a key. */
  said(key: string): string | undefined
}

/** The format of what is stored; the present one for an empty store. Throws `FormatTooNew`. */
export function formatOf(found: Unknown): number {
  const number = Number(found.said(formatKey) ?? Number.NaN)
  if (Number.isSafeInteger(number) && number > format) throw new FormatTooNew(number)
  if (Number.isSafeInteger(number)) return number
  // The key itself is damaged, or there is none: 0.2 wrote none.
  return found.isEmpty || found.isSealed ? format : 0
}

/** What leads from each format to the next, beginning with 0. Each is applied as one synced batch, with the new format. */
export const migrations: readonly ((raw: readonly RawEntry[]) => readonly StoredOp[])[] = [
  // 0.2 stored values bare.
  (raw) => raw.map(([key, bytes]) => ({ put: key, value: seal(key, bytes) })),
]

/** The entry that names a format. */
export function formatOp(number: number): StoredOp {
  return sealedOp(formatKey, String(number))
}

export function sealedOp(key: string, text: string): { readonly put: string; readonly value: Uint8Array } {
  return { put: key, value: seal(key, new TextEncoder().encode(text)) }
}
