// Who is linked: one link per admitted peer, however many connections lead to it. A connection counts from the hello on;
// surplus ones are closed, and gossip is repaired when one of several goes.

import type { Connection, Stream } from '@libp2p/interface'
import type { Address, PeerId } from '../../core/ids.ts'
import type { Millis } from '../../core/time.ts'
import type { Admission, DownReason } from '../../hub/ports.ts'
import { bare, peerName } from './addresses.ts'
import { type Admitted, answer, freshLife, type Greeter, type Greeting, greet, helloTimeoutMs } from './hello.ts'
import type { Node } from './node.ts'
import type { Protocols } from './protocols.ts'
import type { Stats } from './stats.ts'
import type { Timers } from './timers.ts'

/** Long enough for both ends to have admitted both of two connections that crossed. */
const surplusMs: Millis = 250
/** A refused peer reads the reason before the connection goes. */
const refusalMs: Millis = 250
/** How often links are looked over for a missing gossip stream. */
const mendMs: Millis = 5_000

/** What became of a connection: a link, a DHT neighbour that is no hub, a refusal, or nothing. */
export type Verdict =
  | { readonly kind: 'admitted' | 'foreign' | 'broken' }
  | { readonly kind: 'refused'; readonly reason: string }

export interface LinkEvents {
  hello(): Uint8Array
  admit(peer: PeerId, hello: Uint8Array): Admission
  up(peer: PeerId, hello: Uint8Array, address: Address): void
  down(peer: PeerId, reason: DownReason): void
  /** Addresses under which a peer says, or has shown, that it can be reached. */
  learned(peer: PeerId, addresses: readonly Address[]): void
  /** A DHT neighbour that is no hub is connected. */
  foreign(): void
  /** It no longer is. */
  gone(peer: PeerId): void
  garbage(reason: string): void
}

interface Tie {
  readonly connection: Connection
  readonly peer: PeerId
  readonly verdict: PromiseWithResolvers<Verdict>
  state: 'greeting' | Verdict['kind']
  admittedAt: Millis
}

interface Link {
  readonly life: string
  readonly rttMs: Millis
}

export interface LinkParts {
  readonly node: Node
  readonly protocols: Protocols
  readonly stats: Stats
  readonly timers: Timers
  readonly streamsPerPeer: number
  readonly events: LinkEvents
}

export class Links {
  readonly #parts: LinkParts
  readonly #life = freshLife()
  /** By peer, then by the connection's id. */
  readonly #ties = new Map<PeerId, Map<string, Tie>>()
  readonly #links = new Map<PeerId, Link>()

  constructor(parts: LinkParts) {
    this.#parts = parts
  }

  /** Before the node starts: no connection must go unseen. */
  async attach(): Promise<void> {
    const { node, protocols, streamsPerPeer } = this.#parts
    node.addEventListener('connection:open', (event) => this.#tie(event.detail))
    await node.handle(protocols.hello, (stream, connection) => void this.#answer(stream, connection), {
      maxInboundStreams: streamsPerPeer,
    })
    this.#mendLater()
  }

  get count(): number {
    return this.#links.size
  }

