// What a hub finds in its store when it starts: its incarnation, whom it knew, what the projects file wrote, the slices.
// Layout: `hub/incarnation`, `hub/lived`, `book/<hub>`, `file/<slug>`, `beat/<slug>`, the catalog's own prefixes (core/catalog/layout.ts),
// and those once more behind `reserve/` (core/catalog/reserve.ts).

import type { Static } from 'typebox'
import { Compile } from 'typebox/schema'
import { isAwayTooLong } from '../core/catalog/absence.ts'
import { headPrefix } from '../core/catalog/layout.ts'
import { furthest, reserveOps, reservePrefix } from '../core/catalog/reserve.ts'
import type { Slice } from '../core/catalog/slice.ts'
import type { Loaded } from '../core/catalog/stored.ts'
import { asLost, isForeign, isOfSlice, SliceReader } from '../core/catalog/stored.ts'
import { asSlug, type HubId, type Slug } from '../core/ids.ts'
import type { StoreOp } from '../core/machine.ts'
import { beatPrefix } from '../core/presence/checkpoint.ts'
import { type LastBeat, LastBeatSchema } from '../core/presence/lease.ts'
import { Type } from '../core/schema.ts'
import type { Millis } from '../core/time.ts'
import { CountSchema, type HubInfo, HubInfoSchema } from '../core/wire.ts'
import type { Codec, StoredEntry, StoredOp } from './ports.ts'
import { type Filed, FiledSchema, filePrefix } from './projectfile.ts'

export const incarnationKey = 'hub/incarnation'
const livedKey = 'hub/lived'
export const bookPrefix = 'book/'

export interface Remembered {
  /** 0 when the hub never ran. */
  readonly incarnation: number
  readonly book: readonly HubInfo[]
  /** What the projects file last wrote. */
  readonly filed: ReadonlyMap<Slug, Filed>
  readonly catalog: Loaded
  /** P8: when projects whose home this hub was last beat. */
  readonly lastBeats: ReadonlyMap<Slug, LastBeat>
  /** Undefined when the hub never ran. */
  readonly lived?: Lived
  /** C14: the hub was away for so long that the slices of others are in reserve now. */
  readonly isReturning: boolean
  /** C14: the slices of others that are kept in reserve, from this absence or an earlier one. */
  readonly reserve: readonly Slice[]
}

const LivedSchema = Type.Object({ wall: CountSchema, sure: CountSchema })
/** C14: when the hub last ran, by its clock and as far as that could be relied on (Unix ms). */
export type Lived = Static<typeof LivedSchema>

const countCheck = Compile(CountSchema)
const infoCheck = Compile(HubInfoSchema)
const livedCheck = Compile(LivedSchema)
const filedCheck = Compile(FiledSchema)
const beatCheck = Compile(LastBeatSchema)

/**
 * Reads the store; an entry that does not read is left out, and the catalog says which slices that costs. Records are looked over
 * and rest from then on (`src/core/catalog/rest.ts`), as far as the codec can do so.
 */
export function remember(entries: Iterable<StoredEntry>, codec: Codec): Remembered {
  let incarnation = 0
  let lived: Lived | undefined
  const book: HubInfo[] = []
  const filed = new Map<Slug, Filed>()
  const lastBeats = new Map<Slug, LastBeat>()
  const slices = new SliceReader(codec)
  const reserve = new SliceReader(codec)
  for (const { key, value: bytes } of entries) {
    if (isOfSlice(key)) {
      slices.take(key, bytes)
      continue
    }
    if (key.startsWith(reservePrefix)) {
      reserve.take(key.slice(reservePrefix.length), bytes)
      continue
    }
    const value = codec.decode(bytes)
    if (key === incarnationKey && countCheck.Check(value)) incarnation = value
    else if (key === livedKey && livedCheck.Check(value)) lived = value
    else if (key.startsWith(bookPrefix) && infoCheck.Check(value)) book.push(value)
    else if (key.startsWith(beatPrefix)) {
      const slug = asSlug(key.slice(beatPrefix.length))
      if (slug !== undefined && beatCheck.Check(value)) lastBeats.set(slug, value)
    } else if (key.startsWith(filePrefix)) {
      const slug = asSlug(key.slice(filePrefix.length))
      // Version 0.2 kept the hash alone.
      const said = typeof value === 'string' ? { hash: value } : value
      if (slug !== undefined && filedCheck.Check(said)) filed.set(slug, said)
    }
  }
  const catalog = slices.finish()
  const known = { incarnation, book, filed, catalog, lastBeats, isReturning: false, reserve: reserve.finish().slices }
  return lived === undefined ? known : { ...known, lived }
}

export interface Return {
  readonly hub: HubId
  readonly wall: Millis
  readonly retentionMs: Millis
  /** Part of what was stored is missing, or may be an older one. */
  readonly isDamaged: boolean
}

/**
 * C14: what a hub that comes back goes on with, and what is to be made durable before it says a word. After too long an
 * absence the slices of others are put in reserve, and when it last ran is noted anew only once it has announced its own. After
 * damage no slice can be relied on: those of others are put in reserve, and the own one is recovered (C13).
 */
export function comeBack(
  remembered: Remembered,
  entries: Iterable<StoredEntry>,
  { hub, wall, retentionMs, isDamaged }: Return,
): { readonly remembered: Remembered; readonly batch: readonly StoreOp[] } {
  const { lived, catalog } = remembered
  const isReturning = lived !== undefined && isAwayTooLong(lived.wall, wall, retentionMs)
  const alive = isReturning ? [] : [livedOp({ wall, sure: Math.min(wall, lived?.sure ?? wall) })]
  if (!isReturning && !isDamaged) return { remembered, batch: alive }
  const own = catalog.slices.filter((slice) => slice.hub === hub)
  const reserve = furthest([...catalog.slices.filter((slice) => slice.hub !== hub), ...remembered.reserve])
  const moved: string[] = []
  for (const { key } of entries) if (isForeign(key, hub) || key.startsWith(reservePrefix)) moved.push(key)
  const held = isDamaged ? { slices: [], lost: [...catalog.lost, ...own.map(asLost)] } : { ...catalog, slices: own }
  // Without its head the own slice is lost also to the next start, if this one ends before the new epoch is open.
  const gone: StoreOp[] = isDamaged ? [{ op: 'del', key: `${headPrefix}${hub}` }] : []
  return {
    remembered: { ...remembered, catalog: held, isReturning, reserve },
    batch: [...alive, ...gone, ...reserveOps(moved, reserve)],
  }
}

/** An operation as the store takes it. */
export function encodedOp(op: StoreOp, codec: Pick<Codec, 'encode'>): StoredOp {
  return op.op === 'put' ? { put: op.key, value: codec.encode(op.value) } : { del: op.key }
}

export function livedOp(lived: Lived): StoreOp {
  return { op: 'put', key: livedKey, value: lived }
}

export function incarnationOp(incarnation: number): StoreOp {
  return { op: 'put', key: incarnationKey, value: incarnation }
}

export function bookOp(info: HubInfo): StoreOp {
  return { op: 'put', key: `${bookPrefix}${info.hub}`, value: info }
}

export function forgetOp(info: HubInfo): StoreOp {
  return { op: 'del', key: `${bookPrefix}${info.hub}` }
}
