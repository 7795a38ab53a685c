// The next run of the own slice while it is put together. In the slice's epoch it continues the slice; in a later one it
// is the slice, written anew from its beginning (C13).

import type { HubId } from '../ids.ts'
import type { StoreOp } from '../machine.ts'
import { type CatalogRecord, type EntryId, entryId } from './record.ts'
import { headOp, storedRecord } from './replicas.ts'
import { compareEpochs, type Epoch, type Run, type Slice } from './slice.ts'

export class Draft {
  readonly epoch: Epoch
  readonly #hub: HubId
  /** What the run continues; undefined for a new epoch. */
  readonly #base: Slice | undefined
  /** In order of seq: a record written again moves to the end. */
  readonly #changed = new Map<EntryId, CatalogRecord>()
  #seq: number
  #size: number

  constructor(hub: HubId, epoch: Epoch, held: Slice | undefined) {
    const isNewEpoch = held === undefined || compareEpochs(epoch, held.version.epoch) > 0
    this.epoch = epoch
    this.#hub = hub
    this.#base = isNewEpoch ? undefined : held
    this.#seq = this.#base?.version.seq ?? 0
    this.#size = this.#base?.size ?? 0
    if (isNewEpoch) for (const record of held?.records() ?? []) this.put(record)
  }

  /** Records of the slice with this run. */
  get size(): number {
    return this.#size
  }

  get(id: EntryId): CatalogRecord | undefined {
    return this.#changed.get(id) ?? this.#base?.get(id)
  }

  /** C3: gives the record the next seq. */
  put(record: CatalogRecord): void {
    const id = entryId(record)
    if (this.get(id) === undefined) this.#size++
    this.#changed.delete(id)
    this.#changed.set(id, { ...record, seq: ++this.#seq })
  }

  /** An epoch is open from its first seq on, also when there is nothing to say yet. */
  run(): Run {
    const from = this.#base?.version.seq ?? 0
    const to = this.#base === undefined ? Math.max(this.#seq, 1) : this.#seq
    return { hub: this.#hub, epoch: this.epoch, from, to, records: [...this.#changed.values()] }
  }

  storeOps(): StoreOp[] {
    const { epoch, to, records } = this.run()
    const head = headOp(this.#hub, { epoch, seq: to, size: this.#size })
    return [head, ...records.map((record) => storedRecord(this.#hub, epoch, record))]
  }
}
