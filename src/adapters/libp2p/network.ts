// The `Network` port on libp2p: puts the parts together, starts them in order and ends them in order. libp2p gives identity,
// encryption, streams, gossip and the DHT; who is linked with whom is decided here and by the hub.

import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { Address, PeerId } from '../../core/ids.ts'
import type { Topic } from '../../core/machine.ts'
import type { Millis } from '../../core/time.ts'
import type { Channel, ConnectTarget, DownReason, Network, NetworkEvents } from '../../hub/ports.ts'
import { bare, peerName } from './addresses.ts'
import { Book } from './book.ts'
import { Bootstrap } from './bootstrap.ts'
import { Channels } from './channels.ts'
import { Dht } from './dht.ts'
import { Discovery } from './discovery.ts'
import { Gossip, type Reach } from './gossip.ts'
import { Keeper } from './keeper.ts'
import { type LinkEvents, Links } from './links.ts'
import { type BuiltNode, buildNode, type Node, tellPublicAddresses } from './node.ts'
import type { NetworkOptions, NetworkStats } from './options.ts'
import { protocolsOf } from './protocols.ts'
import { Stats } from './stats.ts'
import { Timers } from './timers.ts'

/** Bounds of the two slow steps of closing: what peers have not taken by then, and what libp2p has not closed. */
const flushMs: Millis = 1_000
const stopMs: Millis = 3_000
const flushPollMs: Millis = 10

/** The network of one hub. Nothing is opened, dialled or listened on before `open`; an unusable option fails there. */
export function createNetwork(options: NetworkOptions): Network & Readings {
  return new Libp2pNetwork(options)
}

/** The peer id that goes with a hub's key. */
export function peerOf(privateKey: NetworkOptions['privateKey']): PeerId {
  return peerName(peerIdFromPrivateKey(privateKey))
}

interface Readings {
  stats(): NetworkStats
  reach(): Partial<Record<Topic, Reach>>
}

interface Parts {
  readonly node: Node
  readonly links: Links
  readonly channels: Channels
  readonly gossip: Gossip
  readonly keeper: Keeper
  readonly bootstrap: Bootstrap
  readonly discovery: Discovery
}

class Libp2pNetwork implements Network {
  readonly #options: NetworkOptions
  readonly #stats = new Stats()
  readonly #timers = new Timers()
  /** Of everything that dials: they end first. */
  readonly #dialTimers = new Timers()
  readonly #book = new Book()
  /** Kept before the node runs. */
  readonly #early = new Map<PeerId, ConnectTarget>()
  #events: NetworkEvents | undefined
  #parts: Parts | undefined
  #built: BuiltNode | undefined
  #opening: Promise<void> = Promise.resolve()

  constructor(options: NetworkOptions) {
    this.#options = options
  }

