// Reading slices back from the store. Whatever does not read as what was written is not guessed at: a foreign slice
// is fetched again whole, the own one is recovered under a new epoch, from peers and what can be read of it (C13).

import { Compile } from 'typebox/schema'
import type { HubId } from '../ids.ts'
import type { Scan } from '../scan.ts'
import { Type } from '../schema.ts'
import { CountSchema, HubIdSchema } from '../wire.ts'
import { Glance } from './glance.ts'
import { HeadSchema, type StoredHead } from './head.ts'
import { headPrefix, recordPrefix, surplusPrefix } from './layout.ts'
import { type CatalogRecord, hasPlainValues, RecordSchema } from './record.ts'
import { Rest, type StoredRecord } from './rest.ts'
import { compareEpochs, EpochSchema, Slice } from './slice.ts'

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

interface Parts {
  head?: StoredHead
  /** As long as all that came can rest. */
  rest?: Rest
  readonly records: StoredRecord[]
  readonly surplus: StoredRecord[]
}

/** How stored bytes are read. What cannot be looked over is read at once. */
export interface Reading {
  decode(bytes: Uint8Array): unknown
  readonly scan?: Scan
}

/** Puts slices together from what a store holds. */
export class SliceReader {
  readonly #reading: Reading
  readonly #glance: Glance | undefined
  readonly #parts = new Map<HubId, Parts>()
  /** Whose entry came last, and what the keys of that hub's records begin with; empty after an entry of another kind. */
  #last: Parts | undefined
  #prefix = ''

  constructor(reading: Reading) {
    this.#reading = reading
    this.#glance = reading.scan === undefined ? undefined : new Glance(reading.scan)
  }

  /** Takes what is stored under a key; what is no part of a slice is none of its business. */
  take(key: string, bytes: Uint8Array): void {
    const parts = this.#partsFor(key)
    if (parts !== undefined && !this.#rests(key, bytes, parts)) this.takeValue(key, this.#reading.decode(bytes))
  }

  /** Takes a value that is decoded already. */
  takeValue(key: string, value: unknown): void {
    const parts = this.#partsFor(key)
    if (parts !== undefined) readEntry(key, value, parts)
  }

  /** The slices in what was taken. */
  finish(): Loaded {
    const slices: Slice[] = []
    const lost: LostSlice[] = []
    for (const [hub, parts] of this.#parts) {
      const slice = assemble(hub, parts)
      if (slice === undefined) lost.push(remainsOf(hub, parts))
      else slices.push(slice)
    }
    return { slices, lost }
  }

  /** Of the slice that the key is of; undefined when it is of none. */
  #partsFor(key: string): Parts | undefined {
    if (this.#prefix !== '' && key.startsWith(this.#prefix)) return this.#last
    const { prefix, hub } = partsOf(key)
    if (prefix === undefined || !hubIdCheck.Check(hub)) return undefined
    this.#last = this.#parts.get(hub) ?? { records: [], surplus: [] }
    this.#parts.set(hub, this.#last)
    this.#prefix = prefix === recordPrefix ? `${prefix}${hub}/` : ''
    return this.#last
  }

  /** Records rest as long as all of their slice can. */
  #rests(key: string, bytes: Uint8Array, parts: Parts): boolean {
    if (this.#glance === undefined || this.#prefix === '' || parts.records.length > 0) return false
    const id = key.slice(this.#prefix.length)
    if (!this.#glance.takes(bytes, id)) return false
    parts.rest ??= new Rest(this.#glance.epoch, (stored) => storedIn(this.#reading.decode(stored)))
    return parts.rest.add(id, bytes, this.#glance)
  }
}

/** The slices in decoded values by key, such as a backup holds. */
export function readSlices(entries: Iterable<readonly [key: string, value: unknown]>): Loaded {
  const reader = new SliceReader({ decode: () => undefined })
  for (const [key, value] of entries) reader.takeValue(key, value)
  return reader.finish()
}

/** Whether the key is one of a slice. */
export function isOfSlice(key: string): boolean {
  return key.startsWith(recordPrefix) || key.startsWith(headPrefix) || key.startsWith(surplusPrefix)
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
function readEntry(key: string, value: unknown, parts: Parts): void {
  const { prefix } = partsOf(key)
  if (prefix === headPrefix && headCheck.Check(value)) parts.head = value
  if (prefix === recordPrefix) wake(parts)
  const stored = prefix === headPrefix ? undefined : storedIn(value)
  if (stored !== undefined) (prefix === recordPrefix ? parts.records : parts.surplus).push(stored)
}

function storedIn(value: unknown): StoredRecord | undefined {
  return recordCheck.Check(value) && hasPlainValues(value.record) ? value : undefined
}

/** They do not rest any more. */
function wake(parts: Parts): void {
  const { rest } = parts
  delete parts.rest
  if (rest !== undefined) for (const nth of rest.ids.keys()) parts.records.push(rest.stored(nth))
}

/** Whole or not at all. What an epoch before left behind, readable or not, does not count. */
function assemble(hub: HubId, parts: Parts): Slice | undefined {
  const { head, rest, surplus } = parts
  if (head === undefined) return undefined
  const slice = new Slice(hub, { epoch: head.epoch, seq: head.seq }, head)
  if (rest !== undefined && isWhole(rest, head)) slice.restoreAll(rest)
  else {
    wake(parts)
    const present = ofEpoch(parts.records, head.epoch)
    if (present.length !== head.size || present.some((record) => record.seq > head.seq)) return undefined
    for (const record of present.sort((a, b) => a.seq - b.seq)) slice.restore(record)
  }
  const { surplusEpoch } = head
  if (surplusEpoch === undefined) return slice
  for (const record of ofEpoch(surplus, surplusEpoch)) slice.restoreSurplus(record, surplusEpoch)
  return slice
}

function isWhole({ epoch, size, highest }: Rest, head: StoredHead): boolean {
  return compareEpochs(epoch, head.epoch) === 0 && size === head.size && highest <= head.seq
}

function remainsOf(hub: HubId, parts: Parts): LostSlice {
  wake(parts)
  const { head, records } = parts
  const epochs = [...(head === undefined ? [] : [head]), ...records].map(({ epoch }) => epoch)
  const last = epochs.sort(compareEpochs).at(-1)
  return last === undefined ? { hub, epoch: 0, records: [] } : { hub, epoch: last[0], records: ofEpoch(records, last) }
}

/** C13: a slice that may be an older one than was written: its epoch is not gone on with. */
export function asLost(slice: Slice): LostSlice {
  return { hub: slice.hub, epoch: slice.version.epoch[0], records: [...slice.records()] }
}

function ofEpoch(stored: readonly StoredRecord[], epoch: StoredRecord['epoch']): CatalogRecord[] {
  return stored.flatMap((held) => (compareEpochs(held.epoch, epoch) === 0 ? [held.record] : []))
}
