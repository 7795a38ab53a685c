// A peer with the product's network and nothing behind it: it publishes what a thousand homes say, under its own key, and passes
// on to them what it is asked over its links.

import { generateKeyPair } from '@libp2p/crypto/keys'
import { cborCodec } from '../../src/adapters/codec.ts'
import { createNetwork, peerOf } from '../../src/adapters/libp2p/network.ts'
import type { Address, HubId, PeerId, Region } from '../../src/core/ids.ts'
import type { PresenceMessage } from '../../src/core/presence/messages.ts'
import { type HubInfo, seal } from '../../src/core/wire.ts'
import { openMessage } from '../../src/hub/inbox.ts'
import type { Network } from '../../src/hub/ports.ts'
import { hubId } from '../../test/core/kit.ts'

export class Feeder {
  readonly #network: Network
  readonly #peer: PeerId
  readonly #startedAt = performance.now()
  readonly #links = new Set<PeerId>()
  /** Questions go to the homes; the answer goes back to who asked. */
  ask: (home: HubId, message: PresenceMessage, send: (message: PresenceMessage) => void) => void = () => undefined
  published = 0
  bytes = 0
  wanted = 0

  private constructor(network: Network, peer: PeerId) {
    this.#network = network
    this.#peer = peer
  }

  /** Linked with those that listen at `bootstrap` by and by. */
  static async open(bootstrap: readonly string[]): Promise<Feeder> {
    const privateKey = await generateKeyPair('Ed25519')
    const network = createNetwork({
      privateKey,
      federation: 'hubmesh',
      listen: ['127.0.0.1:0'],
      announce: [],
      bootstrap,
      dht: 'client',
      gossip: { intervalMs: 1_000, fanout: 6, maxMessageBytes: 64 * 1024 },
      limits: { links: 300, streamsPerPeer: 8, sendQueueBytes: 4 * 1024 * 1024 },
    })
    const feeder = new Feeder(network, peerOf(privateKey))
    await new Promise<void>((ready, failed) => {
      const events = {
        hello: () => feeder.#hello(),
        admit: () => ({ ok: true as const, hub: hubId('any') }),
        isPresent: (peer: PeerId) => feeder.#links.has(peer),
        linkUp: (peer: PeerId) => void feeder.#links.add(peer),
        linkDown: (peer: PeerId) => void feeder.#links.delete(peer),
        dialFailed: () => undefined,
        message: (from: PeerId, bytes: Uint8Array) => feeder.#hear(from, bytes),
        gossip: () => undefined,
        garbage: () => undefined,
      }
      network.open(
        events,
        () => ready(),
        (reason) => failed(new Error(reason)),
      )
    })
    return feeder
  }

  get links(): number {
    return this.#links.size
  }

  publish(message: PresenceMessage): void {
    const bytes = cborCodec.pack(seal(message.kind, message.body))
    this.published++
    this.bytes += bytes.length
    this.#network.publish('presence', bytes)
  }

  close(): Promise<void> {
    return new Promise((done) => this.#network.close(done))
  }

  #hello(): Uint8Array {
    const info: HubInfo = {
      hub: hubId('feeder'),
      peer: this.#peer,
      region: 'afar' as Region,
      tier: 'global',
      version: '0.4.0',
      addresses: ['/ip4/127.0.0.1/tcp/1' as Address],
    }
    const uptimeMs = 3_600_000 + Math.floor(performance.now() - this.#startedAt)
    return cborCodec.encode(seal('hub.hello', { federation: 'hubmesh', info, uptimeMs }))
  }

  #hear(from: PeerId, bytes: Uint8Array): void {
    const opened = openMessage(cborCodec.decode(bytes))
    if (!opened.ok || opened.letter.feature !== 'presence' || opened.letter.message.kind !== 'presence.want') return
    for (const section of opened.letter.message.body.sections) {
      this.wanted++
      const one: PresenceMessage = { kind: 'presence.want', body: { sections: [section] } }
      this.ask(section.home, one, ({ kind, body }) => {
        this.#network.send(from, 'control', cborCodec.pack(seal(kind, body)))
      })
    }
  }
}
