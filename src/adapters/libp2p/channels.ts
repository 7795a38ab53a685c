// Direct messages between linked peers: per peer and channel one outbound stream, and whatever the peer opens inbound.

import type { Connection, Stream } from '@libp2p/interface'
import type { PeerId } from '../../core/ids.ts'
import { maxFrameBytes } from '../../core/wire.ts'
import type { Channel } from '../../hub/ports.ts'
import { peerName } from './addresses.ts'
import { FrameReader } from './framer.ts'
import type { Links } from './links.ts'
import type { Node } from './node.ts'
import { Outbox, type Pace } from './outbox.ts'
import type { Protocols } from './protocols.ts'
import type { Stats } from './stats.ts'
import type { Timers } from './timers.ts'

/**
 * Bulk that is not paced lifts a ping on the same connection from 1 ms to 50 ms (p99 190 ms) on loopback; 16 KB per 2 ms
 * keep it at 0.5 ms.
 */
const paces: Readonly<Record<Channel, Pace>> = {
  control: { burstBytes: Number.POSITIVE_INFINITY, pauseMs: 0 },
  bulk: { burstBytes: 16 * 1024, pauseMs: 2 },
}
const channels: readonly Channel[] = ['control', 'bulk']

export interface ChannelParts {
  readonly node: Node
  readonly protocols: Protocols
  readonly links: Links
  readonly stats: Stats
  readonly timers: Timers
  readonly streamsPerPeer: number
  readonly sendQueueBytes: number
  readonly message: (from: PeerId, bytes: Uint8Array) => void
  readonly garbage: (reason: string) => void
}

export class Channels {
  readonly #parts: ChannelParts
  readonly #outboxes = new Map<PeerId, Readonly<Record<Channel, Outbox>>>()

  constructor(parts: ChannelParts) {
    this.#parts = parts
  }

  /** Before the node starts. */
  async attach(): Promise<void> {
    const { node, protocols, streamsPerPeer } = this.#parts
    for (const channel of channels)
      await node.handle(protocols.channels[channel], (stream, connection) => void this.#receive(stream, connection), {
        maxInboundStreams: streamsPerPeer,
      })
  }

  /** A link is up: messages to the peer are taken from now on. */
  open(peer: PeerId): void {
    this.#outboxes.set(peer, { control: this.#outbox(peer, 'control'), bulk: this.#outbox(peer, 'bulk') })
  }

  /** The link is down. */
  close(peer: PeerId): void {
    const outboxes = this.#outboxes.get(peer)
    this.#outboxes.delete(peer)
    for (const channel of channels) outboxes?.[channel].close()
  }

  send(to: PeerId, channel: Channel, bytes: Uint8Array): void {
    const outbox = this.#outboxes.get(to)?.[channel]
    if (outbox === undefined || bytes.length > maxFrameBytes) this.#parts.stats.dropped[channel]++
    else outbox.push(bytes)
  }

  /** Nothing waits any more, for anybody. */
  get isFlushed(): boolean {
    return [...this.#outboxes.values()].every(({ control, bulk }) => control.isEmpty && bulk.isEmpty)
  }

  /** Messages that wait, over all peers. */
  get waiting(): number {
    let sum = 0
    for (const { control, bulk } of this.#outboxes.values()) sum += control.waiting + bulk.waiting
    return sum
  }

  #outbox(peer: PeerId, channel: Channel): Outbox {
    const { links, protocols, stats, timers, sendQueueBytes } = this.#parts
    return new Outbox({
      open: () => {
        const connection = links.connection(peer)
        if (connection === undefined) return Promise.reject(new Error('no link'))
        return connection.newStream(protocols.channels[channel])
      },
      timers,
      pace: paces[channel],
      maxBytes: channel === 'control' ? sendQueueBytes / 4 : (sendQueueBytes * 3) / 4,
      gives: channel === 'control' ? 'oldest' : 'newest',
      dropped: () => stats.dropped[channel]++,
    })
  }

  /** The peer may be a step ahead with its yes: what it sends waits in the stream until the hello is over here too. */
  async #receive(stream: Stream, connection: Connection): Promise<void> {
    const { links, message, garbage } = this.#parts
    const verdict = await links.verdict(connection)
    if (verdict.kind !== 'admitted') {
      garbage('before-hello')
      return stream.abort(new Error('not admitted'))
    }
    const peer = peerName(connection.remotePeer)
    const reader = new FrameReader(maxFrameBytes, (bytes) => {
      if (links.isUp(peer)) message(peer, bytes)
    })
    stream.addEventListener('message', (event) => {
      if (stream.status !== 'open' || reader.push(event.data)) return
      garbage('oversized-frame')
      stream.abort(new Error(`a frame of more than ${maxFrameBytes} bytes`))
    })
  }
}
