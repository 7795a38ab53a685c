// Tiers, as pure functions: who may relay for whom, who dials whom. They decide fan-in, never correctness.

import { compareText, type HubId, type PeerId, type Region, type Tier } from '../ids.ts'
import type { Coordinates } from '../wire.ts'

const height: Record<Tier, number> = { local: 0, regional: 1, global: 2 }

/** Whether a hub of tier `upper` may be a parent of one of tier `lower`. */
export function isAbove(upper: Tier, lower: Tier): boolean {
  return height[upper] > height[lower]
}

/** The name of the pool of all regional and global hubs. */
export const backbonePool = 'backbone'

/** The backbone is the pool of all regional and global hubs. */
export function isBackbone(tier: Tier): boolean {
  return tier !== 'local'
}

/** The names of the pools a hub belongs to: its region's, and the backbone where its tier is in it. */
export function poolsOf({ region, tier }: Place): string[] {
  return [`region/${region}`, ...(isBackbone(tier) ? [backbonePool] : [])]
}

/** Whether two hubs are members of one pool: of a region, or of the backbone. */
export function sharesPool(a: Place, b: Place): boolean {
  return a.region === b.region || (isBackbone(a.tier) && isBackbone(b.tier))
}

interface Place {
  readonly region: Region
  readonly tier: Tier
}

/**
 * Whether `self` owns the dial to `other`: the lower tier dials up; within one tier the lower peer id dials.
 * Without such a rule both sides dial at once and keep two connections (js-libp2p#3531).
 */
export function ownsDial(self: { tier: Tier; peer: PeerId }, other: { tier: Tier; peer: PeerId }): boolean {
  if (self.tier !== other.tier) return height[self.tier] < height[other.tier]
  return compareText(self.peer, other.peer) < 0
}

/**
 * Which members report a pool to the rest of the federation: its two relays with the lowest ids; where no relay is
 * present, the two lowest ids of all stand in. Every member computes the same answer from the same view.
 */
export function reporters(present: readonly { readonly hub: HubId; readonly tier: Tier }[]): HubId[] {
  const relays = present.filter((member) => isBackbone(member.tier))
  const candidates = relays.length > 0 ? relays : present
  return candidates
    .map((member) => member.hub)
    .sort(compareText)
    .slice(0, 2)
}

/** Great-circle distance in kilometres (haversine, mean Earth radius 6,371 km). */
export function distanceKm(a: Coordinates, b: Coordinates): number {
  const radians = Math.PI / 180
  const dLat = (b.latitude - a.latitude) * radians
  const dLon = (b.longitude - a.longitude) * radians
  const chord =
    Math.sin(dLat / 2) ** 2 + Math.cos(a.latitude * radians) * Math.cos(b.latitude * radians) * Math.sin(dLon / 2) ** 2
  return 2 * 6371 * Math.asin(Math.min(1, Math.sqrt(chord)))
}
