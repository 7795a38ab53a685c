// Turning what a caller wants into the next version of this hub's own record. Pure: the facts go in, fields come out.

import type { Stamp } from './hlc.ts'
import { isLater } from './hlc.ts'
import {
  type CatalogRecord,
  exists,
  type Field,
  type Fields,
  isNews,
  type Joined,
  lifeField,
  merge,
  withoutCovered,
} from './record.ts'

/** One change to one entry. */
export type Write =
  /** C5: creates, updates or revives. `sets`: prefix → members; each member is a field of its own (C6). */
  | {
      readonly op: 'put'
      readonly kind: string
      readonly key: string
      readonly fields: Readonly<Record<string, unknown>>
      /** Given only to an entry that does not exist yet. */
      readonly initial: Readonly<Record<string, unknown>>
      readonly sets: Readonly<Record<string, readonly string[]>>
    }
  | { readonly op: 'remove'; readonly kind: string; readonly key: string }
  /** C13: takes over a record of an earlier epoch of this hub, stamps as they are. */
  | { readonly op: 'adopt'; readonly kind: string; readonly key: string; readonly record: CatalogRecord }
  /** C7: says the removal instead of the fields that it covers. */
  | { readonly op: 'prune'; readonly kind: string; readonly key: string }

export interface Facts {
  /** This hub's own record so far. */
  readonly own: CatalogRecord | undefined
  /** The join over all of them. */
  readonly joined: Joined
}

export type Content = Pick<CatalogRecord, 'fields' | 'removed'>
export type Outcome =
  | 'created'
  | 'updated'
  | 'removed'
  | 'unchanged'
  | 'absent'
  | 'absent-removed'
  | 'too-many-fields'
  | 'unfit'
  | 'slice-full'
  | 'clock-drift'

/** C13: takes all of them over. */
export function adopting(records: readonly CatalogRecord[]): Write[] {
  return records.map((record) => ({ op: 'adopt', kind: record.kind, key: record.key, record }))
}

/** The own record's next content, and what that means to the caller; no content: nothing is to be written. */
export function applyWrite(write: Write, facts: Facts, stamp: Stamp): { content?: Content; outcome: Outcome } {
  switch (write.op) {
    case 'put':
      return put(write, facts, stamp)
    case 'remove': {
      if (!exists(facts.joined)) return { outcome: facts.joined.removed ? 'absent-removed' : 'absent' }
      return { content: { fields: {}, removed: stamp }, outcome: 'removed' }
    }
    case 'adopt':
      return adopt(write.record, facts.own)
    case 'prune': {
      const { removed } = facts.joined
      const fields = facts.own && removed ? withoutCovered(facts.own, removed) : undefined
      if (fields === undefined) return { outcome: 'unchanged' }
      // With the removal in their place, so that what is left says how old it is (C14).
      return { content: withRemoval(fields, removed), outcome: 'updated' }
    }
  }
}

function put(write: Write & { op: 'put' }, facts: Facts, stamp: Stamp): { content: Content; outcome: Outcome } {
  const isNew = !exists(facts.joined)
  const fields: Record<string, Field> = { ...facts.own?.fields, [lifeField]: [true, stamp] }
  for (const [name, value] of Object.entries({ ...(isNew ? write.initial : {}), ...write.fields })) {
    fields[name] = [value, stamp]
  }
  for (const [prefix, members] of Object.entries(write.sets)) {
    for (const member of members) fields[prefix + member] = [true, stamp]
    const wanted = new Set(members.map((member) => prefix + member))
    for (const [name, [value, added]] of Object.entries(facts.joined.fields)) {
      // C6: removing a member voids the newest add that was seen, so that a concurrent add wins.
      if (name.startsWith(prefix) && value !== null && !wanted.has(name)) fields[name] = [null, added]
    }
  }
  const { removed } = facts.joined
  const kept = Object.entries(fields).filter(([, [, stamp]]) => isLater(stamp, removed))
  return {
    content: withRemoval(Object.fromEntries(kept), facts.own?.removed),
    outcome: isNew ? 'created' : 'updated',
  }
}

function adopt(old: CatalogRecord, own: CatalogRecord | undefined): { content?: Content; outcome: Outcome } {
  if (own === undefined) return { content: withRemoval(old.fields, old.removed), outcome: 'updated' }
  if (!isNews(old, own)) return { outcome: 'unchanged' }
  const merged = merge(own, old)
  return { content: withRemoval(merged.fields, merged.removed), outcome: 'updated' }
}

function withRemoval(fields: Fields, removed: Stamp | undefined): Content {
  const content = { fields: { ...fields } as Content['fields'] }
  return removed === undefined ? content : { ...content, removed }
}
