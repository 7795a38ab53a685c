// How often somebody may ask: a token bucket holds what was not asked for in the last second. Two numbers a caller and a
// subtraction a request: @fastify/rate-limit counts in windows, waits for a promise and writes three headers with each answer.

/** Callers that are remembered; the one that was silent for longest is forgotten first, and begins anew. */
const maxCallers = 10_000

export interface Rate {
  readonly perSecond: number
  /** At once, after a pause. */
  readonly burst: number
}

export class Bucket {
  readonly #rate: Rate
  #tokens: number
  #at: number

  /** `now` here and below: monotonic, in milliseconds. */
  constructor(rate: Rate, now: number) {
    this.#rate = rate
    this.#tokens = rate.burst
    this.#at = now
  }

  /** Takes one; false when there is none. */
  take(now: number): boolean {
    const { perSecond, burst } = this.#rate
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) * perSecond) / 1_000)
    this.#at = now
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }

  /** How many may be taken. */
  left(now: number): number {
    const { perSecond, burst } = this.#rate
    return Math.floor(Math.min(burst, this.#tokens + ((now - this.#at) * perSecond) / 1_000))
  }
}

/** A bucket for each of those who are heard of, in bounded memory. */
export class Buckets {
  readonly #rate: Rate
  readonly #held = new Map<string, Bucket>()

  constructor(rate: Rate) {
    this.#rate = rate
  }

  /** Whose bucket; made where there is none yet. */
  of(whose: string, now: number): Bucket {
    const held = this.#held.get(whose)
    if (held !== undefined) {
      this.#held.delete(whose)
      this.#held.set(whose, held)
      return held
    }
    const made = new Bucket(this.#rate, now)
    if (this.#held.size >= maxCallers) this.#held.delete(this.#held.keys().next().value ?? '')
    this.#held.set(whose, made)
    return made
  }
}
