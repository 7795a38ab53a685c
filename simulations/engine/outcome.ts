// What a run comes to: figures for people, and what did not hold.

import type { HubId } from '../../src/core/ids.ts'
import type { Millis } from '../../src/core/time.ts'
import type { Violation } from './invariants.ts'
import type { Traffic } from './stats.ts'

export interface FalseDeath {
  readonly at: HubId
  readonly of: HubId
  readonly atMs: Millis
  /** The declarer itself was away, cut off, gray or slow a moment ago. */
  readonly isBySick: boolean
}

export interface Deaths {
  /** From a crash to when one other hub knew, for each of them. */
  readonly detections: readonly Millis[]
  /** Of these: at hubs of the same pool, and at all others. */
  readonly near: readonly Millis[]
  readonly far: readonly Millis[]
  /** The first to know of each crash. */
  readonly first: readonly Millis[]
  /** Region of the one that died → its pool mates' detections. */
  readonly byPool: ReadonlyMap<string, readonly Millis[]>
  /** Each pair of a declarer and one declared counts. */
  readonly falseDeaths: number
  readonly falseAtHealthy: number
  readonly falseOf: ReadonlyMap<HubId, number>
  /** Some of them: the earliest by healthy hubs, then the earliest by sick ones. */
  readonly someFalse: readonly FalseDeath[]
  /** Deaths of hubs that lose most of what they hear or say: nobody can call them right or wrong. */
  readonly grayDeaths: number
  /** Pairs of an observer and a hub that was dead to it and lives again without having been away for long. */
  readonly flaps: number
  /** Hub → the flaps of it that the worst placed observer saw. */
  readonly flapsOf: ReadonlyMap<HubId, number>
}

export interface Healed {
  /**
   * From the end of the split until every pool that was split has a link across, or views are equal without; undefined: it
   * did not come.
   */
  readonly contactMs: Millis | undefined
  /** From contact to equal views. */
  readonly viewsMs: Millis | undefined
  readonly rounds: number | undefined
}

export interface Outcome extends Deaths {
  readonly hubs: number
  readonly virtualMs: Millis
  readonly events: number
  readonly projects: number
  readonly traffic: ReadonlyMap<string, Traffic>
  /** How often each hub came up again. */
  readonly restarts: ReadonlyMap<HubId, number>
  /** How the first split that ended was overcome; undefined when there was none. */
  readonly healed: Healed | undefined
  /** From the end of all troubles to agreement; undefined when the hubs did not agree. */
  readonly convergedMs: Millis | undefined
  readonly violations: readonly Violation[]
  readonly traceHash: string
}
