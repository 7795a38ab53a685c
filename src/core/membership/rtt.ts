// How long to wait for an answer, from how long answers took: the estimator of TCP (Jacobson 1988; RFC 6298).

import type { Millis } from '../time.ts'

export interface Rtt {
  readonly smoothedMs: Millis
  readonly variationMs: Millis
}

/** The estimate after one more measured round trip. */
export function measured(known: Rtt | undefined, rttMs: Millis): Rtt {
  if (known === undefined) return { smoothedMs: rttMs, variationMs: rttMs / 2 }
  return {
    smoothedMs: 0.875 * known.smoothedMs + 0.125 * rttMs,
    variationMs: 0.75 * known.variationMs + 0.25 * Math.abs(known.smoothedMs - rttMs),
  }
}

/** Shorter waits only cost messages: a busy event loop is late by this much now and then. Share of the probe interval. */
const shortestShare = 0.2

/**
 * Wait for a direct answer before others are asked: smoothed + 4 · variation, at least a fifth of the probe interval,
 * at most `longestMs`, which is also what an unmeasured member gets.
 */
export function probeTimeout(known: Rtt | undefined, longestMs: Millis, probeIntervalMs: Millis): Millis {
  if (known === undefined) return longestMs
  const wanted = known.smoothedMs + 4 * known.variationMs
  return Math.min(longestMs, Math.max(shortestShare * probeIntervalMs, wanted))
}
