// This hub's own slice: the only one it writes. Writes wait in a queue; one synced batch at a time makes a group of them
// durable, and only then are they visible, gossiped and answered (C12). Its head is signed while the disk syncs: a signature
// takes about as long, and can be made again. A batch that the disk refused is tried again unchanged, because half of the world
// may already be on the disk; until it is through, further writes are refused.

import { assert, type Refusal, refuse } from '../errors.ts'
import type { HubId, PeerId } from '../ids.ts'
import type { Hashing } from '../keys.ts'
import type { CallId, StoreOp } from '../machine.ts'
import type { Random } from '../random.ts'
import { type Millis, type Now, never, second } from '../time.ts'
import { Draft } from './draft.ts'
import { type Head, headText } from './head.ts'
import type { Hlc, Stamp } from './hlc.ts'
import { type CatalogRecord, type EntryId, entryId, isFit, join, maxFields, withoutCovered } from './record.ts'
import type { Replicas } from './replicas.ts'
import type { Answer } from './replies.ts'
import type { Trim } from './retention.ts'
import type { Epoch, Run } from './slice.ts'
import { adopting, applyWrite, type Outcome, type Write } from './writes.ts'

/** Writes that may wait at once. */
export const maxQueued = 10_000
/** Writes that one batch makes durable together. */
const maxBatch = 1_000
const retryMs = 1 * second

/** What a caller is told while nothing can be stamped. */
export const clockRefusal =
  "This hub's clock is off by more than catalog.max_clock_drift, or jumped and is being checked: see the clock in /health, or use another hub"

/** What is adopted or pruned has its stamps already, and needs no clock. */
function isStamped({ op }: Write): boolean {
  return op === 'put' || op === 'remove'
}
const neverStamp: Stamp = [0, 0, 'none' as HubId]

export interface Job {
  /** Undefined: nobody waits for an answer. */
  readonly call?: CallId
  readonly writes: readonly Write[]
  /** Stored in the same batch as the writes. */
  readonly extra: readonly StoreOp[]
}

interface Commit {
  readonly run: Run
  /** C10: of the run's head; undefined until it is made. */
  readonly signature: string | undefined
  readonly draft: Draft
  readonly trims: readonly Trim[]
  /** Stored beside the run. */
  readonly extra: readonly StoreOp[]
  readonly answers: readonly Answer[]
  readonly isRefused: boolean
  readonly isStored: boolean
}

/** Names the own batch to the disk. */
export const ownToken = 1

/** What has to be done for a commit: all of it is made durable, and while the disk is at work its head is signed. */
export type Task =
  | { readonly type: 'sign'; readonly text: string }
  | {
      readonly type: 'persist'
      readonly batch: readonly StoreOp[]
      readonly synced: true
      readonly token: typeof ownToken
    }

export interface AuthorOptions {
  readonly hub: HubId
  readonly peer: PeerId
  readonly federation: string
  readonly hashing: Hashing
  readonly random: Random
  readonly hlc: Hlc
  readonly replicas: Replicas
  readonly maxRecords: number
}

export class Author {
  readonly #options: AuthorOptions
  readonly #self: ReadonlySet<HubId>
  #queue: Job[] = []
  /** C14: what is to go from the own slice, with the next batch. Bounded by the slice. */
  readonly #trims = new Map<EntryId, Trim>()
  /** C10: up to when heads leave out what has done its work; what is to go is from before. */
  #horizon: Millis = 0
  #commit: Commit | undefined
  /** C13: the epoch that the next batch opens; undefined while the present one holds. */
  #opening: Epoch | undefined
  #retryAt = never

  constructor(options: AuthorOptions) {
    this.#options = options
    this.#self = new Set([options.hub])
  }

  get isOpen(): boolean {
    return this.#options.replicas.slice(this.#options.hub) !== undefined
  }

  get isStuck(): boolean {
    return this.#commit?.isRefused === true
  }

  deadline(): number {
    return this.#retryAt
  }

  /** The epoch that writes from now on fall into; undefined while none is open or about to be. */
  get epoch(): Epoch | undefined {
    return this.#opening ?? this.#present
  }

  /** C13: the next batch opens an epoch above `highest` and above all own ones, with everything the own slice holds. */
  reopen(highest: number): void {
    if (this.#opening !== undefined && this.#opening[0] > highest) return
    const nonce = this.#options.random.seed() >>> 0
    this.#opening = [Math.max(highest, this.#present?.[0] ?? 0) + 1, nonce.toString(16).padStart(8, '0')]
  }

  /** The epoch of the batch under way, else that of the slice. */
  get #present(): Epoch | undefined {
    return this.#commit?.run.epoch ?? this.#options.replicas.slice(this.#options.hub)?.version.epoch
  }

