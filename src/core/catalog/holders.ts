// Which hubs' slices take part in each entry. One hub writes most entries alone, so that a set for each would be most of what a
// catalog costs in memory.

import type { HubId } from '../ids.ts'
import type { EntryId } from './record.ts'

export type Held = HubId | ReadonlySet<HubId>

export class Holders {
  /** One hub, or the set of several. */
  readonly #hubs = new Map<EntryId, HubId | Set<HubId>>()

  /** The entries that somebody takes part in. */
  entries(): IterableIterator<EntryId> {
    return this.#hubs.keys()
  }

  /** The entries, each with the one hub or the set of several: as they are kept, so that looking at all of them costs little. */
  all(): IterableIterator<[EntryId, Held]> {
    return this.#hubs.entries()
  }

  /** As in `all`; undefined where nobody takes part. */
  held(id: EntryId): Held | undefined {
    return this.#hubs.get(id)
  }

  has(id: EntryId): boolean {
    return this.#hubs.has(id)
  }

  of(id: EntryId): Iterable<HubId> {
    const held = this.#hubs.get(id)
    if (held === undefined) return nobody
    return typeof held === 'string' ? [held] : held
  }

  add(id: EntryId, hub: HubId): void {
    const held = this.#hubs.get(id)
    if (held === undefined) this.#hubs.set(id, hub)
    else if (typeof held !== 'string') held.add(hub)
    else if (held !== hub) this.#hubs.set(id, new Set([held, hub]))
  }

  remove(id: EntryId, hub: HubId): void {
    const held = this.#hubs.get(id)
    if (held === hub) this.#hubs.delete(id)
    else if (typeof held === 'object' && held.delete(hub) && held.size === 0) this.#hubs.delete(id)
  }
}

const nobody: readonly HubId[] = []
