// News that spreads on the back of other messages: the least told first, each told about log(n) times by each hub,
// which reaches everyone with high probability (SWIM, section 4.1; memberlist's retransmit rule).

import type { HubId } from '../ids.ts'
import type { State } from './member.ts'

interface Rumor {
  readonly state: State
  readonly order: number
  told: number
}

/** How often one hub tells one rumour in a pool of `size`: 4·⌈log10(n + 1)⌉, as memberlist's LAN default. */
export function tellLimit(size: number): number {
  return 4 * Math.ceil(Math.log10(size + 1))
}

/** At most one rumour a hub; newer news replaces older. Bounded by the number of members. */
export class Rumors {
  readonly #byHub = new Map<HubId, Rumor>()
  #order = 0

  get size(): number {
    return this.#byHub.size
  }

  tell(state: State): void {
    this.#byHub.set(state.info.hub, { state, order: this.#order++, told: 0 })
  }

  /** The `count` least told rumours, newest first among equals; each counts as told once more. */
  take(count: number, poolSize: number): State[] {
    const limit = Math.max(1, tellLimit(poolSize))
    const chosen = [...this.#byHub.values()].sort((a, b) => a.told - b.told || b.order - a.order).slice(0, count)
    for (const rumor of chosen) {
      rumor.told++
      if (rumor.told >= limit) this.#byHub.delete(rumor.state.info.hub)
    }
    return chosen.map((rumor) => rumor.state)
  }
}
