// What the users were promised: for each project what they wrote, what was acknowledged, and therefore what every hub must
// show in the end. Concurrent writes have no single right outcome, so users write as careful ones do, one after the
// other: an update is made by somebody who sees the last one. What nobody can know the ledger calls possible, not due.

import type { HubId, Slug } from '../../src/core/ids.ts'
import { type Millis, second } from '../../src/core/time.ts'

type Kind = 'register' | 'update' | 'remove'

/** One project, and all that was written about it. */
export interface Entry {
  readonly slug: Slug
  /** Hub ids by which the entry was changed: what only a hub that is down has, nobody else can know. */
  readonly authors: Set<HubId>
  /** Names that may be the visible one. */
  names: Set<string>
  isAcknowledged: boolean
  removal: 'none' | 'asked' | 'acknowledged'
  /** A write without an answer yet. */
  pending: Promised | undefined
  /** When it was last sent to a hub, and to which. */
  asked: { readonly at: HubId; readonly when: Millis } | undefined
  /** The only copy of what was promised may be gone. */
  isLost: boolean
  /** When a hub last took a heartbeat of it. */
  beatenAt: Millis
}

/** A write on its way. */
export interface Promised {
  readonly kind: Kind
  readonly name: string
  /** The name its writer saw. */
  readonly base: string | undefined
}

/** What must be true of an entry where everybody is up to date. */
export type Due =
  | { readonly type: 'visible'; readonly names: ReadonlySet<string> }
  | { readonly type: 'gone' }
  /** Either is right, but all must agree. */
  | { readonly type: 'open' }

/** What was written this long ago has a copy elsewhere, where a second hub is in reach. */
const copyingMs: Millis = 15 * second

export class Ledger {
  readonly #entries = new Map<Slug, Entry>()

  entries(): Iterable<Entry> {
    return this.#entries.values()
  }

  get size(): number {
    return this.#entries.size
  }

  /** A new project, not yet written. */
  add(slug: Slug): Entry {
    const authors = new Set<HubId>()
    const entry: Entry = {
      slug,
      authors,
      names: new Set(),
      isAcknowledged: false,
      removal: 'none',
      pending: undefined,
      asked: undefined,
      isLost: false,
      beatenAt: Number.NEGATIVE_INFINITY,
    }
    this.#entries.set(slug, entry)
    return entry
  }

  /** A user sends a write to a hub. */
  ask(entry: Entry, write: Promised, { hub: at, now }: { readonly hub: HubId; readonly now: Millis }): void {
    entry.pending = write
    entry.asked = { at, when: now }
    entry.authors.add(at)
    if (write.kind === 'remove') entry.removal = 'asked'
    else entry.names.add(write.name)
  }

  /** The hub answered; without an answer, or with a refusal, the write may or may not be there. */
  answer(entry: Entry, write: Promised, ok: boolean): void {
    if (entry.pending === write) entry.pending = undefined
    if (!ok) return
    if (write.kind === 'remove') {
      entry.removal = 'acknowledged'
      return
    }
    entry.isAcknowledged = true
    const unseen = [...entry.names].filter((name) => name !== write.base && name !== write.name)
    // What came after this write, or beside it, may still win; what it was built on cannot.
    entry.names = new Set([...unseen, write.name])
  }

  /** A hub's disk is gone, and with it what no other hub had a copy of yet. */
  lose(hub: HubId, now: Millis): void {
    for (const entry of this.#entries.values()) {
      const isRecent = entry.asked !== undefined && entry.asked.when > now - copyingMs
      if (entry.asked?.at === hub && isRecent) entry.isLost = true
    }
  }

  /** `isUp`: hubs whose word has reached everybody. */
  due(entry: Entry, isUp: (hub: HubId) => boolean): Due {
    const isKnown = [...entry.authors].every(isUp)
    if (!entry.isAcknowledged || !isKnown || entry.isLost || entry.removal === 'asked') return { type: 'open' }
    return entry.removal === 'acknowledged' ? { type: 'gone' } : { type: 'visible', names: entry.names }
  }
}
