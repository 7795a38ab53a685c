// Asking for whole runs and bringing them, between hubs in the same roster: a slice is a place there, so a few bytes name it,
// where hub and epoch would take fifty. Whatever does not fit that form (a part of a run, a floor) travels by name.

import type { PeerId } from '../ids.ts'
import { namesOf } from './fingerprint.ts'
import { headIn } from './head.ts'
import {
  type AskBody,
  type CatalogMessage,
  maxSlices,
  type Outgoing,
  type PartBody,
  type RunsBody,
  type WantBody,
} from './messages.ts'
import { bytesOf, rowOf } from './numbers.ts'
import type { CatalogRecord } from './record.ts'
import type { Roster } from './roster.ts'
import type { Request } from './sync.ts'

/** Packs what is for a peer, as far as it stands in the same roster. */
export class Packer {
  readonly #roster: Roster
  readonly #isBrief: (peer: PeerId) => boolean
  /** The digest each linked peer last told. */
  readonly #heard = new Map<PeerId, string>()

  /** `isBrief`: whether a peer reads rows as bytes. */
  constructor(roster: Roster, isBrief: (peer: PeerId) => boolean) {
    this.#roster = roster
    this.#isBrief = isBrief
  }

  hear(peer: PeerId, digest: string): void {
    this.#heard.set(peer, digest)
  }

  forget(peer: PeerId): void {
    this.#heard.delete(peer)
  }

  request({ to, wants }: Request): Outgoing {
    const packed = this.#isInRoster(to) ? packedWants(wants, this.#roster, this.#isBrief(to)) : undefined
    return { type: 'send', to, message: packed ?? { kind: 'catalog.want', body: { wants: [...wants] } } }
  }

  answer(to: PeerId, parts: readonly PartBody[]): Outgoing {
    const packed = this.#isInRoster(to) ? packedParts(parts, this.#roster, this.#isBrief(to)) : undefined
    return { type: 'send', to, message: packed ?? { kind: 'catalog.part', body: { parts: [...parts] } } }
  }

  /** Whether the peer, when it was last heard, held the same slices as this hub does now. */
  #isInRoster(peer: PeerId): boolean {
    const heard = this.#heard.get(peer)
    return heard !== undefined && namesOf(heard) === namesOf(this.#roster.digest())
  }
}

/** A request by place; undefined when it has to name what it wants. */
function packedWants(wants: readonly WantBody[], roster: Roster, isBrief: boolean): CatalogMessage | undefined {
  const placed = placedIn(wants, roster)
  const isFit = placed !== undefined && wants.every(({ to, after, have }) => to === 0 && after === have)
  if (!isFit) return undefined
  const at = placed.flatMap(({ distance, item }) => [distance, item.have])
  return { kind: 'catalog.ask', body: { roster: namesOf(roster.digest()), at: isBrief ? bytesOf(at) : at } }
}

/** An answer by place; undefined as above. */
function packedParts(parts: readonly PartBody[], roster: Roster, isBrief: boolean): CatalogMessage | undefined {
  const placed = placedIn(parts, roster)
  if (placed === undefined || !parts.every(isWhole)) return undefined
  const at = isBrief ? bytesOf(placed.flatMap(briefly)) : placed.flatMap(fully)
  const records = placed.map(({ item }) => item.records)
  const heads = placed.flatMap(({ item }) => item.head ?? [])
  return { kind: 'catalog.runs', body: { roster: namesOf(roster.digest()), at, records, heads } }
}

function fully({ distance, item }: Placed<PartBody>): number[] {
  return [distance, item.to - lastOf(item.records), item.to - item.from]
}

function briefly(placed: Placed<PartBody>): number[] {
  const [distance = 0, behind = 0, span = 0] = fully(placed)
  // As many records as seqs: the last of them is the end.
  return span === placed.item.records.length ? [2 * distance] : [2 * distance + 1, behind, span]
}

/** Three numbers for each run, however they were told; undefined when they cannot be read. */
export function fullPlaces({ at, records }: Pick<RunsBody, 'at' | 'records'>): readonly number[] | undefined {
  const numbers = rowOf(at, 3 * maxSlices)
  if (!(at instanceof Uint8Array) || numbers === undefined) return numbers
  const full: number[] = []
  for (let i = 0; i < numbers.length; ) {
    const first = numbers[i++] ?? 0
    const span = records[full.length / 3]?.length ?? 0
    full.push(Math.floor(first / 2), ...(first % 2 === 0 ? [0, span] : [numbers[i++] ?? 0, numbers[i++] ?? 0]))
  }
  return full.length > 3 * maxSlices ? undefined : full
}

/** The wants of a packed request; undefined when it is of another roster, or of no place in it. */
export function wantsIn({ roster, at }: AskBody, own: Roster): WantBody[] | undefined {
  if (roster !== namesOf(own.digest())) return undefined
  const row = rowOf(at, 2 * maxSlices)
  if (row === undefined) return undefined
  const wants: WantBody[] = []
  for (const [place, have] of placesIn(row, 2)) {
    const [hub, epoch] = own.versions()[place] ?? []
    if (hub === undefined || epoch === undefined) return undefined
    wants.push({ hub, epoch, have: have ?? 0, to: 0, after: have ?? 0 })
  }
  return wants
}

/** The parts of a packed answer; undefined as above. */
export function partsIn({ roster, at, records, heads }: RunsBody, own: Roster): PartBody[] | undefined {
  if (roster !== namesOf(own.digest())) return undefined
  const parts: PartBody[] = []
  const full = fullPlaces({ at, records })
  if (full === undefined) return undefined
  for (const [place, behind = 0, span = 0] of placesIn(full, 3)) {
    const [hub, epoch] = own.versions()[place] ?? []
    if (hub === undefined || epoch === undefined) return undefined
    const held: CatalogRecord[] = records[parts.length] ?? []
    const head = heads[parts.length]
    const to = lastOf(held) + behind
    const from = to - span
    if (!Number.isSafeInteger(to) || from < 0) return undefined
    parts.push({ hub, epoch, from, to, after: from, records: held, done: true, ...headIn(head) })
  }
  return parts
}

function lastOf(records: readonly CatalogRecord[]): number {
  return records.at(-1)?.seq ?? 0
}

function isWhole(part: PartBody): boolean {
  const { done, after, from, to, floor, head } = part
  return done && after === from && to > from && floor === undefined && head !== undefined
}

interface Placed<T> {
  readonly distance: number
  readonly item: T
}

/** In order of their places, each with the distance from the one before; undefined when one has no place. */
function placedIn<T extends Pick<WantBody, 'hub' | 'epoch'>>(
  items: readonly T[],
  roster: Roster,
): Placed<T>[] | undefined {
  const found = items.map((item) => ({ item, place: roster.placeOf(item.hub, item.epoch) ?? Number.NaN }))
  if (found.some(({ place }) => Number.isNaN(place))) return undefined
  found.sort((a, b) => a.place - b.place)
  return found.map(({ item, place }, i) => ({ item, distance: place - (found[i - 1]?.place ?? 0) }))
}

/** What stands behind each place: `width` numbers, the first of which is the distance from the place before. */
function* placesIn(at: readonly number[], width: number): Generator<[place: number, ...rest: number[]]> {
  let place = 0
  for (let i = 0; i + width <= at.length; i += width) {
    place += at[i] ?? 0
    yield [place, ...at.slice(i + 1, i + width)]
  }
}
