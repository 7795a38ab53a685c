// C15: the slices of hubs that an operator forgot. What they say and nobody else does is written into a slice that stays,
// stamps as they are, so that no join changes; then every hub drops them. Who forgets does so in the same batch as the
// word that forgets, so all others find nothing left to save, unless they hold more of the slice than it did.

import type { HubId } from '../ids.ts'
import { type Millis, minute, type Now, never, second } from '../time.ts'
import { hubKind } from './card.ts'
import { type CatalogRecord, type EntryId, type Field, isNews, join, merge } from './record.ts'
import type { Replicas } from './replicas.ts'
import { compareEpochs, type Epoch } from './slice.ts'
import type { Write } from './writes.ts'

/** The kind of the entries that forget hubs. They outlive whoever wrote them. */
export const forgottenKind = 'forgotten'
/** A hub opens one epoch for each disk it loses: one this far above what is known of it is made up. */
export const maxEpochLeap = 2 ** 20
/** How soon it is looked again whether a slice can go: at first, and after many tries. */
const firstPauseMs: Millis = second
const longestPauseMs: Millis = 10 * minute

/** A forgotten hub's slice, up to and including the latest of these epochs that it can have had. */
export interface Burial {
  readonly hub: HubId
  readonly epochs: readonly Epoch[]
  /** What it said goes with it; only what it voided or removed is kept, so that nothing removed returns. */
  readonly withData: boolean
}

export interface Dropped {
  readonly hub: HubId
  readonly ids: readonly EntryId[]
}

interface Held {
  readonly hub: HubId
  readonly epoch: Epoch
  readonly withData: boolean
  readonly tries: number
  readonly again: Millis
}

export class Burials {
  readonly #replicas: Replicas
  readonly #self: HubId
  readonly #burials = new Map<HubId, Held>()

  constructor(replicas: Replicas, self: HubId) {
    this.#replicas = replicas
    this.#self = self
  }

  /** A hub is forgotten, or forgotten anew. */
  set({ hub, epochs, withData }: Burial): void {
    const known = this.#replicas.slice(hub)?.version.epoch[0] ?? this.#burials.get(hub)?.epoch[0] ?? 0
    const epoch = epochs
      .filter(([number]) => number <= known + maxEpochLeap)
      .sort(compareEpochs)
      .at(-1)
    if (epoch !== undefined) this.#burials.set(hub, { hub, epoch, withData, tries: 0, again: 0 })
  }

  /** The epoch up to which that hub is forgotten. */
  epochOf(hub: HubId): Epoch | undefined {
    return this.#burials.get(hub)?.epoch
  }

  /** When a slice that could not go is looked at again. */
  deadline(): Millis {
    let next = never
    for (const burial of this.#burials.values()) if (this.#isHeld(burial)) next = Math.min(next, burial.again)
    return next
  }

  /**
   * Looks at the slices that are to go, one by one: drops those with which nothing would be lost, and submits what has to be
   * adopted for the others, up to `room` entries: more than others take of one slice would stay with this hub alone.
   */
  bury(now: Now, room: number, submit: (writes: readonly Write[]) => void): readonly Dropped[] {
    let left = room
    const dropped: Dropped[] = []
    for (const burial of this.#burials.values()) {
      if (burial.again > now.mono || !this.#isHeld(burial)) continue
      const { hub, tries } = burial
      const writes = salvageOf(this.#replicas, [burial])
      if (writes.length === 0) {
        dropped.push({ hub, ids: this.#replicas.drop(hub) })
        this.#burials.set(hub, { ...burial, tries: 0, again: 0 })
        continue
      }
      // What cannot be written, for the slice is full or an entry too long, stays where it is.
      left -= writes.length
      if (left >= 0) submit(writes)
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(tries, 16))
      this.#burials.set(hub, { ...burial, tries: tries + 1, again: now.mono + pauseMs })
    }
    return dropped
  }

  /** Own writes are durable: what waited for them is looked at now. */
  stir(): void {
    for (const [hub, burial] of this.#burials) if (burial.tries === 1) this.#burials.set(hub, { ...burial, again: 0 })
  }

  #isHeld({ hub, epoch }: Held): boolean {
    const held = this.#replicas.slice(hub)?.version
    return hub !== this.#self && held !== undefined && compareEpochs(held.epoch, epoch) <= 0
  }
}

/** What the join would miss without these slices, as writes that adopt it. */
export function salvageOf(replicas: Replicas, burials: readonly Omit<Burial, 'epochs'>[]): Write[] {
  const buried = new Set(burials.map(({ hub }) => hub))
  const mine = new Map<EntryId, CatalogRecord>()
  for (const { hub, withData } of burials) {
    for (const [id, record] of replicas.said(hub)) {
      if (record.kind === hubKind && record.key === hub) continue
      const kept = withData && record.kind !== forgottenKind ? withoutOwn(record, hub) : record
      const other = mine.get(id)
      mine.set(id, other === undefined ? kept : merge(other, kept))
    }
  }
  return [...mine].flatMap(([id, record]): Write[] => {
    const isLost = isNews(record, join(replicas.shown(id, buried)))
    return isLost ? [{ op: 'adopt', kind: record.kind, key: record.key, record }] : []
  })
}

/** Without what the hub itself said: its removals, its voids, and what it adopted from others stay. */
function withoutOwn(record: CatalogRecord, hub: HubId): CatalogRecord {
  const isKept = ([, [value, stamp]]: [string, Field]): boolean => value === null || stamp[2] !== hub
  return {
    ...record,
    fields: Object.fromEntries(Object.entries(record.fields).filter(isKept)) as CatalogRecord['fields'],
  }
}
