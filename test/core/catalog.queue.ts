// What will happen in a world of catalogs, in order of time and then of when it was decided.

import type { Millis } from '../../src/core/time.ts'

interface Due {
  readonly at: Millis
  readonly order: number
  readonly run: () => void
}

export class Queue {
  #due: Due[] = []
  #order = 0

  add(at: Millis, run: () => void): void {
    this.#due.push({ at, order: this.#order++, run })
  }

  next(): Millis {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#due.map((due) => due.at))
  }

  /** Does what is due; what that brings about is due later. */
  run(now: Millis): void {
    const due = this.#due.filter((item) => item.at <= now).sort((a, b) => a.at - b.at || a.order - b.order)
    this.#due = this.#due.filter((item) => item.at > now)
    for (const item of due) item.run()
  }
}
