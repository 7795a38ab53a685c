// All slices this hub holds, the join over them, and what of them goes to the store.

import type { HubId } from '../ids.ts'
import type { Hashing } from '../keys.ts'
import type { StoreOp } from '../machine.ts'
import type { Millis } from '../time.ts'
import { type Held, Holders } from './holders.ts'
import { goneOps, sliceOps } from './layout.ts'
import type { ListedVersion } from './messages.ts'
import {
  type CatalogRecord,
  type EntryId,
  entryId,
  exists,
  isNews,
  type Joined,
  join,
  lifeMark,
  merge,
  removalMark,
  voidMark,
} from './record.ts'
import { leftOf, type Trim } from './retention.ts'
import { Roster } from './roster.ts'
import { compareEpochs, floorOf, isFurther, type Run, Slice, type Version } from './slice.ts'
import { isSound, Tally } from './tally.ts'

/** What a run did: the entries it touched, and what was left of earlier epochs that it made needless. */
export interface Applied {
  readonly touched: readonly EntryId[]
  readonly drained: readonly { readonly hub: HubId; readonly id: EntryId }[]
}

export class Replicas {
  readonly #slices = new Map<HubId, Slice>()
  readonly #holders = new Holders()
  readonly #joined = new Map<EntryId, Joined>()
  /** C11: how far each slice is held, as peers compare it. */
  readonly roster = new Roster((hub) => versionsOf(this.#slices.get(hub)))
  /** C15: how far slices were held that were dropped: they are taken again only where there is more of them. */
  readonly #dropped = new Map<HubId, Version>()
  /** C10: of the runs that are about to be taken, at most one a slice. */
  readonly #foreseen = new Map<HubId, { readonly records: Run['records']; readonly tally: Tally }>()

  slice(hub: HubId): Slice | undefined {
    return this.#slices.get(hub)
  }

  slices(): IterableIterator<Slice> {
    return this.#slices.values()
  }

  entries(): IterableIterator<EntryId> {
    return this.#holders.entries()
  }

  /** The hubs whose slices take part in an entry. */
  holders(id: EntryId): Iterable<HubId> {
    return this.#holders.of(id)
  }

  /** A slice restored from the store. */
  adopt(slice: Slice): void {
    this.#slices.set(slice.hub, slice)
    this.#touch(slice.hub, slice.ids())
  }

  /**
   * C14: takes a slice out of reserve of which there is less here, or an epoch that was opened without knowing of it. C10: one
   * that is not what its author has signed is shown, and offered to nobody but its author.
   */
  takeBack(slice: Slice, hashing: Hashing): Applied {
    const { hub, version, floor, head } = slice
    const held = this.#slices.get(hub)
    const isGood = head !== undefined && isSound(slice, hashing)
    if (held === undefined) {
      this.adopt(isGood ? slice : slice.unheaded())
      return { touched: slice.ids(), drained: [] }
    }
    const records = [...slice.records()]
    const { epoch, seq } = version
    const isEarlier = compareEpochs(epoch, held.version.epoch) < 0
    const all = [...records, ...(slice.surplus()?.records ?? [])]
    if (isEarlier || !isGood) return this.#touched(hub, held.addSurplus(all, epoch))
    return this.apply({ hub, epoch, from: 0, to: seq, records, head, ...floorOf(floor) })
  }

  /** C8, C9, C13: takes a run that follows what is held; returns the entries it touched. */
  apply(run: Run): Applied {
    let slice = this.#slices.get(run.hub)
    if (slice === undefined) {
      slice = new Slice(run.hub, { epoch: run.epoch, seq: 0 })
      this.#slices.set(run.hub, slice)
    }
    const isNewEpoch = compareEpochs(run.epoch, slice.version.epoch) > 0
    const foreseen = this.#foreseen.get(run.hub)
    const tally = foreseen?.records === run.records ? foreseen.tally : undefined
    this.#foreseen.delete(run.hub)
    return this.#touched(run.hub, isNewEpoch ? slice.restart(run, tally) : slice.extend(run, tally))
  }

  #touched(hub: HubId, touched: readonly EntryId[]): Applied {
    this.#touch(hub, touched)
    return { touched, drained: touched.flatMap((id) => this.#drain(id)) }
  }

  /** C10: the root that a head at that horizon has to name for a run that follows what is held. */
  rootAfter(run: Run, horizon: Millis, hashing: Hashing): string {
    const slice = this.#slices.get(run.hub)
    const isSame = slice !== undefined && compareEpochs(run.epoch, slice.version.epoch) === 0
    const tally = isSame ? slice.tallyAfter(run, horizon, hashing) : Tally.of(run.records, hashing, horizon)
    this.#foreseen.set(run.hub, { records: run.records, tally })
    return tally.root()
  }

  /** C10: nothing can be built on what is held of that slice: it is shown until all of it has come again. */
  doubt(hub: HubId): void {
    const slice = this.#slices.get(hub)
    if (slice === undefined) return
    this.#slices.set(hub, slice.unheaded())
    this.#touch(hub, slice.ids())
  }

  /** C13: what is left of earlier epochs goes once the join does without it; whose, is returned. */
  #drain(id: EntryId): { readonly hub: HubId; readonly id: EntryId }[] {
    return [...this.#holders.of(id)].flatMap((hub) => {
      const slice = this.#slices.get(hub)
      const left = slice?.surplusOf(id)
      if (slice === undefined || left === undefined) return []
      const own = slice.get(id)
      const others = this.shown(id, new Set([hub]))
      if (isNews(left, join(own === undefined ? others : [...others, own]))) return []
      slice.dropSurplus(id)
      this.#touch(hub, [id])
      return [{ hub, id }]
    })
  }

  /** Where this hub stands in that epoch of a slice: 0 for an epoch still to come, undefined for one that is over. */
  position(hub: HubId, version: Version): number | undefined {
    const held = this.#slices.get(hub)?.version
    if (held === undefined) return isFurther(version, this.#dropped.get(hub)) ? 0 : undefined
    const order = compareEpochs(version.epoch, held.epoch)
    if (order > 0) return 0
    return order === 0 && version.seq > held.seq ? held.seq : undefined
  }

  /** Everything one slice says, entry by entry: its records and what is left of earlier epochs. */
  said(hub: HubId): Map<EntryId, CatalogRecord> {
    const slice = this.#slices.get(hub)
    const said = new Map<EntryId, CatalogRecord>()
    for (const record of [...(slice?.records() ?? []), ...(slice?.surplus()?.records ?? [])]) {
      const id = entryId(record)
      const other = said.get(id)
      said.set(id, other === undefined ? record : merge(other, record))
    }
    return said
  }

  /** C15: the slice is held no more; returns the entries it took part in. */
  drop(hub: HubId): EntryId[] {
    const slice = this.#slices.get(hub)
    if (slice === undefined) return []
    const ids = slice.ids()
    this.#dropped.set(hub, slice.version)
    this.#slices.delete(hub)
    this.#touch(hub, ids)
    return ids
  }

  /** C14: what of an entry says nothing any more, when what was stamped before `horizon` (Unix ms) has done its work. */
  past(id: EntryId, horizon: Millis, self: HubId): Trim[] {
    // Nothing guards, so nothing has done its work; and records that rest go on resting.
    if ((this.#marksOf(id) & (removalMark | voidMark)) === 0) return []
    const shown = this.shown(id)
    return [...this.#holders.of(id)].flatMap((hub) => {
      const slice = this.#slices.get(hub)
      return [slice?.get(id), slice?.surplusOf(id)].flatMap((from): Trim[] => {
        if (slice === undefined || from === undefined) return []
        const others = shown.filter((record) => record !== from)
        // C10: of a slice of another nothing goes that its author still signs.
        const isSigned = hub !== self && slice.get(id) === from
        const left = leftOf(from, others, isSigned ? Math.min(horizon, slice.head?.horizon ?? horizon) : horizon)
        return left === from ? [] : [{ hub, id, from, left }]
      })
    })
  }

  /** C14: drops what says nothing any more. */
  trim(trims: readonly Trim[]): void {
    for (const trim of trims) {
      this.#slices.get(trim.hub)?.trim(trim)
      this.#touch(trim.hub, [trim.id])
    }
  }

  /** The records that the slices show for an entry, all of them or all but some hubs'. */
  shown(id: EntryId, except: ReadonlySet<HubId> = nobody): CatalogRecord[] {
    const shown: CatalogRecord[] = []
    for (const hub of this.#holders.of(id)) {
      const slice = except.has(hub) ? undefined : this.#slices.get(hub)
      const [record, left] = [slice?.get(id), slice?.surplusOf(id)]
      if (record !== undefined) shown.push(record)
      if (left !== undefined) shown.push(left)
    }
    return shown
  }

  /** C4: what everyone reads, kept until a slice touches the entry. */
  joined(id: EntryId): Joined {
    const held = this.#joined.get(id)
    if (held !== undefined) return held
    const fresh = join(this.shown(id))
    // Callers ask for names that nobody holds, too; those are not worth remembering.
    if (this.#holders.has(id)) this.#joined.set(id, fresh)
    return fresh
  }

  /** C5: whether an entry exists. Joins and reads nothing where that can be told without. */
  exists(id: EntryId): boolean {
    return this.#existsBy(id, this.#holders.held(id))
  }

  /** C5: the entries that exist. A hub asks for all of them when it starts. */
  *existing(): Generator<EntryId, undefined> {
    for (const [id, held] of this.#holders.all()) if (this.#existsBy(id, held)) yield id
  }

  #existsBy(id: EntryId, held: Held | undefined): boolean {
    const marks = this.#marksOf(id, held)
    if ((marks & lifeMark) === 0) return false
    return (marks & removalMark) === 0 || exists(this.joined(id))
  }

  /** C11: equal exactly when the same versions are held. */
  digest(): string {
    return this.roster.digest()
  }

  /** The store operations that bring the head of a slice and these entries of it to where they stand now. */
  storeOps(hub: HubId, ids: Iterable<EntryId>): StoreOp[] {
    const slice = this.#slices.get(hub)
    return slice === undefined ? goneOps(hub, ids) : sliceOps(slice, ids)
  }

  /** What the slices have of an entry, all in one. */
  #marksOf(id: EntryId, held = this.#holders.held(id)): number {
    if (held === undefined) return 0
    if (typeof held === 'string') return this.#slices.get(held)?.marks(id) ?? 0
    let marks = 0
    for (const hub of held) marks |= this.#slices.get(hub)?.marks(id) ?? 0
    return marks
  }

  #touch(hub: HubId, ids: readonly EntryId[]): void {
    this.roster.moved(hub)
    const slice = this.#slices.get(hub)
    for (const id of ids) {
      this.#joined.delete(id)
      if (slice?.has(id) === true) this.#holders.add(id, hub)
      else this.#holders.remove(id, hub)
    }
  }
}

const nobody: ReadonlySet<HubId> = new Set()

/** How far a slice is held; what is left of earlier epochs is listed beside it (C13). */
function versionsOf(slice: Slice | undefined): ListedVersion[] {
  if (slice === undefined) return []
  const { hub, version, head } = slice
  // C10: what has no head nobody could take.
  const listed: ListedVersion[] = version.seq > 0 && head !== undefined ? [[hub, version.epoch, version.seq]] : []
  const surplus = slice.surplus()
  if (surplus !== undefined) listed.push([hub, surplus.epoch, surplus.to])
  return listed
}
