// Deltas of the own slice on their way to gossip: the first at once, then coalesced, because twenty hubs on two cores
// saturate at some forty signed messages a second and a 16 KB message costs little more than a small one.

import type { HubId } from '../ids.ts'
import { type Millis, type Now, never } from '../time.ts'
import { type EntryId, entryId } from './record.ts'
import type { Run, Slice } from './slice.ts'
import { nextPart } from './sync.ts'

const gapMs = 100

export class Publisher {
  readonly #fresh = new Set<EntryId>()
  #publishedTo: number | undefined
  #nextAt: Millis = 0

  deadline(): Millis {
    return this.#fresh.size > 0 ? this.#nextAt : never
  }

  /** A durable run of the own slice. A new epoch is left to sync: it may be the whole slice. */
  add(run: Run): void {
    if (run.from === 0 && run.records.length > 1) {
      this.#fresh.clear()
      this.#publishedTo = undefined
      return
    }
    this.#publishedTo ??= run.from
    for (const record of run.records) this.#fresh.add(entryId(record))
  }

  /** The next delta that is due: at most one part each gap. */
  take(slice: Slice, now: Now): Run | undefined {
    if (this.#fresh.size === 0 || this.#nextAt > now.mono || this.#publishedTo === undefined) return undefined
    const from = this.#publishedTo
    const waiting = [...this.#fresh].flatMap((id) => slice.get(id) ?? [])
    const { part, isLast } = nextPart(waiting, from)
    const to = isLast ? slice.version.seq : (part.at(-1)?.seq ?? from)
    for (const record of part) this.#fresh.delete(entryId(record))
    if (isLast) this.#fresh.clear()
    this.#publishedTo = isLast ? undefined : to
    this.#nextAt = now.mono + gapMs
    if (to <= from) return undefined
    const hub: HubId = slice.hub
    return { hub, epoch: slice.version.epoch, from, to, records: part }
  }
}
