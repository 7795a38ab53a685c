// One hub of a world of catalogs: what outlives its processes, and how one of them begins.

import { isAwayTooLong } from '../../src/core/catalog/absence.ts'
import { Catalog } from '../../src/core/catalog/catalog.ts'
import { furthest, readReserve, reserveOps, reservePrefix } from '../../src/core/catalog/reserve.ts'
import { isForeign, readSlices } from '../../src/core/catalog/stored.ts'
import type { HubId } from '../../src/core/ids.ts'
import { Random } from '../../src/core/random.ts'
import type { Millis, Now } from '../../src/core/time.ts'
import { Disk } from './catalog.kit.ts'
import { at, hubId } from './kit.ts'

export const syncIntervalMs = 10_000

export interface Node {
  readonly name: string
  readonly disk: Disk
  catalog: Catalog | undefined
  /** Counts the lives: what was under way to an earlier one is not delivered. */
  life: number
  /** When it last ran, as its disk tells. */
  lived: { readonly wall: Millis; readonly sure: Millis } | undefined
  /** How far its wall clock is ahead. */
  skewMs: Millis
}

export interface WorldOptions {
  readonly retentionMs: Millis
  readonly maxSliceRecords: number
}

export function nodeOf(name: string): Node {
  return { name, disk: new Disk(), catalog: undefined, life: 0, lived: undefined, skewMs: 0 }
}

/** Wall clocks tell whole milliseconds. */
export function momentOf({ skewMs }: Node, time: Millis): Now {
  const { mono, wall } = at(time)
  return { mono, wall: Math.floor(wall + skewMs) }
}

/** What the hub's driver does when it starts: the store is read, after too long an absence without the slices of others. */
export function begin(node: Node, now: Now, { seed, retentionMs, maxSliceRecords }: WorldOptions & { seed: number }) {
  const hub = hubId(node.name)
  const { lived } = node
  const isReturning = lived !== undefined && isAwayTooLong(lived.wall, now.wall, retentionMs)
  if (isReturning) putInReserve(node, hub)
  const { slices, lost } = readSlices(node.disk.entries())
  node.life++
  node.catalog = new Catalog(
    {
      hub,
      random: new Random(seed),
      maxClockDriftMs: 30_000,
      syncIntervalMs,
      maxSliceRecords,
      slices,
      lostEpoch: lost.find((slice) => slice.hub === hub)?.epoch ?? 0,
      removalRetentionMs: retentionMs,
      sureWall: lived?.sure ?? now.wall,
      isReturning,
      reserve: readReserve(node.disk.entries()).slices,
    },
    now,
  )
  return node.catalog
}

/** C14: what a hub does, durably, before it starts. */
function putInReserve({ disk }: Node, hub: HubId): void {
  const entries = disk.entries()
  const foreign = readSlices(entries).slices.filter((slice) => slice.hub !== hub)
  const keys = [...entries.keys()].filter((key) => isForeign(key, hub) || key.startsWith(reservePrefix))
  disk.write(reserveOps(keys, furthest([...foreign, ...readReserve(entries).slices])), true)
}

/** The process ends. */
export function end(node: Node, now: Now): void {
  if (node.catalog?.absence.isOver) node.lived = { wall: now.wall, sure: node.catalog.collector.sureWall(now) }
  node.catalog = undefined
}
