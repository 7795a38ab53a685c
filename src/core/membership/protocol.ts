// What the SWIM machine is told, what it reports, and what it is told at birth.

import type { HubId, PeerId } from '../ids.ts'
import type { Notary } from '../keys.ts'
import type { Tick } from '../machine.ts'
import type { Random } from '../random.ts'
import type { Millis } from '../time.ts'
import type { HubInfo, Statement } from '../wire.ts'
import type { Member, State } from './member.ts'
import type { Accusation, SwimMessage } from './messages.ts'

export type SwimInput =
  | Tick
  | { readonly type: 'message'; readonly from: PeerId; readonly message: SwimMessage }
  /** A link to a hub of this pool is up: compare what both believe. */
  | { readonly type: 'greet'; readonly peer: PeerId }
  /** What a connection proved: it was `lost` and not by this hub's wish, or a dial was `refused`, nobody listens there. */
  | { readonly type: 'evidence'; readonly peer: PeerId; readonly what: 'lost' | 'refused' }
  /** What this hub says of itself has changed: another pool raised the incarnation, or it calls itself degraded. */
  | { readonly type: 'self'; readonly word: Statement }
  /** An operator forgot a hub, up to and including this incarnation. */
  | { readonly type: 'forget'; readonly hub: HubId; readonly incarnation: number }
  /** How strained the process is: the least score of its health, 0 when it is not. */
  | { readonly type: 'strain'; readonly score: number }
  | { readonly type: 'leave'; readonly word: Statement }

export type SwimChange =
  | { readonly type: 'member'; readonly pool: string; readonly member: Member; readonly previous?: State }
  /** Forgotten after `deadRetentionMs`, or by an operator. */
  | { readonly type: 'member-dropped'; readonly pool: string; readonly member: Member }
  /** This hub refuted a word against it. M1: persisted by the composition, told to its other pool. */
  | { readonly type: 'refuted'; readonly pool: string; readonly word: Statement; readonly accusation?: Accusation }
  | { readonly type: 'accused'; readonly pool: string; readonly accusation: Accusation }
  /** The event loop was late by this much: this hub accuses nobody for a while. */
  | { readonly type: 'stalled'; readonly pool: string; readonly lateMs: Millis }
  /** Somebody else goes by this hub's name. */
  | { readonly type: 'namesake'; readonly info: HubInfo }
  /** A word that was not believed. */
  | { readonly type: 'dropped'; readonly reason: string }

export interface SwimProtocol {
  readonly input: SwimInput
  readonly message: SwimMessage
  readonly change: SwimChange
  readonly result: never
}

/** Each can be switched off by itself, so that what it brings can be measured. */
export interface Mechanisms {
  /** Lifeguard's LHA-Probe: this hub's own missed answers slow its probes down; helpers send nacks. */
  readonly localHealth: boolean
  /** Lifeguard's LHA-Suspicion: a suspicion starts long and every independent accuser shortens it. */
  readonly dynamicSuspicion: boolean
  /** Lifeguard's Buddy System: whoever probes a suspect tells it first of the suspicion. */
  readonly buddy: boolean
  /** A hub whose event loop stood still accuses nobody for a while. */
  readonly stallAwareness: boolean
  /** Lost links and refused connections, and a suspect that all probe at once, shorten suspicion. */
  readonly evidence: boolean
  /** Who hears badly, or was mostly wrong, shortens no suspicion. */
  readonly discount: boolean
  /** Waits for answers follow measured round trips instead of `probeTimeoutMs`, which is then the longest. */
  readonly rttTimeout: boolean
}

export const allMechanisms: Mechanisms = {
  localHealth: true,
  dynamicSuspicion: true,
  buddy: true,
  stallAwareness: true,
  evidence: true,
  discount: true,
  rttTimeout: true,
}

export interface SwimOptions {
  readonly pool: string
  /** What this hub says of itself at birth. */
  readonly word: Statement
  readonly notary: Notary
  readonly random: Random
  readonly mechanisms: Mechanisms
  readonly probeIntervalMs: Millis
  /** Wait for a direct answer; with `rttTimeout` the longest one. */
  readonly probeTimeoutMs: Millis
  readonly indirectProbes: number
  /** Lifeguard's α: the shortest suspicion; and its β: how many times longer the longest is. */
  readonly suspicionMultiplier: number
  readonly suspicionMaxMultiplier: number
  /** Rumours also travel between probes: this often, to so many. */
  readonly gossipIntervalMs: Millis
  readonly gossipFanout: number
  /** Of digests with a random member; a pool of more than 32 waits longer, as memberlist does. */
  readonly exchangeIntervalMs: Millis
  readonly deadRetentionMs: Millis
  /** Whether a message to the peer has a way to go. Left out: always. */
  readonly reaches?: (peer: PeerId) => boolean
  /** Whether a hub that is so described is of this pool. Left out: everybody is. */
  readonly belongs?: (info: HubInfo) => boolean
  /** Whom to probe in a pool that is larger than the links a hub may hold. Left out: everybody. */
  readonly watches?: (peer: PeerId) => boolean
}
