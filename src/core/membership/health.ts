// How well this hub itself hears: Lifeguard's local health multiplier (Dadgar, Phillips, Currey 2017, section IV-A). A hub
// that misses answers which should have come suspects itself before it suspects others: it probes slower and waits longer.

/** The score goes from 0, well, to this (memberlist's AwarenessMaxMultiplier 8, less one). */
export const maxScore = 7

/** What a probe that ended says about the prober. `nacks`: helpers who said that they did not reach the target either. */
export type ProbeOutcome =
  | { readonly type: 'acked' }
  | { readonly type: 'failed'; readonly helpers: number; readonly nacks: number }

/** What an outcome adds to the score: an ack takes one off, every helper who was not heard adds one (memberlist). */
export function scoreDelta(outcome: ProbeOutcome): number {
  if (outcome.type === 'acked') return -1
  return outcome.helpers > 0 ? Math.max(0, outcome.helpers - outcome.nacks) : 1
}

export class LocalHealth {
  readonly #isOn: boolean
  #score = 0
  #strain = 0

  constructor(isOn: boolean) {
    this.#isOn = isOn
  }

  /** 0 when this hub hears well. */
  get score(): number {
    return Math.max(this.#score, this.#strain)
  }

  /** Factor on probe interval and timeout. */
  get factor(): number {
    return this.score + 1
  }

  /** What the runtime says of itself is the least: a busy process that still hears well will soon not. */
  strain(score: number): void {
    if (this.#isOn) this.#strain = Math.min(maxScore, Math.max(0, score))
  }

  add(delta: number): void {
    if (this.#isOn) this.#score = Math.min(maxScore, Math.max(0, this.#score + delta))
  }
}
