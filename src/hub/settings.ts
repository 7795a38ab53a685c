// What a hub is told at birth: plain values, durations in milliseconds. `config/` turns a file into this.

import type { Strategy } from '../core/catalog/protocol.ts'
import { parentCount } from '../core/hierarchy/parentage.ts'
import type { HubId, PeerId, Region, Tier } from '../core/ids.ts'
import { allMechanisms, type Mechanisms, type SwimOptions } from '../core/membership/protocol.ts'
import { type Millis, second } from '../core/time.ts'
import type { Coordinates, Labels } from '../core/wire.ts'

export interface Settings {
  readonly hub: HubId
  readonly peer: PeerId
  readonly region: Region
  readonly tier: Tier
  readonly coordinates?: Coordinates
  readonly labels?: Labels
  readonly federation: string
  readonly version: string
  /** Hub ids preferred as parents, in order. */
  readonly parents: readonly HubId[]
  /** Whether bootstrap addresses are configured: a hub without any and with an empty store is alone by intent. */
  readonly hasBootstrap: boolean
  readonly joinGraceMs: Millis
  /** Seed of the hub's generator (32 bits). */
  readonly seed: number
  readonly membership: MembershipSettings
  readonly hierarchy: HierarchySettings
  readonly presence: PresenceSettings
  readonly catalog: CatalogSettings
}

/**
 * Paces that are no setting of users: beliefs about other regions are looked over every 10 s, what changes is told within
 * 200 ms; a parent of another pool is asked every 5 s, one that SWIM watches as well every 20 s.
 */
export const paces = {
  reportIntervalMs: 10 * second,
  attachIntervalMs: 5 * second,
} as const

/** All of them; a wait for answers that the operator sets is kept to. */
export function mechanismsFor(probeTimeoutMs: Millis | undefined): Mechanisms {
  return { ...allMechanisms, rttTimeout: probeTimeoutMs === undefined }
}

/** How long the longest suspicion is in shortest ones (memberlist's SuspicionMaxTimeoutMult). */
export const suspicionMaxMultiplier = 6

/** Of the links a hub may hold, the most that its pools take, however few parents and children it has. */
const poolShare = 0.8
/** With fewer neighbours a pool is no ring (H6). */
const leastPoolLinks = 2

export interface LinkPlan {
  readonly maxLinks: number
  readonly tier: Tier
  readonly maxRegionalHubs: number
  readonly maxChildHubs: number
}

/** Links kept within each of a hub's pools (H6); its parents and children have theirs besides. */
export function poolLinksFor(plan: LinkPlan): number {
  const share = Math.min(plan.maxLinks * poolShare, plan.maxLinks - tiesOf(plan))
  return Math.max(leastPoolLinks, Math.floor(share / poolsOf(plan)))
}

/** The fewest links with which a hub can be what its tier asks of it. */
export function leastLinksFor(plan: LinkPlan): number {
  return tiesOf(plan) + leastPoolLinks * poolsOf(plan)
}

function tiesOf({ tier, maxRegionalHubs, maxChildHubs }: LinkPlan): number {
  if (tier === 'global') return maxRegionalHubs + maxChildHubs
  return tier === 'regional' ? parentCount + maxChildHubs : parentCount
}

/** The region's, and the backbone. */
function poolsOf({ tier }: LinkPlan): number {
  return tier === 'local' ? 1 : 2
}

/** Most connections of a hub: its links, and a door that stays open for newcomers who have yet to be introduced (H14). */
export function connectionsFor(maxLinks: number): number {
  return maxLinks + Math.max(8, Math.ceil(maxLinks / 10))
}

/** What each pool's SWIM is told of the configuration. */
export type MembershipSettings = Pick<
  SwimOptions,
  | 'mechanisms'
  | 'probeIntervalMs'
  | 'probeTimeoutMs'
  | 'indirectProbes'
  | 'suspicionMultiplier'
  | 'suspicionMaxMultiplier'
  | 'gossipIntervalMs'
  | 'gossipFanout'
  | 'exchangeIntervalMs'
  | 'deadRetentionMs'
>

export interface HierarchySettings {
  readonly maxRegionalHubs: number
  readonly maxChildHubs: number
  /** Projects registered at a local hub above which it warns. */
  readonly maxClusters: number
  /** Links kept within a pool; a larger pool is a random graph of this degree. */
  readonly poolLinks: number
  /** Links in all; those above it that nobody needs end. */
  readonly maxLinks: number
  readonly reportIntervalMs: Millis
  readonly attachIntervalMs: Millis
}

export interface PresenceSettings {
  readonly heartbeatIntervalMs: Millis
  readonly staleThresholdMs: Millis
  readonly flushIntervalMs: Millis
  readonly refreshMs: Millis
  readonly homeGraceMs: Millis
  readonly unknownProjects: 'register' | 'reject'
}

export interface CatalogSettings {
  readonly maxClockDriftMs: Millis
  readonly syncIntervalMs: Millis
  readonly strategy?: Strategy
  readonly removalRetentionMs: Millis
  /** Most projects of the whole federation, and records of one slice. */
  readonly maxProjects: number
  readonly maxSliceRecords: number
  /** C10: for tests alone: what peers pass on is believed. */
  readonly isCredulous?: boolean
}
