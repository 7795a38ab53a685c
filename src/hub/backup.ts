// C19: a backup is the slices as one hub held them at one moment, with how far each was (its causal frontier), and what else
// its store needs; slices in reserve among them, for nobody else may hold these. A restored hub relies on none of it: the
// slices of others wait in reserve until peers were asked, and its own opens a later epoch once it has caught up, so that what
// was removed since stays removed.

import type { Catalog } from '../core/catalog/catalog.ts'
import { recordPrefix, sliceOps, storedRecord } from '../core/catalog/layout.ts'
import { entryId } from '../core/catalog/record.ts'
import { Replicas } from '../core/catalog/replicas.ts'
import { furthest, reserveOps } from '../core/catalog/reserve.ts'
import type { Slice, Version } from '../core/catalog/slice.ts'
import { readSlices } from '../core/catalog/stored.ts'
import { type Refusal, refuse } from '../core/errors.ts'
import type { HubId, Slug } from '../core/ids.ts'
import type { StoreOp } from '../core/machine.ts'
import type { Millis, Now } from '../core/time.ts'
import { filePrefix } from './projectfile.ts'
import { projectId, registrationFrom } from './projects.ts'
import type { Registration } from './shapes.ts'
import { type Eyes, everyone } from './sight.ts'
import { bookOp, bookPrefix, livedOp } from './stored.ts'

export type BackupEntry = readonly [key: string, value: unknown]

/** A list, or what becomes one as it is read. */
export interface BackupEntries extends Iterable<BackupEntry> {
  readonly length: number
}

export interface Backup {
  readonly hub: HubId
  readonly federation: string
  readonly version: string
  /** Unix time. */
  readonly takenAt: Millis
  /** How far each slice was held. */
  readonly frontier: readonly (Version & { readonly hub: HubId })[]
  readonly entries: BackupEntries
}

export type Taken = { readonly ok: true; readonly backup: Backup } | Refusal

/**
 * All that this hub holds at this moment and has acknowledged. Records never change, so it is put into words at leisure: to
 * do so at once would hold up a hub with a full catalog for long enough that others doubt it.
 * Refused while the own slice is not open: what is recovered of it is in no slice yet (C13).
 */
export function backupOf(hub: Eyes, files: readonly StoreOp[], now: Now): Taken {
  if (!hub.catalog.isOpen)
    return refuse('starting', 'This hub still finds out what it wrote before; try again in a second')
  const slices = everythingIn(hub.catalog)
  const book = [...everyone(hub, now).values()]
    .filter(({ info, status }) => status === 'alive' && info.hub !== hub.info.hub)
    .map(({ info }) => bookOp(info))
  const backup = {
    hub: hub.info.hub,
    federation: hub.settings.federation,
    version: hub.info.version,
    takenAt: Math.floor(now.wall),
    frontier: slices.map(({ hub: of, version }) => ({ hub: of, ...version })),
    entries: entriesOf(slices, [...files, ...book]),
  }
  return { ok: true, backup }
}

/** What is in reserve beside what is relied on; of two of one hub the one that is further, as the next start has it (C14). */
export function everythingIn({ replicas, reserve }: Pick<Catalog, 'replicas' | 'reserve'>): Slice[] {
  return furthest([...replicas.slices(), ...reserve.slices()])
}

/** All slices as they would be stored. */
export function entriesOf(slices: readonly Slice[], also: readonly StoreOp[] = []): BackupEntries {
  const noted = slices.map((slice) => {
    const left = (slice.surplus()?.records ?? []).map(entryId)
    const beside = sliceOps(slice, left).filter(({ key }) => !key.startsWith(recordPrefix))
    return {
      hub: slice.hub,
      epoch: slice.version.epoch,
      size: slice.size,
      records: slice.kept(),
      ops: beside.flatMap(entryOf),
    }
  })
  const more = also.flatMap(entryOf)
  return {
    length: noted.reduce((sum, { size, ops }) => sum + size + ops.length, more.length),
    *[Symbol.iterator]() {
      for (const { hub, epoch, records, ops } of noted) {
        yield* ops
        for (const record of records) yield* entryOf(storedRecord(hub, epoch, record))
      }
      yield* more
    },
  }
}

function entryOf(op: StoreOp): BackupEntry[] {
  return op.op === 'put' ? [[op.key, op.value]] : []
}

/** What a store holds that begins with a backup: the own slice without its head, as one that was lost and can be read (C13). */
export function restoredOps({ hub, takenAt, entries }: Pick<Backup, 'hub' | 'takenAt' | 'entries'>): StoreOp[] {
  const { slices } = readSlices(entries)
  const own = [...entries].filter(([key]) => key.startsWith(`${recordPrefix}${hub}/`))
  const rest = [...entries].filter(([key]) => key.startsWith(filePrefix) || key.startsWith(bookPrefix))
  return [
    ...[...own, ...rest].map(([key, value]): StoreOp => ({ op: 'put', key, value })),
    ...reserveOps(
      [],
      slices.filter((slice) => slice.hub !== hub),
    ),
    livedOp({ wall: takenAt, sure: takenAt }),
  ]
}

/** Slices that the backup names and does not hold whole; none, unless it was made up. */
export function missingIn({ entries, frontier }: Pick<Backup, 'entries' | 'frontier'>): HubId[] {
  const held = new Set(readSlices(entries).slices.map((slice) => slice.hub))
  return frontier.map(({ hub }) => hub).filter((hub) => !held.has(hub))
}

/** A project as everyone read it when the backup was taken; undefined when there was none. */
export function projectIn({ entries }: Pick<Backup, 'entries'>, slug: Slug): Registration | undefined {
  const replicas = new Replicas()
  for (const slice of readSlices(entries).slices) replicas.adopt(slice)
  return registrationFrom(slug, replicas.joined(projectId(slug)))
}
