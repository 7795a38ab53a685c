// When a slow member is blocked: D milliseconds slow, I normal, again and again, from the end of the quiet until at least
// the given length is over. All slow members of a run keep the same cycle, as in the Lifeguard paper's experiment.

import type { Millis } from '../../src/core/time.ts'

export class Cycle {
  readonly slowMs: Millis
  readonly normalMs: Millis
  readonly startsAt: Millis
  readonly endsAt: Millis

  constructor(options: { slowMs: Millis; normalMs: Millis; startsAt: Millis; lengthMs: Millis }) {
    this.slowMs = options.slowMs
    this.normalMs = options.normalMs
    this.startsAt = options.startsAt
    const turns = Math.ceil(options.lengthMs / (this.slowMs + this.normalMs))
    this.endsAt = this.startsAt + turns * (this.slowMs + this.normalMs)
  }

  /** When the block that this moment lies in is over; the moment itself outside of blocks. */
  freeAt(time: Millis): Millis {
    if (time < this.startsAt || time >= this.endsAt) return time
    const turnMs = this.slowMs + this.normalMs
    const turn = Math.floor((time - this.startsAt) / turnMs)
    return Math.max(time, this.startsAt + turn * turnMs + this.slowMs)
  }
}
