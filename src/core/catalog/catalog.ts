// The replicated catalog: every hub writes its own slice, holds everyone's, and reads the join over all of them.
// Writes spread as deltas by gossip; whatever gossip misses, digests between peers find and runs repair.
// The rules C1-C19 stand in docs/ALGORITHMS.md.

import { refuse } from '../errors.ts'
import type { HubId } from '../ids.ts'
import type { Effect, Machine } from '../machine.ts'
import type { Millis, Now } from '../time.ts'
import { Absence } from './absence.ts'
import { Author } from './author.ts'
import { type Burial, Burials } from './burials.ts'
import { Collector } from './collector.ts'
import { Hlc } from './hlc.ts'
import type { CatalogInput, CatalogOptions, CatalogProtocol, WriteResult } from './protocol.ts'
import { Publisher } from './publisher.ts'
import { type CatalogRecord, type EntryId, entryId, exists, stampsOf } from './record.ts'
import { reasonAgainst } from './refusal.ts'
import { type Applied, Replicas } from './replicas.ts'
import { Replication } from './replication.ts'
import { Reserve } from './reserve.ts'
import type { Trim } from './retention.ts'
import { Shelf } from './shelf.ts'
import { compareEpochs, type Run } from './slice.ts'
import { adopting } from './writes.ts'

type Effects = Effect<CatalogProtocol>[]

const ownToken = 1
const foreignToken = 2

export class Catalog implements Machine<CatalogProtocol> {
  readonly replicas = new Replicas()
  readonly collector: Collector
  readonly absence: Absence
  readonly reserve: Reserve
  readonly #options: CatalogOptions
  readonly #hlc: Hlc
  readonly #author: Author
  readonly #publisher = new Publisher()
  readonly #replication: Replication
  readonly #shelf: Shelf
  readonly #burials: Burials
  /** What a slice may take part in: an author who recovers a full earlier epoch beside a full new one stays within it. */
  readonly #maxEntries: number
  /** The number of the own slice's epoch at start. */
  readonly #storedOwn: number

