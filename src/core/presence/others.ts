// The other hubs, as presence needs them: what is believed of homes, and which peers are linked.

import type { HubId, PeerId } from '../ids.ts'
import type { Millis } from '../time.ts'
import type { HomeStatus } from './protocol.ts'

export interface Home {
  readonly peer: PeerId
  readonly status: HomeStatus
  /** Its version knows no refresh by marks (P6). */
  readonly isOlder: boolean
  /** It is about to end, and keeps no project that beats elsewhere. */
  readonly isDraining: boolean
}

interface Link {
  /** Until when it is young (P7), monotonic. */
  readonly youngUntil: Millis
  readonly isOlder: boolean
}

export class Others {
  readonly #homes = new Map<HubId, Home>()
  /** Bounded by the links. */
  readonly #links = new Map<PeerId, Link>()
  #alive = 0
  /** Of those alive or suspect. */
  #older = 0

  home(hub: HubId): Home | undefined {
    return this.#homes.get(hub)
  }

  /** How many are believed alive. */
  get alive(): number {
    return this.#alive
  }

  believe(hub: HubId, home: Home): void {
    this.drop(hub)
    this.#homes.set(hub, home)
    this.#count(home, 1)
  }

  drop(hub: HubId): void {
    const home = this.#homes.get(hub)
    if (home !== undefined) this.#count(home, -1)
    this.#homes.delete(hub)
  }

  link(peer: PeerId, link: Link): void {
    this.#links.set(peer, link)
  }

  unlink(peer: PeerId): void {
    this.#links.delete(peer)
  }

  isLinked(peer: PeerId): boolean {
    return this.#links.has(peer)
  }

  /** Whether the peer is linked and can be asked by marks. */
  canAsk(peer: PeerId): boolean {
    return this.#links.get(peer)?.isOlder === false
  }

  /** All whom that can be done with. */
  askable(): PeerId[] {
    return [...this.#links].flatMap(([peer, { isOlder }]) => (isOlder ? [] : [peer]))
  }

  /** Over whose links gossip may not run yet (P7). */
  young(mono: Millis): PeerId[] {
    return [...this.#links].flatMap(([peer, { youngUntil }]) => (youngUntil > mono ? [peer] : []))
  }

  /** Whether there is one, believed to live or linked, that knows no refresh by marks. */
  get hasOlder(): boolean {
    return this.#older > 0 || [...this.#links.values()].some(({ isOlder }) => isOlder)
  }

  #count({ status, isOlder }: Home, by: 1 | -1): void {
    if (status === 'alive') this.#alive += by
    if (isOlder && (status === 'alive' || status === 'suspect')) this.#older += by
  }
}
