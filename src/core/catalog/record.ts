// A record: what one hub has written about one (kind, key). Fields carry their own stamps; a removal stands beside
// them instead of replacing them, so that a late field cannot revive half an entry.

import type { Static } from 'typebox'
import { Type } from 'typebox'
import { canonical, hashOf } from '../hash.ts'
import { compareText } from '../ids.ts'
import { CountSchema, isPlain } from '../wire.ts'
import { compareStamps, isLater, type Stamp, StampSchema } from './hlc.ts'

/** Most fields of one record: 64 tags and room for what later versions add. */
export const maxFields = 256
/** The field that says an entry exists (C5). */
export const lifeField = 'life'

const FieldSchema = Type.Tuple([Type.Unknown(), StampSchema])

/** C1: (kind, key) → seq, fields with stamps, and the removal beside them. */
export const RecordSchema = Type.Object({
  kind: Type.String({ minLength: 1, maxLength: 32, pattern: '^[a-z][a-z0-9-]*$' }),
  key: Type.String({ minLength: 1, maxLength: 200, pattern: '^[^/]+$' }),
  seq: CountSchema,
  fields: Type.Record(Type.String({ minLength: 1, maxLength: 100 }), FieldSchema, { maxProperties: maxFields }),
  removed: Type.Optional(StampSchema),
})
export type CatalogRecord = Static<typeof RecordSchema>
export type Field = readonly [value: unknown, stamp: Stamp]
export type Fields = Readonly<Record<string, Field>>

/** Names an entry within a slice and across slices. */
export type EntryId = string
export function entryId(entry: { readonly kind: string; readonly key: string }): EntryId {
  return `${entry.kind}/${entry.key}`
}

/** Whether the values are plain data: the schema leaves them open, because kinds and fields may be unknown here (C16). */
export function hasPlainValues(record: CatalogRecord): boolean {
  return Object.values(record.fields).every(([value]) => isPlain(value))
}

export function* stampsOf(record: CatalogRecord): Generator<Stamp> {
  for (const [, stamp] of Object.values(record.fields)) yield stamp
  if (record.removed !== undefined) yield record.removed
}

/**
 * Whether field `a` wins over `b` of the same name: the later stamp; at equal stamps a void (null) wins (C6), then the
 * greater text of the value, so that two different values under one stamp resolve alike on every hub.
 */
export function wins(a: Field, b: Field | undefined): boolean {
  if (b === undefined) return true
  const byStamp = compareStamps(a[1], b[1])
  if (byStamp !== 0) return byStamp > 0
  if (a[0] === null || b[0] === null) return a[0] === null && b[0] !== null
  return compareText(canonical(a[0]), canonical(b[0])) > 0
}

/** C4: the fields that are visible over all slices, voids included: each with its highest stamp, if above the removal. */
export interface Joined {
  readonly fields: Fields
  readonly removed?: Stamp
}

export function join(records: Iterable<CatalogRecord>): Joined {
  let removed: Stamp | undefined
  const best = new Map<string, Field>()
  for (const record of records) {
    if (record.removed !== undefined && isLater(record.removed, removed)) removed = record.removed
    for (const [name, field] of Object.entries(record.fields)) if (wins(field, best.get(name))) best.set(name, field)
  }
  const visible = [...best].filter(([, field]) => isLater(field[1], removed)).sort(([a], [b]) => compareText(a, b))
  const fields: Fields = Object.fromEntries(visible)
  return removed === undefined ? { fields } : { fields, removed }
}

/** C5: the entry exists only while `life` is visible. */
export function exists(joined: Joined): boolean {
  return joined.fields[lifeField] !== undefined
}

/** C7: the record without the fields that a removal covers; undefined when nothing is covered. */
export function withoutCovered(record: CatalogRecord, removed: Stamp): Fields | undefined {
  const kept = Object.entries(record.fields).filter(([, [, stamp]]) => isLater(stamp, removed))
  return kept.length === Object.keys(record.fields).length ? undefined : Object.fromEntries(kept)
}

/** Equal for equal content on every hub, seq left out. */
export function contentHash(record: CatalogRecord): string {
  return hashOf([record.kind, record.key, canonical(record.fields), canonical(record.removed ?? null)])
}
