// C13: what peers hold of this hub's own slice: of a disk that was lost, or of an epoch before the present one.

import type { HubId } from '../ids.ts'
import { maxEpochLeap } from './burials.ts'
import type { Replicas } from './replicas.ts'
import { compareEpochs, type Run, type Version } from './slice.ts'

/** Epochs and surpluses that are remembered as taken over; one forgotten is fetched once more. */
const maxAbsorbed = 1_000

export class Past {
  readonly #hub: HubId
  readonly #replicas: Replicas
  /** How far the epochs that peers hold were taken over already. */
  readonly #absorbed = new Map<string, number>()
  #highest = 0

  constructor(hub: HubId, replicas: Replicas) {
    this.#hub = hub
    this.#replicas = replicas
  }

  /** The highest number of an epoch that a peer holds. */
  get highest(): number {
    return this.#highest
  }

  /** A run was taken over; its like is no news any more. */
  absorb(run: Run): void {
    if (this.#absorbed.size >= maxAbsorbed) this.#absorbed.clear()
    this.#absorbed.set(String(run.epoch), run.to)
  }

  /** A peer holds this of the own slice: whether it has records that this hub does not know. */
  isNews({ epoch, seq }: Version): boolean {
    const own = this.#replicas.slice(this.#hub)?.version
    // An epoch that this hub can have had: one made up would leave it no number to open another under.
    if (epoch[0] > Math.max(this.#highest, own?.epoch[0] ?? 0) + maxEpochLeap) return false
    this.#highest = Math.max(this.#highest, epoch[0])
    if (own !== undefined && compareEpochs(epoch, own.epoch) === 0) return seq > own.seq
    return seq > (this.#absorbed.get(String(epoch)) ?? 0)
  }
}
