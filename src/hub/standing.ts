// What this hub is, as others are told: its signed word, how well it runs, and whose name it is.

import type { Timekeeper } from '../core/clock/timekeeper.ts'
import type { PeerId } from '../core/ids.ts'
import { type Millis, type Now, second } from '../core/time.ts'
import type { HubInfo, Statement } from '../core/wire.ts'
import type { Machines } from './machines.ts'
import { Pulse, type Sample } from './pulse.ts'
import type { Self } from './self.ts'

/** Two hubs that started this close to each other are told apart by their keys. */
const sameMomentMs: Millis = 1 * second
/** Namesakes that are asked who they are. */
const maxNamesakes = 16

/** What changed in how well the hub runs. `score`: the least its local health is. */
export interface Feeling {
  readonly reasons: readonly string[]
  readonly score: number
}

export class Standing {
  readonly self: Self
  readonly #timekeeper: Timekeeper
  readonly #bootedAt: Now
  readonly #pulse = new Pulse()
  /** Why this hub is degraded, as it said last. */
  #told = ''
  readonly #asked = new Set<PeerId>()

  constructor({ self, timekeeper }: Pick<Machines, 'self' | 'timekeeper'>, bootedAt: Now) {
    this.self = self
    this.#timekeeper = timekeeper
    this.#bootedAt = bootedAt
  }

  deadline(): Millis {
    return this.#pulse.deadline()
  }

  stalled(lateMs: Millis, now: Now): void {
    this.#pulse.stalled(lateMs, now)
  }

  sampled(sample: Sample, now: Now): void {
    this.#pulse.sampled(sample, now)
  }

  /** Makes a new word when the reasons for being degraded have changed; undefined when they have not. */
  feel(now: Now): Feeling | undefined {
    const strains = this.#pulse.reasons(now)
    const reasons = this.#timekeeper.doubt === undefined ? strains : [...strains, 'clock']
    const said = reasons.length === 0 ? '' : reasons.join()
    if (said === this.#told) return undefined
    this.#told = said
    this.self.degrade(reasons)
    return { reasons, score: this.#pulse.score(now) }
  }

  adopt(word: Statement): boolean {
    return this.self.adopt(word)
  }

  /** Whether a hub that is said to go by this hub's name is still to be asked who it is. */
  isStranger(peer: PeerId): boolean {
    if (this.#asked.has(peer) || this.#asked.size >= maxNamesakes) return false
    this.#asked.add(peer)
    return true
  }

  /** M9: whether this hub started later than the namesake that said hello, and so has to go. */
  mustYieldTo({ info, uptimeMs }: { readonly info: HubInfo; readonly uptimeMs: Millis }, now: Now): boolean {
    const { peer } = this.self.info
    if (info.peer === peer) return false
    const olderByMs = now.mono - this.#bootedAt.mono - uptimeMs
    return Math.abs(olderByMs) < sameMomentMs ? peer > info.peer : olderByMs < 0
  }
}
