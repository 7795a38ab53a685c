// What a hub finds in its store when it starts: its incarnation, whom it knew, what the projects file wrote, the slices.
// Layout: `hub/incarnation`, `book/<hub>`, `file/<slug>`, and the catalog's own prefixes (core/catalog/replicas.ts).

import { Compile } from 'typebox/compile'
import type { Loaded } from '../core/catalog/stored.ts'
import { readSlices } from '../core/catalog/stored.ts'
import { asSlug, type Slug } from '../core/ids.ts'
import type { StoreOp } from '../core/machine.ts'
import { CountSchema, type HubInfo, HubInfoSchema } from '../core/wire.ts'
import type { Codec, StoredEntry } from './ports.ts'

export const incarnationKey = 'hub/incarnation'
const bookPrefix = 'book/'
const filePrefix = 'file/'

export interface Remembered {
  /** 0 when the hub never ran. */
  readonly incarnation: number
  readonly book: readonly HubInfo[]
  /** slug → hash of what the projects file last wrote for it. */
  readonly fileHashes: ReadonlyMap<Slug, string>
  readonly catalog: Loaded
}

const countCheck = Compile(CountSchema)
const infoCheck = Compile(HubInfoSchema)

/** Decodes the store; an entry that does not read is left out, and the catalog says which slices that costs. */
export function remember(entries: readonly StoredEntry[], codec: Codec): Remembered {
  let incarnation = 0
  const book: HubInfo[] = []
  const fileHashes = new Map<Slug, string>()
  const decoded = entries.map(({ key, value }): readonly [string, unknown] => [key, codec.decode(value)])
  for (const [key, value] of decoded) {
    if (key === incarnationKey && countCheck.Check(value)) incarnation = value
    else if (key.startsWith(bookPrefix) && infoCheck.Check(value)) book.push(value)
    else if (key.startsWith(filePrefix) && typeof value === 'string') {
      const slug = asSlug(key.slice(filePrefix.length))
      if (slug !== undefined) fileHashes.set(slug, value)
    }
  }
  return { incarnation, book, fileHashes, catalog: readSlices(decoded) }
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

export function fileHashOp(slug: Slug, hash: string | undefined): StoreOp {
  const key = `${filePrefix}${slug}`
  return hash === undefined ? { op: 'del', key } : { op: 'put', key, value: hash }
}
