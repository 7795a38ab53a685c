// How long a suspect may still speak up before it is declared dead.

import type { Millis } from '../time.ts'

/**
 * Time from suspicion to death, milliseconds: multiplier · max(1, log10 n) · probe interval, memberlist's minimum
 * suspicion timeout; n counts the present members of the pool.
 */
export function suspicionTimeout(multiplier: number, size: number, probeIntervalMs: Millis): Millis {
  return multiplier * Math.max(1, Math.log10(Math.max(1, size))) * probeIntervalMs
}