  constructor(options: CatalogOptions, now: Now) {
    const { hub, random, syncIntervalMs, maxSliceRecords, removalRetentionMs: retentionMs, sureWall } = options
    const { replicas } = this
    this.#options = options
    this.#hlc = new Hlc(hub, options.maxClockDriftMs, options.isClockRight)
    const own = options.slices.find((slice) => slice.hub === hub)
    this.#storedOwn = own?.version.epoch[0] ?? options.lostOwn?.epoch ?? 0
    for (const slice of options.slices) replicas.adopt(slice)
    const held = [...options.slices, ...options.reserve]
    for (const slice of held) this.#observe([...slice.records(), ...(slice.surplus()?.records ?? [])])
    this.#observe(options.lostOwn?.records ?? [])
    this.#author = new Author({ hub, random, hlc: this.#hlc, replicas, maxRecords: maxSliceRecords })
    this.#burials = new Burials(replicas, hub)
    this.#shelf = new Shelf(hub)
    this.#maxEntries = 2 * maxSliceRecords
    this.collector = new Collector({ hub, replicas, retentionMs, sureWall }, now)
    this.absence = new Absence(options.isReturning && own !== undefined)
    this.#replication = new Replication({ hub, random, replicas, syncIntervalMs, maxRecords: this.#maxEntries }, now)
    const forgottenUpTo = (whom: HubId) => this.#burials.epochOf(whom)
    const { reserve: slices, isReturning: isOld } = options
    this.reserve = new Reserve({ slices, isOld, syncIntervalMs, replicas, forgottenUpTo }, now)
    this.#author.salvage(options.lostOwn?.records ?? [])
    for (const record of replicas.slice(hub)?.records() ?? []) this.#author.pruneCovered(entryId(record))
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

  /** C17: how current what is held is. */
  get currency(): Pick<Replication, 'behindAt' | 'digestsAlive' | 'laggards'> {
    return this.#replication
  }

  deadline(): Millis {
    const parts = [this.#replication, this.#author, this.#publisher, this.#burials, this.collector, this.reserve]
    return Math.min(...parts.map((part) => part.deadline()))
  }

  step(input: CatalogInput, now: Now): readonly Effect<CatalogProtocol>[] {
    const out: Effects = []
    switch (input.type) {
      case 'tick':
        out.push(...this.#replication.tick(now))
        this.#publish(now, out)
        this.#bury(now, out)
        this.#takeBack(now, out)
        this.#collect(this.collector.tick(now, this.behind > 0))
        break
      case 'persisted':
        if (input.token === ownToken) this.#committed(input.ok, now, out)
        else this.#shelf.finish(input.ok)
        this.#bury(now, out)
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
        this.reserve.linkUp(input.peer)
        out.push(...this.#replication.linkUp(input.peer, now))
        break
      case 'link-down':
        this.reserve.linkDown(input.peer)
        this.#replication.linkDown(input.peer, now)
        break
      case 'alone':
        this.#open(now)
        break
      case 'forget':
        this.#forget(input.burial, now, out)
        break
    }
    this.#commit(now, out)
    return out
  }

  // ---- the own slice

  /** C13: everything that can be learned of the own slice is known; its epoch may open. */
  #open(now: Now): void {
    const isFirst = this.#author.epoch === undefined
    // C14: after a long absence, when all slices are fetched: what others removed is known as far as they still say it.
    const isWhole = this.behind === 0 && this.reserve.size === 0
    if (isWhole) this.collector.begin(now)
    const isReturn = isWhole && this.absence.begin()
    if (isReturn) this.#author.trim(this.collector.ownPast(now, (id) => this.reserve.gave(id)))
    if (isFirst || isReturn) this.#author.reopen(this.#highest())
  }

  #highest(): number {
    const forgotten = this.#burials.epochOf(this.#options.hub)?.[0] ?? 0
    return Math.max(this.#storedOwn, this.#replication.highestOwn, forgotten)
  }

  #commit(now: Now, out: Effects): void {
    const foreign = this.#shelf.begin(this.replicas)
    if (foreign !== undefined) out.push({ type: 'persist', batch: foreign, synced: false, token: foreignToken })
    const own = this.#author.retry(now) ?? this.#author.begin(now)
    if (own !== undefined) out.push({ type: 'persist', batch: own, synced: true, token: ownToken })
  }

  #committed(ok: boolean, now: Now, out: Effects): void {
    const wasOpen = this.#author.isOpen
    const wasStuck = this.#author.isStuck
    const { run, trims, answers } = this.#author.finish(ok, now)
    this.replicas.trim(trims)
    if (run !== undefined) {
      this.#apply(run, out)
      this.#publisher.add(run)
      if (run.from === 0) out.push(...this.#replication.tellAll(now))
      const anew = run.from === 0 ? this.absence.end(run) : undefined
      const opened = { type: 'opened', epoch: run.epoch, ...(anew === undefined ? {} : { anew }) } as const
      if (!wasOpen || anew !== undefined) out.push({ type: 'change', change: opened })
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
    this.#burials.stir()
  }

  /** C14: drops what the retention is over for: of other slices at once, of the own one with its next batch. */
  #collect(trims: readonly Trim[]): void {
    const { hub: self } = this.#options
    this.#author.trim(trims.filter(({ hub }) => hub === self))
    const foreign = trims.filter(({ hub }) => hub !== self)
    this.replicas.trim(foreign)
    for (const { hub, id } of foreign) this.#shelf.note(hub, [id])
  }

  /** C15: a hub that was forgotten and lives says everything anew in an epoch above. */
  #forget(burial: Burial, now: Now, out: Effects): void {
    this.#burials.set(burial)
    const { epoch } = this.#author
    const until = burial.hub === this.#options.hub ? this.#burials.epochOf(burial.hub) : undefined
    const isOver = until !== undefined && epoch !== undefined && compareEpochs(epoch, until) <= 0
    if (isOver) this.#author.reopen(this.#highest())
    this.#bury(now, out)
  }

  #bury(now: Now, out: Effects): void {
    const room = this.#maxEntries - (this.replicas.slice(this.#options.hub)?.breadth ?? 0)
    const dropped = this.#burials.bury(now, room, (writes) => this.#author.submit({ writes, extra: [] }, now))
    for (const { hub, ids } of dropped) {
      this.#shelf.note(hub, ids)
      this.#tell(ids, out)
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
    if (!isCaughtUp) return
    this.reserve.compared(input.from)
    this.#open(now)
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
    this.collector.witness(run.records, now)
    this.#apply(run, out)
    const next = this.#replication.nextAside(run.hub)
    if (next !== undefined) this.#take(next, now, out)
  }

  /** C2: own stamps are above all that was taken. */
  #observe(records: Iterable<CatalogRecord>): void {
    for (const record of records) for (const stamp of stampsOf(record)) this.#hlc.observe(stamp)
  }

  #apply(run: Run, out: Effects): void {
    this.#applied(run.hub, this.replicas.apply(run), out)
  }

  #applied(of: HubId, { touched, drained }: Applied, out: Effects): void {
    this.#shelf.note(of, touched)
    for (const { hub, id } of drained) this.#shelf.note(hub, [id])
    this.#tell(touched, out)
    for (const id of touched) this.#author.pruneCovered(id)
  }

  /** C14: what nobody else turned out to hold is part of the catalog again. */
  #takeBack(now: Now, out: Effects): void {
    const settled = this.reserve.settle(now, this.behind > 0)
    if (settled === undefined) return
    for (const slice of settled.back) this.#applied(slice.hub, this.replicas.takeBack(slice), out)
    this.#shelf.also(settled.ops)
    if (this.isOpen) this.#open(now)
  }

  #tell(ids: readonly EntryId[], out: Effects): void {
    for (const id of ids) {
      out.push({ type: 'change', change: { type: 'entry', id, exists: exists(this.replicas.joined(id)) } })
    }
  }

  /** C13: what a peer still holds of this hub's earlier epochs is written again, stamps as they are. */
  #recover(run: Run, now: Now): void {
    if (this.#author.submit({ writes: adopting(run.records), extra: [] }, now) !== undefined) return
    this.#replication.absorb(run)
    const { epoch } = this.#author
    if (epoch === undefined || run.epoch[0] >= epoch[0]) this.#author.reopen(this.#highest())
  }
}
