// What a simulation is about, as plain values: which hubs there are, what happens to them, what their users do, and by
// when the world must be in order again. A scenario draws all of it from the seed before anything runs.

import type { HubId, Region, Tier } from '../../src/core/ids.ts'
import type { Random } from '../../src/core/random.ts'
import type { Millis } from '../../src/core/time.ts'

export interface HubPlan {
  readonly hub: HubId
  readonly region: Region
  readonly tier: Tier
  /** Whose addresses it is given. */
  readonly bootstrap: readonly HubId[]
  /** How wrong its wall clock is. */
  readonly skewMs: Millis
}

export type Happening =
  /** Does nothing to a hub that runs. */
  | { readonly type: 'start'; readonly hub: HubId }
  /** Power off: connections are reset, unsynced writes are lost. */
  | { readonly type: 'crash'; readonly hub: HubId }
  /** Leaves gracefully and ends. */
  | { readonly type: 'leave'; readonly hub: HubId }
  | { readonly type: 'freeze'; readonly hub: HubId; readonly forMs: Millis }
  /** Hubs of different sides are silent to each other; who is on no list is on the first side. */
  | { readonly type: 'split'; readonly sides: readonly (readonly HubId[])[] }
  | { readonly type: 'cut'; readonly from: HubId; readonly to: HubId }
  | { readonly type: 'line'; readonly loss: number; readonly duplication: number }
  | { readonly type: 'disk-full'; readonly hub: HubId; readonly full: boolean }
  /** From now on its disk forgets what it said was synced: a federation cannot keep its promises then. */
  | { readonly type: 'disk-lies'; readonly hub: HubId }
  /** Ends splits, cuts, loss, duplication and full disks. */
  | { readonly type: 'heal' }

export interface Scheduled {
  readonly at: Millis
  readonly what: Happening
}

/** What users do, over the whole federation. */
export interface Workload {
  /** Registered in the first seconds, at random hubs. */
  readonly projects: number
  readonly writesPerSecond: number
  /** Of the writes: removals of projects, and new ones; the others are updates. */
  readonly removals: number
  readonly registrations: number
}

export interface Plan {
  readonly hubs: readonly HubPlan[]
  /** In any order. Hubs do not start by themselves. */
  readonly happenings: readonly Scheduled[]
  readonly workload: Workload
  /** Users stop, what is down stays down, and everything heals at this time. */
  readonly endsAt: Millis
  /** How long the hubs may take to agree afterwards. */
  readonly settleMs: Millis
}

/** What the command line chooses. */
export interface Size {
  readonly hubs: number
  readonly durationMs: Millis
}

export interface Scenario {
  readonly name: string
  /** One line for `--list`. */
  readonly summary: string
  readonly usual: Size
  plan(size: Size, random: Random): Plan
}
