// This hub's own slice: the only one it writes. Writes wait in a queue; one synced batch at a time makes a group of them
// durable, and only then are they visible, gossiped and answered (C12). A batch that the disk refused is tried again
// unchanged, because half of the world may already be on the disk; until it is through, further writes are refused.

import { assert, type Refusal, refuse } from '../errors.ts'
import type { HubId } from '../ids.ts'
import type { CallId, StoreOp } from '../machine.ts'
import type { Random } from '../random.ts'
import { type Now, never, second } from '../time.ts'
import type { Hlc } from './hlc.ts'
import { type CatalogRecord, type EntryId, entryId, join, maxFields } from './record.ts'
import { headPrefix, type Replicas, storedRecord } from './replicas.ts'
import { compareEpochs, type Epoch, type Run, type StoredHead } from './slice.ts'
import { applyWrite, type Outcome, type Write } from './writes.ts'

/** Writes that may wait at once. */
export const maxQueued = 10_000
/** Writes that one batch makes durable together. */
const maxBatch = 1_000
const retryMs = 1 * second

export interface Job {
  /** Undefined: nobody waits for an answer. */
  readonly call?: CallId
  readonly writes: readonly Write[]
  /** Stored in the same batch as the writes. */
  readonly extra: readonly StoreOp[]
}

interface Commit {
  readonly run: Run
  readonly batch: readonly StoreOp[]
  readonly answers: readonly Answer[]
  readonly isRefused: boolean
}

export interface Answer {
  readonly call: CallId
  readonly outcomes: readonly Outcome[]
}

export interface AuthorOptions {
  readonly hub: HubId
  readonly random: Random
  readonly hlc: Hlc
  readonly replicas: Replicas
  readonly maxRecords: number
}

export class Author {
  readonly #options: AuthorOptions
  #queue: Job[] = []
  #commit: Commit | undefined
  /** C13: the epoch that the next batch opens; undefined while the present one holds. */
  #opening: Epoch | undefined
  #retryAt = never

