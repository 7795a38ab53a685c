// One hub tried step by step with a key of the moment: its key exchange, its protocols, its round trip, its hello, its clock.
// It is the node of a hub (node.ts), so that what works here works for hubs; it listens nowhere and stays a second.

import type { Connection, PrivateKey } from '@libp2p/interface'
import type { PeerId } from '../../core/ids.ts'
import type { Millis } from '../../core/time.ts'
import type { Admission } from '../../hub/ports.ts'
import { peerName } from './addresses.ts'
import { frame, messages } from './framer.ts'
import { freshLife, type Greeting, greet } from './hello.ts'
import { type BuiltNode, buildNode } from './node.ts'
import { type Protocols, protocolsOf } from './protocols.ts'

export interface TrialOptions {
  readonly privateKey: PrivateKey
  readonly federation: string
  /** What is said to the hub, and what is thought of its answer. */
  readonly hello: () => Uint8Array
  readonly judge: (peer: PeerId, hello: Uint8Array) => Admission
}

/** Small: nothing but one hub's hello and its time comes in. */
const maxAnswerBytes = 256 * 1024
const gossip = { intervalMs: 1_000, fanout: 1, maxMessageBytes: 64 * 1024 }
const limits = { links: 1, streamsPerPeer: 8, sendQueueBytes: 256 * 1024 }
const pings = 3

/** Nothing is dialled before `connect`. Every step may throw; `close` ends all of it. */
export class Trial {
  readonly protocols: Protocols
  readonly #options: TrialOptions
  readonly #built: BuiltNode
  readonly #heard: ((message: Uint8Array) => void)[] = []
  #connection: Connection | undefined

  private constructor(options: TrialOptions, built: BuiltNode) {
    this.#options = options
    this.#built = built
    this.protocols = protocolsOf(options.federation)
  }

  static async open(options: TrialOptions): Promise<Trial> {
    const { privateKey, federation } = options
    const quiet = {
      privateKey,
      federation,
      listen: [],
      announce: [],
      bootstrap: [],
      dht: 'client',
      gossip,
      limits,
    } as const
    const protocols = protocolsOf(federation)
    const built = await buildNode({ options: quiet, protocols, isAdmitted: () => false, brokenHandshake: () => {} })
    const trial = new Trial(options, built)
    await trial.#listen()
    await built.node.start()
    return trial
  }

  /** The key exchange. The peer behind the address; with an id in the address, only that one. */
  async connect(address: string, signal: AbortSignal): Promise<PeerId> {
    const { multiaddr } = await import('@multiformats/multiaddr')
    this.#connection = await this.#built.node.dial(multiaddr(address), { signal })
    return peerName(this.#connection.remotePeer)
  }

  /** What the hub speaks. */
  async spoken(signal: AbortSignal): Promise<readonly string[]> {
    const { protocols } = await this.#built.node.services.identify.identify(this.#open(), { signal })
    return protocols
  }

  /** The middle of a few round trips. */
  async rtt(signal: AbortSignal): Promise<Millis> {
    const peer = this.#open().remotePeer
    const taken: Millis[] = []
    while (taken.length < pings) {
      const ms = await this.#built.node.services.ping.ping(peer, { signal }).catch((error: Error) => error)
      // One stream at a time, and the last one may take a moment to close.
      if (typeof ms === 'number') taken.push(ms)
      else if (taken.length > 0) break
      else throw ms
    }
    return taken.sort((a, b) => a - b)[Math.floor(taken.length / 2)] ?? 0
  }

  async hello(signal: AbortSignal): Promise<Greeting> {
    const connection = this.#open()
    const stream = await connection.newStream(this.protocols.hello, { signal })
    const { hello, judge } = this.#options
    const peer = peerName(connection.remotePeer)
    return greet(stream, { life: freshLife(), hello, judge: (said) => judge(peer, said) })
  }

  /** Asks a question on the control channel, after the hello: the first message that `read` makes something of. */
  async ask<T>(question: Uint8Array, read: (message: Uint8Array) => T | undefined, signal: AbortSignal): Promise<T> {
    const stream = await this.#open().newStream(this.protocols.channels.control, { signal })
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const stop = (): void => reject(signal.reason)
    signal.addEventListener('abort', stop)
    this.#heard.push((message) => {
      const answer = read(message)
      if (answer !== undefined) resolve(answer)
    })
    stream.send(frame(question))
    return promise.finally(() => signal.removeEventListener('abort', stop))
  }

  async close(): Promise<void> {
    await this.#connection?.close().catch(() => {})
    await this.#built.stop()
  }

  /** The hub answers on streams of its own, and says more than was asked. */
  async #listen(): Promise<void> {
    for (const protocol of Object.values(this.protocols.channels)) {
      await this.#built.node.handle(protocol, async (stream) => {
        try {
          for await (const message of messages(stream, maxAnswerBytes)) for (const hear of this.#heard) hear(message)
        } catch {
          // The connection has gone: whoever waits for an answer has a time of its own.
        }
      })
    }
  }

  #open(): Connection {
    if (this.#connection === undefined) throw new Error('nothing is connected')
    return this.#connection
  }
}
