// The system's two clocks and the hub's only timer.

import { performance } from 'node:perf_hooks'
import type { Millis } from '../core/time.ts'
import type { Clock } from '../hub/ports.ts'

/** Longest delay that setTimeout takes; a larger one would fire at once. */
const longestDelayMs: Millis = 2 ** 31 - 1

/** `wake` comes once per `arm`, never before `at` and never inside the call. */
export function systemClock(): Clock {
  let timer: NodeJS.Timeout | undefined
  /** When the timer fires; an earlier one than is wanted is left to fire and arms another: most are put off again and again. */
  let firesAt = Number.POSITIVE_INFINITY
  let wanted: { readonly at: Millis; readonly wake: () => void } | undefined

  function fired(): void {
    timer = undefined
    const due = wanted
    if (due === undefined) return
    // Timers round to whole milliseconds and may come early; very long ones come in pieces.
    if (performance.now() < due.at) arm(due.at, due.wake)
    else {
      wanted = undefined
      due.wake()
    }
  }

  function arm(at: Millis, wake: () => void): void {
    wanted = at === Number.POSITIVE_INFINITY ? undefined : { at, wake }
    if (wanted !== undefined && timer !== undefined && firesAt <= at) return
    clearTimeout(timer)
    timer = undefined
    if (wanted === undefined) return
    const now = performance.now()
    const delay = Math.min(Math.ceil(Math.max(0, at - now)), longestDelayMs)
    firesAt = now + delay
    timer = setTimeout(fired, delay)
  }

  return { now: () => ({ mono: performance.now(), wall: Date.now() }), arm }
}