  constructor(options: AuthorOptions) {
    this.#options = options
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

  /** C13: the next batch opens an epoch above `highest`, with everything the own slice holds. */
  reopen(highest: number): void {
    const nonce = this.#options.random.seed() >>> 0
    this.#opening = [highest + 1, nonce.toString(16).padStart(8, '0')]
  }

  /** Queues a job; a refusal says why it cannot be taken. */
  submit(job: Job, now: Now): Refusal | undefined {
    if (this.isStuck)
      return refuse('storage-failed', 'An earlier write has not reached the disk; free space or mend it')
    if (this.#queue.length >= maxQueued) return refuse('limit-reached', `${maxQueued} writes are waiting; slow down`)
    if (this.#options.hlc.isDrifted(now.wall)) {
      return refuse('clock-drift', 'The clock is behind what this hub has seen by more than catalog.max_clock_drift')
    }
    const slice = this.#options.replicas.slice(this.#options.hub)
    if ((slice?.size ?? 0) >= this.#options.maxRecords && job.writes.some((write) => this.#isNew(write))) {
      return refuse('limit-reached', `This hub's slice holds limits.slice (${this.#options.maxRecords}) records`)
    }
    this.#queue.push(job)
    return undefined
  }

  /** Housekeeping that may be dropped when the queue is full: the next touch of the entry asks again. */
  prune(write: Write): void {
    if (this.#queue.length < maxQueued) this.#queue.push({ writes: [write], extra: [] })
  }

  /** The next batch to make durable; undefined while one is under way, none waits, or no epoch is open. */
  begin(now: Now): readonly StoreOp[] | undefined {
    if (this.#commit !== undefined) return undefined
    if (!this.isOpen && this.#opening === undefined) return undefined
    if (this.#queue.length === 0 && this.#opening === undefined) return undefined
    const jobs: Job[] = []
    let count = 0
    while (this.#queue.length > 0 && count < maxBatch) {
      const job = this.#queue.shift()
      if (job === undefined) break
      jobs.push(job)
      count += job.writes.length
    }
    this.#commit = this.#build(jobs, now)
    return this.#commit.batch
  }

  /** The disk has answered: the run that is now durable with its answers, or the answers to refuse. */
  finish(ok: boolean, now: Now): { readonly run?: Run; readonly answers: readonly Answer[] } {
    const commit = this.#commit
    assert(commit !== undefined, 'C12', 'the disk answered a batch that nobody gave it')
    if (!ok) {
      this.#retryAt = now.mono + retryMs
      this.#commit = { ...commit, answers: [], isRefused: true }
      return { answers: commit.answers }
    }
    this.#retryAt = never
    this.#commit = undefined
    const isEmpty = commit.run.to === commit.run.from
    return isEmpty ? { answers: commit.answers } : { run: commit.run, answers: commit.answers }
  }

  /** The refused batch, to be tried again now. */
  retry(now: Now): readonly StoreOp[] | undefined {
    if (this.#retryAt > now.mono) return undefined
    this.#retryAt = never
    return this.#commit?.batch
  }

  #build(jobs: readonly Job[], now: Now): Commit {
    const { hub, replicas } = this.#options
    const held = replicas.slice(hub)
    const epoch = this.#opening ?? held?.version.epoch
    assert(epoch !== undefined, 'C13', 'a batch needs an open epoch')
    const isNewEpoch = held === undefined || compareEpochs(epoch, held.version.epoch) > 0
    this.#opening = undefined
    const from = isNewEpoch ? 0 : held.version.seq
    let seq = from
    const changed = new Map<EntryId, CatalogRecord>()
    const put = (id: EntryId, record: CatalogRecord): void => {
      changed.delete(id)
      changed.set(id, { ...record, seq: ++seq })
    }
    if (isNewEpoch) {
      for (const record of [...(held?.records() ?? []), ...(held?.surplus()?.records ?? [])])
        put(entryId(record), record)
    }
    const answers: Answer[] = []
    for (const job of jobs) {
      const outcomes = job.writes.map((write) => this.#write(write, { changed, put, now }))
      if (job.call !== undefined) answers.push({ call: job.call, outcomes })
    }
    // An epoch is open from its first seq on, also when there is nothing to say yet.
    const run: Run = { hub, epoch, from, to: isNewEpoch ? Math.max(seq, 1) : seq, records: [...changed.values()] }
    const head: StoredHead = { epoch, seq: run.to }
    const batch: StoreOp[] = [
      { op: 'put', key: `${headPrefix}${hub}`, value: head },
      ...run.records.map((record) => storedRecord(hub, epoch, record)),
      ...jobs.flatMap((job) => job.extra),
    ]
    return { run, batch, answers, isRefused: false }
  }

  #write(write: Write, batch: Batch): Outcome {
    const { hub, replicas, hlc } = this.#options
    const id = entryId(write)
    const others = replicas.shown(id, hub)
    const own = batch.changed.get(id) ?? replicas.slice(hub)?.visible(id)
    const joined = join(own === undefined ? others : [...others, own])
    const stamp = hlc.next(batch.now.wall)
    if (stamp === undefined) return 'clock-drift'
    const { content, outcome } = applyWrite(write, { own, others, joined }, stamp)
    if (content === undefined) return outcome
    if (Object.keys(content.fields).length > maxFields) return 'too-many-fields'
    batch.put(id, { kind: write.kind, key: write.key, seq: 0, ...content })
    return outcome
  }

  #isNew(write: Write): boolean {
    return write.op === 'put' && this.#options.replicas.slice(this.#options.hub)?.get(entryId(write)) === undefined
  }
}

interface Batch {
  readonly changed: Map<EntryId, CatalogRecord>
  readonly put: (id: EntryId, record: CatalogRecord) => void
  readonly now: Now
}