  peers(): { readonly peer: PeerId; readonly rttMs: Millis }[] {
    return [...this.#links].map(([peer, { rttMs }]) => ({ peer, rttMs }))
  }

  isUp(peer: PeerId): boolean {
    return this.#links.has(peer)
  }

  /** Linked, or connected for the DHT alone. */
  isConnected(peer: PeerId): boolean {
    return this.#tiesTo(peer).some((tie) => tie.state === 'admitted' || tie.state === 'foreign')
  }

  /** The admitted connection to use for new streams. */
  connection(peer: PeerId): Connection | undefined {
    return this.#admitted(peer).at(-1)?.connection
  }

  /** Resolves once the hello is over, at the latest when its time is up. */
  verdict(connection: Connection): Promise<Verdict> {
    return this.#tie(connection).verdict.promise
  }

  /** Ends every connection to the peer: in order where it is `released`, so that it reads what was sent, else at once. */
  drop(peer: PeerId, reason: DownReason): void {
    const ties = this.#tiesTo(peer)
    for (const tie of ties) this.#untie(tie)
    this.#down(peer, reason)
    for (const { connection } of ties) {
      if (reason === 'released') void end(connection)
      else connection.abort(new Error(`link ${reason}`))
    }
  }

  #tie(connection: Connection): Tie {
    const peer = peerName(connection.remotePeer)
    const known = this.#ties.get(peer)?.get(connection.id)
    if (known !== undefined) return known
    const tie: Tie = {
      connection,
      peer,
      verdict: Promise.withResolvers(),
      state: 'greeting',
      admittedAt: 0,
    }
    if (connection.status !== 'open') {
      tie.verdict.resolve({ kind: 'broken' })
      return tie
    }
    const others = this.#ties.get(peer)
    if (others === undefined) this.#ties.set(peer, new Map([[connection.id, tie]]))
    else others.set(connection.id, tie)
    connection.addEventListener('close', (event) => this.#closed(tie, event.error))
    if (connection.direction === 'outbound') void this.#greet(tie)
    else this.#parts.timers.after(helloTimeoutMs, () => this.#unanswered(tie))
    return tie
  }

  async #greet(tie: Tie): Promise<void> {
    const signal = AbortSignal.timeout(helloTimeoutMs)
    const stream = await tie.connection
      .newStream(this.#parts.protocols.hello, { signal })
      .catch((error: Error) => error)
    if (stream instanceof Error) {
      if (stream.name === 'UnsupportedProtocolError') await this.#unanswered(tie)
      else this.#reject(tie, { kind: 'broken' })
      return
    }
    this.#settle(tie, await greet(stream, this.#greeter(tie.peer)))
  }

  async #answer(stream: Stream, connection: Connection): Promise<void> {
    const tie = this.#tie(connection)
    if (tie.state !== 'greeting') return stream.abort(new Error('a second hello'))
    this.#settle(tie, await answer(stream, this.#greeter(tie.peer)))
  }

  #greeter(peer: PeerId): Greeter {
    const { events } = this.#parts
    return { life: this.#life, hello: () => events.hello(), judge: (hello) => events.admit(peer, hello) }
  }

