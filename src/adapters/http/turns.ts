// Work that can wait, a little of it at a time: when a hub comes back all its watchers want everything at once, and the
// hub's probes and answers must not stand behind them.

import type { Millis } from '../../core/time.ts'

/** Of each turn of the event loop. A stall that membership takes note of is some 250 ms. */
const shareMs: Millis = 10

export class Turns {
  readonly #jobs: (() => void)[] = []
  #isScheduled = false
  readonly #run = (): void => {
    const until = performance.now() + shareMs
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      job()
      if (performance.now() >= until) break
    }
    this.#isScheduled = this.#jobs.length > 0
    if (this.#isScheduled) setImmediate(this.#run)
  }

  /** Does the job in one of the next turns. Bounded by whoever asks again only when a job is done. */
  readonly take = (job: () => void): void => {
    this.#jobs.push(job)
    if (!this.#isScheduled) setImmediate(this.#run)
    this.#isScheduled = true
  }
}
