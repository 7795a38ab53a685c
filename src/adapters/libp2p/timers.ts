// Every timer of the network, so that closing ends them all; and the jitter that keeps hubs from acting in step.

import type { Millis } from '../../core/time.ts'

/** First and longest back-off of a dial that failed: two hubs that lost each other meet within the longest. */
const baseMs: Millis = 250
const capMs: Millis = 10_000

/** Full jitter: anything from nothing to the exponential bound (Brooker, "Exponential Backoff and Jitter"). */
export function backOff(failures: number): Millis {
  return jitter(Math.min(capMs, baseMs * 2 ** Math.min(failures, 16)))
}

export function jitter(upTo: Millis): Millis {
  return Math.random() * upTo
}

/** Ends a timer; harmless afterwards. */
export type Cancel = () => void

export class Timers {
  readonly #armed = new Set<NodeJS.Timeout>()
  #closed = false

  after(delay: Millis, run: () => void): Cancel {
    if (this.#closed) return () => {}
    const timer = setTimeout(() => {
      this.#armed.delete(timer)
      run()
    }, delay)
    this.#armed.add(timer)
    return () => {
      clearTimeout(timer)
      this.#armed.delete(timer)
    }
  }

  /** Nothing that was armed, or is armed later, will run. */
  close(): void {
    this.#closed = true
    for (const timer of this.#armed) clearTimeout(timer)
    this.#armed.clear()
  }
}
