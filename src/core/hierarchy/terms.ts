// For how long a hub reports a pool. Who the reporters are follows from who is present, so at the end of a partition those
// of one side are none any more, while those of the other have not yet taken back what they said of the first: whoever
// has been a reporter for some time goes on until they have. Both speak of the same pool meanwhile, and the best word counts.

import { type Millis, type Now, never, second } from '../time.ts'

/** As long as a death that may be old buries nobody (H15). */
const handoverMs: Millis = 5 * second
/** A hub that starts is alone, and so a reporter, until it has found its pool: such a term ends at once. */
const startMs: Millis = 2 * second

interface Term {
  readonly since: Millis
  /** When it is over, once others have been chosen. */
  readonly until?: Millis
}

export class Terms {
  readonly #terms = new Map<string, Term>()

  /** When the next hub that was displaced has handed over. */
  deadline(): Millis {
    let next = never
    for (const { until = never } of this.#terms.values()) next = Math.min(next, until)
    return next
  }

  /** H16: whether this hub reports the pool now; `isChosen`: it is among the reporters of those present. */
  isServing(pool: string, isChosen: boolean, now: Now): boolean {
    const term = this.#terms.get(pool)
    const since = term?.since ?? now.mono
    if (isChosen) {
      this.#terms.set(pool, { since })
      return true
    }
    const until = term?.until ?? (now.mono - since >= startMs ? now.mono + handoverMs : now.mono)
    if (until > now.mono) this.#terms.set(pool, { since, until })
    else this.#terms.delete(pool)
    return until > now.mono
  }
}
