// What is known of the hubs that could be parents, beyond what they say of themselves: how far they are, how full.

import type { HubId } from '../ids.ts'
import { type Millis, minute, type Now } from '../time.ts'
import type { HubInfo } from '../wire.ts'
import type { Candidate } from './routes.ts'

/** The share of a new measurement in the smoothed round trip: a change counts once it has lasted a few of them. */
const newShare = 0.25
/** What a hub said of its load is not believed for longer. */
const loadHoldsMs: Millis = 3 * minute
/** Most hubs that something is held of. */
const maxHubs = 1_000

export interface Load {
  readonly children: number
  readonly capacity: number
}

interface HeldLoad extends Load {
  readonly at: Millis
}

export class Prospects {
  readonly #rtts = new Map<HubId, Millis>()
  readonly #loads = new Map<HubId, HeldLoad>()

  measured(hub: HubId, rttMs: Millis): void {
    const held = this.#rtts.get(hub)
    if (held === undefined && this.#rtts.size >= maxHubs) return
    this.#rtts.set(hub, held === undefined ? rttMs : held + newShare * (rttMs - held))
  }

  loaded(hub: HubId, load: Load, now: Now): void {
    if (this.#loads.has(hub) || this.#loads.size < maxHubs) this.#loads.set(hub, { ...load, at: now.mono })
  }

  candidate(info: HubInfo, now: Now): Candidate {
    const rttMs = this.#rtts.get(info.hub)
    const children = this.#load(info.hub, now)?.children
    return { info, ...(rttMs === undefined ? {} : { rttMs }), ...(children === undefined ? {} : { children }) }
  }

  /** H12: the least loaded of those that said that they are full; undefined when none did. */
  leastLoaded(infos: readonly HubInfo[], now: Now): HubInfo | undefined {
    let least: { readonly info: HubInfo; readonly excess: number } | undefined
    for (const info of infos) {
      const load = this.#load(info.hub, now)
      if (load === undefined || load.children < load.capacity) continue
      const excess = load.children / Math.max(1, load.capacity)
      if (least === undefined || excess < least.excess) least = { info, excess }
    }
    return least?.info
  }

  #load(hub: HubId, now: Now): HeldLoad | undefined {
    const load = this.#loads.get(hub)
    if (load !== undefined && now.mono - load.at > loadHoldsMs) this.#loads.delete(hub)
    return this.#loads.get(hub)
  }
}
