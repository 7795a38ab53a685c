// Deltas that came too early: kept aside, bounded, until what lies before them has arrived (C8).

import type { HubId } from '../ids.ts'
import type { Millis } from '../time.ts'
import { compareEpochs, type Run, type Version } from './slice.ts'

/** Hubs with deltas aside, and deltas aside of one hub; further ones are dropped, sync brings them anyway. */
const maxHubs = 256
const maxRuns = 16

export class Gaps {
  readonly #aside = new Map<HubId, readonly Run[]>()
  /** When each hub's last delta was put aside, monotonic. */
  readonly #keptAt = new Map<HubId, Millis>()

  /** How many hubs have deltas aside. */
  get size(): number {
    return this.#aside.size
  }

  hubs(): Iterable<HubId> {
    return this.#aside.keys()
  }

  keep(run: Run, at: Millis): void {
    const runs = this.#aside.get(run.hub) ?? []
    if ((runs.length === 0 && this.#aside.size >= maxHubs) || runs.length >= maxRuns) return
    if (runs.some((known) => known.from === run.from && known.to === run.to)) return
    this.#aside.set(run.hub, [...runs, run])
    this.#keptAt.set(run.hub, at)
  }

  /** Drops what has waited since before: its author has lost what came before it, and went on without (C13). */
  expire(before: Millis): void {
    for (const [hub, at] of this.#keptAt) if (at < before) this.#drop(hub)
  }

  /** The next delta that follows directly on where the slice stands now; what is overtaken is dropped. */
  next(hub: HubId, version: Version): Run | undefined {
    const held = this.#aside.get(hub)
    if (held === undefined) return undefined
    const runs = held.filter((run) => {
      const order = compareEpochs(run.epoch, version.epoch)
      return order > 0 || (order === 0 && run.to > version.seq)
    })
    const fitting = runs.find((run) => compareEpochs(run.epoch, version.epoch) === 0 && run.from <= version.seq)
    const rest = runs.filter((run) => run !== fitting)
    if (rest.length === 0) this.#drop(hub)
    else this.#aside.set(hub, rest)
    return fitting
  }

  #drop(hub: HubId): void {
    this.#aside.delete(hub)
    this.#keptAt.delete(hub)
  }
}
