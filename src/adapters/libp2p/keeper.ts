// Keeps links to the peers that the hub wants: dials by the given rule and redials for ever with full jitter. libp2p's own
// KEEP_ALIVE gives up after five tries, 31 s.

import { peerIdFromString } from '@libp2p/peer-id'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { Address, PeerId } from '../../core/ids.ts'
import type { Millis } from '../../core/time.ts'
import { Visits } from '../../core/visits.ts'
import type { ConnectTarget, DownReason, NetworkEvents } from '../../hub/ports.ts'
import { dialable } from './addresses.ts'
import type { Book } from './book.ts'
import { type Dialled, type Dialler, dial } from './dial.ts'
import { backOff, type Cancel, jitter, type Timers } from './timers.ts'

/** How long a side that does not own the dial waits for the one that does. */
const graceMs: Millis = 3_000
/** A lost link is redialled at once: whether the port refuses is the quickest proof of a death. */
const redialMs: Millis = 200
/** Above what the DHT gives its neighbours. */
const keptValue = { value: 100 }
/** At most one DHT lookup per peer in this time: the first back-offs are shorter. */
const lookupMs: Millis = 2_000
/**
 * Whose address is known is looked up after so many failures, some 2 s. When a hub dies all others notice at once: twenty
 * lookups of twenty questions each would hold up the very word of its death.
 */
const failuresBeforeLookup = 3

type Failure = Parameters<NetworkEvents['dialFailed']>[1]

interface Kept {
  eager: boolean
  told: string
  failures: number
  isDialling: boolean
  lookedUpAt: Millis
  readonly visits: Visits
  next: Cancel | undefined
}

export interface KeeperParts extends Dialler {
  readonly book: Book
  readonly timers: Timers
  /** Asks the DHT where a peer is. */
  readonly find: (peer: PeerId) => Promise<readonly Address[]>
  readonly failed: (peer: PeerId, reason: Failure) => void
}

export class Keeper {
  readonly #parts: KeeperParts
  readonly #kept = new Map<PeerId, Kept>()

  constructor(parts: KeeperParts) {
    this.#parts = parts
  }

  /** Keeps the peer from now on. Told again it replaces addresses and rule, and dials at once only if they changed. */
  keep({ peer, addresses, eager }: ConnectTarget): void {
    this.#parts.book.tell(peer, addresses)
    const told = addresses.join()
    const kept = this.#kept.get(peer)
    if (kept === undefined) {
      const fresh: Kept = {
        eager,
        told,
        failures: 0,
        isDialling: false,
        lookedUpAt: -lookupMs,
        visits: new Visits(),
        next: undefined,
      }
      this.#kept.set(peer, fresh)
      this.#value(peer, keptValue)
      this.#dialIn(peer, eager ? 0 : graceMs + jitter(redialMs))
      return
    }
    const isNews = kept.told !== told || (eager && !kept.eager)
    kept.eager = eager
    kept.told = told
    if (isNews) this.#dialIn(peer, eager ? jitter(redialMs) : graceMs + jitter(redialMs))
  }

  isKept(peer: PeerId): boolean {
    return this.#kept.has(peer)
  }

  drop(peer: PeerId): void {
    this.#kept.get(peer)?.next?.()
    if (this.#kept.delete(peer)) this.#value(peer, undefined)
  }

  /** A link has come up, whoever dialled. */
  up(peer: PeerId): void {
    const kept = this.#kept.get(peer)
    if (kept === undefined) return
    kept.next?.()
    kept.failures = 0
    kept.visits.up(performance.now())
  }

  /** A link was lost: redial at once, the owner of the dial a little sooner. After an abort the back-off holds. */
  down(peer: PeerId, reason: DownReason): void {
    const kept = this.#kept.get(peer)
    if (kept === undefined) return
    const pause = kept.visits.down(reason === 'closed', performance.now())
    if (reason === 'aborted') this.#dialIn(peer, backOff(++kept.failures))
    else if (pause > 0) this.#dialIn(peer, pause / 2 + jitter(pause / 2))
    else this.#dialIn(peer, (kept.eager ? 0 : redialMs) + jitter(redialMs))
  }

  /** Where connections exceed the limit, libp2p closes those of the least valued peers first. */
  #value(peer: PeerId, value: { value: number } | undefined): void {
    const tags = { 'hubmesh-kept': value }
    this.#parts.node.peerStore.merge(peerIdFromString(peer), { tags }).catch(() => {})
  }

  #dialIn(peer: PeerId, delay: Millis): void {
    const kept = this.#kept.get(peer)
    if (kept === undefined) return
    kept.next?.()
    kept.next = this.#parts.timers.after(delay, () => void this.#attempt(peer, kept))
  }

  async #attempt(peer: PeerId, kept: Kept): Promise<void> {
    const { links, book, failed } = this.#parts
    if (kept.isDialling || links.isUp(peer)) return
    kept.isDialling = true
    const addresses = dialable(book.addresses(peer), peer)
    const reason = await this.#dial(addresses)
    kept.isDialling = false
    // Not inferred from the dial: the link may have come from the other side, or gone meanwhile.
    if (!this.#isWanted(peer, kept)) return
    if (reason !== undefined) failed(peer, reason)
    // Beside the redials: a lookup takes up to 5 s, a hub that restarts is back sooner.
    kept.failures++
    const mayHaveMoved = reason === 'no-address' || kept.failures >= failuresBeforeLookup
    if (reason !== undefined && reason !== 'not-admitted' && mayHaveMoved) void this.#seek(peer, kept, addresses)
    this.#dialIn(peer, backOff(kept.failures))
  }

  #isWanted(peer: PeerId, kept: Kept): boolean {
    return this.#kept.get(peer) === kept && !this.#parts.links.isUp(peer)
  }

  async #seek(peer: PeerId, kept: Kept, tried: Multiaddr[]): Promise<void> {
    const { book, find } = this.#parts
    const now = performance.now()
    if (now - kept.lookedUpAt < lookupMs) return
    kept.lookedUpAt = now
    const found = await find(peer)
    book.learn(peer, found)
    const fresh = dialable(found, peer).filter((address) => !tried.some((old) => old.equals(address)))
    if (this.#isWanted(peer, kept)) await this.#dial(fresh)
  }

  async #dial(addresses: Multiaddr[]): Promise<Failure | undefined> {
    if (addresses.length === 0) return 'no-address'
    return failureOf(await dial(this.#parts, addresses))
  }
}

function failureOf({ kind }: Dialled): Failure | undefined {
  switch (kind) {
    case 'admitted':
      return undefined
    case 'refused-port':
      return 'refused'
    case 'refused':
    case 'foreign':
      return 'not-admitted'
    case 'broken':
    case 'unreached':
    case 'self':
      return 'timeout'
  }
}
