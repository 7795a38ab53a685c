// How slices lie in the store: of each one head, its records, and what is left of earlier epochs (docs/STORE.md).

import type { HubId } from '../ids.ts'
import type { StoreOp } from '../machine.ts'
import { headIn, type StoredHead } from './head.ts'
import { type CatalogRecord, type EntryId, entryId } from './record.ts'
import { type Epoch, floorOf, type Slice } from './slice.ts'

export const headPrefix = 'slice/'
export const recordPrefix = 'record/'
export const surplusPrefix = 'surplus/'

export function headOp(hub: HubId, head: StoredHead): StoreOp {
  return { op: 'put', key: `${headPrefix}${hub}`, value: head }
}

/** A record as it is stored: with its epoch, so that one left over from an epoch before is never taken for present. */
export function storedRecord(hub: HubId, epoch: Epoch, record: CatalogRecord): StoreOp {
  return { op: 'put', key: `${recordPrefix}${hub}/${entryId(record)}`, value: { epoch, record } }
}

/** What brings the head of a slice and these entries of it to where they stand now. */
export function sliceOps(slice: Slice, ids: Iterable<EntryId>): StoreOp[] {
  const { hub, version, size, surplusEpoch, floor, head } = slice
  const left = surplusEpoch === undefined ? {} : { surplusEpoch }
  return [
    headOp(hub, { ...version, size, ...left, ...floorOf(floor), ...headIn(head) }),
    ...[...ids].flatMap((id) => entryOps(slice, id)),
  ]
}

/** A slice that was dropped leaves nothing on the disk. */
export function goneOps(hub: HubId, ids: Iterable<EntryId>): StoreOp[] {
  const keys = [...ids].flatMap((id) => [`${recordPrefix}${hub}/${id}`, `${surplusPrefix}${hub}/${id}`])
  return [`${headPrefix}${hub}`, ...keys].map((key) => ({ op: 'del', key }))
}

function entryOps(slice: Slice, id: EntryId): StoreOp[] {
  const { hub, version, hasPredecessor, surplusEpoch } = slice
  const record = slice.get(id)
  const present: StoreOp =
    record === undefined ? { op: 'del', key: `${recordPrefix}${hub}/${id}` } : storedRecord(hub, version.epoch, record)
  if (!hasPredecessor) return [present]
  const key = `${surplusPrefix}${hub}/${id}`
  const left = slice.surplusOf(id)
  return [
    present,
    left === undefined ? { op: 'del', key } : { op: 'put', key, value: { epoch: surplusEpoch, record: left } },
  ]
}
