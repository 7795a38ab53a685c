// Deltas of the own slice on their way to gossip: the first at once, then coalesced, because twenty hubs on two cores
// saturate at some forty signed messages a second and a 16 KB message costs little more than a small one.

import { type Millis, type Now, never } from '../time.ts'
import { type CatalogRecord, type EntryId, entryId } from './record.ts'
import type { Run, Slice } from './slice.ts'
import { nextPart } from './sync.ts'

const gapMs = 100

export class Publisher {
  /** Entries to publish, each with the seq under which it was first written since the last delta. */
  readonly #fresh = new Map<EntryId, number>()
  #publishedTo: number | undefined
  #nextAt: Millis = 0

  deadline(): Millis {
    return this.#fresh.size > 0 ? this.#nextAt : never
  }

  /** A durable run of the own slice. A new epoch is left to sync: it may be the whole slice. */
  add(run: Run): void {
    if (run.from === 0) this.#clear()
    if (run.from === 0 && run.records.length > 1) return
    this.#publishedTo ??= run.from
    for (const record of run.records) {
      if (!this.#fresh.has(entryId(record))) this.#fresh.set(entryId(record), record.seq)
    }
  }

  /** The next delta that is due: at most one part each gap. */
  take(slice: Slice, now: Now): Run | undefined {
    if (this.#fresh.size === 0 || this.#nextAt > now.mono || this.#publishedTo === undefined) return undefined
    const { hub, version } = slice
    const from = this.#publishedTo
    const waiting = [...this.#fresh.keys()].flatMap((id) => slice.get(id) ?? []).sort((a, b) => a.seq - b.seq)
    const { part, isLast } = nextPart(waiting, from)
    const records = isLast ? part : part.slice(0, this.#exactCut(waiting, part.length))
    const to = isLast ? version.seq : (records.at(-1)?.seq ?? from)
    this.#nextAt = now.mono + gapMs
    if (isLast || to <= from) this.#clear()
    else this.#publishedTo = to
    for (const record of records) this.#fresh.delete(entryId(record))
    return to > from ? { hub, epoch: version.epoch, from, to, records } : undefined
  }

  /**
   * C9: where, at or below `most`, the records may be cut. A record behind the cut that was first written before it would
   * be missing at the cut, and other replicas have it there. With no such place the run is left to sync.
   */
  #exactCut(records: readonly CatalogRecord[], most: number): number {
    let firstBehind = never
    let cut = records.length
    while (cut > 0) {
      const last = records[cut - 1]
      if (last === undefined || (cut <= most && last.seq < firstBehind)) break
      firstBehind = Math.min(firstBehind, this.#fresh.get(entryId(last)) ?? last.seq)
      cut--
    }
    return cut
  }

  #clear(): void {
    this.#fresh.clear()
    this.#publishedTo = undefined
  }
}
