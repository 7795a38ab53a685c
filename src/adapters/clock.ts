// The system's two clocks and the hub's only timer.

import { performance } from 'node:perf_hooks'
import type { Millis } from '../core/time.ts'
import type { Clock } from '../hub/ports.ts'

/** Longest delay that setTimeout takes; a larger one would fire at once. */
const longestDelayMs: Millis = 2 ** 31 - 1

/** `wake` comes once per `arm`, never before `at` and never inside the call. */
export function systemClock(): Clock {
  let timer: NodeJS.Timeout | undefined

  function arm(at: Millis, wake: () => void): void {
    clearTimeout(timer)
    timer = undefined
    if (at === Number.POSITIVE_INFINITY) return
    const delay = Math.ceil(Math.max(0, at - performance.now()))
    timer = setTimeout(
      () => {
        // Timers round to whole milliseconds and may come early; very long ones come in pieces.
        if (performance.now() < at) arm(at, wake)
        else wake()
      },
      Math.min(delay, longestDelayMs),
    )
  }

  return { now: () => ({ mono: performance.now(), wall: Date.now() }), arm }
}
