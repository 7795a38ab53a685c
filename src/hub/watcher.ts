// C18: one reader's way through what happens: first the walk from its cursor through the catalog, then how all hubs and
// projects are (which has no place in a cursor), then the journal. It holds a cursor and a number; what it is told is
// read from the hub at that moment, so several changes of one thing are one event, and a slow reader costs nothing.

import { forgottenKind } from '../core/catalog/burials.ts'
import { type Cursor, readCursor } from '../core/catalog/cursor.ts'
import { type Step, walk } from '../core/catalog/walk.ts'
import { type HubId, isHubId } from '../core/ids.ts'
import type { Now } from '../core/time.ts'
import type { WatchEvent, Watching } from './calls.ts'
import type { Journal, Touch } from './journal.ts'
import { projectKind, slugOf } from './projects.ts'
import type { Scene } from './statuses.ts'

export interface Stage extends Scene {
  readonly journal: Journal
  now(): Now
}

const kinds: ReadonlySet<string> = new Set([projectKind, forgottenKind])
const nowhere: Cursor = new Map()

/** Something to tell, and where the reader stands then. */
type Told =
  | { readonly type: 'touch'; readonly touch: Touch; readonly at?: string }
  | { readonly type: 'event'; readonly event: WatchEvent }

export class Watcher implements Watching {
  readonly #stage: Stage
  readonly #leave: (watcher: Watcher) => void
  readonly #wake: () => void
  #walk: Iterator<Told, string> | undefined
  #cursor = ''
  /** The number of the journal's next entry. */
  #at = 0
  /** Nothing is held yet, so what is not there need not be said. */
  #isNew: boolean
  #isWaiting = false

  constructor(stage: Stage, since: Cursor | undefined, ties: { wake: () => void; leave: (watcher: Watcher) => void }) {
    this.#stage = stage
    this.#wake = ties.wake
    this.#leave = ties.leave
    this.#isNew = since === undefined
    this.#begin(since ?? nowhere)
  }

  next(): WatchEvent | undefined {
    this.#isWaiting = false
    for (let told = this.#advance(); told !== undefined; told = this.#advance()) {
      if (told.type === 'event') return told.event
      const event = this.#render(told.touch)
      if (event !== undefined) return event
    }
    this.#isWaiting = true
    return undefined
  }

  /** There is something in the journal. */
  wake(): void {
    if (!this.#isWaiting || this.#at === this.#stage.journal.end) return
    this.#isWaiting = false
    this.#wake()
  }

  close(): void {
    this.#isWaiting = false
    this.#leave(this)
  }

  /** What happens from here on is in the journal, whenever the walk comes by. */
  #begin(cursor: Cursor): void {
    this.#at = this.#stage.journal.end
    this.#walk = this.#present(cursor)
  }

  #advance(): Told | undefined {
    const { journal } = this.#stage
    if (this.#walk !== undefined) return this.#walked(this.#walk)
    if (!journal.reaches(this.#at)) return this.#restart()
    while (this.#at < journal.end) {
      const number = this.#at++
      const entry = journal.at(number)
      this.#cursor = entry?.cursor ?? this.#cursor
      if (entry !== undefined && !journal.isOvertaken(number)) return { type: 'touch', touch: entry.touch }
    }
    return undefined
  }

  #walked(steps: Iterator<Told, string>): Told | undefined {
    const { value, done } = steps.next()
    if (done !== true) {
      if (value.type === 'touch') this.#cursor = value.at ?? this.#cursor
      else this.#cursor = value.event.cursor
      return value
    }
    this.#cursor = value
    this.#walk = undefined
    this.#isNew = false
    if (this.#stage.journal.reaches(this.#at)) return { type: 'event', event: { event: 'caught-up', cursor: value } }
    // The journal went on without this reader, which is slow: once more, from where it has come to by now.
    this.#begin(readCursor(value) ?? nowhere)
    return this.#advance()
  }

  /** The journal no longer has what this reader waits for. */
  #restart(): Told {
    this.#begin(nowhere)
    const data = { scope: 'all', hub_id: null, reason: 'slow' } as const
    return { type: 'event', event: { event: 'reset', data, cursor: this.#cursor } }
  }

  /** All that a reader at this cursor does not know. Returns where it stands then. */
  *#present(cursor: Cursor): Generator<Told, string> {
    const { hub, views, now } = this.#stage
    const steps = walk(hub.catalog.replicas, cursor, kinds)
    let step = steps.next()
    while (step.done !== true) {
      const told = toldOf(step.value)
      if (told !== undefined) yield told
      step = steps.next()
    }
    const names = views.members(now()).map((member) => member.hub_id as HubId)
    for (const name of names) yield { type: 'touch', touch: { event: 'hub', op: 'put', hub: name }, at: step.value }
    if (!this.#isNew) {
      for (const slug of hub.desk.projects()) yield { type: 'touch', touch: { event: 'project', op: 'status', slug } }
    }
    return step.value
  }

  /** As it is now; undefined where there is nothing to say. */
  #render(touch: Touch): WatchEvent | undefined {
    const { views, now } = this.#stage
    const cursor = this.#cursor
    if (touch.event === 'hub') {
      const { op, hub } = touch
      const value = views.member(hub, now())
      if (value !== undefined) {
        return { event: 'hub', data: { op, hub_id: hub, revision: String(value.incarnation), value }, cursor }
      }
      return this.#isNew ? undefined : { event: 'hub', data: { op: 'remove', hub_id: hub, ...nothing }, cursor }
    }
    const { op, slug } = touch
    const found = views.project(slug, now())
    if (found.ok) {
      const { project } = found
      return { event: 'project', data: { op, slug, revision: project.revision, value: project }, cursor }
    }
    // That it is gone is told with the entry.
    if (this.#isNew || op === 'status') return undefined
    return { event: 'project', data: { op: 'remove', slug, ...nothing }, cursor }
  }
}

const nothing = { revision: null, value: null }

function toldOf(step: Step): Told | undefined {
  const { at } = step
  if (step.type === 'reset') {
    const { hub, reason, isTotal } = step
    const data = { scope: isTotal ? ('all' as const) : ('hub' as const), hub_id: hub, reason }
    return { type: 'event', event: { event: 'reset', data, cursor: at } }
  }
  const slug = slugOf(step.id)
  if (slug !== undefined) return { type: 'touch', touch: { event: 'project', op: 'put', slug }, at }
  const hub = step.id.slice(forgottenKind.length + 1)
  return isHubId(hub) ? { type: 'touch', touch: { event: 'hub', op: 'put', hub }, at } : undefined
}
