// Virtual time. A world is a queue of things that will happen and one seed: it takes the next thing, sets the clock to its
// moment and does it. Nothing waits, nothing runs beside anything else, and the same seed gives the same history.
// After FoundationDB's simulation and TigerBeetle's simulator.

import { Random } from '../../src/core/random.ts'
import type { Millis } from '../../src/core/time.ts'
import { Heap } from './heap.ts'
import type { Trace } from './trace.ts'

/** One process from its start to its end. What was meant for it when it is gone never happens. */
export interface Life {
  alive: boolean
  /** A frozen process gets everything it missed at this moment. */
  thawsAt: Millis
  /** What each thing it missed then costs it, one after the other. */
  readMs?: Millis
}

/** Times lie on a grid of binary fractions, so that sums and differences of them are exact. About a microsecond. */
const ticksPerMs = 1024

/** The first point of the grid that is not before the time. */
export function onGrid(time: Millis): Millis {
  return Math.ceil(time * ticksPerMs) / ticksPerMs
}

/** More events in one moment than any plan has: somebody wakes itself again and again without getting anywhere. */
const maxEventsPerMoment = 200_000

interface Event {
  readonly action: () => void
  readonly life: Life | undefined
  /** It waited for a frozen process. */
  readonly isLate: boolean
}

export class World {
  readonly trace: Trace
  readonly #random: Random
  readonly #events = new Heap<Event>()
  #now: Millis = 0
  #count = 0

  constructor(seed: number, trace: Trace) {
    this.#random = new Random(seed)
    this.trace = trace
  }

  /** Milliseconds since the world began. */
  get now(): Millis {
    return this.#now
  }

  /** How many events have happened. */
  get count(): number {
    return this.#count
  }

  /** A generator of its own, so that one part's draws do not shift another's. */
  random(): Random {
    return new Random(this.#random.seed())
  }

  /** Does the action at that time (now, if it has passed), unless the life it belongs to has ended by then. */
  at(time: Millis, action: () => void, life?: Life): void {
    this.#events.push(Math.max(onGrid(time), this.#now), { action, life, isLate: false })
  }

  after(delay: Millis, action: () => void, life?: Life): void {
    this.at(this.#now + delay, action, life)
  }

  /** Lets everything happen that is due up to and including that time. */
  run(until: Millis): void {
    let inMoment = 0
    while (this.#events.firstKey <= until) {
      inMoment = this.#events.firstKey > this.#now ? 0 : inMoment + 1
      if (inMoment > maxEventsPerMoment) throw new Error(`time stands still at ${this.#now} ms`)
      this.#now = this.#events.firstKey
      const event = this.#events.pop()
      if (event === undefined) break
      this.#happen(event)
    }
    if (Number.isFinite(until)) this.#now = Math.max(this.#now, until)
  }

  #happen(event: Event): void {
    const { life, action, isLate } = event
    if (life !== undefined && !life.alive) return
    if (life !== undefined && life.thawsAt > this.#now) {
      this.#events.push(onGrid(life.thawsAt), { action, life, isLate: true })
      return
    }
    this.#count++
    action()
    if (isLate && life?.readMs !== undefined) life.thawsAt = Math.max(life.thawsAt, onGrid(this.#now + life.readMs))
  }
}
