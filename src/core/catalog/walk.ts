// C18: what a reader at a cursor has yet to be told. Slice by slice, in the order of their hubs: the records behind the
// cursor, in order of seq, and whatever is left of earlier epochs, which has no place in the cursor. With the last entry of
// a slice the cursor moves past it, so that a reader who is cut off goes on with the slice that it did not hear whole.
// The walk holds no copies: it reads the slices as they are when it is asked for its next step, however slowly.

import { compareText, type HubId } from '../ids.ts'
import { type Cursor, cursorText, type Place, placeOf } from './cursor.ts'
import { type EntryId, entryId } from './record.ts'
import type { Replicas } from './replicas.ts'
import type { Slice } from './slice.ts'

export type ResetReason =
  /** The slice is not held here: its hub was forgotten, or this hub has not heard of it yet. */
  | 'unknown'
  /** The slice is in another epoch than the reader was told of. */
  | 'epoch'
  /** Removals that the reader was not told of are past the retention and no longer held (C14). */
  | 'trimmed'
  /** The reader was told more of the slice than is held here. */
  | 'ahead'

export type Step =
  /** Each step says where the reader stands after it, as a cursor. */
  | { readonly type: 'entry'; readonly id: EntryId; readonly at: string }
  /** All of this slice follows. `isTotal`: of all slices, and what else the reader holds is gone. */
  | {
      readonly type: 'reset'
      readonly hub: HubId
      readonly reason: ResetReason
      readonly isTotal: boolean
      readonly at: string
    }

/** What of a slice is yet to be told: the records after this seq. */
interface Stretch {
  readonly slice: Slice
  readonly after: number
}

/** Yields the steps; returns where the reader stands at the end. `kinds`: entries of others are passed over. */
export function* walk(replicas: Replicas, cursor: Cursor, kinds: ReadonlySet<string>): Generator<Step, string> {
  const reached = new Map(cursor)
  const stretches: Stretch[] = []
  const lost = lostOf(cursor, replicas)
  if (lost !== undefined) {
    reached.clear()
    yield { type: 'reset', ...lost, isTotal: true, at: cursorText(reached) }
  }
  for (const slice of [...replicas.slices()].sort((a, b) => compareText(a.hub, b.hub))) {
    if ((reached.get(slice.hub)?.seq ?? 0) > slice.version.seq) {
      reached.set(slice.hub, beginningOf(slice))
      yield { type: 'reset', hub: slice.hub, reason: 'ahead', isTotal: false, at: cursorText(reached) }
    }
    const after = reached.get(slice.hub)?.seq ?? 0
    if (slice.version.seq > after || slice.surplusEpoch !== undefined) stretches.push({ slice, after })
  }
  let at = cursorText(reached)
  const waiting = new Map(stretches.map((stretch) => [stretch.slice.hub, stretch]))
  for (const stretch of stretches) {
    waiting.delete(stretch.slice.hub)
    const isLeft = (id: EntryId): boolean => isToldLater(id, replicas, waiting)
    // As it stands when its turn comes: what is written meanwhile is a change, and told as one.
    const place = placeOf(stretch.slice.version)
    // Who was told a part of it has to hear when this epoch is over.
    if (stretch.after === 0) reached.set(stretch.slice.hub, beginningOf(stretch.slice))
    at = cursorText(reached)
    let last: EntryId | undefined
    for (const id of entriesOf(stretch, kinds)) {
      if (isLeft(id)) continue
      if (last !== undefined) yield { type: 'entry', id: last, at }
      last = id
    }
    reached.set(stretch.slice.hub, place)
    at = cursorText(reached)
    if (last !== undefined) yield { type: 'entry', id: last, at }
  }
  return at
}

/**
 * A slice that this hub cannot go on with. What it alone said may be gone without a trace, by a lost disk or by an operator's
 * wish, and nobody can say any more what that was: so the reader begins anew with everything.
 */
function lostOf(cursor: Cursor, replicas: Replicas): { hub: HubId; reason: ResetReason } | undefined {
  for (const [hub, told] of cursor) {
    const slice = replicas.slice(hub)
    if (slice === undefined) return { hub, reason: 'unknown' }
    if (placeOf(slice.version).epoch !== told.epoch) return { hub, reason: 'epoch' }
    if (told.seq < slice.floor) return { hub, reason: 'trimmed' }
  }
  return undefined
}

function beginningOf({ version }: Slice): Place {
  return { ...placeOf(version), seq: 0 }
}

/** An entry that a later stretch tells is left to it: hubs that share a projects file all write the same entries. */
function isToldLater(id: EntryId, replicas: Replicas, waiting: ReadonlyMap<HubId, Stretch>): boolean {
  for (const hub of replicas.holders(id)) {
    const other = waiting.get(hub)
    if (other !== undefined && (other.slice.get(id)?.seq ?? 0) > other.after) return true
  }
  return false
}

function* entriesOf({ slice, after }: Stretch, kinds: ReadonlySet<string>): Generator<EntryId> {
  for (const record of slice.records()) if (record.seq > after && kinds.has(record.kind)) yield entryId(record)
  if (slice.surplusEpoch === undefined) return
  for (const record of slice.surplus()?.records ?? []) if (kinds.has(record.kind)) yield entryId(record)
}
