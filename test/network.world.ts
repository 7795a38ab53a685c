// Real hubs' networks on 127.0.0.1, for the tests: what they start they stop.

import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { Connection } from '@libp2p/interface'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { freshLife, greet } from '../src/adapters/libp2p/hello.ts'
import { createNetwork, peerOf } from '../src/adapters/libp2p/network.ts'
import type { NetworkOptions, NetworkStats } from '../src/adapters/libp2p/options.ts'
import { protocolsOf } from '../src/adapters/libp2p/protocols.ts'
import type { HubId } from '../src/core/ids.ts'
import type { Network } from '../src/hub/ports.ts'
import type { NetworkWorld } from './contracts/hubs.ts'
import { freePort } from './ports.ts'

export type RealNetwork = Network & { stats(): NetworkStats }

interface Made {
  readonly network: RealNetwork
  readonly options: NetworkOptions
}

export class RealWorld implements NetworkWorld<Partial<NetworkOptions>> {
  readonly #made = new Map<string, Made>()
  readonly #running = new Map<string, RealNetwork>()
  readonly #ends: (() => unknown)[] = []
  readonly #changes: Partial<NetworkOptions>

  /** `changes` apply to every hub of this world. */
  constructor(changes: Partial<NetworkOptions> = {}) {
    this.#changes = changes
  }

  async network(name: string, changes: Partial<NetworkOptions> = {}) {
    const options = this.#made.get(name)?.options ?? (await this.#options(changes))
    const network = createNetwork(options)
    this.#made.set(name, { network, options })
    this.#running.set(name, network)
    return { peer: peerOf(options.privateKey), network }
  }

  stats(name: string): NetworkStats {
    const made = this.#made.get(name)
    if (made === undefined) throw new Error(`no hub ${name}`)
    return made.network.stats()
  }

  async until(claim: () => boolean, ms: number): Promise<void> {
    const deadline = performance.now() + ms
    while (!claim()) {
      if (performance.now() > deadline) throw new Error(`not within ${ms} ms: ${claim}`)
      await this.elapse(10)
    }
  }

  elapse(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms))
  }

  async kill(name: string): Promise<void> {
    const network = this.#running.get(name)
    this.#running.delete(name)
    if (network !== undefined) await new Promise<void>((resolve) => network.close(resolve))
  }

  async end(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((name) => this.kill(name)))
    for (const end of this.#ends) await end()
  }

  /** What a test started besides hubs. */
  atEnd(end: () => unknown): void {
    this.#ends.push(end)
  }

  async #options(changes: Partial<NetworkOptions>): Promise<NetworkOptions> {
    return {
      privateKey: await generateKeyPair('Ed25519'),
      federation: 'test',
      listen: [`127.0.0.1:${await freePort()}`],
      announce: [],
      bootstrap: [],
      dht: 'client',
      gossip: { intervalMs: 100, fanout: 6, maxMessageBytes: 64 * 1024 },
      limits: { links: 300, streamsPerPeer: 8, sendQueueBytes: 4 * 1024 * 1024 },
      ...this.#changes,
      ...changes,
    }
  }
}

type Play = (world: RealWorld) => Promise<void>

/** A test in a world of its own, so that tests may run side by side. */
export function scene(play: Play, changes: Partial<NetworkOptions> = {}): () => Promise<void> {
  return async () => {
    const world = new RealWorld(changes)
    try {
      await play(world)
    } finally {
      await world.end()
    }
  }
}

/** A libp2p node that is no hub: it has the DHT of the federation and gossipsub, and knows no hello. */
export interface BareNode {
  readonly listening: string
  readonly gossip: GossipSub
  /** Connected peers. */
  peers(): string[]
  /** The first address, to dial a hub whose peer id does not matter. */
  address(addresses: readonly string[]): Multiaddr
  /** A new connection each time. */
  dial(address: Multiaddr): Promise<Connection>
  stop(): Promise<void>
}

export async function bareNode(options: { dht: boolean; port?: number; federation?: string }): Promise<BareNode> {
  const { dht, port = 0, federation = 'test' } = options
  const { dht: protocol } = protocolsOf(federation)
  const node = await createLibp2p({
    addresses: { listen: [`/ip4/127.0.0.1/tcp/${port}`] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: {
      identify: identify(),
      ping: ping(),
      gossip: gossipsub({ heartbeatInterval: 100, allowPublishToZeroTopicPeers: true }),
      dht: kadDHT({ protocol: dht ? protocol : '/none', clientMode: !dht, peerInfoMapper: passthroughMapper }),
    },
  })
  return {
    listening: node.getMultiaddrs()[0]?.toString() ?? '',
    gossip: node.services.gossip,
    peers: () => node.getPeers().map(String),
    address: ([first]) => multiaddr(first ?? ''),
    dial: (address) => node.dial(address, { force: true }),
    stop: () => Promise.resolve(node.stop()),
  }
}

/** A hub's side of the hello, in a life of its own each time. Throws where it is not let in. */
export async function sayHello(connection: Connection, text: string): Promise<void> {
  const judge = () => ({ ok: true, hub: 'a' as HubId }) as const
  const stream = await connection.newStream(protocolsOf('test').hello)
  const hello = () => new TextEncoder().encode(text)
  const { kind } = await greet(stream, { life: freshLife(), hello, judge })
  if (kind !== 'admitted') throw new Error(`the hello of ${text} is ${kind}`)
}
