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
  const isQuiet = [...stampsOf(record)].every((stamp) => stamp[0] < horizon)
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