  open(events: NetworkEvents, ready: (addresses: readonly Address[]) => void, failed: (reason: string) => void): void {
    this.#events = events
    this.#opening = this.#start().then(
      (own) => ready(own),
      async (error: unknown) => {
        await this.#stop()
        failed(error instanceof Error ? reasonOf(error) : String(error))
      },
    )
  }

  connect(target: ConnectTarget): void {
    if (this.#parts === undefined) this.#early.set(target.peer, target)
    else this.#parts.keeper.keep(target)
  }

  disconnect(peer: PeerId): void {
    this.#early.delete(peer)
    this.#parts?.keeper.drop(peer)
  }

  release(peer: PeerId): void {
    // As below; and meanwhile it may have become a kept one.
    queueMicrotask(() => {
      if (this.#parts?.keeper.isKept(peer) === false) this.#parts.links.drop(peer, 'released')
    })
  }

  abort(peer: PeerId): void {
    // Not inside the caller's step: the link's end is told to the same caller.
    queueMicrotask(() => this.#parts?.links.drop(peer, 'aborted'))
  }

  send(to: PeerId, channel: Channel, bytes: Uint8Array): void {
    this.#parts?.channels.send(to, channel, bytes)
  }

  publish(topic: Topic, bytes: Uint8Array): void {
    this.#parts?.gossip.publish(topic, bytes)
  }

  /** libp2p drains nothing by itself: flush, two gossip beats for what was published, then stop. 6 s at the longest. */
  close(done: () => void): void {
    this.#dialTimers.close()
    void this.#opening.then(() => this.#end()).then(done)
  }

  stats(): NetworkStats {
    const { garbage, refusals, gossip, dropped, gossipOversized, dialling } = this.#stats
    const peers = this.#parts?.links.peers() ?? []
    return structuredClone({
      links: peers.length,
      connections: this.#parts?.node.getConnections().length ?? 0,
      dialling,
      peers,
      garbage,
      refusals,
      gossip,
      gossipOversized,
      waiting: this.#parts?.channels.waiting ?? 0,
      dropped,
    })
  }

  /** Of each topic; nothing before the network is open. */
  reach(): Partial<Record<Topic, Reach>> {
    return this.#parts?.gossip.reach() ?? {}
  }

  async #start(): Promise<readonly Address[]> {
    const options = this.#options
    const protocols = protocolsOf(options.federation)
    this.#built = await buildNode({
      options,
      protocols,
      isAdmitted: (peer) => this.#parts?.links.isUp(peer) ?? false,
      brokenHandshake: () => this.#garbage('handshake'),
    })
    const { node } = this.#built
    const shared = { node, protocols, stats: this.#stats, timers: this.#timers, ...options.limits }
    const garbage = (reason: string) => this.#garbage(reason)
    const links = new Links({ ...shared, events: this.#linkEvents() })
    const message = (from: PeerId, bytes: Uint8Array) => this.#events?.message(from, bytes)
    const channels = new Channels({ ...shared, links, message, garbage })
    const gossip = new Gossip({
      ...shared,
      garbage,
      maxMessageBytes: options.gossip.maxMessageBytes,
      isUp: (peer) => links.isUp(peer),
      heard: (topic, author, bytes) => this.#events?.gossip(topic, author, bytes),
    })
    const dht = new Dht(node)
    const dialling = { ...shared, links, timers: this.#dialTimers }
    const keeper = new Keeper({
      ...dialling,
      book: this.#book,
      find: (peer) => dht.find(peer),
      failed: (peer, reason) => this.#events?.dialFailed(peer, reason),
    })
    const bootstrap = new Bootstrap({
      ...dialling,
      addresses: options.bootstrap,
      isPresent: (peer) => this.#events?.isPresent(peer) ?? false,
    })
    const learned = (peer: PeerId, addresses: readonly Address[]) => this.#book.learn(peer, addresses)
    const discovery = new Discovery({ ...dialling, dht, learned })
    this.#parts = { node, links, channels, gossip, keeper, bootstrap, discovery }
    return this.#run(this.#parts)
  }

  async #run({ node, links, channels, gossip, keeper, bootstrap, discovery }: Parts): Promise<readonly Address[]> {
    await links.attach()
    await channels.attach()
    await node.start()
    tellPublicAddresses(node)
    gossip.subscribe()
    const own = node.getMultiaddrs().map(bare)
    for (const target of this.#early.values()) keeper.keep(target)
    this.#early.clear()
    bootstrap.start(own)
    discovery.start()
    return own
  }

  #linkEvents(): LinkEvents {
    return {
      hello: () => this.#events?.hello() ?? new Uint8Array(),
      admit: (peer, hello) => this.#events?.admit(peer, hello) ?? { ok: false, reason: 'this hub is leaving' },
      up: (peer, hello, address) => {
        this.#parts?.channels.open(peer)
        this.#parts?.keeper.up(peer)
        this.#events?.linkUp(peer, hello, address)
      },
      down: (peer, reason) => this.#down(peer, reason),
      learned: (peer, addresses) => this.#book.learn(peer, addresses),
      foreign: () => this.#parts?.discovery.stir(),
      gone: (peer) => this.#parts?.bootstrap.lost(peer),
      garbage: (reason) => this.#garbage(reason),
    }
  }

  #down(peer: PeerId, reason: DownReason): void {
    this.#parts?.channels.close(peer)
    this.#events?.linkDown(peer, reason)
    this.#parts?.keeper.down(peer, reason)
    this.#parts?.bootstrap.lost(peer)
    this.#parts?.discovery.stir()
  }

  #garbage(reason: string): void {
    this.#stats.countGarbage(reason)
    this.#events?.garbage(reason)
  }

  async #end(): Promise<void> {
    const deadline = performance.now() + flushMs
    while (this.#parts?.channels.isFlushed === false && performance.now() < deadline) await pause(flushPollMs)
    if (this.#parts !== undefined) await pause(2 * this.#options.gossip.intervalMs)
    await this.#stop()
  }

  /** From here on the hub hears nothing more. */
  async #stop(): Promise<void> {
    this.#events = undefined
    this.#timers.close()
    const stopped = this.#built?.stop().catch(() => {})
    if (stopped !== undefined) await Promise.race([stopped, pause(stopMs)])
    this.#built = undefined
    this.#parts = undefined
  }
}

/** What the operator can act on: the system's reason, not libp2p's advice on its own options. */
function reasonOf(error: Error): string {
  const [cause] = /(?:listen |bind )?E[A-Z]+: [^\n]*/.exec(error.message) ?? []
  return cause ?? error.message.split('\n')[0] ?? error.name
}

function pause(ms: Millis): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
