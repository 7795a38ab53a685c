// Hybrid logical clock: stamps that follow wall time where they can and causality always.
// Kulkarni et al.: "Logical Physical Clocks" (2014). A stamp far ahead of the receiver's clock is refused at every hop,
// because a value from the future would win every join for ever.

import type { Static } from 'typebox'
import { compareText, type HubId } from '../ids.ts'
import { Type } from '../schema.ts'
import type { Millis } from '../time.ts'
import { CountSchema, HubIdSchema } from '../wire.ts'

/** C2: (Unix milliseconds, counter, hub): unique and totally ordered. */
export const StampSchema = Type.Tuple([CountSchema, CountSchema, HubIdSchema])
export type Stamp = Static<typeof StampSchema>

export function compareStamps(a: Stamp, b: Stamp): number {
  return a[0] - b[0] || a[1] - b[1] || compareText(a[2], b[2])
}

/** Whether `a` is later than `b`; everything is later than no stamp. */
export function isLater(a: Stamp, b: Stamp | undefined): boolean {
  return b === undefined || compareStamps(a, b) > 0
}

/** C2: whether a receiver at `wall` takes the stamp. */
export function isWithinDrift(stamp: Stamp, wall: Millis, maxDriftMs: Millis): boolean {
  return stamp[0] <= wall + maxDriftMs
}

export class Hlc {
  readonly #hub: HubId
  readonly #maxDriftMs: Millis
  readonly #isClockRight: () => boolean
  #wall = 0
  #count = 0

  /** `isClockRight`: whether the wall clock can be relied on; left out: always. */
  constructor(hub: HubId, maxDriftMs: Millis, isClockRight: () => boolean = () => true) {
    this.#hub = hub
    this.#maxDriftMs = maxDriftMs
    this.#isClockRight = isClockRight
  }

  /** Never stamps below what was seen or stored. */
  observe(stamp: Stamp): void {
    if (stamp[0] < this.#wall) return
    this.#count = stamp[0] > this.#wall ? stamp[1] : Math.max(this.#count, stamp[1])
    this.#wall = stamp[0]
  }

  /** Whether the clock has fallen so far behind its own stamps that others would refuse the next one. */
  isDrifted(wall: Millis): boolean {
    return this.#wall > wall + this.#maxDriftMs
  }

  /** Whether there is a stamp at this time that others would take, and that would not have come from a clock in doubt. */
  canStamp(wall: Millis): boolean {
    return this.#isClockRight() && !this.isDrifted(wall)
  }

  /** The next stamp, above all observed ones; undefined while there can be none. */
  next(wall: Millis): Stamp | undefined {
    if (!this.canStamp(wall)) return undefined
    this.#count = wall > this.#wall ? 0 : this.#count + 1
    this.#wall = Math.max(wall, this.#wall)
    return [this.#wall, this.#count, this.#hub]
  }
}
