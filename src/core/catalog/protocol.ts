// The words of the catalog machine: what it is told, what it reports, how it answers, what it is set to.

import type { Refusal } from '../errors.ts'
import type { HubId, PeerId } from '../ids.ts'
import type { Hashing } from '../keys.ts'
import type { Attested, CallId, Persisted, StoreOp, Tick } from '../machine.ts'
import type { Random } from '../random.ts'
import type { Millis } from '../time.ts'
import type { Burial } from './burials.ts'
import type { Signing } from './head.ts'
import type { CatalogMessage } from './messages.ts'
import type { QuarantineChange } from './quarantine.ts'
import type { EntryId } from './record.ts'
import type { RunRefusal } from './refusal.ts'
import type { Epoch, Slice } from './slice.ts'
import type { LostSlice } from './stored.ts'
import type { Outcome, Write } from './writes.ts'

export type CatalogInput =
  | Tick
  | Persisted
  | Attested
  | {
      readonly type: 'write'
      /** Left out where nobody waits for an answer. */
      readonly call?: CallId
      readonly writes: readonly Write[]
      readonly extra: readonly StoreOp[]
    }
  | { readonly type: 'message'; readonly from: PeerId; readonly message: CatalogMessage }
  | { readonly type: 'link-up'; readonly peer: PeerId }
  | { readonly type: 'link-down'; readonly peer: PeerId }
  /** C15: a hub was forgotten; what its slice alone says is adopted, unless it goes with it, then the slice is dropped. */
  | { readonly type: 'forget'; readonly burial: Burial }
  /** No peer will come soon: what is held is all there is to catch up with. */
  | { readonly type: 'alone' }

export type CatalogChange =
  | { readonly type: 'entry'; readonly id: EntryId; readonly exists: boolean }
  | { readonly type: 'written'; readonly outcomes: readonly Outcome[] }
  /** A run that was not taken, by what its author or sender got wrong. */
  | { readonly type: 'run-refused'; readonly hub: HubId; readonly reason: RunRefusal }
  | QuarantineChange
  /** `anew`: the own entries that it announces anew, after an absence beyond the retention (C14). */
  | { readonly type: 'opened'; readonly epoch: Epoch; readonly anew?: readonly EntryId[] }
  | { readonly type: 'storage'; readonly ok: boolean }
  /** A peer's message that nobody asked for, or that tells nothing. */
  | { readonly type: 'dropped'; readonly reason: string }

export type WriteResult = { readonly ok: true; readonly outcomes: readonly Outcome[] } | Refusal

export interface CatalogProtocol {
  readonly input: CatalogInput
  readonly message: CatalogMessage
  readonly change: CatalogChange
  readonly result: WriteResult
}

/**
 * How writes get to others: `push` tells them and compares only where a link is new or something is known to be missing, `pull`
 * compares every interval and tells nobody; `hybrid` does both.
 */
export const strategies = ['hybrid', 'push', 'pull'] as const
export type Strategy = (typeof strategies)[number]

export interface CatalogOptions extends Signing {
  readonly hub: HubId
  readonly hashing: Hashing
  /** The key that a hub is believed to have; undefined while it is not known. */
  readonly keyOf: (hub: HubId) => PeerId | undefined
  /** For tests alone: heads are made and passed on, and never looked at. */
  readonly isCredulous?: boolean
  readonly random: Random
  readonly maxClockDriftMs: Millis
  /** C2: whether the wall clock can be relied on. Left out: always. */
  readonly isClockRight?: () => boolean
  readonly syncIntervalMs: Millis
  /** Left out: hybrid. */
  readonly strategy?: Strategy
  readonly maxSliceRecords: number
  /** What the store held at start. */
  readonly slices: readonly Slice[]
  /** The own slice, when it could not be read whole or may be an older one. */
  readonly lostOwn: LostSlice | undefined
  readonly removalRetentionMs: Millis
  /** C14: a Unix time that had surely come when this hub last ran. */
  readonly sureWall: Millis
  /** C14: this hub was away for so long that it holds no slice but its own, and has to announce that one anew. */
  readonly isReturning: boolean
  /** C14: the slices of others that it held then. */
  readonly reserve: readonly Slice[]
}
