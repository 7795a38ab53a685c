// Deltas of the own slice on their way to gossip: the first at once, then coalesced, because twenty hubs on two cores
// saturate at some forty signed messages a second and a 16 KB message costs little more than a small one. Each goes up to the
// last head (C10): of more than a message holds it tells the end, and who lacks what lies before fetches it.

import { type Millis, type Now, never } from '../time.ts'
import { type EntryId, entryId } from './record.ts'
import { fitting } from './room.ts'
import type { Run, Slice } from './slice.ts'

const gapMs = 100

export class Publisher {
  /** Entries written since the last delta. */
  readonly #fresh = new Set<EntryId>()
  /** Where the next delta begins; undefined when nothing waits. */
  #from: number | undefined
  #isDue = false
  #nextAt: Millis = 0

  deadline(): Millis {
    return this.#isDue ? this.#nextAt : never
  }

  /** A durable run of the own slice. A new epoch is left to sync: it may be the whole slice. */
  add(run: Run): void {
    if (run.from === 0) this.#clear()
    if (run.from === 0 && run.records.length > 1) return
    this.#from ??= run.from
    // That an epoch is open, and holds nothing yet, is told to linked peers already.
    this.#isDue ||= run.from > 0 || run.records.length > 0
    for (const record of run.records) this.#fresh.add(entryId(record))
  }

  /** The next delta that is due. */
  take(slice: Slice, now: Now): Run | undefined {
    const { hub, version, head } = slice
    if (!this.#isDue || this.#from === undefined || this.#nextAt > now.mono || head === undefined) return undefined
    const waiting = [...this.#fresh].flatMap((id) => slice.get(id) ?? []).sort((a, b) => a.seq - b.seq)
    const records = fitting(waiting.toReversed()).toReversed()
    // C8: what lies behind any seq is exact at `to`.
    const from = waiting[waiting.length - records.length - 1]?.seq ?? this.#from
    this.#nextAt = now.mono + gapMs
    this.#clear()
    return { hub, epoch: version.epoch, from, to: version.seq, records, head }
  }

  #clear(): void {
    this.#fresh.clear()
    this.#from = undefined
    this.#isDue = false
  }
}
