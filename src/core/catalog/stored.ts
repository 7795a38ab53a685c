// Reading slices back from the store. Whatever does not read as what was written is not guessed at: a foreign slice
// is fetched again whole, the own one is recovered under a new epoch, from peers and what can be read of it (C13).

import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import type { HubId } from '../ids.ts'
import { CountSchema, HubIdSchema } from '../wire.ts'
import { HeadSchema } from './head.ts'
import { headPrefix, recordPrefix, surplusPrefix } from './layout.ts'
import { type CatalogRecord, hasPlainValues, RecordSchema } from './record.ts'
import { compareEpochs, type Epoch, EpochSchema, Slice, type StoredHead } from './slice.ts'

const headCheck = Compile(
  Type.Object({
    epoch: EpochSchema,
    seq: CountSchema,
    size: CountSchema,
    surplusEpoch: Type.Optional(EpochSchema),
    floor: Type.Optional(CountSchema),
    head: Type.Optional(HeadSchema),
  }),
)
const recordCheck = Compile(Type.Object({ epoch: EpochSchema, record: RecordSchema }))
const hubIdCheck = Compile(HubIdSchema)

export interface Loaded {
  readonly slices: readonly Slice[]
  readonly lost: readonly LostSlice[]
}

/** A slice that could not be read whole. */
export interface LostSlice {
  readonly hub: HubId
  /** The highest number of an epoch that anything of it bears; 0 when nothing does. */
  readonly epoch: number
  /** What can be read of its last epoch. */
  readonly records: readonly CatalogRecord[]
}

interface StoredRecord {
  readonly epoch: Epoch
  readonly record: CatalogRecord
}

interface Parts {
  head?: StoredHead
  readonly records: StoredRecord[]
  readonly surplus: StoredRecord[]
}

/** The slices in what the store holds, as decoded values by key. */
export function readSlices(entries: Iterable<readonly [key: string, value: unknown]>): Loaded {
  const parts = new Map<HubId, Parts>()
  for (const [key, value] of entries) {
    const { prefix, hub } = partsOf(key)
    if (prefix === undefined || !hubIdCheck.Check(hub)) continue
    const held = parts.get(hub) ?? { records: [], surplus: [] }
    parts.set(hub, held)
    readEntry(prefix, value, held)
  }
  const slices: Slice[] = []
  const lost: LostSlice[] = []
  for (const [hub, held] of parts) {
    const slice = assemble(hub, held)
    if (slice === undefined) lost.push(remainsOf(hub, held))
    else slices.push(slice)
  }
  return { slices, lost }
}

/** C14: whether the key is one of another hub's slice; a hub that was away for too long holds on to none of them. */
export function isForeign(key: string, self: HubId): boolean {
  const { prefix, hub } = partsOf(key)
  return prefix !== undefined && hub !== self
}

function partsOf(key: string): { readonly prefix: string | undefined; readonly hub: string | undefined } {
  const prefix = [headPrefix, recordPrefix, surplusPrefix].find((candidate) => key.startsWith(candidate))
  return { prefix, hub: key.slice(prefix?.length ?? 0).split('/', 1)[0] }
}

/** Heads sort after records in the store, so a record's epoch is judged in `assemble`. */
function readEntry(prefix: string, value: unknown, parts: Parts): void {
  if (prefix === headPrefix && headCheck.Check(value)) parts.head = value
  if (prefix === headPrefix || !recordCheck.Check(value) || !hasPlainValues(value.record)) return
  if (prefix === recordPrefix) parts.records.push(value)
  else parts.surplus.push(value)
}

/** Whole or not at all. What an epoch before left behind, readable or not, does not count. */
function assemble(hub: HubId, { head, records, surplus }: Parts): Slice | undefined {
  if (head === undefined) return undefined
  const present = ofEpoch(records, head.epoch)
  if (present.length !== head.size || present.some((record) => record.seq > head.seq)) return undefined
  const slice = new Slice(hub, { epoch: head.epoch, seq: head.seq }, head)
  for (const record of present.sort((a, b) => a.seq - b.seq)) slice.restore(record)
  const { surplusEpoch } = head
  if (surplusEpoch === undefined) return slice
  for (const record of ofEpoch(surplus, surplusEpoch)) slice.restoreSurplus(record, surplusEpoch)
  return slice
}

function remainsOf(hub: HubId, { head, records }: Parts): LostSlice {
  const epochs = [...(head === undefined ? [] : [head]), ...records].map(({ epoch }) => epoch)
  const last = epochs.sort(compareEpochs).at(-1)
  return last === undefined ? { hub, epoch: 0, records: [] } : { hub, epoch: last[0], records: ofEpoch(records, last) }
}

/** C13: a slice that may be an older one than was written: its epoch is not gone on with. */
export function asLost(slice: Slice): LostSlice {
  return { hub: slice.hub, epoch: slice.version.epoch[0], records: [...slice.records()] }
}

function ofEpoch(stored: readonly StoredRecord[], epoch: Epoch): CatalogRecord[] {
  return stored.flatMap((held) => (compareEpochs(held.epoch, epoch) === 0 ? [held.record] : []))
}
