// One hub of a world of catalogs: what outlives its processes, and how one of them begins.

import { Catalog } from '../../src/core/catalog/catalog.ts'
import type { CatalogProtocol } from '../../src/core/catalog/protocol.ts'
import type { Attested, Effect } from '../../src/core/machine.ts'
import { Random } from '../../src/core/random.ts'
import type { Millis, Now } from '../../src/core/time.ts'
import type { Backup } from '../../src/hub/backup.ts'
import { comeBack, remember } from '../../src/hub/stored.ts'
import { Disk } from './catalog.kit.ts'
import { at, hubId, jsonCodec, peerOf, testHashing, testKeys } from './kit.ts'

export const syncIntervalMs = 10_000

export interface Node {
  readonly name: string
  readonly disk: Disk
  catalog: Catalog | undefined
  /** Counts the lives: what was under way to an earlier one is not delivered. */
  life: number
  /** When it last ran, as its disk tells. */
  lived: { readonly wall: Millis; readonly sure: Millis } | undefined
  backup: Pick<Backup, 'hub' | 'takenAt' | 'entries'> | undefined
  /** Its disk has noticed that something is missing. */
  isDamaged: boolean
  /** How far its wall clock is ahead. */
  skewMs: Millis
}

export interface WorldOptions {
  readonly retentionMs: Millis
  readonly maxSliceRecords: number
  readonly isCredulous: boolean
}

export function nodeOf(name: string): Node {
  return {
    name,
    disk: new Disk(),
    catalog: undefined,
    life: 0,
    lived: undefined,
    backup: undefined,
    isDamaged: false,
    skewMs: 0,
  }
}

/** Wall clocks tell whole milliseconds. */
export function momentOf({ skewMs }: Node, time: Millis): Now {
  const { mono, wall } = at(time)
  return { mono, wall: Math.floor(wall + skewMs) }
}

/** What the hub's driver does when it starts: the store is read, and judged by how long the hub was away and by its damage. */
export function begin(
  node: Node,
  now: Now,
  { seed, retentionMs, maxSliceRecords, isCredulous }: WorldOptions & { seed: number },
) {
  const hub = hubId(node.name)
  const entries = [...node.disk.entries()].map(([key, value]) => ({ key, value: jsonCodec.encode(value) }))
  const { lived: _, ...known } = remember(entries, jsonCodec)
  const life = { hub, wall: now.wall, retentionMs, isDamaged: node.isDamaged }
  const { lived } = node
  const { remembered, batch } = comeBack(lived === undefined ? known : { ...known, lived }, entries, life)
  node.disk.write(batch, true)
  node.isDamaged = false
  node.life++
  node.catalog = new Catalog(
    {
      hub,
      peer: peerOf(node.name),
      federation: 'test',
      hashing: testHashing,
      sign: testKeys(peerOf(node.name)).sign,
      keyOf: () => undefined,
      isCredulous,
      random: new Random(seed),
      maxClockDriftMs: 30_000,
      syncIntervalMs,
      maxSliceRecords,
      slices: remembered.catalog.slices,
      lostOwn: remembered.catalog.lost.find((slice) => slice.hub === hub),
      removalRetentionMs: retentionMs,
      sureWall: lived?.sure ?? now.wall,
      isReturning: remembered.isReturning,
      reserve: remembered.reserve,
    },
    now,
  )
  return node.catalog
}

/** The process ends. */
export function end(node: Node, now: Now): void {
  if (node.catalog?.absence.isOver && node.catalog.reserve.size === 0)
    node.lived = { wall: now.wall, sure: node.catalog.collector.sureWall(now) }
  node.catalog = undefined
}

/** What the keys of the hub answer. */
export function attested(
  { name }: Node,
  effect: Effect<CatalogProtocol> & { readonly type: 'sign' | 'verify' },
): Attested {
  const keys = testKeys(peerOf(name))
  if (effect.type === 'sign') return { type: 'signed', signature: keys.sign(effect.text) }
  const { token, peer, text, signature } = effect
  return { type: 'verified', token, ok: keys.verify(peer, text, signature) }
}
