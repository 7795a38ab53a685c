// C15: the slices of hubs that an operator forgot. What they say and nobody else does is written into a slice that stays,
// stamps as they are, so that no join changes; then every hub drops them. Who forgets does so in the same batch as the
// word that forgets, so all others find nothing left to save, unless they hold more of the slice than it did.

import type { HubId } from '../ids.ts'
import { type CatalogRecord, type EntryId, isNews, join, merge } from './record.ts'
import type { Replicas } from './replicas.ts'
import { compareEpochs, type Epoch } from './slice.ts'
import type { Write } from './writes.ts'

/** A forgotten hub's slice, up to and including an epoch. */
export interface Burial {
  readonly hub: HubId
  readonly epoch: Epoch
  /** What it said goes with it; only its removals are kept, so that nothing removed returns. */
  readonly withData: boolean
}

export class Burials {
  readonly #replicas: Replicas
  readonly #burials = new Map<HubId, Burial>()
  /** What was submitted to be adopted and how the slices stood: not again before one of them has changed. */
  #tried = ''

  constructor(replicas: Replicas) {
    this.#replicas = replicas
  }

  /** A hub is forgotten, or forgotten anew; what the catalog says last holds. */
  set(burial: Burial): void {
    this.#burials.set(burial.hub, burial)
  }

  /** The epoch up to which that hub is forgotten. */
  epochOf(hub: HubId): Epoch | undefined {
    return this.#burials.get(hub)?.epoch
  }

  /** What has to be adopted before the slices that are due can be dropped; empty when it was tried already. */
  salvage(self: HubId): Write[] {
    const due = this.#due(self)
    const writes = salvageOf(this.#replicas, due)
    const state = due.map(({ hub }) => `${hub} ${JSON.stringify(this.#replicas.slice(hub)?.version)}`).join()
    if (writes.length === 0 || state === this.#tried) return []
    this.#tried = state
    return writes
  }

  /** Drops the slices that are due, once nothing would be lost with them. */
  drop(self: HubId): { readonly hub: HubId; readonly ids: readonly EntryId[] }[] {
    const due = this.#due(self)
    if (due.length === 0 || salvageOf(this.#replicas, due).length > 0) return []
    return due.map(({ hub }) => ({ hub, ids: this.#replicas.drop(hub) }))
  }

  #due(self: HubId): Burial[] {
    return [...this.#burials.values()].filter(({ hub, epoch }) => {
      const held = this.#replicas.slice(hub)?.version
      return hub !== self && held !== undefined && compareEpochs(held.epoch, epoch) <= 0
    })
  }
}

/** What the join would miss without these slices, as writes that adopt it. */
export function salvageOf(replicas: Replicas, burials: readonly Omit<Burial, 'epoch'>[]): Write[] {
  const buried = new Set(burials.map(({ hub }) => hub))
  const mine = new Map<EntryId, CatalogRecord>()
  for (const { hub, withData } of burials) {
    for (const [id, record] of replicas.said(hub)) {
      const kept = withData ? removalOf(record) : record
      const other = mine.get(id)
      mine.set(id, other === undefined ? kept : merge(other, kept))
    }
  }
  return [...mine].flatMap(([id, record]): Write[] => {
    const isLost = isNews(record, join(replicas.shown(id, buried)))
    return isLost ? [{ op: 'adopt', kind: record.kind, key: record.key, record }] : []
  })
}

function removalOf({ kind, key, seq, removed }: CatalogRecord): CatalogRecord {
  return removed === undefined ? { kind, key, seq, fields: {} } : { kind, key, seq, fields: {}, removed }
}
