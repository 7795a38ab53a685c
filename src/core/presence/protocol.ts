// The words of the presence machine: what it is told, what it reports, what it is set to.

import type { Refusal } from '../errors.ts'
import type { HubId, PeerId, Slug } from '../ids.ts'
import type { CallId, Tick } from '../machine.ts'
import type { Random } from '../random.ts'
import type { Millis } from '../time.ts'
import type { LastBeat, LeaseTimes, Report } from './lease.ts'
import type { PresenceMessage } from './messages.ts'

export type HomeStatus = 'alive' | 'suspect' | 'dead' | 'left'

export type PresenceInput =
  | Tick
  | { readonly type: 'beat'; readonly slug: Slug; readonly report: Report }
  | { readonly type: 'message'; readonly from: PeerId; readonly message: PresenceMessage }
  /** What the hub believes about another hub, who may be a home. `isOlder`: as below. */
  | {
      readonly type: 'home'
      readonly hub: HubId
      readonly peer: PeerId
      readonly status: HomeStatus
      readonly isOlder?: boolean
      /** It is about to end. */
      readonly isDraining?: boolean
    }
  | { readonly type: 'home-dropped'; readonly hub: HubId }
  /**
   * A link is up: tell the peer of this hub's leases, or of everything it knows when the peer is new here. `isOlder`: its
   * version knows no refresh by marks (P6).
   */
  | { readonly type: 'greet'; readonly peer: PeerId; readonly scope: 'own' | 'all'; readonly isOlder?: boolean }
  | { readonly type: 'link-down'; readonly peer: PeerId }
  /** A caller needs to know how these projects of a home are at this moment. */
  | { readonly type: 'ask'; readonly call: CallId; readonly home: HubId; readonly slugs: readonly Slug[] }
  /** P10: this hub is about to end, and gives its projects to that one; undefined: it stays. */
  | { readonly type: 'hand-over'; readonly to: HubId | undefined }
  /** The project was removed from the catalog. */
  | { readonly type: 'removed'; readonly slug: Slug }
  | { readonly type: 'leave' }

/** What came of asking a home: all that it holds of it is held here now. */
export type Asked = { readonly ok: true; readonly type: 'fetched' } | Refusal

export type PresenceChange =
  /** `isStale`: it is this hub's, and was not renewed for too long. */
  | { readonly type: 'lease'; readonly slug: Slug; readonly isStale?: true }
  | { readonly type: 'beaten'; readonly slug: Slug; readonly as: 'home' | 'forwarded' }
  | { readonly type: 'told'; readonly leases: number; readonly isRefresh: boolean }

export interface PresenceProtocol {
  readonly input: PresenceInput
  readonly message: PresenceMessage
  readonly change: PresenceChange
  readonly result: Asked
}

export interface PresenceOptions extends LeaseTimes {
  readonly self: HubId
  /** The incarnation at boot; revs count from it, so that those of an earlier run are always lower. */
  readonly incarnation: number
  readonly random: Random
  readonly flushIntervalMs: Millis
  readonly refreshMs: Millis
  readonly maxLeases: number
  /** What the last checkpoint noted (P8). */
  readonly lastBeats?: ReadonlyMap<Slug, LastBeat>
}
