// How a libp2p node is put together for a hub, and what each departure from libp2p's defaults prevents. The figures were
// measured with libp2p 3.3 on loopback; the links (links.ts) decide who is connected, libp2p only connects.

import { noise } from '@chainsafe/libp2p-noise'
import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { type Identify, identify } from '@libp2p/identify'
import type { ConnectionGater, Libp2p, MultiaddrConnection } from '@libp2p/interface'
import { type KadDHT, kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { type Ping, ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import type { Multiaddr } from '@multiformats/multiaddr'
import { LevelDatastore } from 'datastore-level'
import { createLibp2p } from 'libp2p'
import type { PeerId } from '../../core/ids.ts'
import { connectionsFor } from '../../hub/settings.ts'
import { asMultiaddr, worthTelling } from './addresses.ts'
import type { NetworkOptions } from './options.ts'
import type { Protocols } from './protocols.ts'
import { inOnePiece, withRareUpdates } from './thrift.ts'

/** The part of libp2p's address manager that says which addresses it would keep to itself. */
interface Listening {
  getAddressesWithMetadata(): { readonly multiaddr: Multiaddr; readonly verified: boolean; readonly type: string }[]
  confirmObservedAddr(address: Multiaddr, options: { type: 'transport'; ttl: number }): void
}

type Services = { identify: Identify; ping: Ping; gossip: GossipSub; dht: KadDHT; listening: Listening }
export type Node = Libp2p<Services>

export interface NodeParts {
  readonly options: NetworkOptions
  readonly protocols: Protocols
  /** Whether gossip may go to and come from this peer. */
  readonly isAdmitted: (peer: PeerId) => boolean
  /** An inbound connection ended before both ends had proved their keys. */
  readonly brokenHandshake: () => void
}

export interface BuiltNode {
  readonly node: Node
  /** Ends libp2p and closes its directory. */
  stop(): Promise<void>
}

/** Not started: handlers must be there before the first peer asks for them. Throws when the options cannot be met. */
export async function buildNode(parts: NodeParts): Promise<BuiltNode> {
  const { directory } = parts.options
  const datastore = directory === undefined ? undefined : await openDirectory(directory)
  const node = await assemble(parts, datastore).catch(async (error: unknown) => {
    await datastore?.close()
    throw error
  })
  const stop = async () => {
    await node.stop()
    await datastore?.close()
  }
  return { node, stop }
}

async function assemble(parts: NodeParts, datastore: LevelDatastore | undefined): Promise<Node> {
  const { options } = parts
  return createLibp2p<Services>({
    start: false,
    privateKey: options.privateKey,
    ...(datastore === undefined ? {} : { datastore }),
    addresses: {
      listen: options.listen.map((text) => asMultiaddr(text).toString()),
      announce: options.announce.map((text) => asMultiaddr(text).toString()),
      announceFilter: worthTelling,
    },
    transports: [tcp()],
    connectionEncrypters: [inOnePiece(noise())],
    streamMuxers: [withRareUpdates(yamux(muxerRules))],
    connectionManager: connectionRules(options.limits.links),
    // It aborts a connection on the first lost ping and costs 15 times the idle CPU; membership judges peers better.
    connectionMonitor: { enabled: false },
    connectionGater: countingGater(parts.brokenHandshake),
    services: {
      // Run by the links after the hello: gossip and DHT learn of a peer from identify only, so not of strangers.
      identify: identify({ runOnConnectionOpen: false }),
      ping: ping(),
      gossip: gossipsub(gossipRules(parts)),
      dht: kadDHT(dhtRules(parts)),
      listening: (components): Listening => components.addressManager,
    },
  })
}

async function openDirectory(directory: string): Promise<LevelDatastore> {
  const datastore = new LevelDatastore(directory)
  // Its own `open` would keep the reason to itself.
  await datastore.db.open().catch((error: Error) => {
    const cause = error.cause instanceof Error ? error.cause : error
    const isLocked = 'code' in cause && cause.code === 'LEVEL_LOCKED'
    throw new Error(isLocked ? `${directory} is locked by another process` : `${directory}: ${cause.message}`)
  })
  return datastore
}

/**
 * Public listen addresses are withheld until AutoNAT has confirmed them, and there is no AutoNAT here: the operator has
 * said where to listen, so they are confirmed at once.
 */
export function tellPublicAddresses({ services: { listening } }: Node): void {
  for (const { multiaddr, verified, type } of listening.getAddressesWithMetadata())
    if (type === 'transport' && !verified) listening.confirmObservedAddr(multiaddr, { type, ttl: tenYearsMs })
}

const tenYearsMs = 10 * 365 * 24 * 3_600_000
const outboundGossipBytes = 4 * 1024 * 1024

const muxerRules = {
  // Bounds what a stream holds beyond its window. The default is unbounded: 194 MB were queued in 24 ms.
  streamOptions: { maxWriteBufferLength: outboundGossipBytes },
  // Rarely, but before the 2 min are over after which a socket that nobody uses is closed.
  keepAliveInterval: 100_000,
}

/**
 * The defaults admit 5 inbound connections per second and address and 10 pending ones, and reset the rest: 20 hubs behind
 * one address cannot even start. A whole federation that rejoins within the 30 s of back-off jitter fits into these.
 */
function connectionRules(links: number) {
  return {
    maxConnections: connectionsFor(links),
    inboundConnectionThreshold: Math.max(20, Math.ceil(links / 4)),
    maxIncomingPendingConnections: Math.max(20, Math.ceil(links / 4)),
    addressDialTimeout: 3_000,
    dialTimeout: 8_000,
    inboundUpgradeTimeout: 5_000,
    // One peer that does not answer delays the opening of all other gossip streams by this long (default 10 s).
    outboundStreamProtocolNegotiationTimeout: 3_000,
    inboundStreamProtocolNegotiationTimeout: 3_000,
    // libp2p gives up redialling after five tries (31 s); the links never do.
    reconnectRetries: 0,
  }
}

function gossipRules({ options, protocols, isAdmitted }: NodeParts): NonNullable<Parameters<typeof gossipsub>[0]> {
  const { intervalMs, fanout, maxMessageBytes } = options.gossip
  const lower = Math.max(1, Math.ceil((fanout * 2) / 3))
  return {
    D: fanout,
    Dlo: lower,
    Dhi: fanout * 2,
    Dscore: Math.min(4, fanout),
    Dout: Math.max(0, Math.min(2, Math.floor(fanout / 2), lower - 1)),
    heartbeatInterval: intervalMs,
    globalSignaturePolicy: 'StrictSign',
    // Strict signing verifies every duplicate (45 % of all CPU) unless duplicates are known by something cheaper.
    fastMsgIdFn: ({ from, seqno }) => `${latin(from)}/${latin(seqno)}`,
    floodPublish: false,
    fallbackToFloodsub: false,
    doPX: false,
    allowPublishToZeroTopicPeers: true,
    allowedTopics: [...protocols.topics.keys()],
    // A word that one has a message already costs its receiver what the message would; by default it is sent for 512 bytes.
    idontwantMinDataSize: 4 * 1024,
    maxInboundDataLength: Math.max(256 * 1024, 2 * maxMessageBytes),
    maxOutboundBufferSize: outboundGossipBytes,
    awaitRpcHandler: true,
    awaitRpcMessageHandler: true,
    scoreParams: {
      // More than ten peers on one address (loopback, Docker, NAT) are pruned otherwise, and messages are lost.
      IPColocationFactorWeight: 0,
      // Below "publish to", above "listen to": a peer's subscriptions are read, but it gets nothing. Weighs tenfold.
      appSpecificScore: (peer) => (isAdmitted(peer as PeerId) ? 0 : -6),
    },
  }
}

function dhtRules({ options, protocols }: NodeParts): NonNullable<Parameters<typeof kadDHT>[0]> {
  return {
    protocol: protocols.dht,
    clientMode: options.dht === 'client',
    // The default drops private addresses, which is where most federations live.
    peerInfoMapper: passthroughMapper,
    // Otherwise every query waits for a neighbour, for ever where there is none.
    allowQueryWithZeroPeers: true,
  }
}

/** Admits all and counts those that never finish the handshake: garbage, port scans, another protocol. */
function countingGater(broken: () => void): ConnectionGater {
  const proven = new WeakSet<MultiaddrConnection>()
  return {
    denyInboundConnection(connection) {
      connection.addEventListener('close', () => {
        if (!proven.has(connection)) broken()
      })
      return false
    },
    denyInboundUpgradedConnection(_peer, connection) {
      proven.add(connection)
      return false
    },
  }
}

function latin(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
