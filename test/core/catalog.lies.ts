// What a hub that passes slices on can do to them, when it lies.

import type { CatalogMessage, PartBody, RunsBody } from '../../src/core/catalog/messages.ts'
import { fullPlaces, partsIn } from '../../src/core/catalog/packing.ts'
import { type CatalogRecord, stampsOf } from '../../src/core/catalog/record.ts'
import type { Roster } from '../../src/core/catalog/roster.ts'
import { hubId } from './kit.ts'

type Lie = (part: PartBody) => PartBody | undefined

const flip: Lie = (part) => {
  const at = part.records.findIndex(({ fields }) => fields['name'] !== undefined)
  const records = part.records.map((record, index) => {
    const [, stamp] = record.fields['name'] ?? []
    if (index !== at || stamp === undefined) return record
    return { ...record, fields: { ...record.fields, name: ['another', stamp] as [unknown, typeof stamp] } }
  })
  return { ...part, records }
}

const swap = (records: readonly CatalogRecord[]): CatalogRecord[] => {
  const seqs = records.map(({ seq }) => seq).toReversed()
  return records.map((record, index) => ({ ...record, seq: seqs[index] ?? record.seq }))
}

export const lies: Readonly<Record<string, Lie>> = {
  'flips a record': flip,
  'drops a record': (part) => ({ ...part, records: part.records.slice(1) }),
  'adds a record': (part) => ({ ...part, records: [...part.records, made(part)] }),
  'reorders records': (part) => ({ ...part, records: swap(part.records) }),
  'drops records and says that the retention is over for them': (part) => {
    return { ...part, from: 0, after: 0, floor: part.to, records: part.records.slice(-1) }
  },
  'says that more was written than was': (part) => ({ ...part, to: part.to + 1 }),
  'withholds what it said it holds': (part) => ({ ...part, to: part.from, records: [], done: true }),
  'serves what was before': (part) => ({ ...part, to: part.to - 1, records: part.records.slice(0, -1) }),
  'says nothing': () => undefined,
  'leaves the head out': ({ head: _, ...part }) => part,
}

/** Under a seq of which the record was written again since. */
function made({ from, to, records }: PartBody): CatalogRecord {
  const used = new Set(records.map(({ seq }) => seq))
  const free = Array.from({ length: to - from }, (_, i) => from + 1 + i).find((seq) => !used.has(seq))
  return { kind: 'project', key: 'made', fields: records[0]?.fields ?? {}, seq: free ?? to }
}

/** A hub that passes slices on, and what it says of which author's. */
export interface Liar {
  readonly name: string
  readonly author: string
  readonly lie: Lie | undefined
  /** Its own: by it the places are read that it names in messages. */
  readonly roster: () => Roster
}

/** It lies about the slice of that author, and about nothing else. */
export function liar({ name, author, lie, roster }: Liar) {
  return (from: string, message: CatalogMessage): CatalogMessage | undefined => {
    const parts = from === name && lie !== undefined ? partsOf(message, roster) : undefined
    if (lie === undefined || parts === undefined || !parts.some(({ hub }) => hub === hubId(author))) return message
    const told = parts.flatMap((part) => (part.hub === hubId(author) ? (lie(part) ?? []) : [part]))
    return told.length === 0 ? undefined : { kind: 'catalog.part', body: { parts: told } }
  }
}

function partsOf({ kind, body }: CatalogMessage, roster: () => Roster): PartBody[] | undefined {
  if (kind === 'catalog.part') return body.parts
  return kind === 'catalog.runs' ? partsIn(body, roster()) : undefined
}

/** The same where places cannot be read: whose slice a run is of is told by who stamped its first record. */
export function liedAbout(body: RunsBody, lieOf: (author: string) => Lie | undefined): RunsBody {
  const at = [...(fullPlaces(body) ?? [])]
  const records = body.records.map((run, i) => {
    const [[, , author] = []] = run.slice(0, 1).flatMap((record) => stampsOf(record))
    const last = run.at(-1)?.seq ?? 0
    const to = last + (at[3 * i + 1] ?? 0)
    const from = to - (at[3 * i + 2] ?? 0)
    const part = {
      hub: author ?? hubId('nobody'),
      epoch: [1, ''] as [number, string],
      from,
      to,
      after: from,
      records: run,
      done: true,
    }
    const told = lieOf(author ?? '')?.(part)
    if (told === undefined) return run
    at.splice(3 * i + 1, 2, told.to - (told.records.at(-1)?.seq ?? 0), told.to - told.from)
    return told.records
  })
  return { ...body, at, records }
}
