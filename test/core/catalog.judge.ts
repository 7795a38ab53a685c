// Watches over a world of catalogs: that equal versions have equal content (C9), and what was promised to the users.

import type { Catalog } from '../../src/core/catalog/catalog.ts'
import { type CatalogRecord, contentHash, type EntryId, entryId, join, merge } from '../../src/core/catalog/record.ts'
import { leftOf } from '../../src/core/catalog/retention.ts'
import type { Slice } from '../../src/core/catalog/slice.ts'
import type { HubId } from '../../src/core/ids.ts'
import type { Millis } from '../../src/core/time.ts'
import { seen } from './catalog.kit.ts'
import { hubId } from './kit.ts'

export class Judge {
  /** By entry and hub: all that its author ever acknowledged of it. */
  readonly #history = new Map<EntryId, Map<HubId, CatalogRecord>>()
  /** By version: what the first replica of it held. */
  readonly #contents = new Map<string, readonly CatalogRecord[]>()
  /** What was looked at already, so that only what changed is hashed. */
  readonly #looked = new WeakMap<Slice, string>()

  /** Hubs that may hold what they like: their disk was tampered with. */
  readonly excused = new Set<string>()

  /**
   * Throws when a replica holds another content than one of the same version did. What was stamped before `horizon` and may
   * be dropped by the retention (C14) does not count.
   */
  look(name: string, catalog: Catalog, horizon: Millis): void {
    for (const slice of this.excused.has(name) ? [] : catalog.replicas.slices()) {
      const { epoch, seq } = slice.version
      const version = `${slice.hub} ${epoch.join('-')} ${seq}`
      if (this.#looked.get(slice) === version) continue
      this.#looked.set(slice, version)
      if (slice.hub === hubId(name)) this.remember(slice)
      const content = [...slice.records()]
      const known = this.#contents.get(version) ?? content
      if (!isSame(known, content, horizon)) throw new Error(`C9: ${name} holds another ${version}`)
      this.#contents.set(version, content)
    }
  }

  /** Fields only ever gain: what is gone is void, or covered by a removal. */
  remember(slice: Slice): void {
    for (const record of [...(slice.surplus()?.records ?? []), ...slice.records()]) {
      const byHub = this.#history.get(entryId(record)) ?? new Map<HubId, CatalogRecord>()
      this.#history.set(entryId(record), byHub)
      const before = byHub.get(slice.hub)
      byHub.set(slice.hub, before === undefined ? record : merge(record, before))
    }
  }

  forget(): void {
    this.#history.clear()
  }

  /** What all that was ever acknowledged comes to. */
  promised(): Record<EntryId, Record<string, unknown> | undefined> {
    const ids = [...this.#history.keys()].sort()
    const entries = ids.map((id) => [id, seen(join(this.#history.get(id)?.values() ?? []))] as const)
    return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined))
  }
}

function isSame(a: readonly CatalogRecord[], b: readonly CatalogRecord[], horizon: Millis): boolean {
  const others = new Map(b.map((record) => [record.seq, record]))
  if (a.length === b.length && a.every((record) => sameText(record, others.get(record.seq)))) return true
  const [left, right] = [a, b].map((records) => records.flatMap((record) => leastOf(record, horizon)).join())
  return left === right
}

function sameText(a: CatalogRecord, b: CatalogRecord | undefined): boolean {
  return a === b || (b !== undefined && markOf(a) === markOf(b))
}

/** A record never changes. */
const marks = new WeakMap<CatalogRecord, string>()
function markOf(record: CatalogRecord): string {
  const mark = marks.get(record) ?? contentHash(record)
  marks.set(record, mark)
  return mark
}

/** What no hub drops of the record. */
function leastOf(record: CatalogRecord, horizon: Millis): string[] {
  const left = leftOf(record, [], horizon)
  return left === undefined ? [] : [`${left.seq} ${contentHash(left)}`]
}
