// A process's clocks in virtual time. The monotonic one starts at nought with every process, as a machine's may: whoever
// stores it and reads it after a restart is found out. The wall clock may be wrong, and may jump.

import type { Millis, Now } from '../../src/core/time.ts'
import { never } from '../../src/core/time.ts'
import type { Clock } from '../../src/hub/ports.ts'
import { type Life, onGrid, type World } from './world.ts'

/** The world begins at this Unix time: 2026-01-01T00:00:00Z. */
const worldBegins: Millis = 1_767_225_600_000

/** How wrong a machine's wall clock is. */
export interface Wrongness {
  skewMs: Millis
}

export class SimClock implements Clock {
  readonly #world: World
  readonly #life: Life
  readonly #born: Millis
  readonly #wrongness: Wrongness
  #due: Millis = never
  #wake: () => void = () => {}
  /** The earliest event of ours in the world's queue. Re-arming later waits for it instead of queueing another. */
  #queued: Millis = never

  constructor(world: World, life: Life, wrongness: Wrongness) {
    this.#world = world
    this.#life = life
    this.#born = world.now
    this.#wrongness = wrongness
  }

  now(): Now {
    const { now } = this.#world
    return { mono: now - this.#born, wall: Math.floor(worldBegins + now + this.#wrongness.skewMs) }
  }

  arm(at: Millis, wake: () => void): void {
    this.#due = Math.max(this.#momentOf(at), this.#world.now)
    this.#wake = wake
    if (this.#due < this.#queued) this.#queue()
  }

  /** When this clock shows at least that: adding the birth may have rounded down. */
  #momentOf(at: Millis): Millis {
    const moment = onGrid(at + this.#born)
    return moment - this.#born < at ? onGrid(moment + Number.EPSILON * moment) : moment
  }

  #queue(): void {
    const due = this.#due
    this.#queued = due
    this.#world.at(due, () => this.#ring(due), this.#life)
  }

  #ring(queued: Millis): void {
    // A later arm may have queued an earlier ring, which then took over.
    if (queued === this.#queued) this.#queued = never
    if (this.#due > this.#world.now) {
      if (this.#due < this.#queued) this.#queue()
      return
    }
    this.#due = never
    this.#wake()
  }
}