  /** Queues a job; a refusal says why it cannot be taken. */
  submit(job: Job, now: Now): Refusal | undefined {
    if (this.isStuck) {
      return refuse('storage-failed', 'An earlier write has not reached the disk; free space or mend it')
    }
    if (this.#queue.length >= maxQueued) return refuse('limit-reached', `${maxQueued} writes are waiting; slow down`)
    const isOff = job.writes.some(isStamped) && !this.#options.hlc.canStamp(now.wall)
    if (isOff) return refuse('clock-drift', clockRefusal)
    this.#queue.push(job)
    return undefined
  }

  /** C13: what could be read of a slice that was lost goes into the first batch of the epoch that follows. */
  salvage(records: readonly CatalogRecord[]): void {
    if (records.length > 0) this.#queue.push({ writes: adopting(records), extra: [] })
  }

  /**
   * C7: the own record of an entry that someone removed drops what the removal covers. Housekeeping that may be left out when
   * the queue is full: the next touch of the entry asks again.
   */
  pruneCovered(id: EntryId): void {
    const { replicas, hub } = this.#options
    const own = replicas.slice(hub)?.get(id)
    if (own === undefined) return
    const { removed } = replicas.joined(id)
    if (removed === undefined || withoutCovered(own, removed) === undefined) return
    const { kind, key } = own
    if (this.#queue.length < maxQueued) this.#queue.push({ writes: [{ op: 'prune', kind, key }], extra: [] })
  }

  /** C14: the own slice says less from the next batch on; what is written meanwhile stays as it is. */
  trim(trims: readonly Trim[], horizon: Millis): void {
    if (trims.length > 0) this.#horizon = Math.max(this.#horizon, horizon)
    for (const trim of trims) this.#trims.set(trim.id, trim)
  }

  /** Begins the next commit; nothing while one is under way, nothing waits, or no epoch is open. */
  begin(now: Now): readonly Task[] {
    const { epoch } = this
    if (this.#commit !== undefined || epoch === undefined) return []
    // C2: what waits to be taken over into the epoch would be refused with it.
    if (this.#opening !== undefined && this.#options.hlc.isDrifted(now.wall)) return []
    const held = this.#options.replicas.slice(this.#options.hub)
    const trims = [...this.#trims.values()].filter(({ id, from }) => held?.get(id) === from)
    this.#trims.clear()
    if (this.#queue.length === 0 && this.#opening === undefined && trims.length === 0) return []
    this.#opening = undefined
    const draft = new Draft(this.#options.hub, epoch, { held, trims })
    const jobs = this.#nextJobs()
    const answers: Answer[] = []
    for (const { call, writes } of jobs) {
      const outcomes = writes.map((write) => this.#write(write, draft, now))
      if (call !== undefined) answers.push({ call, outcomes })
    }
    const run = draft.run()
    const extra = jobs.flatMap((job) => job.extra)
    const commit = { draft, trims, extra, answers, isRefused: false, isStored: false }
    if (run.to === run.from) {
      this.#commit = { ...commit, run, signature: '' }
      return this.#persistence()
    }
    const head = this.#headOf(run, held?.head?.horizon ?? 0)
    this.#commit = { ...commit, run: { ...run, head }, signature: undefined }
    return [...this.#persistence(), { type: 'sign', text: headText(this.#options.federation, run, head) }]
  }

  /** C10: still unsigned. */
  #headOf(run: Run, before: Millis): Head {
    const { peer, replicas, hashing } = this.#options
    const horizon = Math.max(this.#horizon, before)
    return { peer, horizon, root: replicas.rootAfter(run, horizon, hashing), signature: '' }
  }

  /** The head of the commit under way is signed. */
  signed(signature: string): void {
    if (this.#commit !== undefined) this.#commit = { ...this.#commit, signature }
  }

  #persistence(): readonly Task[] {
    if (this.#commit === undefined) return []
    const { draft, run, extra } = this.#commit
    return [{ type: 'persist', batch: [...draft.storeOps(run.head), ...extra], synced: true, token: ownToken }]
  }

  /** The disk has answered: whom to refuse. */
  stored(ok: boolean, now: Now): readonly Answer[] {
    const commit = this.#commit
    assert(commit !== undefined && !commit.isStored, 'C12', 'the disk answered a batch that nobody gave it')
    this.#retryAt = ok ? never : now.mono + retryMs
    this.#commit = { ...commit, answers: ok ? commit.answers : [], isRefused: !ok, isStored: ok }
    return ok ? [] : [...commit.answers, ...this.#dismiss()]
  }

  /** What is now durable under a signed head, and the answers to give; undefined while the disk or the key is at work. */
  finish(): { run?: Run; trims: readonly Trim[]; answers: readonly Answer[] } | undefined {
    const commit = this.#commit
    if (commit?.signature === undefined || !commit.isStored) return undefined
    this.#commit = undefined
    const { run, signature, trims, answers } = commit
    return run.head === undefined
      ? { trims, answers }
      : { run: { ...run, head: { ...run.head, signature } }, trims, answers }
  }

  /** The refused batch, to be tried again now. */
  retry(now: Now): readonly Task[] {
    if (this.#retryAt > now.mono) return []
    this.#retryAt = never
    return this.#persistence()
  }

  /** Nobody is kept waiting for a disk that takes no writes. */
  #dismiss(): Answer[] {
    const waiting = this.#queue.flatMap(({ call }) => (call === undefined ? [] : [{ call, outcomes: [] }]))
    this.#queue = this.#queue.filter(({ call }) => call === undefined)
    return waiting
  }

  #nextJobs(): Job[] {
    const jobs: Job[] = []
    let count = 0
    while (count < maxBatch) {
      const job = this.#queue.shift()
      if (job === undefined) break
      jobs.push(job)
      count += job.writes.length
    }
    return jobs
  }

  #write(write: Write, draft: Draft, now: Now): Outcome {
    const { replicas, hlc, maxRecords } = this.#options
    const id = entryId(write)
    const own = draft.get(id)
    const others = replicas.shown(id, this.#self)
    const joined = join(own === undefined ? others : [...others, own])
    const stamp = isStamped(write) ? hlc.next(now.wall) : neverStamp
    if (stamp === undefined) return 'clock-drift'
    const facts = { own, joined }
    const { content, outcome } = applyWrite(write, facts, stamp)
    if (content === undefined) return outcome
    if (Object.keys(content.fields).length > maxFields) return 'too-many-fields'
    // What is recovered may exceed the limit: it was within it in its own epoch.
    if (own === undefined && write.op !== 'adopt' && draft.size >= maxRecords) return 'slice-full'
    const record = { kind: write.kind, key: write.key, seq: 0, ...content }
    if (!isFit(record)) return 'unfit'
    draft.put(record)
    return outcome
  }
}
