// What a hub needs from the world. Callbacks, not promises, so that the driver itself runs in virtual time.
// Each port has one contract suite (test/contracts/) that the real and the simulated adapter both pass.

import type { Address, HubId, PeerId } from '../core/ids.ts'
import type { Hashing, Keys, Signed } from '../core/keys.ts'
import type { Topic } from '../core/machine.ts'
import type { Scan } from '../core/scan.ts'
import type { Millis, Now } from '../core/time.ts'

export interface Clock {
  now(): Now
  /** Arms the hub's only timer; a later call replaces it, `never` disarms it. `at` is on the monotonic clock. */
  arm(at: Millis, wake: () => void): void
}

export interface Codec {
  encode(value: unknown): Uint8Array
  /** The same for what is said to other hubs: compressed where that is worth it (core/packed.ts). */
  pack(value: unknown): Uint8Array
  /** Of either. Never throws: bytes that are no value, or one longer than a frame, give undefined. */
  decode(bytes: Uint8Array): unknown
  /** Looks over bytes without making values of them; left out by codecs that cannot: then all is decoded. */
  readonly scan?: Scan
}

/** The hub's keys, and what of their work is done beside the event loop. `done` is called once. */
export interface HubKeys extends Keys, Hashing {
  verifyLater(signed: Signed, done: (ok: boolean) => void): void
}

export interface StoredEntry {
  readonly key: string
  /** Stays as it is: records rest in it. */
  readonly value: Uint8Array
}

export type StoredOp = { readonly put: string; readonly value: Uint8Array } | { readonly del: string }

export interface Store {
  /**
   * Everything that is stored, in key order, as often as it is gone through. `isDamaged`: part of what was stored is missing, or
   * may be an older one.
   */
  load(done: (entries: Iterable<StoredEntry>, isDamaged: boolean) => void, failed: (reason: string) => void): void
  /** All or nothing, in the order of the calls. `synced`: on the disk, not only with the system, before `done(true)`. */
  persist(batch: readonly StoredOp[], synced: boolean, done: (ok: boolean) => void): void
}

/** Which long-lived stream a message takes: `control` is small and quick, `bulk` is paced behind it. */
export type Channel = 'control' | 'bulk'

export type Admission =
  | { readonly ok: true; readonly hub: HubId }
  /** `isMutual`: the peer has to judge this hub for the same reason, and hears its hello although it is not admitted. */
  | { readonly ok: false; readonly reason: string; readonly isMutual?: boolean }

/** `closed` by the peer, or with its process; `released` and `aborted` by this hub; `silent`: nothing got through. */
export type DownReason = 'closed' | 'released' | 'aborted' | 'silent'

/** What the network tells the driver. All callbacks may come at any time between `open` and `close`. */
export interface NetworkEvents {
  /** This hub's hello, said first on every new connection. Read afresh each time. */
  hello(): Uint8Array
  /** Judges a peer's hello. A peer that is not admitted gets nothing and is not reported as a link. */
  admit(peer: PeerId, hello: Uint8Array): Admission
  /** Whether the peer is known to live, linked or not: there is no need to look for it at a bootstrap address. */
  isPresent(peer: PeerId): boolean
  /** An admitted peer is connected. `hello` is what it said; `address` is where the connection leads. Once per link. */
  linkUp(peer: PeerId, hello: Uint8Array, address: Address): void
  linkDown(peer: PeerId, reason: DownReason): void
  /** A dial to a kept peer failed. `refused`: something answered that nobody listens there (hard evidence). */
  dialFailed(peer: PeerId, reason: 'refused' | 'timeout' | 'no-address' | 'not-admitted'): void
  /** Bytes from an admitted peer over a direct stream. */
  message(from: PeerId, bytes: Uint8Array): void
  /** Bytes published on a topic; `author` is whose key signed them, never this hub itself. */
  gossip(topic: Topic, author: PeerId, bytes: Uint8Array): void
  /** Bytes that no protocol accepted: garbage frames, oversized frames, messages before the hello. */
  garbage(reason: string): void
}

export interface ConnectTarget {
  readonly peer: PeerId
  readonly addresses: readonly Address[]
  /** This side owns the dial; when false it dials only if the peer has not done so after a grace. */
  readonly eager: boolean
}

export interface Network {
  /** Starts listening. `ready` carries the addresses under which this hub can be reached. */
  open(events: NetworkEvents, ready: (addresses: readonly Address[]) => void, failed: (reason: string) => void): void
  /** Keep a link to this peer, redialling for ever with jitter. A later call replaces addresses and eagerness. */
  connect(target: ConnectTarget): void
  /** Stop keeping it. */
  disconnect(peer: PeerId): void
  /** End the link to a peer that is not kept, in order: the peer is told that it is `closed`. */
  release(peer: PeerId): void
  /** Tear down every connection to the peer at once; a kept peer is redialled with back-off. */
  abort(peer: PeerId): void
  /** Best effort, in order per channel, bounded per peer; to a peer without a link it is dropped. */
  send(to: PeerId, channel: Channel, bytes: Uint8Array): void
  publish(topic: Topic, bytes: Uint8Array): void
  /** Flushes what was sent, waits two gossip beats, closes all. */
  close(done: () => void): void
}

export interface Ports {
  readonly clock: Clock
  readonly codec: Codec
  readonly keys: HubKeys
  readonly store: Store
  readonly network: Network
}
