// Where a caller should go: the live instances of what was asked for, in the order in which to try them. Pure.

import { compareText, type HubId, type Region, type Slug } from '../core/ids.ts'
import type { Millis } from '../core/time.ts'

/** Degrees. */
export interface Place {
  readonly latitude: number
  readonly longitude: number
}

/** A project that is up, and what is known of the way to its home. */
export interface Candidate {
  readonly slug: Slug
  readonly hubUrl: string
  readonly status: 'online' | 'degraded'
  readonly home: HubId
  readonly region: Region | null
  readonly isDraining: boolean
  /** Of its home, as far as this hub measures it; 0 where that is this hub itself. */
  readonly rttMs: Millis | null
  /** As the crow flies; null where either side does not say where it is. */
  readonly distanceKm: number | null
}

export interface Ranked extends Candidate {
  /** Why it stands where it stands. */
  readonly reason: string
}

/**
 * Hubs that drain come last, degraded projects behind those that are online; then by round trip, a measured one before one
 * that is not, then by distance, then by slug, so that callers who see the same go the same way. Round trips count in whole
 * milliseconds: noise must not send callers to and fro.
 */
export function failoverOrder(candidates: readonly Candidate[]): Ranked[] {
  return candidates.toSorted(compare).map((candidate) => ({ ...candidate, reason: reasonOf(candidate) }))
}

function compare(a: Candidate, b: Candidate): number {
  return (
    Number(a.isDraining) - Number(b.isDraining) ||
    Number(a.status === 'degraded') - Number(b.status === 'degraded') ||
    ascending(rounded(a.rttMs), rounded(b.rttMs)) ||
    ascending(rounded(a.distanceKm), rounded(b.distanceKm)) ||
    compareText(a.slug, b.slug)
  )
}

/** What is not known comes last. */
function ascending(a: number | null, b: number | null): number {
  if (a === b) return 0
  return (a ?? Number.POSITIVE_INFINITY) - (b ?? Number.POSITIVE_INFINITY)
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value)
}

function reasonOf({ isDraining, status, rttMs, distanceKm }: Candidate): string {
  const nearness = rttMs !== null ? 'rtt' : distanceKm !== null ? 'distance' : 'nearness-unknown'
  const parts = [...(isDraining ? ['draining'] : []), ...(status === 'degraded' ? ['degraded'] : []), nearness]
  return parts.join(', ')
}

const earthRadiusKm = 6_371.0088

/** Along the great circle (haversine formula), kilometres. */
export function distanceKm(from: Place, to: Place): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180
  const halfChord =
    Math.sin(radians(to.latitude - from.latitude) / 2) ** 2 +
    Math.cos(radians(from.latitude)) *
      Math.cos(radians(to.latitude)) *
      Math.sin(radians(to.longitude - from.longitude) / 2) ** 2
  return 2 * earthRadiusKm * Math.asin(Math.min(1, Math.sqrt(halfChord)))
}
