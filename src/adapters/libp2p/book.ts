// The hub's own address book: what it was told to dial, and what links and identify taught it. libp2p's peer store is not
// relied on, because it forgets addresses after an hour and peers after six, and a dead hub must be findable for days.

import type { Address, PeerId } from '../../core/ids.ts'
import { maxAddresses } from './addresses.ts'

/** Peers remembered; beyond it the one that was touched longest ago is forgotten. */
const maxPeers = 10_000

interface Entry {
  readonly told: readonly Address[]
  readonly learned: readonly Address[]
}

export class Book {
  readonly #entries = new Map<PeerId, Entry>()

  /** Replaces what this hub was told; what it learned itself stays. */
  tell(peer: PeerId, addresses: readonly Address[]): void {
    this.#put(peer, { told: addresses.slice(0, maxAddresses), learned: this.#entries.get(peer)?.learned ?? [] })
  }

  /** Adds what a link or the DHT showed, newest first. */
  learn(peer: PeerId, addresses: readonly Address[]): void {
    const entry = this.#entries.get(peer)
    const learned = [...new Set([...addresses, ...(entry?.learned ?? [])])].slice(0, maxAddresses)
    this.#put(peer, { told: entry?.told ?? [], learned })
  }

  /** What was told first, then what was learned. */
  addresses(peer: PeerId): readonly Address[] {
    const entry = this.#entries.get(peer)
    return entry === undefined ? [] : [...new Set([...entry.told, ...entry.learned])].slice(0, maxAddresses)
  }

  #put(peer: PeerId, entry: Entry): void {
    this.#entries.delete(peer)
    this.#entries.set(peer, entry)
    if (this.#entries.size <= maxPeers) return
    const oldest = this.#entries.keys().next()
    if (!oldest.done) this.#entries.delete(oldest.value)
  }
}
