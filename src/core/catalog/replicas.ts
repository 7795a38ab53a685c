// All slices this hub holds, the join over them, and what of them goes to the store.

import { hashOf } from '../hash.ts'
import { compareText, type HubId } from '../ids.ts'
import type { StoreOp } from '../machine.ts'
import type { ListedVersion } from './messages.ts'
import { type CatalogRecord, type EntryId, entryId, type Joined, join } from './record.ts'
import { compareEpochs, type Epoch, type Run, Slice, type StoredHead, type Version } from './slice.ts'

export class Replicas {
  readonly #slices = new Map<HubId, Slice>()
  readonly #holders = new Map<EntryId, Set<HubId>>()
  readonly #joined = new Map<EntryId, Joined>()
  #digest: string | undefined

  slice(hub: HubId): Slice | undefined {
    return this.#slices.get(hub)
  }

  slices(): IterableIterator<Slice> {
    return this.#slices.values()
  }

  entries(): IterableIterator<EntryId> {
    return this.#holders.keys()
  }

  /** A slice restored from the store. */
  adopt(slice: Slice): void {
    this.#slices.set(slice.hub, slice)
    this.#touch(slice.hub, [...[...slice.records()].map(entryId), ...(slice.surplus()?.records ?? []).map(entryId)])
  }

  /** C8, C9, C13: takes a run that follows what is held; returns the touched entries and the store operations. */
  apply(run: Run): { readonly touched: readonly EntryId[]; readonly batch: readonly StoreOp[] } {
    let slice = this.#slices.get(run.hub)
    if (slice === undefined) {
      slice = new Slice(run.hub, { epoch: run.epoch, seq: 0 })
      this.#slices.set(run.hub, slice)
    }
    const isNewEpoch = compareEpochs(run.epoch, slice.version.epoch) > 0
    const hadSurplus = isNewEpoch || slice.surplus() !== undefined
    const touched = isNewEpoch ? slice.restart(run) : slice.extend(run)
    this.#touch(run.hub, touched)
    return { touched, batch: [headOp(slice), ...touched.flatMap((id) => recordOps(slice, id, hadSurplus))] }
  }

  /** Where this hub stands in that epoch of a slice: 0 for an epoch still to come, undefined for one that is over. */
  position(hub: HubId, version: Version): number | undefined {
    const held = this.#slices.get(hub)?.version
    if (held === undefined) return 0
    const order = compareEpochs(version.epoch, held.epoch)
    if (order > 0) return 0
    return order === 0 && version.seq > held.seq ? held.seq : undefined
  }

  /** The records that the slices show for an entry, all of them or all but one. */
  shown(id: EntryId, except?: HubId): CatalogRecord[] {
    return [...(this.#holders.get(id) ?? [])].flatMap((hub) => {
      const record = hub === except ? undefined : this.#slices.get(hub)?.visible(id)
      return record === undefined ? [] : [record]
    })
  }

  /** C4: what everyone reads, kept until a slice touches the entry. */
  joined(id: EntryId): Joined {
    const held = this.#joined.get(id)
    if (held !== undefined) return held
    const fresh = join(this.shown(id))
    this.#joined.set(id, fresh)
    return fresh
  }

  /** Every slice and how far it is held; what is left of earlier epochs is listed beside it (C13). */
  versions(): ListedVersion[] {
    const listed: ListedVersion[] = []
    for (const slice of this.#slices.values()) {
      if (slice.version.seq > 0) listed.push([slice.hub, slice.version.epoch, slice.version.seq])
      const surplus = slice.surplus()
      if (surplus !== undefined) listed.push([slice.hub, surplus.epoch, surplus.to])
    }
    return listed
  }

  /** C11: equal exactly when the same versions are held. */
  digest(): string {
    this.#digest ??= digestOf(this.versions())
    return this.#digest
  }

  /** The whole slice as store operations, for when an earlier batch of it did not reach the disk. */
  wholeSlice(hub: HubId): StoreOp[] {
    const slice = this.#slices.get(hub)
    if (slice === undefined) return []
    const ids = [...[...slice.records()].map(entryId), ...(slice.surplus()?.records ?? []).map(entryId)]
    return [headOp(slice), ...ids.flatMap((id) => recordOps(slice, id, true))]
  }

  #touch(hub: HubId, ids: readonly EntryId[]): void {
    this.#digest = undefined
    for (const id of ids) {
      this.#joined.delete(id)
      const holders = this.#holders.get(id)
      if (holders === undefined) this.#holders.set(id, new Set([hub]))
      else holders.add(hub)
    }
  }
}

/** Fingerprint of a list of versions, whatever its order; 16 hex digits. */
export function digestOf(versions: readonly ListedVersion[]): string {
  const lines = versions.map(([hub, epoch, seq]) => `${hub} ${epoch[0]} ${epoch[1]} ${seq}`).sort(compareText)
  return hashOf(lines).slice(0, 16)
}

// ---- The layout of the store: one head and the records of each slice.

export const headPrefix = 'slice/'
export const recordPrefix = 'record/'
export const surplusPrefix = 'surplus/'

function headOp(slice: Slice): StoreOp {
  const { epoch, seq } = slice.version
  const surplusEpoch = slice.surplus()?.epoch
  const value: StoredHead = surplusEpoch === undefined ? { epoch, seq } : { epoch, seq, surplusEpoch }
  return { op: 'put', key: `${headPrefix}${slice.hub}`, value }
}

/** A record as it is stored: with its epoch, so that one left over from an epoch before is never taken for present. */
export function storedRecord(hub: HubId, epoch: Epoch, record: CatalogRecord): StoreOp {
  return { op: 'put', key: `${recordPrefix}${hub}/${entryId(record)}`, value: { epoch, record } }
}

function recordOps(slice: Slice, id: EntryId, hadSurplus: boolean): StoreOp[] {
  const key = `${recordPrefix}${slice.hub}/${id}`
  const record = slice.get(id)
  const ops: StoreOp[] = [
    record === undefined ? { op: 'del', key } : storedRecord(slice.hub, slice.version.epoch, record),
  ]
  if (hadSurplus) {
    const surplusKey = `${surplusPrefix}${slice.hub}/${id}`
    const isSurplus = slice.hasSurplus(id)
    ops.push(isSurplus ? { op: 'put', key: surplusKey, value: slice.visible(id) } : { op: 'del', key: surplusKey })
  }
  return ops
}
