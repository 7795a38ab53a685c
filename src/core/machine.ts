// The shape of every protocol: a value that is told things and answers with effects. It decides, never does.
// After foca (effects come out), quinn-proto (one deadline instead of timers) and etcd/raft (durable before sent).

import type { Address, PeerId } from './ids.ts'
import type { Signed } from './keys.ts'
import type { Millis, Now } from './time.ts'

/** The words one machine speaks: what it is told, what it says to peers, what it reports, how it answers callers. */
export interface Protocol {
  readonly input: unknown
  readonly message: unknown
  readonly change: unknown
  readonly result: unknown
}

/** Gossip topics; every hub subscribes to all of them. */
export const topics = ['catalog', 'presence', 'members'] as const
export type Topic = (typeof topics)[number]

/** Names one local caller who waits for a reply. */
export type CallId = number

/** One operation on the hub's durable store. Keys are plain text; values any plain data. */
export type StoreOp =
  | { readonly op: 'put'; readonly key: string; readonly value: unknown }
  | { readonly op: 'del'; readonly key: string }

/** The whole vocabulary between a protocol and the world. */
export type Effect<P extends Protocol> =
  | { readonly type: 'send'; readonly to: PeerId; readonly message: P['message'] }
  | { readonly type: 'publish'; readonly topic: Topic; readonly message: P['message'] }
  /** Fed back as `{type: 'persisted', token, ok}`; nobody sees, hears of or is answered the content before. */
  | { readonly type: 'persist'; readonly batch: readonly StoreOp[]; readonly synced: boolean; readonly token: number }
  /** Fed back as `{type: 'signed', signature}`: the text under this hub's key. Done in its turn: what came before it is under way. */
  | { readonly type: 'sign'; readonly text: string }
  /** Fed back as `{type: 'verified', token, ok}`: whether the peer's key made the signature. Off the event loop. */
  | ({ readonly type: 'verify'; readonly token: number } & Signed)
  | { readonly type: 'reply'; readonly call: CallId; readonly result: P['result'] }
  /** Keep a link to this peer. `eager`: this side owns the dial; otherwise it only dials when the other side did not. */
  | { readonly type: 'connect'; readonly peer: PeerId; readonly addresses: readonly Address[]; readonly eager: boolean }
  /** No longer keep a link to this peer; an open one may stay until it is idle. */
  | { readonly type: 'disconnect'; readonly peer: PeerId }
  /** End the link in order: nobody here needs it. A kept one stays. */
  | { readonly type: 'release'; readonly peer: PeerId }
  /** Tear the link down now: the peer is believed dead. A kept peer is dialled again. */
  | { readonly type: 'abort'; readonly peer: PeerId }
  | { readonly type: 'change'; readonly change: P['change'] }

/** What the keys answer. */
export type Attested =
  | { readonly type: 'signed'; readonly signature: string }
  | { readonly type: 'verified'; readonly token: number; readonly ok: boolean }

/** What the store answers to a `persist`. */
export interface Persisted {
  readonly type: 'persisted'
  readonly token: number
  readonly ok: boolean
}

export interface Machine<P extends Protocol> {
  /** Takes one input at one moment; returns what must be done, in order. Never throws on what a peer sent. */
  step(input: P['input'], now: Now): readonly Effect<P>[]
  /** When it wants `{type: 'tick'}`, on the monotonic clock; `never` when idle. */
  deadline(): Millis
}

/** Fed when the deadline has come. */
export interface Tick {
  readonly type: 'tick'
}
