// The leases this hub holds, by project and by home.

import type { HubId, Slug } from '../ids.ts'
import type { Millis } from '../time.ts'
import { compareClaims, type Lease } from './lease.ts'

/** What this hub holds about one project. */
export interface Held {
  lease: Lease
  /** When its home last told it, monotonic; at the home, when it last beat. */
  heardAt: Millis
}

export class LeaseTable {
  readonly #held = new Map<Slug, Held>()
  readonly #byHome = new Map<HubId, Set<Slug>>()

  get size(): number {
    return this.#held.size
  }

  get(slug: Slug): Held | undefined {
    return this.#held.get(slug)
  }

  all(): ReadonlyMap<Slug, Held> {
    return this.#held
  }

  /** The projects of one home; a copy, so that they can be changed on the way. */
  ofHome(home: HubId): Slug[] {
    return [...(this.#byHome.get(home) ?? [])]
  }

  countOf(home: HubId): number {
    return this.#byHome.get(home)?.size ?? 0
  }

  /** Notes in place that a home said the same again; false when it is not the same. */
  renew(lease: Lease, heardAt: Millis): boolean {
    const held = this.#held.get(lease.slug)
    const isSame = held?.lease.rev === lease.rev && compareClaims(held.lease.claim, lease.claim) === 0
    if (!isSame || lease.state === 'gone') return false
    held.lease = lease
    held.heardAt = heardAt
    return true
  }

  set(held: Held): void {
    const { slug, claim } = held.lease
    const known = this.#held.get(slug)?.lease.claim[1]
    if (known !== claim[1]) this.delete(slug)
    this.#held.set(slug, held)
    if (known === claim[1]) return
    const slugs = this.#byHome.get(claim[1])
    if (slugs === undefined) this.#byHome.set(claim[1], new Set([slug]))
    else slugs.add(slug)
  }

  delete(slug: Slug): void {
    const home = this.#held.get(slug)?.lease.claim[1]
    if (home === undefined) return
    this.#held.delete(slug)
    const slugs = this.#byHome.get(home)
    slugs?.delete(slug)
    if (slugs?.size === 0) this.#byHome.delete(home)
  }
}
