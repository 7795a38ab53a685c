// C11: seqs in a roster that two hubs share, as they are told: of all places, or of some, each named by its distance from the
// place before.

import type { ListedVersion, SeqsBody } from './messages.ts'
import { maxRow } from './messages.ts'
import { bytesOf, rowOf } from './numbers.ts'
import type { Roster } from './roster.ts'

/** `at`: of these places alone. */
export interface Seqs {
  readonly seqs: readonly number[]
  readonly at?: readonly number[]
}

/** `isBrief`: as bytes. */
export function seqsBody(digest: string, { seqs, at }: Seqs, isBrief: boolean): SeqsBody {
  const told = (row: readonly number[]): number[] | Uint8Array => (isBrief ? bytesOf(row) : [...row])
  return { digest, seqs: told(seqs), ...(at === undefined ? {} : { at: told(at) }) }
}

/** Undefined when they cannot be read. */
export function seqsIn(body: SeqsBody): Seqs | undefined {
  const seqs = rowOf(body.seqs, maxRow)
  const at = body.at === undefined ? [] : rowOf(body.at, maxRow)
  if (seqs === undefined || at === undefined) return undefined
  return body.at === undefined ? { seqs } : { seqs, at }
}

/** Where these versions stand, as far as they do. */
export function seqsOf(versions: readonly ListedVersion[], roster: Roster): Seqs {
  const placed = versions.flatMap(([hub, epoch, seq]) => {
    const place = roster.placeOf(hub, epoch)
    return place === undefined ? [] : [{ place, seq }]
  })
  placed.sort((a, b) => a.place - b.place)
  const at = placed.map(({ place }, i) => place - (placed[i - 1]?.place ?? 0))
  return { at, seqs: placed.map(({ seq }) => seq) }
}

/** The versions at these places; undefined when one is no place. */
export function versionsAt({ at = [], seqs }: Seqs, roster: Roster): ListedVersion[] | undefined {
  const versions = roster.versions()
  let place = 0
  const found: ListedVersion[] = []
  for (const [i, distance] of at.entries()) {
    place += distance
    const [hub, epoch] = versions[place] ?? []
    if (hub === undefined || epoch === undefined) return undefined
    found.push([hub, epoch, seqs[i] ?? 0])
  }
  return found
}
