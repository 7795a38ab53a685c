// Whom to probe next, and the life of one probe: ask directly, ask through others, give up.
// Round-robin over a shuffled list bounds the time until every member was probed once to 2n − 1 periods (SWIM, 4.3).

import type { HubId, PeerId } from '../ids.ts'
import type { Random } from '../random.ts'
import type { Millis } from '../time.ts'

/** The one probe under way. */
export interface Probe {
  readonly target: HubId
  readonly seq: number
  readonly sentAt: Millis
  /** Without an ack by then, others are asked to try. */
  readonly indirectAt: Millis
  /** Without an ack by then, the target is suspected. */
  readonly endsAt: Millis
  asked: boolean
  acked: boolean
}

/** Randomised round-robin: each pass visits everyone once, in a fresh order; newcomers join at a random place. */
export class RoundRobin {
  readonly #random: Random
  #order: HubId[] = []

  constructor(random: Random) {
    this.#random = random
  }

  add(hub: HubId): void {
    if (this.#order.includes(hub)) return
    this.#order.splice(this.#random.below(this.#order.length + 1), 0, hub)
  }

  /** The next hub that is still a candidate; undefined when there is none. */
  next(isCandidate: (hub: HubId) => boolean, all: () => readonly HubId[]): HubId | undefined {
    for (let pass = 0; pass < 2; pass++) {
      for (let hub = this.#order.pop(); hub !== undefined; hub = this.#order.pop()) {
        if (isCandidate(hub)) return hub
      }
      this.#order = this.#random.shuffle(all())
    }
    return undefined
  }
}

interface Errand {
  readonly origin: PeerId
  readonly originSeq: number
  readonly until: Millis
}

/** Most errands kept at once; an older one is forgotten first. */
export const maxErrands = 256

/** Pings sent on others' behalf, by their number: whom to pass the ack to, and under which number. */
export class Errands {
  readonly #bySeq = new Map<number, Errand>()

  start(seq: number, errand: Errand): void {
    const oldest = this.#bySeq.size >= maxErrands ? this.#bySeq.keys().next().value : undefined
    if (oldest !== undefined) this.#bySeq.delete(oldest)
    this.#bySeq.set(seq, errand)
  }

  finish(seq: number): Errand | undefined {
    const errand = this.#bySeq.get(seq)
    this.#bySeq.delete(seq)
    return errand
  }

  expire(mono: Millis): void {
    for (const [seq, errand] of this.#bySeq) if (errand.until <= mono) this.#bySeq.delete(seq)
  }
}
