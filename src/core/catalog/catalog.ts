// The replicated catalog: every hub writes its own slice, holds everyone's, and reads the join over all of them.
// Writes spread as deltas by gossip; whatever gossip misses, digests between peers find and runs repair.
// The rules C1-C19 stand in docs/ALGORITHMS.md.

import { type Refusal, refuse } from '../errors.ts'
import type { HubId, PeerId } from '../ids.ts'
import type { CallId, Effect, Machine, Persisted, StoreOp, Tick } from '../machine.ts'
import type { Random } from '../random.ts'
import type { Millis, Now } from '../time.ts'
import { Author } from './author.ts'
import { Hlc } from './hlc.ts'
import type { CatalogMessage } from './messages.ts'
import { Publisher } from './publisher.ts'
import { type CatalogRecord, type EntryId, entryId, exists, stampsOf, withoutCovered } from './record.ts'
import { type RunRefusal, reasonAgainst } from './refusal.ts'
import { Replicas } from './replicas.ts'
import { Replication } from './replication.ts'
import { Shelf } from './shelf.ts'
import type { Epoch, Run, Slice } from './slice.ts'
import type { Outcome, Write } from './writes.ts'

export type CatalogInput =
  | Tick
  | Persisted
  | {
      readonly type: 'write'
      readonly call: CallId
      readonly writes: readonly Write[]
      readonly extra: readonly StoreOp[]
    }
  | { readonly type: 'message'; readonly from: PeerId; readonly message: CatalogMessage }
  | { readonly type: 'link-up'; readonly peer: PeerId }
  | { readonly type: 'link-down'; readonly peer: PeerId }
  /** No peer will come soon: what is held is all there is to catch up with. */
  | { readonly type: 'alone' }

export type CatalogChange =
  | { readonly type: 'entry'; readonly id: EntryId; readonly exists: boolean }
  | { readonly type: 'written'; readonly outcomes: readonly Outcome[] }
  /** A run that was not taken, by what its author or sender got wrong. */
  | { readonly type: 'run-refused'; readonly hub: HubId; readonly reason: RunRefusal }
  | { readonly type: 'opened'; readonly epoch: Epoch }
  | { readonly type: 'storage'; readonly ok: boolean }

export type WriteResult = { readonly ok: true; readonly outcomes: readonly Outcome[] } | Refusal

export interface CatalogProtocol {
  readonly input: CatalogInput
  readonly message: CatalogMessage
  readonly change: CatalogChange
  readonly result: WriteResult
}

export interface CatalogOptions {
  readonly hub: HubId
  readonly random: Random
  readonly maxClockDriftMs: Millis
  readonly syncIntervalMs: Millis
  readonly maxSliceRecords: number
  /** What the store held at start. */
  readonly slices: readonly Slice[]
  /** The highest epoch number known for the own slice when that slice could not be read; 0 when there was none. */
  readonly lostEpoch: number
}

type Effects = Effect<CatalogProtocol>[]

const ownToken = 1
const foreignToken = 2

export class Catalog implements Machine<CatalogProtocol> {
  readonly replicas = new Replicas()
  readonly #options: CatalogOptions
  readonly #hlc: Hlc
  readonly #author: Author
  readonly #publisher = new Publisher()
  readonly #replication: Replication
  readonly #shelf = new Shelf()
  /** What a slice may take part in: an author who recovers a full earlier epoch beside a full new one stays within it. */
  readonly #maxEntries: number
  /** The number of the own slice's epoch at start. */
  readonly #storedOwn: number

  constructor(options: CatalogOptions, now: Now) {
    const { hub, random, syncIntervalMs, maxSliceRecords } = options
    const { replicas } = this
    this.#options = options
    this.#hlc = new Hlc(hub, options.maxClockDriftMs)
    const own = options.slices.find((slice) => slice.hub === hub)
    this.#storedOwn = own?.version.epoch[0] ?? options.lostEpoch
    for (const slice of options.slices) {
      replicas.adopt(slice)
      this.#observe([...slice.records(), ...(slice.surplus()?.records ?? [])])
    }
    this.#author = new Author({ hub, random, hlc: this.#hlc, replicas, maxRecords: maxSliceRecords })
    this.#maxEntries = 2 * maxSliceRecords
    this.#replication = new Replication({ hub, random, replicas, syncIntervalMs, maxRecords: this.#maxEntries }, now)
    for (const record of replicas.slice(hub)?.records() ?? []) this.#pruneCovered(entryId(record))
  }

  /** Whether the own slice can be written: its epoch is open. */
  get isOpen(): boolean {
    return this.#author.isOpen
  }

  /** Whether the disk refused the last batch. */
  get isStuck(): boolean {
    return this.#author.isStuck
  }

  /** Slices known to be behind what a peer holds. */
  get behind(): number {
    return this.#replication.behind
  }

  isDrifted(now: Now): boolean {
    return this.#hlc.isDrifted(now.wall)
  }

  /** The digests that linked peers told since `since` (monotonic). */
  digestsSince(since: Millis): readonly string[] {
    return this.#replication.digestsSince(since)
  }

