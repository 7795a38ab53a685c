// What the libp2p network is told at birth, and what it can be asked while it runs.

import type { PrivateKey } from '@libp2p/interface'
import type { PeerId } from '../../core/ids.ts'
import type { Topic } from '../../core/machine.ts'
import type { Millis } from '../../core/time.ts'
import type { Channel } from '../../hub/ports.ts'

export interface NetworkOptions {
  /** Ed25519: the hub's identity. */
  readonly privateKey: PrivateKey
  /** Goes into every protocol id and topic, so that two federations never merge by accident. */
  readonly federation: string
  /** Where to listen: multiaddrs or `host:port`; port 0 lets the system choose. */
  readonly listen: readonly string[]
  /** Addresses to tell others instead of those listened on; empty: the latter. */
  readonly announce: readonly string[]
  /** `host:port`, DNS name with port, or multiaddr; the peer id behind it need not be known. */
  readonly bootstrap: readonly string[]
  /** A server answers DHT queries and can be found by them; a client only asks. */
  readonly dht: 'server' | 'client'
  readonly gossip: {
    /** gossipsub's heartbeat. */
    readonly intervalMs: Millis
    /** D: neighbours per topic to which messages are pushed; the lower and upper bounds follow from it. */
    readonly fanout: number
    /** Larger publications are refused here and at every receiver. */
    readonly maxMessageBytes: number
  }
  readonly limits: {
    /** Links a hub keeps to; there may be more connections for a while (`connectionsFor`), and inbound rates scale with it. */
    readonly links: number
    /** Inbound streams that one peer may hold open, per protocol of this hub. */
    readonly streamsPerPeer: number
    /** Bytes that may wait for one peer: a quarter on the control channel, the rest on bulk. */
    readonly sendQueueBytes: number
  }
  /** Directory of libp2p's own peer store (LevelDB, held by one process); left out: memory. */
  readonly directory?: string
}

/** A reading of the network's state and its counters since it was opened. */
export interface NetworkStats {
  readonly links: number
  /** Open connections: more than links where a peer is not judged yet, dialled twice, or connected for the DHT alone. */
  readonly connections: number
  /** Dials under way: kept peers, bootstrap addresses and discovered peers. */
  readonly dialling: number
  /** Linked peers with the round trip of their hello, in milliseconds: taken once, when the link came up. */
  readonly peers: readonly { readonly peer: PeerId; readonly rttMs: Millis }[]
  /** What was dropped unread, by reason. */
  readonly garbage: Readonly<Record<string, number>>
  /** Hellos that were not admitted, by either end, by reason; at most 32 reasons, then `other`. */
  readonly refusals: Readonly<Record<string, number>>
  readonly gossip: Readonly<Record<Topic, { readonly published: number; readonly received: number }>>
  /** Publications refused here because of their size. */
  readonly gossipOversized: number
  /** Messages that wait to be sent, over all peers. */
  readonly waiting: number
  /** Messages that a full send queue or a missing link cost, per channel. */
  readonly dropped: Readonly<Record<Channel, number>>
}
