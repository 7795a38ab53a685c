// C14: the slices of others that a hub finds on its disk after an absence beyond the retention. They are no part of the
// catalog: what they say may have been removed meanwhile, and the removal dropped. Nor are they thrown away: nobody else may
// hold them. So they wait, unread and not offered, until a peer's replica makes them needless, or until all who can be asked
// have been compared with and hold no more.

import type { HubId, PeerId } from '../ids.ts'
import type { StoreOp } from '../machine.ts'
import { hour, type Millis, type Now, never, second } from '../time.ts'
import { sliceOps } from './layout.ts'
import type { EntryId } from './record.ts'
import type { Replicas } from './replicas.ts'
import { compareEpochs, type Epoch, isFurther, type Slice } from './slice.ts'

/** Before the keys of a slice, where the store keeps it in reserve. */
export const reservePrefix = 'reserve/'
/** Peers get this many sync intervals to be linked: the first one may know less than the next. */
const patienceIntervals = 3
/** How often it is looked whether they all have been asked. */
const lookMs: Millis = 1 * second
/** A hub that has no link for so long is the last one, or as good as that. */
const lonelyMs: Millis = 1 * hour

export interface ReserveOptions {
  readonly slices: readonly Slice[]
  /** From before an absence beyond the retention: others may have dropped the removals that guard against them. */
  readonly isOld: boolean
  readonly syncIntervalMs: Millis
  /** The present catalog. */
  readonly replicas: Replicas
  /** C15: up to which epoch a hub is forgotten. */
  readonly forgottenUpTo: (hub: HubId) => Epoch | undefined
}

/** What became of the reserve: `back` is part of the catalog from now on; `ops` is what the store does about all of it. */
export interface Settled {
  readonly back: readonly Slice[]
  readonly ops: readonly StoreOp[]
}

export class Reserve {
  readonly #options: ReserveOptions
  readonly #slices: Map<HubId, Slice>
  /** Linked peers, and whether each has been found to hold nothing that is not here. */
  readonly #peers = new Map<PeerId, boolean>()
  /** What was taken back. */
  #back: readonly Slice[] = []
  readonly #startedAt: Millis
  #nextAt: Millis

  constructor(options: ReserveOptions, now: Now) {
    this.#options = options
    this.#slices = new Map(options.slices.map((slice) => [slice.hub, slice]))
    this.#startedAt = now.mono
    this.#nextAt = now.mono + patienceIntervals * options.syncIntervalMs
  }

  get size(): number {
    return this.#slices.size
  }

  slices(): IterableIterator<Slice> {
    return this.#slices.values()
  }

  holds(hub: HubId): boolean {
    return this.#slices.has(hub)
  }

  /** Whether a slice that was taken back took part in an entry. */
  gave(id: EntryId): boolean {
    return this.#back.some((slice) => slice.has(id))
  }

  deadline(): Millis {
    return this.size === 0 ? never : this.#nextAt
  }

  linkUp(peer: PeerId): void {
    this.#peers.set(peer, false)
  }

  linkDown(peer: PeerId): void {
    this.#peers.delete(peer)
  }

  /** The peer holds nothing that is not here or being fetched. */
  compared(peer: PeerId): void {
    if (this.#peers.has(peer)) this.#peers.set(peer, true)
  }

  /** Empties the reserve when all who can be asked have been: undefined while it is empty or too early. */
  settle(now: Now, isBehind: boolean): Settled | undefined {
    if (this.deadline() > now.mono) return undefined
    this.#nextAt = now.mono + lookMs
    if (isBehind || !this.#areAllAsked(now)) return undefined
    const all = [...this.#slices.values()]
    this.#slices.clear()
    this.#back = all.filter((slice) => !this.#isNeedless(slice))
    const keys = all.flatMap((slice) => keptOps(slice).map(({ key }) => key))
    return { back: this.#back, ops: keys.map((key) => ({ op: 'del', key })) }
  }

  /**
   * In an epoch of a higher number the author has said itself what still holds, and so has whoever forgot it: what an old
   * reserve has beside that cannot be told from what was removed since. Of one that is not old it can: that removal is still
   * held; and the author, or whoever forgot it, may not have known of all (C13, C15).
   */
  #isNeedless({ hub, version }: Slice): boolean {
    const { replicas, forgottenUpTo, isOld } = this.#options
    const held = replicas.slice(hub)?.version
    const isSame = held !== undefined && compareEpochs(held.epoch, version.epoch) === 0
    if (isSame) return held.seq >= version.seq
    if (!isOld) return false
    if (held !== undefined && held.epoch[0] > version.epoch[0]) return true
    const until = forgottenUpTo(hub)
    return until !== undefined && compareEpochs(version.epoch, until) <= 0
  }

  #areAllAsked(now: Now): boolean {
    if (this.#peers.size === 0) return now.mono >= this.#startedAt + lonelyMs
    return [...this.#peers.values()].every(Boolean)
  }
}

/** Moves slices of others, as they were read from these keys, into reserve; of two of one hub the one that is further. */
export function reserveOps(keys: readonly string[], slices: readonly Slice[]): StoreOp[] {
  return [...keys.map((key): StoreOp => ({ op: 'del', key })), ...slices.flatMap(keptOps)]
}

/** Of two of one hub the one that is further. */
export function furthest(slices: readonly Slice[]): Slice[] {
  const best = new Map<HubId, Slice>()
  for (const slice of slices) if (isFurther(slice.version, best.get(slice.hub)?.version)) best.set(slice.hub, slice)
  return [...best.values()]
}

function keptOps(slice: Slice): StoreOp[] {
  return sliceOps(slice, slice.ids()).map((op) => ({ ...op, key: reservePrefix + op.key }))
}