  /** No hello: kept only where the peer speaks the federation's DHT and nothing else of it, as a rendezvous does. */
  async #unanswered(tie: Tie): Promise<void> {
    if (tie.state !== 'greeting') return
    const { protocols, events } = this.#parts
    const spoken = await this.#identify(tie.connection)
    if (tie.state !== 'greeting' || tie.connection.status !== 'open') return
    if (!spoken.includes(protocols.dht) || spoken.includes(protocols.hello))
      return this.#reject(tie, { kind: 'broken' })
    this.#conclude(tie, { kind: 'foreign' })
    events.foreign()
  }

  #settle(tie: Tie, greeting: Greeting): void {
    if (tie.state !== 'greeting' || tie.connection.status !== 'open') return
    if (greeting.kind === 'broken') this.#parts.events.garbage('hello')
    if (greeting.kind === 'admitted') this.#admit(tie, greeting)
    else this.#reject(tie, greeting)
  }

  #admit(tie: Tie, { life, hello, rttMs }: Admitted): void {
    const { events, timers } = this.#parts
    // The peer has restarted: its old connections lead nowhere, even where nobody has noticed yet.
    const link = this.#links.get(tie.peer)
    if (link !== undefined && link.life !== life) {
      const stale = this.#admitted(tie.peer)
      for (const old of stale) this.#untie(old)
      this.#down(tie.peer, 'closed')
      for (const old of stale) old.connection.abort(new Error('the peer has restarted'))
    }
    tie.admittedAt = performance.now()
    const address = bare(tie.connection.remoteAddr)
    if (tie.connection.direction === 'outbound') events.learned(tie.peer, [address])
    if (this.#links.has(tie.peer)) timers.after(surplusMs, () => this.#closeSurplus(tie.peer))
    tie.state = 'admitted'
    if (!this.#links.has(tie.peer)) {
      this.#links.set(tie.peer, { life, rttMs })
      events.up(tie.peer, hello, address)
    }
    this.#conclude(tie, { kind: 'admitted' })
    void this.#identify(tie.connection)
  }

  #reject(tie: Tie, verdict: Verdict): void {
    const { stats, timers } = this.#parts
    if (verdict.kind === 'refused') stats.countRefusal(verdict.reason)
    this.#conclude(tie, verdict)
    timers.after(verdict.kind === 'refused' ? refusalMs : 0, () => void end(tie.connection))
  }

  #conclude(tie: Tie, verdict: Verdict): void {
    tie.state = verdict.kind
    tie.verdict.resolve(verdict)
  }

  /** One side closes, the lower peer id, or both would close a different one. The newest connection stays. */
  #closeSurplus(peer: PeerId): void {
    if (peerName(this.#parts.node.peerId) > peer) return
    for (const tie of this.#admitted(peer).slice(0, -1)) void end(tie.connection)
  }

  #closed(tie: Tie, error: Error | undefined): void {
    if (!this.#untie(tie)) return
    if (tie.state === 'foreign') this.#parts.events.gone(tie.peer)
    if (tie.state !== 'admitted') return
    const left = this.connection(tie.peer)
    // gossipsub is not told that one of two connections closed: its streams on it are dead for ever, while every list
    // looks healthy (js-libp2p#3531). Identify makes it open new ones.
    if (left !== undefined) void this.#identify(left)
    else this.#down(tie.peer, error?.name === 'TimeoutError' ? 'silent' : 'closed')
  }

  /** False when it had gone before. */
  #untie(tie: Tie): boolean {
    const ties = this.#ties.get(tie.peer)
    if (!ties?.delete(tie.connection.id)) return false
    if (ties.size === 0) this.#ties.delete(tie.peer)
    tie.verdict.resolve({ kind: 'broken' })
    return true
  }

  #down(peer: PeerId, reason: DownReason): void {
    if (this.#links.delete(peer)) this.#parts.events.down(peer, reason)
  }

  #tiesTo(peer: PeerId): Tie[] {
    return [...(this.#ties.get(peer)?.values() ?? [])]
  }

  /** Oldest first. */
  #admitted(peer: PeerId): Tie[] {
    const ties = this.#tiesTo(peer).filter((tie) => tie.state === 'admitted' && tie.connection.status === 'open')
    return ties.sort((a, b) => a.admittedAt - b.admittedAt)
  }

  /** What the peer speaks. Tells gossip and DHT of it, and the book where it listens. Empty when it does not say. */
  async #identify(connection: Connection): Promise<readonly string[]> {
    const { node, events } = this.#parts
    try {
      const { protocols, listenAddrs } = await node.services.identify.identify(connection)
      events.learned(peerName(connection.remotePeer), listenAddrs.map(bare))
      return protocols
    } catch {
      return []
    }
  }

  /** A gossip stream that failed is not opened again by gossipsub: for any link without one, identify once more. */
  #mendLater(): void {
    this.#parts.timers.after(mendMs, () => {
      for (const peer of this.#links.keys()) {
        const streams = this.#admitted(peer).flatMap((tie) => tie.connection.streams)
        if (streams.some((stream) => stream.direction === 'outbound' && isGossip(stream))) continue
        const connection = this.connection(peer)
        if (connection !== undefined) void this.#identify(connection)
      }
      this.#mendLater()
    })
  }
}

function isGossip(stream: Stream): boolean {
  return stream.protocol.startsWith('/meshsub/')
}

/** Closes in order; libp2p's own bound (1 s) applies, then the hard way. */
async function end(connection: Connection): Promise<void> {
  await connection.close().catch((error: Error) => connection.abort(error))
}
