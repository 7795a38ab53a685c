// C18: everything that readers are told of as it happens, and what callers read of projects, kept true by the same changes. It begins with the first reader and costs nothing before: the
// changes of the machines are noted in a journal, and at the end of each turn of the driver those who wait are woken.

import { type Cursor, cursorText, frontierOf, readCursor } from '../core/catalog/cursor.ts'
import { refuse } from '../core/errors.ts'
import type { Millis, Now } from '../core/time.ts'
import type { Watched } from './calls.ts'
import type { HubChange } from './effects.ts'
import { Journal, type Touch } from './journal.ts'
import { Listing } from './listing.ts'
import { slugOf } from './projects.ts'
import { type Scene, Statuses } from './statuses.ts'
import { type Stage, Watcher } from './watcher.ts'

export interface WatchParts extends Scene {
  now(): Now
}

export class Watch {
  /** What callers read of projects. */
  readonly listing: Listing
  readonly #stage: Stage
  readonly #statuses: Statuses
  readonly #tell: (touch: Touch) => void
  readonly #watchers = new Set<Watcher>()
  /** Of the catalog, when the journal was last sealed, and how far it was. */
  #digest: string
  #frontier: Cursor
  /** How far the journal went when readers were last woken. */
  #woken = 0

  constructor(parts: WatchParts) {
    const journal = new Journal()
    this.#stage = { ...parts, now: () => parts.now(), journal }
    this.listing = new Listing(parts.hub)
    const tell = (touch: Touch): void => {
      journal.note(touch)
      if (touch.event === 'project') this.listing.touch(touch.slug)
    }
    this.#statuses = new Statuses(parts, tell, parts.now())
    this.#tell = tell
    this.#digest = parts.hub.catalog.replicas.digest()
    this.#frontier = frontierOf(parts.hub.catalog.replicas)
  }

  /** A reader that stands at `since`, a cursor as text; one without has been told of nothing. */
  open(since: string | undefined, wake: () => void): Watched {
    const cursor = since === undefined ? undefined : readCursor(since)
    if (since !== undefined && cursor === undefined) {
      return refuse('invalid-cursor', 'This is no cursor; send the id of an event as it was, or none to begin anew')
    }
    const leave = (watcher: Watcher): void => {
      this.#watchers.delete(watcher)
    }
    const watcher = new Watcher(this.#stage, cursor, { wake, leave })
    this.#watchers.add(watcher)
    return { ok: true, watching: watcher }
  }

  deadline(): Millis {
    return this.#statuses.deadline()
  }

  /** A machine reported a change, and all of them have taken it in. */
  note(change: HubChange, now: Now): void {
    switch (change.type) {
      case 'entry': {
        const slug = slugOf(change.id)
        if (slug === undefined) break
        this.#tell({ event: 'project', op: 'put', slug })
        this.#statuses.written(slug, now)
        break
      }
      case 'lease':
        this.#statuses.project(change.slug, now)
        break
      case 'member':
      case 'member-dropped':
        this.#statuses.hub(change.member.info.hub, now)
        break
      case 'foreign':
        this.#statuses.hub(change.verdict.info.hub, now)
        break
      case 'foreign-dropped':
        this.#statuses.hub(change.info.hub, now)
        break
      case 'degraded':
      case 'refuted':
      case 'parents':
        this.#statuses.hub(this.#stage.hub.info.hub, now)
        break
      default:
        break
    }
  }

  /** A turn of the driver is over: what moved the catalog has been noted. */
  settle(now: Now): void {
    const { journal, hub } = this.#stage
    if (this.#statuses.deadline() <= now.mono) this.#statuses.tick(now)
    const { replicas } = hub.catalog
    const digest = replicas.digest()
    if (digest !== this.#digest) {
      const frontier = frontierOf(replicas)
      journal.seal({ begun: begunOf(this.#frontier, frontier), done: cursorText(frontier) })
      this.#frontier = frontier
    }
    this.#digest = digest
    if (journal.end === this.#woken) return
    this.#woken = journal.end
    for (const watcher of this.#watchers) watcher.wake()
  }
}

/**
 * Between the two: nothing new is told whole, but slices that were not there have begun, and whoever was told a part of one
 * has to hear when it is lost. Undefined where there are none.
 */
function begunOf(before: Cursor, after: Cursor): string | undefined {
  const begun = [...after].filter(([hub]) => !before.has(hub))
  if (begun.length === 0) return undefined
  return cursorText(new Map([...before, ...begun.map(([hub, place]) => [hub, { ...place, seq: 0 }] as const)]))
}
