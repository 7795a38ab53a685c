// Which ledgers are being fetched, and which are to be: a few at a time, so that a newcomer that lacks all of a large
// federation does not ask for everything at once, and none twice within a moment.

import type { HubId, PeerId } from '../ids.ts'
import type { Millis, Now } from '../time.ts'
import { second } from '../time.ts'
import { maxLedgers, maxRequest } from './messages.ts'

/** After this long an answer is not waited for any more. */
const patienceMs: Millis = 2 * second

interface Want {
  readonly reporter: HubId
  readonly from: PeerId
}

export class Requests {
  readonly #asked = new Map<HubId, Millis>()
  #waiting: Want[] = []

  /** Wants these from that peer, if there is one; returns what to ask now. */
  want(reporters: readonly HubId[], from: PeerId | undefined, now: Now): Want[] {
    if (from === undefined) return this.next(now)
    for (const reporter of reporters) {
      const isWaiting = this.#asked.has(reporter) || this.#waiting.some((want) => want.reporter === reporter)
      if (!isWaiting && this.#waiting.length < maxLedgers) this.#waiting.push({ reporter, from })
    }
    return this.next(now)
  }

  /** The ledger is here, whoever brought it. */
  done(reporter: HubId): void {
    this.#asked.delete(reporter)
    this.#waiting = this.#waiting.filter((want) => want.reporter !== reporter)
  }

  /** What to ask now that there is room. */
  next(now: Now): Want[] {
    for (const [reporter, askedAt] of this.#asked) {
      if (now.mono - askedAt >= patienceMs) this.#asked.delete(reporter)
    }
    const wants = this.#waiting.splice(0, Math.max(0, maxRequest - this.#asked.size))
    for (const { reporter } of wants) this.#asked.set(reporter, now.mono)
    return wants
  }
}
