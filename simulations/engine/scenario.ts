// What a simulation is about, as plain values: which hubs there are, what happens to them, what their users do, and by
// when the world must be in order again. A scenario draws all of it from the seed before anything runs.

import type { HubId, Region, Tier } from '../../src/core/ids.ts'
import type { Random } from '../../src/core/random.ts'
import type { Millis } from '../../src/core/time.ts'
import type { Violation } from './invariants.ts'
import type { Outcome } from './outcome.ts'

export interface HubPlan {
  readonly hub: HubId
  readonly region: Region
  readonly tier: Tier
  /** Whose addresses it is given. */
  readonly bootstrap: readonly HubId[]
  /** How wrong its wall clock is. */
  readonly skewMs: Millis
  /** Listens where that hub did, which is gone by then. */
  readonly placeOf?: HubId
}

export type Happening =
  /** Does nothing to a hub that runs. */
  | { readonly type: 'start'; readonly hub: HubId }
  /** Power off: connections are reset, unsynced writes are lost. */
  | { readonly type: 'crash'; readonly hub: HubId }
  /** Crashes and starts `afterMs` later, which a hub that is down already does not. */
  | {
      readonly type: 'restart'
      readonly hub: HubId
      readonly afterMs: Millis
      /** At another address. */
      readonly moved?: boolean
      /** With another key and an empty disk: somebody set it up anew. */
      readonly renewed?: boolean
    }
  /** Leaves gracefully and ends. */
  | { readonly type: 'leave'; readonly hub: HubId }
  | { readonly type: 'freeze'; readonly hub: HubId; readonly forMs: Millis }
  /** Its event loop is blocked; afterwards each thing it missed costs it `readMs`. */
  | { readonly type: 'stall'; readonly hub: HubId; readonly forMs: Millis; readonly readMs: Millis }
  /** Hubs of different sides are silent to each other; who is on no list is on the first side. */
  | { readonly type: 'split'; readonly sides: readonly (readonly HubId[])[] }
  | { readonly type: 'cut'; readonly from: HubId; readonly to: HubId }
  | { readonly type: 'line'; readonly loss: number; readonly duplication: number }
  /** Of what one hub hears and says. From half on it is a gray failure: neither up nor down. */
  | { readonly type: 'hub-loss'; readonly hub: HubId; readonly in: number; readonly out: number }
  /** One way, on their own line. */
  | { readonly type: 'pair-loss'; readonly from: HubId; readonly to: HubId; readonly loss: number }
  /** A queue at the hub's own line: what it hears and says takes so much longer. 0 ends it. */
  | { readonly type: 'lag'; readonly hub: HubId; readonly addedMs: Millis }
  /** One way, between any two hubs, from now to the end: `baseMs` ± `spreadMs`. */
  | { readonly type: 'latency'; readonly baseMs: Millis; readonly spreadMs: Millis }
  | { readonly type: 'disk-full'; readonly hub: HubId; readonly full: boolean }
  /** From now on its disk forgets what it said was synced: a federation cannot keep its promises then. */
  | { readonly type: 'disk-lies'; readonly hub: HubId }
  /** Its wall clock jumps, forward or back. */
  | { readonly type: 'clock'; readonly hub: HubId; readonly byMs: Millis }
  /** Ends splits, cuts, loss, duplication and full disks, and sets clocks right. */
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
  /** What the hubs' settings say beside the defaults, by path, as flags would. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** What must also hold of this plan's outcome. */
  readonly expect?: (outcome: Outcome) => readonly Violation[]
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
