// Choosing, as pure functions over plain facts: which hubs become parents, and when a better one is worth a move.

import { compareText, type HubId, type Region, type Tier } from '../ids.ts'
import { markOf } from '../mark.ts'
import type { Coordinates, HubInfo } from '../wire.ts'
import { distanceKm, isAbove } from './tiers.ts'

export interface Candidate {
  readonly info: HubInfo
  /** Round trip, milliseconds, when measured; smoothed, so that a single slow answer moves nobody. */
  readonly rttMs?: number
  /** How many children it said it has. */
  readonly children?: number
}

export interface Chooser {
  readonly hub: HubId
  readonly region: Region
  readonly tier: Tier
  readonly coordinates?: Coordinates
  /** Hub ids the operator prefers, in order. */
  readonly preferred: readonly HubId[]
}

/** What is to be chosen: how many, and who it is now. */
export interface Choice {
  readonly count: number
  readonly incumbents: ReadonlySet<HubId>
}

/** The same for everybody who asks twice: named by the operator, own region, tier, zone. */
type Rank = readonly [named: number, region: number, tier: number, zone: number]

/** A round trip this many times as long is worth a move. */
const muchSlower = 2
/** A load this much higher is worth a move: afterwards the old parent still has no fewer children than the new one. */
const muchFuller = 2

/**
 * H11: up to `count` parents, best first: those the operator named, then the own region's, then the tier just above, then
 * (from the second on) one in another zone than those before, then the shortest round trip (to a power of two), then
 * the fewest children, then the shortest distance, then an order that differs from child to child, so that children
 * spread. An incumbent stays unless another is of a better rank, or much nearer, or much less loaded.
 */
export function chooseParents(chooser: Chooser, candidates: readonly Candidate[], choice: Choice): HubInfo[] {
  const rest = candidates.filter(({ info }) => info.hub !== chooser.hub && isAbove(info.tier, chooser.tier))
  const chosen: Candidate[] = []
  while (chosen.length < choice.count && rest.length > 0) {
    const zones = chosen.map(({ info }) => info.labels?.['zone'])
    const place = (candidate: Candidate): Placed => {
      return { candidate, rank: rankOf(chooser, candidate, zones), key: keyOf(chooser, candidate) }
    }
    const placed = rest.map(place).sort(comparePlaced)
    const best = placed[0] as Placed
    const held = placed.find(({ candidate }) => choice.incumbents.has(candidate.info.hub))
    const taken = held === undefined || isMuchBetter(best, held) ? best : held
    chosen.push(taken.candidate)
    rest.splice(rest.indexOf(taken.candidate), 1)
  }
  return chosen.map(({ info }) => info)
}

interface Placed {
  readonly candidate: Candidate
  readonly rank: Rank
  readonly key: readonly number[]
}

function comparePlaced(a: Placed, b: Placed): number {
  const order = compareKeys(a.rank, b.rank) || compareKeys(a.key, b.key)
  return order || compareText(a.candidate.info.hub, b.candidate.info.hub)
}

function rankOf(chooser: Chooser, { info }: Candidate, zones: readonly (string | undefined)[]): Rank {
  const named = chooser.preferred.indexOf(info.hub)
  const zone = info.labels?.['zone']
  return [
    named < 0 ? chooser.preferred.length : named,
    info.region === chooser.region ? 0 : 1,
    info.tier === 'regional' ? 0 : 1,
    zone !== undefined && zones.every((other) => other !== undefined && other !== zone) ? 0 : 1,
  ]
}

function keyOf(chooser: Chooser, { info, rttMs, children }: Candidate): readonly number[] {
  const { coordinates } = chooser
  return [
    rttMs === undefined ? Number.MAX_VALUE : rttClass(rttMs),
    children ?? 0,
    coordinates && info.coordinates ? distanceKm(coordinates, info.coordinates) : Number.MAX_VALUE,
    markOf(`${chooser.hub} ${info.hub}`),
  ]
}

/** Whether it is worth a move; never both ways for the same facts, so that a choice settles. */
function isMuchBetter(best: Placed, held: Placed): boolean {
  const rank = compareKeys(best.rank, held.rank)
  if (rank !== 0) return rank < 0
  const [near, far] = [best.candidate.rttMs, held.candidate.rttMs]
  if (near !== undefined && far !== undefined && rttClass(near) !== rttClass(far)) {
    return (1 + far) / (1 + near) >= muchSlower
  }
  const [few, many] = [best.candidate.children, held.candidate.children]
  return few !== undefined && many !== undefined && many - few >= muchFuller
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
