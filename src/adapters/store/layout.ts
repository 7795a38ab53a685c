// The layout of the store on LevelDB (docs/STORE.md): every value behind a mark and a checksum over key and value, a key that
// says which format this is, a key that sums up all of it. LevelDB's own checksums are not enough: it does not compare those
// of tables on reading, and drops what it cannot read of a log without a word.

import { crc32 } from 'node:zlib'
import type { StoredEntry, StoredOp } from '../../hub/ports.ts'

export type RawEntry = readonly [key: string, bytes: Uint8Array]

export const formatKey = 'format'
export const sumKey = 'sum'
/** There from when damage was found until the hub has drawn its conclusions, and written them. */
export const damagedKey = 'damaged'
const layoutKeys: ReadonlySet<string> = new Set([formatKey, sumKey, damagedKey])
/** The format that this version writes. */
export const format = 1

/** No CBOR value begins so ("break"): what 0.2 wrote never looks sealed. */
const mark = 0xff
const headBytes = 5

/** The value as it is stored. */
export function seal(key: string, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(headBytes + value.length)
  bytes[0] = mark
  viewOf(bytes).setUint32(1, sumOf(key, value))
  bytes.set(value, headBytes)
  return bytes
}

/** The value in the stored bytes; undefined when they are not what was stored under this key. */
export function unseal(key: string, bytes: Uint8Array): Uint8Array | undefined {
  if (!isSealed(bytes)) return undefined
  const value = bytes.subarray(headBytes)
  return checksumOf(bytes) === sumOf(key, value) ? value : undefined
}

/** The checksum that sealed bytes carry. */
export function checksumOf(sealed: Uint8Array): number {
  return viewOf(sealed).getUint32(1)
}

function isSealed(bytes: Uint8Array): boolean {
  return bytes.length >= headBytes && bytes[0] === mark
}

function sumOf(key: string, value: Uint8Array): number {
  return crc32(value, crc32(key))
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
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

/** The format of what is stored; the present one for an empty store. Throws `FormatTooNew`. */
export function formatOf(raw: readonly RawEntry[]): number {
  const said = raw.find(([key]) => key === formatKey)
  const text = said && unseal(...said)
  const number = text === undefined ? Number.NaN : Number(new TextDecoder().decode(text))
  if (Number.isSafeInteger(number) && number > format) throw new FormatTooNew(number)
  if (Number.isSafeInteger(number)) return number
  // The key itself is damaged, or there is none: 0.2 wrote none.
  return raw.length === 0 || raw.some(([, bytes]) => isSealed(bytes)) ? format : 0
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

export interface Parted {
  readonly entries: readonly StoredEntry[]
  /** All that reads as it was written, as it is stored, layout keys included. */
  readonly sound: readonly RawEntry[]
  /** Stored bytes that are not what was written under their key. */
  readonly damaged: readonly RawEntry[]
}

/** Parts what is stored into what reads as it was written and what does not. */
export function part(raw: readonly RawEntry[]): Parted {
  const entries: StoredEntry[] = []
  const sound: RawEntry[] = []
  const damaged: RawEntry[] = []
  for (const [key, bytes] of raw) {
    const value = unseal(key, bytes)
    if (value === undefined) {
      damaged.push([key, bytes])
      continue
    }
    sound.push([key, bytes])
    if (!layoutKeys.has(key)) entries.push({ key, value })
  }
  return { entries, sound, damaged }
}
