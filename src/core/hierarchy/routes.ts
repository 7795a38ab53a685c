// Choosing, as pure functions over plain facts: which hubs become parents.

import { compareText, type HubId, type Region, type Tier } from '../ids.ts'
import type { Coordinates, HubInfo } from '../wire.ts'
import { distanceKm, isAbove } from './tiers.ts'

export interface Candidate {
  readonly info: HubInfo
  /** Round trip, milliseconds, when measured. */
  readonly rttMs?: number
}

export interface Chooser {
  readonly hub: HubId
  readonly region: Region
  readonly tier: Tier
  readonly coordinates?: Coordinates
  /** Hub ids the operator prefers, in order. */
  readonly preferred: readonly HubId[]
}

/**
 * Up to `count` parents, best first: those the operator named, then the own region's, then the tier just above, then
 * the shortest measured round trip (to a power of two), then the shortest distance, then the lowest id.
 */
export function chooseParents(chooser: Chooser, candidates: readonly Candidate[], count: number): HubInfo[] {
  const key = (candidate: Candidate): readonly number[] => {
    const { info } = candidate
    const named = chooser.preferred.indexOf(info.hub)
    return [
      named < 0 ? chooser.preferred.length : named,
      info.region === chooser.region ? 0 : 1,
      info.tier === 'regional' ? 0 : 1,
      candidate.rttMs === undefined ? Number.MAX_VALUE : rttClass(candidate.rttMs),
      chooser.coordinates && info.coordinates ? distanceKm(chooser.coordinates, info.coordinates) : Number.MAX_VALUE,
    ]
  }
  return candidates
    .filter((candidate) => candidate.info.hub !== chooser.hub && isAbove(candidate.info.tier, chooser.tier))
    .map((candidate) => ({ info: candidate.info, key: key(candidate) }))
    .sort((a, b) => compareKeys(a.key, b.key) || compareText(a.info.hub, b.info.hub))
    .slice(0, count)
    .map((candidate) => candidate.info)
}

/** Round trips of one power of two count as equal, so that jitter does not move a hub from parent to parent. */
function rttClass(rttMs: number): number {
  return Math.round(Math.log2(1 + rttMs))
}

function compareKeys(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference < 0 ? -1 : 1
  }
  return 0
}
