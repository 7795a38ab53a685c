// Which ledgers are being fetched, which are to be, and from whom: a few at a time, so that a newcomer that lacks all of a
// large federation does not ask for everything at once, and none twice within a moment.

import type { HubId, PeerId } from '../ids.ts'
import type { Random } from '../random.ts'
import { type Millis, type Now, never, second } from '../time.ts'
import type { HubInfo } from '../wire.ts'
import { maxLedgers, maxRequest } from './messages.ts'
import { isBackbone } from './tiers.ts'

/** After this long an answer is not waited for any more. */
const patienceMs: Millis = 2 * second

interface Want {
  readonly reporter: HubId
  readonly from: PeerId
}

export interface Around {
  readonly random: Random
  readonly links: ReadonlyMap<PeerId, HubInfo>
  readonly parents: () => readonly HubInfo[]
}

export class Requests {
  readonly #around: Around
  readonly #asked = new Map<HubId, Millis>()
  #waiting: Want[] = []

  constructor(around: Around) {
    this.#around = around
  }

  /** When the next question has been open for too long. */
  deadline(): Millis {
    let earliest: Millis = never
    for (const askedAt of this.#asked.values()) earliest = Math.min(earliest, askedAt + patienceMs)
    return earliest
  }

  /** Wants these, from that peer if it is linked; returns what to ask now. */
  want(reporters: readonly HubId[], near: PeerId | undefined, now: Now): Want[] {
    const from = this.#source(near)
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

  /** Waits no more for what was asked too long ago, and says what that was. */
  giveUp(now: Now): HubId[] {
    const open = [...this.#asked].flatMap(([reporter, at]) => (at + patienceMs <= now.mono ? [reporter] : []))
    for (const reporter of open) this.#asked.delete(reporter)
    return open
  }

  /** What to ask now that there is room. */
  next(now: Now): Want[] {
    const wants = this.#waiting.splice(0, Math.max(0, maxRequest - this.#asked.size))
    for (const { reporter } of wants) this.#asked.set(reporter, now.mono)
    return wants
  }

  /** Whom to ask: that peer, else a parent, else one of the backbone, else anybody. */
  #source(near: PeerId | undefined): PeerId | undefined {
    const { links, parents, random } = this.#around
    if (near !== undefined && links.has(near)) return near
    const above = parents().filter(({ peer }) => links.has(peer))
    const upper = [...links.values()].filter(({ tier }) => isBackbone(tier))
    return (random.pick(above) ?? random.pick(upper) ?? random.pick([...links.values()]))?.peer
  }
}
