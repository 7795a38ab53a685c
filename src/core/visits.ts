// How a peer is dialled again that ends its links in order soon after they came up, time and again: it has no room for this
// hub, or another view of the rings (H14). One short link may be a restart; after the second it is left alone for a while,
// and for twice as long each time that this goes on.

import { type Millis, minute, second } from './time.ts'

/** Longer than the stay of a guest, and the time to say goodbye. */
const visitMs: Millis = 15 * second
const firstPauseMs: Millis = 5 * second
const longestPauseMs: Millis = 5 * minute

export class Visits {
  #upAt: Millis = 0
  #count = 0

  /** The link is up; `now` is of a monotonic clock. */
  up(now: Millis): void {
    this.#upAt = now
  }

  /** The link is down, `isClosed` by the peer or not: how long to leave it alone; 0 where it is to be dialled as ever. */
  down(isClosed: boolean, now: Millis): Millis {
    this.#count = isClosed && now - this.#upAt < visitMs ? this.#count + 1 : 0
    return this.#count < 2 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(this.#count - 2, 16))
  }
}