  deadline(): Millis {
    return Math.min(this.#replication.deadline(), this.#author.deadline(), this.#publisher.deadline())
  }

  step(input: CatalogInput, now: Now): readonly Effect<CatalogProtocol>[] {
    const out: Effects = []
    switch (input.type) {
      case 'tick':
        out.push(...this.#replication.tick(now))
        this.#retry(now, out)
        this.#publish(now, out)
        break
      case 'persisted':
        if (input.token === ownToken) this.#committed(input.ok, now, out)
        else this.#shelf.finish(input.ok)
        break
      case 'write': {
        const refusal = this.#author.submit(input, now)
        if (refusal !== undefined) out.push({ type: 'reply', call: input.call, result: refusal })
        break
      }
      case 'message':
        this.#receive(input, now, out)
        break
      case 'link-up':
        out.push(...this.#replication.linkUp(input.peer))
        break
      case 'link-down':
        this.#replication.linkDown(input.peer, now)
        break
      case 'alone':
        this.#open()
        break
    }
    this.#commit(now, out)
    return out
  }

  // ---- the own slice

  /** C13: everything that can be learned of the own slice is known; its epoch may open. */
  #open(): void {
    if (this.#author.epoch === undefined) this.#author.reopen(this.#highest())
  }

  #highest(): number {
    return Math.max(this.#storedOwn, this.#replication.highestOwn)
  }

  #commit(now: Now, out: Effects): void {
    const foreign = this.#shelf.begin(this.replicas)
    if (foreign !== undefined) out.push({ type: 'persist', batch: foreign, synced: false, token: foreignToken })
    const own = this.#author.begin(now)
    if (own !== undefined) out.push({ type: 'persist', batch: own, synced: true, token: ownToken })
  }

  #retry(now: Now, out: Effects): void {
    const batch = this.#author.retry(now)
    if (batch !== undefined) out.push({ type: 'persist', batch, synced: true, token: ownToken })
  }

  #committed(ok: boolean, now: Now, out: Effects): void {
    const wasOpen = this.#author.isOpen
    const wasStuck = this.#author.isStuck
    const { run, answers } = this.#author.finish(ok, now)
    if (run !== undefined) {
      this.#apply(run, out)
      this.#publisher.add(run)
      if (run.from === 0) out.push(...this.#replication.tellAll())
      if (!wasOpen) out.push({ type: 'change', change: { type: 'opened', epoch: run.epoch } })
      this.#publish(now, out)
    }
    if (wasStuck === ok) out.push({ type: 'change', change: { type: 'storage', ok } })
    for (const { call, outcomes } of answers) {
      const result: WriteResult = ok
        ? { ok: true, outcomes }
        : refuse('storage-failed', 'The disk does not take writes; this one may still take effect when it does')
      out.push({ type: 'reply', call, result })
      if (ok) out.push({ type: 'change', change: { type: 'written', outcomes } })
    }
  }

  #publish(now: Now, out: Effects): void {
    const slice = this.replicas.slice(this.#options.hub)
    const run = slice === undefined ? undefined : this.#publisher.take(slice, now)
    if (run === undefined) return
    const body = { ...run, records: [...run.records] }
    out.push({ type: 'publish', topic: 'catalog', message: { kind: 'catalog.delta', body } })
  }

  // ---- other slices

  #receive(input: CatalogInput & { readonly type: 'message' }, now: Now, out: Effects): void {
    const { send, runs, isCaughtUp } = this.#replication.receive(input.from, input.message, now)
    out.push(...send)
    for (const run of runs) this.#take(run, now, out)
    if (isCaughtUp) this.#open()
  }

  #take(run: Run, now: Now, out: Effects): void {
    const { maxClockDriftMs } = this.#options
    const limits = { wall: now.wall, maxClockDriftMs, maxEntries: this.#maxEntries }
    const reason = reasonAgainst(run, this.replicas.slice(run.hub), limits)
    if (reason !== undefined) {
      out.push({ type: 'change', change: { type: 'run-refused', hub: run.hub, reason } })
      return
    }
    this.#observe(run.records)
    if (run.hub === this.#options.hub) {
      this.#recover(run, now)
      return
    }
    const position = this.replicas.position(run.hub, { epoch: run.epoch, seq: run.to })
    if (position === undefined || run.from > position) return
    this.#apply(run, out)
    const next = this.#replication.nextAside(run.hub)
    if (next !== undefined) this.#take(next, now, out)
  }

  /** C2: own stamps are above all that was taken. */
  #observe(records: Iterable<CatalogRecord>): void {
    for (const record of records) for (const stamp of stampsOf(record)) this.#hlc.observe(stamp)
  }

  #apply(run: Run, out: Effects): void {
    const { touched, drained } = this.replicas.apply(run)
    this.#store(run.hub, touched)
    for (const { hub, id } of drained) this.#store(hub, [id])
    for (const id of touched) {
      out.push({ type: 'change', change: { type: 'entry', id, exists: exists(this.replicas.joined(id)) } })
      this.#pruneCovered(id)
    }
  }

  /** C12: foreign records go to the disk in their own time; the own ones are there before they are applied. */
  #store(hub: HubId, ids: readonly EntryId[]): void {
    if (hub !== this.#options.hub) this.#shelf.note(hub, ids)
  }

  /** C13: what a peer still holds of this hub's earlier epochs is written again, stamps as they are. */
  #recover(run: Run, now: Now): void {
    const writes = run.records.map((record): Write => ({ op: 'adopt', kind: record.kind, key: record.key, record }))
    if (this.#author.submit({ writes, extra: [] }, now) !== undefined) return
    this.#replication.absorb(run)
    const { epoch } = this.#author
    if (epoch === undefined || run.epoch[0] >= epoch[0]) this.#author.reopen(this.#highest())
  }

  /** C7: the own record of an entry that someone removed drops what the removal covers. */
  #pruneCovered(id: EntryId): void {
    const own = this.replicas.slice(this.#options.hub)?.get(id)
    const { removed } = this.replicas.joined(id)
    if (own === undefined || removed === undefined || withoutCovered(own, removed) === undefined) return
    this.#author.prune({ op: 'prune', kind: own.kind, key: own.key })
  }
}
