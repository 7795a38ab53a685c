// How well the process behind this hub runs, felt from inside: how late it wakes up, how busy its loop is, how much waits to
// be sent. A hub that runs badly hears badly: it says so to everybody, with the reason, and trusts its own probes less.

import { type Millis, type Now, never, second } from '../core/time.ts'

/** What the runtime measured over the last second. */
export interface Sample {
  /** Share of the time in which the event loop did something, 0 to 1. */
  readonly utilization: number
  /** Messages that wait to be sent to peers. */
  readonly waiting: number
}

/** A hub calls itself degraded for at least this long: changes are told to everybody. */
const holdMs: Millis = 30 * second
/** One stall as long as this, or so many shorter ones within `holdMs`. */
const longStallMs: Millis = second
const manyStalls = 3
/** The loop is saturated when it rests for less than this share in so many seconds on end. */
const saturated = 0.95
const saturatedFor = 5
/** So many waiting messages are seconds of sending. */
const deepQueue = 2_000

type Reason = 'event-loop' | 'backlog'

/** Reasons and what they do to the local health score. */
const scores: Readonly<Record<Reason, number>> = { 'event-loop': 2, backlog: 1 }

const none: readonly Reason[] = []

export class Pulse {
  #stalls: Millis[] = []
  #busySeconds = 0
  readonly #until = new Map<Reason, Millis>()

  /** The loop stood still for so long. Each pool notices it; it is one stall. */
  stalled(lateMs: Millis, now: Now): void {
    this.#stalls = this.#stalls.filter((at) => now.mono - at < holdMs)
    if (this.#stalls.at(-1) !== now.mono) this.#stalls.push(now.mono)
    if (lateMs >= longStallMs || this.#stalls.length >= manyStalls) this.#until.set('event-loop', now.mono + holdMs)
  }

  sampled({ utilization, waiting }: Sample, now: Now): void {
    this.#busySeconds = utilization >= saturated ? this.#busySeconds + 1 : 0
    if (this.#busySeconds >= saturatedFor) this.#until.set('event-loop', now.mono + holdMs)
    if (waiting >= deepQueue) this.#until.set('backlog', now.mono + holdMs)
  }

  /** When a reason ends. */
  deadline(): Millis {
    return this.#until.size === 0 ? never : Math.min(...this.#until.values())
  }

  /** Why the hub is degraded now; empty when it is not. In a fixed order. */
  reasons(now: Now): readonly Reason[] {
    if (this.#until.size === 0) return none
    for (const [reason, until] of this.#until) if (until <= now.mono) this.#until.delete(reason)
    return [...this.#until.keys()].sort()
  }

  /** The least local health score that the reasons ask for. */
  score(now: Now): number {
    return Math.max(0, ...this.reasons(now).map((reason) => scores[reason]))
  }
}
