// The next run of the own slice while it is put together. In the slice's epoch it continues the slice; in a later one it
// is the slice, written anew from its beginning (C13). What the retention is over for goes in the same batch (C14).

import type { HubId } from '../ids.ts'
import type { StoreOp } from '../machine.ts'
import type { Head } from './head.ts'
import { headOp, recordPrefix, storedRecord } from './layout.ts'
import { type CatalogRecord, type EntryId, entryId } from './record.ts'
import type { Trim } from './retention.ts'
import { compareEpochs, type Epoch, floorOf, type Run, type Slice } from './slice.ts'

export class Draft {
  readonly epoch: Epoch
  readonly #hub: HubId
  /** What the run continues; undefined for a new epoch. */
  readonly #base: Slice | undefined
  /** What says less from this run on. */
  readonly #trims: ReadonlyMap<EntryId, Trim>
  /** In order of seq: a record written again moves to the end. */
  readonly #changed = new Map<EntryId, CatalogRecord>()
  #seq: number
  #size: number

  constructor(hub: HubId, epoch: Epoch, { held, trims }: { held: Slice | undefined; trims: readonly Trim[] }) {
    const isNewEpoch = held === undefined || compareEpochs(epoch, held.version.epoch) > 0
    this.epoch = epoch
    this.#hub = hub
    this.#base = isNewEpoch ? undefined : held
    this.#trims = new Map(trims.map((trim) => [trim.id, trim]))
    this.#seq = this.#base?.version.seq ?? 0
    this.#size = (this.#base?.size ?? 0) - (isNewEpoch ? 0 : this.#gone().length)
    if (isNewEpoch) this.#putAll(held)
  }

  /** Records of the slice with this run. */
  get size(): number {
    return this.#size
  }

  get(id: EntryId): CatalogRecord | undefined {
    const trim = this.#trims.get(id)
    return this.#changed.get(id) ?? (trim === undefined ? this.#base?.get(id) : this.#base && trim.left)
  }

  /** C3: gives the record the next seq. */
  put(record: CatalogRecord): void {
    const id = entryId(record)
    if (this.get(id) === undefined) this.#size++
    this.#changed.delete(id)
    this.#changed.set(id, { ...record, seq: ++this.#seq })
  }

  /**
   * An epoch is open from its first seq on, also when there is nothing to say yet. What goes takes a seq, too, when nothing
   * else does: so the head that leaves it out gets about like any write (C14).
   */
  run(): Run {
    const from = this.#base?.version.seq ?? 0
    const isQuiet = this.#seq === from && (this.#base === undefined || this.#trims.size > 0)
    const to = isQuiet ? this.#seq + 1 : this.#seq
    return { hub: this.#hub, epoch: this.epoch, from, to, records: [...this.#changed.values()] }
  }

  /** `head`: the new one; left out where nothing is new. */
  storeOps(head: Head | undefined): StoreOp[] {
    if (head === undefined) return []
    const { epoch, to, records } = this.run()
    const gone = this.#base === undefined ? [] : this.#gone().map(({ from }) => from.seq)
    const floor = Math.max(this.#base?.floor ?? 0, ...gone)
    const trimmed = [...this.#trims.values()].filter(({ id }) => !this.#changed.has(id))
    return [
      headOp(this.#hub, { epoch, seq: to, size: this.#size, ...floorOf(floor), head }),
      ...trimmed.map(({ id, left }): StoreOp => {
        if (left !== undefined) return storedRecord(this.#hub, epoch, left)
        return { op: 'del', key: `${recordPrefix}${this.#hub}/${id}` }
      }),
      ...records.map((record) => storedRecord(this.#hub, epoch, record)),
    ]
  }

  #putAll(held: Slice | undefined): void {
    for (const record of held?.records() ?? []) {
      const trim = this.#trims.get(entryId(record))
      const left = trim === undefined ? record : trim.left
      if (left !== undefined) this.put(left)
    }
  }

  #gone(): Trim[] {
    return [...this.#trims.values()].filter(({ left }) => left === undefined)
  }
}
