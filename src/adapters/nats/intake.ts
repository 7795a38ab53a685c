// Beats between the line and the hub: a bounded queue, and a bounded share of the event loop. What finds it full is dropped:
// the next beat of that project says as much.

import type { Slug } from '../../core/ids.ts'
import type { Answer, LocalHub } from '../../hub/calls.ts'
import type { Heartbeat } from '../../hub/heartbeats.ts'

interface Beat {
  readonly slug: Slug
  readonly beat: Heartbeat
}

export interface IntakeOptions {
  readonly hub: Pick<LocalHub, 'call'>
  /** What became of a beat; called once for each that was taken in. */
  readonly answered: (beat: Beat, answer: Answer) => void
}

/** A second's worth of a federation of 100,000 projects. */
const maxWaiting = 4_096
/** Beats in a turn of the event loop: a few milliseconds. */
const turnBeats = 128
/** Beats that wait for the disk, being the first of their project: far fewer than the writes a hub lets wait. */
const maxUnanswered = 512

export class Intake {
  readonly #options: IntakeOptions
  #waiting: Beat[] = []
  #unanswered = 0
  #isScheduled = false

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /** False: there is no room. */
  add(beat: Beat): boolean {
    if (this.#waiting.length >= maxWaiting) return false
    this.#waiting.push(beat)
    this.#schedule()
    return true
  }

  /** Hands the hub all that waits, at once. */
  flush(): void {
    this.#take(this.#waiting.length)
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0 || this.#unanswered >= maxUnanswered) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#take(Math.min(turnBeats, maxUnanswered - this.#unanswered))
      this.#schedule()
    })
  }

  #take(count: number): void {
    for (const beat of this.#waiting.splice(0, count)) {
      this.#unanswered++
      this.#options.hub.call({ type: 'beat', slug: beat.slug, beat: beat.beat }, (answer) => {
        this.#unanswered--
        this.#options.answered(beat, answer)
        this.#schedule()
      })
    }
  }
}
