// A record: what one hub has written about one (kind, key). Fields carry their own stamps; a removal stands beside
// them instead of replacing them, so that a late field cannot revive half an entry.

import type { Static } from 'typebox'
import { Compile } from 'typebox/schema'
import { canonical, hashOf } from '../hash.ts'
import { compareText } from '../ids.ts'
import { Type } from '../schema.ts'
import { CountSchema, isPlain } from '../wire.ts'
import { compareStamps, isLater, type Stamp, StampSchema } from './hlc.ts'

/** Most fields of one record: 64 tags and room for what later versions add. */
export const maxFields = 256
/** Longest record as JSON text: less than a frame (256 KiB) also when each of its letters takes three bytes. */
export const maxRecordText = 64 * 1024
/** The field that says an entry exists (C5). */
export const lifeField = 'life'

const FieldSchema = Type.Tuple([Type.Unknown(), StampSchema])
/** Longest key, and longest name of a field, in code units. */
export const maxKey = 200
export const maxFieldName = 512
/** Any text but the one name that plain objects treat as their own. */
export const fieldNamePattern = `^(?!__proto__$)[\\s\\S]{1,${maxFieldName}}$`
const maxKind = 32
const kindPattern = '^[a-z][a-z0-9-]*$'

/** C1: (kind, key) → seq, fields with stamps, and the removal beside them. */
export const RecordSchema = Type.Object({
  kind: Type.String({ minLength: 1, maxLength: maxKind, pattern: kindPattern }),
  key: Type.String({ minLength: 1, maxLength: maxKey, pattern: '^[^/]+$' }),
  seq: CountSchema,
  // A record's key is held to a pattern alone; without `additionalProperties` other keys would pass unchecked.
  fields: Type.Record(Type.String({ pattern: fieldNamePattern }), FieldSchema, {
    maxProperties: maxFields,
    additionalProperties: false,
  }),
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

const kindRegex = new RegExp(kindPattern)
export function isKind(text: string): boolean {
  return text.length <= maxKind && kindRegex.test(text)
}

const recordCheck = Compile(RecordSchema)

/** Whether peers will take the record: an author that wrote another would be stuck behind it at all of them. */
export function isFit(record: CatalogRecord): boolean {
  return recordCheck.Check(record) && hasPlainValues(record) && JSON.stringify(record).length <= maxRecordText
}

/** Whether the values, and the names of what they are of, are plain data: the schema leaves them open, because kinds and fields may be unknown here (C16). */
export function hasPlainValues(record: CatalogRecord): boolean {
  const isFieldPlain = ([name, [value]]: [string, Field]): boolean => name.isWellFormed() && isPlain(value)
  return record.key.isWellFormed() && Object.entries(record.fields).every(isFieldPlain)
}

export function stampsOf({ fields, removed }: CatalogRecord): Stamp[] {
  const stamps = Object.values(fields).map(([, stamp]) => stamp)
  if (removed !== undefined) stamps.push(removed)
  return stamps
}

export function* stampsIn(records: Iterable<CatalogRecord>): Generator<Stamp> {
  for (const record of records) yield* stampsOf(record)
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

/** Whether something of `record` would be lost to the join if only `rest` were there. */
export function isNews(record: CatalogRecord, rest: Joined): boolean {
  if (record.removed !== undefined && isLater(record.removed, rest.removed)) return true
  const isSeen = ([name, field]: [string, Field]): boolean =>
    isLater(field[1], rest.removed) && wins(field, rest.fields[name])
  return Object.entries(record.fields).some(isSeen)
}

/** What two records of one author say together about an entry; of `record` its kind, key and seq. */
export function merge(record: CatalogRecord, older: CatalogRecord): CatalogRecord {
  const fields = { ...record.fields }
  for (const [name, field] of Object.entries(older.fields)) if (wins(field, fields[name])) fields[name] = field
  const isLaterRemoval = older.removed !== undefined && isLater(older.removed, record.removed)
  const removed = isLaterRemoval ? older.removed : record.removed
  return removed === undefined ? { ...record, fields } : { ...record, fields, removed }
}

/** C5: the entry exists only while `life` is visible. */
export function exists(joined: Joined): boolean {
  return joined.fields[lifeField] !== undefined
}

/** What a record has, as bits of a number: enough to tell most entries that exist from those that do not. */
export const lifeMark = 1
export const removalMark = 2
export const voidMark = 4

export function marksOf({ fields, removed }: CatalogRecord): number {
  const isVoid = Object.values(fields).some(([value]) => value === null)
  return (
    (fields[lifeField] === undefined ? 0 : lifeMark) |
    (removed === undefined ? 0 : removalMark) |
    (isVoid ? voidMark : 0)
  )
}

/** The record, in which equal stamps are one: a registration stamps all its fields alike. */
export function withSharedStamps(record: CatalogRecord): CatalogRecord {
  let last: Stamp | undefined
  for (const field of Object.values(record.fields)) {
    if (last !== undefined && compareStamps(field[1], last) === 0) field[1] = last
    else last = field[1]
  }
  return record
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
