// What goes into a composed hub and what comes out of it: the words of all its machines, told apart by feature.

import type { CatalogChange, CatalogProtocol } from '../core/catalog/protocol.ts'
import type { ClockChange, ClockProtocol } from '../core/clock/protocol.ts'
import type { HierarchyChange, HierarchyProtocol } from '../core/hierarchy/protocol.ts'
import type { Address, HubId, PeerId } from '../core/ids.ts'
import type { Signed } from '../core/keys.ts'
import type { Attested, CallId, Effect, StoreOp, Tick, Topic } from '../core/machine.ts'
import type { SwimChange, SwimProtocol } from '../core/membership/protocol.ts'
import type { PresenceChange, PresenceProtocol } from '../core/presence/protocol.ts'
import type { Millis } from '../core/time.ts'
import type { HubInfo } from '../core/wire.ts'
import type { Answer, Call } from './calls.ts'
import type { DownReason, NetworkEvents } from './ports.ts'
import type { Sample } from './pulse.ts'

/** Whose batch the disk answers. */
export type Owner = 'catalog' | 'hub'

export type DialFailure = Parameters<NetworkEvents['dialFailed']>[1]

export type HubInput =
  | Tick
  /** A decoded value, still unchecked. `topic`: it was published, and `from` signed it. */
  | { readonly type: 'message'; readonly from: PeerId; readonly topic?: Topic; readonly value: unknown }
  | {
      readonly type: 'link-up'
      readonly info: HubInfo
      /** How long the peer has been up. */
      readonly uptimeMs: Millis
    }
  | { readonly type: 'link-down'; readonly peer: PeerId; readonly reason: DownReason }
  | { readonly type: 'dial-failed'; readonly peer: PeerId; readonly reason: DialFailure }
  /** A peer's hello said that it goes by this hub's name, and how long it has been up. */
  | { readonly type: 'namesake'; readonly info: HubInfo; readonly uptimeMs: Millis }
  | { readonly type: 'pulse'; readonly sample: Sample }
  | { readonly type: 'persisted'; readonly owner: 'catalog'; readonly token: number; readonly ok: boolean }
  | Attested
  | { readonly type: 'call'; readonly call: CallId; readonly request: Call }
  | { readonly type: 'leave' }

/** Everything observable that happened; metrics, logs and the composition itself act on it. */
export type HubChange =
  /** Its `dropped` is also said of messages: malformed, of another version or kind, or by a hub that may not say it. */
  | SwimChange
  | HierarchyChange
  | PresenceChange
  | CatalogChange
  | ClockChange
  | { readonly type: 'state'; readonly state: 'ready' | 'leaving' }
  /** A published message came; `tookMs`: from its author's clock to this hub's. */
  | { readonly type: 'heard'; readonly topic: Topic; readonly tookMs: Millis }
  | {
      readonly type: 'link'
      readonly peer: PeerId
      readonly hub: HubId
      readonly isUp: boolean
      readonly reason?: string
    }
  | { readonly type: 'dial-failed'; readonly peer: PeerId; readonly reason: DialFailure }
  /** Another live hub goes by this hub's name and was up before: this one must go. */
  | { readonly type: 'conflict'; readonly with: HubInfo }
  /** This hub calls itself degraded for these reasons, or well again when there are none. */
  | { readonly type: 'degraded'; readonly reasons: readonly string[] }
  /** A peer that is not let in, and what its hello got wrong. */
  | { readonly type: 'hello-refused'; readonly peer: PeerId; readonly reason: string }

export type HubEffect =
  | { readonly type: 'send'; readonly to: PeerId; readonly kind: string; readonly body: unknown }
  | { readonly type: 'publish'; readonly topic: Topic; readonly kind: string; readonly body: unknown }
  | {
      readonly type: 'persist'
      readonly owner: Owner
      readonly token: number
      readonly batch: readonly StoreOp[]
      readonly synced: boolean
    }
  | { readonly type: 'sign'; readonly text: string }
  | ({ readonly type: 'verify'; readonly token: number } & Signed)
  | { readonly type: 'reply'; readonly call: CallId; readonly result: Answer }
  | { readonly type: 'connect'; readonly peer: PeerId; readonly addresses: readonly Address[]; readonly eager: boolean }
  | { readonly type: 'disconnect'; readonly peer: PeerId }
  | { readonly type: 'release'; readonly peer: PeerId }
  | { readonly type: 'abort'; readonly peer: PeerId }
  | { readonly type: 'change'; readonly change: HubChange }

/** An effect of one of the machines. */
export type FeatureEffect =
  | Effect<SwimProtocol>
  | Effect<HierarchyProtocol>
  | Effect<PresenceProtocol>
  | Effect<CatalogProtocol>
  | Effect<ClockProtocol>

/** A machine's effect as the hub's; replies are for the desk. Only the catalog persists by itself. */
export function asHubEffect(effect: Exclude<FeatureEffect, { readonly type: 'reply' }>): HubEffect {
  switch (effect.type) {
    case 'send':
      return { type: 'send', to: effect.to, kind: effect.message.kind, body: effect.message.body }
    case 'publish':
      return { type: 'publish', topic: effect.topic, kind: effect.message.kind, body: effect.message.body }
    case 'persist':
      return { ...effect, owner: 'catalog' }
    default:
      return effect
  }
}
