// The words of the hierarchy machine: what it is told, what it says, what it reports.

import type { HubId, PeerId } from '../ids.ts'
import type { Tick } from '../machine.ts'
import type { HubInfo, Statement } from '../wire.ts'
import type { Judgement } from './foreigners.ts'
import type { TierMessage } from './messages.ts'
import type { PoolMember } from './pools.ts'

export type HierarchyInput =
  | Tick
  | { readonly type: 'message'; readonly from: PeerId; readonly message: TierMessage }
  | { readonly type: 'member'; readonly pool: string; readonly member: PoolMember }
  | { readonly type: 'member-dropped'; readonly pool: string; readonly hub: HubId }
  /** What this hub says of itself has changed. */
  | { readonly type: 'self'; readonly word: Statement }
  | { readonly type: 'link-up'; readonly info: HubInfo }
  | { readonly type: 'link-down'; readonly peer: PeerId }
  /** Hubs remembered from an earlier run. */
  | { readonly type: 'book'; readonly infos: readonly HubInfo[] }
  /** M8: an operator forgot a hub, up to and including this incarnation. */
  | { readonly type: 'forget'; readonly hub: HubId; readonly incarnation: number }
  | { readonly type: 'leave'; readonly word: Statement }

export type HierarchyChange =
  | Judgement
  | { readonly type: 'parents'; readonly parents: readonly HubId[] }
  /** H12: every hub that could be a parent is full; this one was asked to take this hub all the same. */
  | { readonly type: 'overfull'; readonly parent: HubId }

export interface HierarchyProtocol {
  readonly input: HierarchyInput
  readonly message: TierMessage
  readonly change: HierarchyChange
  readonly result: never
}
