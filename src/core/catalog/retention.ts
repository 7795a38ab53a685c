// C14: what of a record has done its work. A removal guards against copies that have not heard of it; after the retention
// every hub has heard of it, or was away for so long that it comes back with nothing but its own slice. What still guards
// something that is held here stays, however old: the slice of a hub that is dead and was not forgotten may hold it.

import type { HubId } from '../ids.ts'
import type { Millis } from '../time.ts'
import { isLater, type Stamp } from './hlc.ts'
import { type CatalogRecord, type EntryId, type Field, stampsOf } from './record.ts'

/** A record and what is left of it; nothing: it goes as a whole. */
export interface Trim {
  readonly hub: HubId
  readonly id: EntryId
  readonly from: CatalogRecord
  readonly left: CatalogRecord | undefined
}

/**
 * What is left of a record, beside all `others` of its entry, when what was stamped before `horizon` (Unix ms) has done its
 * work: the record itself when nothing of it has.
 */
export function leftOf(
  record: CatalogRecord,
  others: readonly CatalogRecord[],
  horizon: Millis,
): CatalogRecord | undefined {
  const { removed } = record
  const isKept = removed !== undefined && (removed[0] >= horizon || coversAny([record, ...others], removed))
  const fields = keptFields(record, others, horizon)
  const isLeft = (isKept || removed === undefined) && fields === record.fields
  const left = isLeft ? record : withRemoval({ ...record, fields }, isKept ? removed : undefined)
  if (left.removed !== undefined || Object.keys(left.fields).length > 0) return left
  return left === record && !isEmptiedLongAgo(others, horizon) ? record : undefined
}

/** Of a record that is empty already (hubs of 0.2 left such ones, C7): only the removal that emptied it says when that was. */
function isEmptiedLongAgo(others: readonly CatalogRecord[], horizon: Millis): boolean {
  const removals = others.flatMap(({ removed }) => (removed === undefined ? [] : [removed[0]]))
  return removals.length > 0 && Math.max(...removals) < horizon
}

/**
 * C10: what a head signs of a record, whatever some hubs have dropped of it by then and others have not: without a removal
 * from before `horizon` that covers nothing beside it, without voids when all of it is from before; nothing when that is all.
 */
export function reduced(record: CatalogRecord, horizon: Millis): CatalogRecord | undefined {
  const { removed, fields } = record
  const isPast = removed !== undefined && removed[0] < horizon && !covers(record, removed)
  const isQuiet = hasVoid(record) && latestOf(record) < horizon
  const kept = isQuiet ? Object.fromEntries(Object.entries(fields).filter(([, [value]]) => value !== null)) : fields
  const isEmpty = Object.keys(kept).length === 0
  if (isEmpty && (isPast || removed === undefined)) return undefined
  if (!isPast && !isQuiet) return record
  return withRemoval({ ...record, fields: kept as CatalogRecord['fields'] }, isPast ? undefined : removed)
}

/** Each moment (Unix ms) such that a horizon after it reduces the record more than one at or before it. */
export function guardedUntil(record: CatalogRecord): Millis[] {
  const { removed } = record
  return [...(removed === undefined ? [] : [removed[0]]), ...(hasVoid(record) ? [latestOf(record)] : [])]
}

function hasVoid({ fields }: CatalogRecord): boolean {
  return Object.values(fields).some(([value]) => value === null)
}

function latestOf(record: CatalogRecord): Millis {
  let latest = 0
  for (const [wall] of stampsOf(record)) latest = Math.max(latest, wall)
  return latest
}

/** Whether the removal covers a value of its own record: then no hub drops it. */
function covers({ fields }: CatalogRecord, removed: Stamp): boolean {
  return Object.values(fields).some(([value, stamp]) => value !== null && !isLater(stamp, removed))
}

/** The record without a removal that is past the horizon, whatever it covers; nothing when that is all it says. */
export function withoutPast(record: CatalogRecord, horizon: Millis): CatalogRecord | undefined {
  if (record.removed === undefined || record.removed[0] >= horizon) return record
  return Object.keys(record.fields).length === 0 ? undefined : withRemoval(record, undefined)
}

function coversAny(records: readonly CatalogRecord[], removed: Stamp): boolean {
  return records.some(({ fields }) => Object.values(fields).some(([, stamp]) => !isLater(stamp, removed)))
}

/**
 * C6: a void bears the stamp of the add that it guards against, not of the moment when it was made; but the record was
 * written then or later, so its latest stamp says how long the void has been there at least.
 */
function keptFields(record: CatalogRecord, others: readonly CatalogRecord[], horizon: Millis): CatalogRecord['fields'] {
  const isQuiet = stampsOf(record).every((stamp) => stamp[0] < horizon)
  if (!isQuiet) return record.fields
  const entries = Object.entries(record.fields)
  const kept = entries.filter(([name, field]) => field[0] !== null || guards(name, field, others))
  return kept.length === entries.length ? record.fields : Object.fromEntries(kept)
}

function guards(name: string, [, stamp]: Field, others: readonly CatalogRecord[]): boolean {
  return others.some(
    ({ fields: { [name]: held } }) => held !== undefined && held[0] !== null && !isLater(held[1], stamp),
  )
}

function withRemoval({ removed: _, ...record }: CatalogRecord, removed: Stamp | undefined): CatalogRecord {
  return removed === undefined ? record : { ...record, removed }
}
