// C9: a transfer that breaks off need not begin again. What has come of a run is as if this hub stood at the last seq of it:
// nothing is missing up to there but what was written again later, and that lies behind it. So whoever holds the slice at
// least as far as the run would have led is asked for what follows. Parts that were lost, sources that went: it costs those
// parts, not the slice. Bounded, and kept for a while only: nobody may come who goes on.

import type { HubId, PeerId } from '../ids.ts'
import { type Millis, minute, type Now } from '../time.ts'
import { headIn } from './head.ts'
import type { PartBody } from './messages.ts'
import { type CatalogRecord, entryId } from './record.ts'
import { compareEpochs, type Epoch, floorOf, isFurther, isSurplus, type Run, type Version } from './slice.ts'

/** Runs that have broken off; the oldest is given up first. Of their records there are no more than a slice may have. */
export const maxBegun = 16
const begunMs: Millis = 10 * minute
/** Slices that are fetched from one source alone. */
const maxAlone = 1_000

/** A slice that a peer holds further than this hub. */
export interface Wish {
  readonly peer: PeerId
  readonly version: Version
  /** Where this hub stands in that epoch. */
  readonly have: number
}

/** What has come of a run up to `after`. */
export interface Begun {
  readonly epoch: Epoch
  readonly from: number
  readonly to: number
  readonly after: number
  readonly records: readonly CatalogRecord[]
  /** C14: it is the whole slice, and its source had dropped what lies up to there. */
  readonly floor: number
  readonly peer: PeerId
  /** Others than `peer` sent some of it. */
  readonly isMixed: boolean
}

/** A run that is being fetched, part by part. */
export interface Stage extends Wish {
  /** 0 until its source has named it. */
  readonly to: number
  readonly after: number
  readonly records: readonly CatalogRecord[]
  readonly floor: number
  /** What had come when it broke off and went on here. */
  readonly begun?: Begun
}

/** The run that the last part completes. */
export function completed(hub: HubId, stage: Stage, { to, head }: PartBody): Run {
  const { epoch, from, records, floor, isMixed, peer } = joined(stage)
  const run = { hub, epoch, from, to, records, source: peer, ...floorOf(floor), ...headIn(head) }
  return isMixed ? { ...run, isMixed } : run
}

/** A part that is a whole run by itself, as one is brought unasked. What is left of an earlier epoch is never. */
export function wholeRun(part: PartBody, source: PeerId): Run | undefined {
  const { hub, epoch, from, to, records, head } = part
  const isWhole = part.done && part.after === from && to > from && part.floor === undefined
  return isWhole && !isSurplus(epoch) ? { hub, epoch, from, to, records, source, ...headIn(head) } : undefined
}

/** With what had come before. */
function joined({ peer, version: { epoch }, have, to, after, records, floor, begun }: Stage): Begun {
  if (begun === undefined) return { epoch, from: have, to, after, records, floor, peer, isMixed: false }
  const later = new Map(records.map((record) => [entryId(record), record]))
  const kept = begun.records.filter((record) => !later.has(entryId(record)))
  const isMixed = begun.isMixed || begun.peer !== peer
  return { ...begun, to, after, records: [...kept, ...records], peer, isMixed }
}

/** By what has come: how far it goes is the word of whoever sent it. */
function isMore(a: Begun, b: Begun): boolean {
  const order = compareEpochs(a.epoch, b.epoch)
  return order > 0 || (order === 0 && a.records.length > b.records.length)
}

export class Stages {
  readonly #maxRecords: number
  /** The oldest first. */
  readonly #begun = new Map<HubId, { readonly begun: Begun; readonly until: Millis }>()
  /** C10: what several sent of these led to another root: up to that version no two are mixed again. */
  readonly #alone = new Map<HubId, Version>()

  constructor(maxRecords: number) {
    this.#maxRecords = maxRecords
  }

  /** A stage for what is wished for: from where it broke off, if that peer may go on there. */
  open(hub: HubId, wish: Wish, position: number): Stage {
    const begun = this.#begun.get(hub)?.begun
    const fresh: Stage = { ...wish, have: position, to: 0, after: position, records: [], floor: 0 }
    if (begun === undefined || !this.#isFit(hub, begun, { ...wish, have: position })) return fresh
    this.#begun.delete(hub)
    return { ...fresh, have: begun.after, after: begun.after, begun }
  }

  /** The transfer breaks off. */
  keep(hub: HubId, stage: Stage, { mono }: Now): void {
    const begun = stage.to > 0 ? joined(stage) : stage.begun
    const other = this.#begun.get(hub)?.begun
    if (begun === undefined || (other !== undefined && !isMore(begun, other))) return
    this.#begun.delete(hub)
    this.#begun.set(hub, { begun, until: mono + begunMs })
    let records = 0
    for (const { begun: held } of this.#begun.values()) records += held.records.length
    for (const [oldest, { begun: held }] of this.#begun) {
      if (this.#begun.size <= maxBegun && records <= this.#maxRecords) break
      records -= held.records.length
      this.#begun.delete(oldest)
    }
  }

  expire({ mono }: Now): void {
    for (const [hub, { until }] of this.#begun) if (until <= mono) this.#begun.delete(hub)
  }

  /** What came of that slice from that peer, or also from it, is not to be relied on. */
  forget(hub: HubId, peer: PeerId): void {
    const begun = this.#begun.get(hub)?.begun
    if (begun?.isMixed === true || begun?.peer === peer) this.#begun.delete(hub)
  }

  /** Up to that version the slice is fetched from one source alone, from its beginning. */
  seekAlone(hub: HubId, version: Version): void {
    this.#begun.delete(hub)
    this.#alone.delete(hub)
    const oldest = this.#alone.size >= maxAlone ? this.#alone.keys().next().value : undefined
    if (oldest !== undefined) this.#alone.delete(oldest)
    this.#alone.set(hub, version)
  }

  /** Whether that peer may go on with it; what can be gone on with by nobody is forgotten. */
  #isFit(hub: HubId, begun: Begun, { peer, version, have }: Wish): boolean {
    const byEpoch = compareEpochs(begun.epoch, version.epoch)
    if (byEpoch < 0 || (byEpoch === 0 && begun.after <= have)) this.#begun.delete(hub)
    const isOn = byEpoch === 0 && begun.from <= have && have < begun.after && begun.after < version.seq
    const isSource = !this.#isAlone(hub, { epoch: version.epoch, seq: have }) || isOf(begun, peer)
    return isOn && begun.to <= version.seq && isSource
  }

  #isAlone(hub: HubId, position: Version): boolean {
    const version = this.#alone.get(hub)
    if (version === undefined || isFurther(version, position)) return version !== undefined
    this.#alone.delete(hub)
    return false
  }
}

function isOf(begun: Begun, peer: PeerId): boolean {
  return begun.peer === peer && !begun.isMixed
}
