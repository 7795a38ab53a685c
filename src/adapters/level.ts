// The hub's durable memory on LevelDB, through `level`. One process per directory: a predecessor that is still closing
// gets two seconds. Batches are queued here and written one after the other, so that they land in the order of the calls.

import { setTimeout as wait } from 'node:timers/promises'
import { Level } from 'level'
import type { Store, StoredEntry, StoredOp } from '../hub/ports.ts'

export interface LevelStore extends Store {
  /** Finishes what was persisted, then gives the directory free. */
  close(): Promise<void>
}

/** Another process holds the directory. */
export class DirectoryLocked extends Error {
  readonly directory: string
  constructor(directory: string) {
    super(`${directory} is used by another process: stop that hub, or give this one a data directory of its own`)
    this.name = 'DirectoryLocked'
    this.directory = directory
  }
}

type Database = Level<string, Uint8Array>

/** Time for a predecessor to close. */
const patienceMs = 2_000
const firstPauseMs = 50

/**
 * Opens the directory, creating it where needed. Throws `DirectoryLocked` when another process keeps holding it, and
 * LevelDB's own error otherwise. Later failures are answers: `failed` on load, `done(false)` on persist.
 */
export async function openLevelStore(directory: string): Promise<LevelStore> {
  const db: Database = new Level(directory, { keyEncoding: 'utf8', valueEncoding: 'view' })
  await open(db, directory)
  let last: Promise<void> = Promise.resolve()
  const inOrder = (write: () => Promise<void>): Promise<void> => {
    last = last.then(write)
    return last
  }
  return {
    load(done, failed) {
      void inOrder(async () => {
        const read = await entries(db)
        if (read.ok) done(read.entries)
        else failed(`reading ${directory} failed: ${read.reason}`)
      })
    },
    persist(batch, synced, done) {
      void inOrder(async () => done(await write(db, batch, synced)))
    },
    async close() {
      await inOrder(async () => {})
      await db.close()
    },
  }
}

async function open(db: Database, directory: string): Promise<void> {
  const deadline = Date.now() + patienceMs
  for (let pauseMs = firstPauseMs; ; pauseMs *= 2) {
    try {
      await db.open()
      return
    } catch (error) {
      if (!isLocked(error)) throw unreadable(directory, error)
      if (Date.now() >= deadline) throw new DirectoryLocked(directory)
      await wait(Math.min(pauseMs, Math.max(1, deadline - Date.now())))
    }
  }
}

function unreadable(directory: string, error: unknown): Error {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const reason = cause instanceof Error ? cause.message : String(cause)
  const advice = 'move it aside and start again: the hub then fetches the catalog, its own records too, from its peers'
  return new Error(`${directory} cannot be opened (${reason}); ${advice}`, { cause: error })
}

type Read = { readonly ok: true; readonly entries: StoredEntry[] } | { readonly ok: false; readonly reason: string }

async function entries(db: Database): Promise<Read> {
  try {
    const all = await db.iterator().all()
    return { ok: true, entries: all.map(([key, value]) => ({ key, value })) }
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) }
  }
}

async function write(db: Database, batch: readonly StoredOp[], synced: boolean): Promise<boolean> {
  try {
    await db.batch(
      batch.map((op) => ('del' in op ? { type: 'del', key: op.del } : { type: 'put', key: op.put, value: op.value })),
      { sync: synced },
    )
    return true
  } catch {
    return false
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Error && codeOf(error.cause) === 'LEVEL_LOCKED'
}

function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined
}
