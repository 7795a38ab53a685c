// While a hub has few links it walks the DHT and says hello to hubs that it finds: this is how a hub whose address book is
// empty reaches another that nobody has named to it.

import { randomBytes } from 'node:crypto'
import type { Address, PeerId } from '../../core/ids.ts'
import type { Millis } from '../../core/time.ts'
import { dialable, peerName } from './addresses.ts'
import type { Dht } from './dht.ts'
import { type Dialler, dial } from './dial.ts'
import { type Cancel, jitter, type Timers } from './timers.ts'

/** With so many links membership and catalog name everybody else. */
const fewLinks = 3
const firstMs: Millis = 5_000
const longestMs: Millis = 5 * 60_000
/** After a new DHT neighbour: it needs a moment to stand in the routing table. */
const settleMs: Millis = 500
/** Dials per walk. */
const maxDials = 8

export interface DiscoveryParts extends Dialler {
  readonly dht: Dht
  readonly timers: Timers
  readonly learned: (peer: PeerId, addresses: readonly Address[]) => void
}

export class Discovery {
  readonly #parts: DiscoveryParts
  #interval = firstMs
  #next: Cancel | undefined
  #isWalking = false
  #walks = 0

  constructor(parts: DiscoveryParts) {
    this.#parts = parts
  }

  start(): void {
    this.#walkIn(jitter(firstMs))
  }

  /** Somebody new to ask, or somebody less: walk soon. */
  stir(): void {
    this.#interval = firstMs
    if (!this.#isWalking) this.#walkIn(settleMs + jitter(settleMs))
  }

  #walkIn(delay: Millis): void {
    this.#next?.()
    this.#next = this.#parts.timers.after(delay, () => void this.#walk())
  }

  async #walk(): Promise<void> {
    const { node, links, dht } = this.#parts
    this.#isWalking = true
    if (links.count < fewLinks) {
      // One's own neighbourhood and, every other time, anywhere: the first alone can be an island.
      const key = this.#walks++ % 2 === 0 ? node.peerId.toMultihash().bytes : randomBytes(32)
      await this.#greet(await dht.walk(key))
      this.#interval = Math.min(longestMs, this.#interval * 2)
    }
    this.#isWalking = false
    this.#walkIn(this.#interval / 2 + jitter(this.#interval / 2))
  }

  async #greet(found: ReadonlyMap<PeerId, readonly Address[]>): Promise<void> {
    const { node, links, learned } = this.#parts
    const own = peerName(node.peerId)
    const strangers = [...found].filter(([peer]) => peer !== own && !links.isConnected(peer)).slice(0, maxDials)
    await Promise.all(
      strangers.map(async ([peer, addresses]) => {
        learned(peer, addresses)
        const targets = dialable(addresses, peer)
        if (targets.length > 0) await dial(this.#parts, targets)
      }),
    )
  }
}
