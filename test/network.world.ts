// Real hubs' networks on 127.0.0.1, for the tests: what they start they stop.

import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect } from 'vitest'
import { createNetwork, peerOf } from '../src/adapters/libp2p/network.ts'
import type { NetworkOptions, NetworkStats } from '../src/adapters/libp2p/options.ts'
import type { Network } from '../src/hub/ports.ts'
import type { NetworkWorld } from './contracts/network.ts'

export type RealNetwork = Network & { stats(): NetworkStats }

interface Made {
  readonly network: RealNetwork
  readonly options: NetworkOptions
}

/** A port that was free a moment ago: a hub that comes back must find its old one. */
async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

export class RealWorld implements NetworkWorld {
  readonly #made = new Map<string, Made>()
  readonly #running = new Map<string, RealNetwork>()
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

  until(claim: () => boolean, ms: number): Promise<void> {
    return expect.poll(claim, { timeout: ms, interval: 10 }).toBe(true)
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
  }

  async #options(changes: Partial<NetworkOptions>): Promise<NetworkOptions> {
    return {
      privateKey: await generateKeyPair('Ed25519'),
      federation: 'test',
      listen: [`127.0.0.1:${await freePort()}`],
      announce: [],
      bootstrap: [],
      dht: 'server',
      gossip: { intervalMs: 100, fanout: 6, maxMessageBytes: 64 * 1024 },
      limits: { links: 300, streamsPerPeer: 8, sendQueueBytes: 4 * 1024 * 1024 },
      ...this.#changes,
      ...changes,
    }
  }
}
