// Opens a LevelDB in whatever state it is found. What it cannot open or read is first copied aside, then given to LevelDB's
// own repair; what even that does not bring back is moved aside, and the store begins anew. Nothing is ever deleted.

import { existsSync } from 'node:fs'
import { copyFile, cp, link, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Level } from 'level'
import { Content } from './content.ts'
import type { RawEntry } from './layout.ts'
import { synced, syncedWhole } from './platter.ts'

export type Database = Level<string, Uint8Array>

/** Another process holds the directory. */
export class DirectoryLocked extends Error {
  readonly directory: string
  constructor(directory: string) {
    super(`${directory} is used by another process: stop that hub, or give this one a data directory of its own`)
    this.name = 'DirectoryLocked'
    this.directory = directory
  }
}

/** What was wrong with a store, and where all of it is kept as it was found. */
export interface Damage {
  readonly reasons: readonly string[]
  readonly aside: string | undefined
}

interface Opened {
  readonly db: Database
  readonly content: Content
}

/** Time for a predecessor to close. */
const patienceMs = 2_000
const firstPauseMs = 50

export class Rescue {
  readonly #directory: string
  readonly #reasons: string[] = []
  #aside: string | undefined
  #isAside = false
  /** Whether nothing was ever written to the store, as far as its files tell. */
  isNew = true

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Undefined as long as nothing was found to be wrong. */
  get damage(): Damage | undefined {
    return this.#reasons.length === 0 ? undefined : { reasons: this.#reasons, aside: this.#aside }
  }

  /** Where the logs are kept while it is not known whether they are sound: LevelDB drops them as soon as they are read. */
  get #logs(): string {
    return `${this.#directory}-opening`
  }

  /** A store that takes the place of the damaged one, complete. */
  get #rebuilt(): string {
    return `${this.#directory}-rebuilt`
  }

  note(reason: string): void {
    this.#reasons.push(reason)
  }

  /** The open database and all that is in it. Throws `DirectoryLocked`, or what is wrong with the disk itself. */
  async open(): Promise<Opened> {
    await this.#takeRebuilt()
    const files = await readdir(this.#directory).catch((): string[] => [])
    if (!files.some((file) => /^CURRENT$|^MANIFEST-|\.(ldb|sst|log)$/.test(file))) return this.#attempt(true)
    await this.#holdLogs(files)
    this.isNew = !(await this.#hasData(files))
    // LevelDB begins a log whenever it opens, and opens without a word when that is missing.
    if (!files.some((file) => file.endsWith('.log'))) this.note('its log is missing')
    try {
      return await this.#attempt(false)
    } catch (error) {
      if (!isDamage(error)) throw error
      this.note(reasonOf(error))
    }
    await this.#setAside()
    try {
      await repair(this.#directory)
      return await this.#attempt(false)
    } catch (error) {
      this.note(`it could not be repaired: ${reasonOf(error)}`)
      await rename(this.#directory, join(await this.folder(), `${basename(this.#directory)}-repaired`))
      return this.#attempt(true)
    }
  }

  /**
   * Puts a store that `fill` fills in the place of the open one, of which a copy goes aside. Where the process ends on the way,
   * the store is still the damaged one, or the next start goes on from the complete new one. What both have to say is written
   * after it.
   */
  async rebuild(db: Database, fill: (fresh: Database) => Promise<void>): Promise<Database> {
    await db.close()
    await this.#setAside()
    const draft = `${this.#directory}-rebuilding`
    await rm(draft, { recursive: true, force: true })
    const fresh = databaseAt(draft, true)
    try {
      await fresh.open()
      await fill(fresh)
      await fresh.close()
      // A log that LevelDB was done with, and had not made a table of when it was closed, it never synced.
      await syncedWhole(draft)
    } catch (error) {
      await fresh.close()
      // On a full disk its room is needed.
      await rm(draft, { recursive: true, force: true })
      throw error
    }
    await rename(draft, this.#rebuilt)
    await synced(dirname(this.#directory))
    await this.#takeRebuilt()
    const opened = databaseAt(this.#directory, false)
    await openPatiently(opened, this.#directory)
    return opened
  }

  /** Copied, not moved: the store may be a link or a mount. */
  async #takeRebuilt(): Promise<void> {
    if (!existsSync(this.#rebuilt)) return
    await destroy(this.#directory)
    await mkdir(this.#directory, { recursive: true })
    for (const file of await readdir(this.#rebuilt)) {
      await copyFile(join(this.#rebuilt, file), join(this.#directory, file))
    }
    await syncedWhole(this.#directory)
    // At once no more what the next start would go on from: while it is removed it is less and less.
    const done = `${this.#directory}-rebuilding`
    await rename(this.#rebuilt, done)
    await rm(done, { recursive: true })
  }

  /** Keeps entries that are not what was written, a line each. */
  async keep(damaged: readonly RawEntry[]): Promise<void> {
    const lines = damaged.map(([key, bytes]) => JSON.stringify({ key, bytes: Buffer.from(bytes).toString('base64') }))
    await writeFile(join(await this.folder(), 'values.jsonl'), `${lines.join('\n')}\n`, { flag: 'a', flush: true })
  }

  /** All is judged: what was held on to goes aside with the rest, or is needed no more. */
  async finish(): Promise<void> {
    if (this.damage === undefined) await rm(this.#logs, { recursive: true, force: true })
    else await rename(this.#logs, join(await this.folder(), 'logs')).catch(unlessMissing)
  }

  /** Beside the store, made when it is needed. */
  async folder(): Promise<string> {
    const time = new Date().toISOString().replaceAll(':', '-')
    this.#aside ??= join(dirname(this.#directory), `damaged-${time}`)
    await mkdir(this.#aside, { recursive: true, mode: 0o700 })
    return this.#aside
  }

  async #attempt(createIfMissing: boolean): Promise<Opened> {
    const db = databaseAt(this.#directory, createIfMissing)
    try {
      await openPatiently(db, this.#directory)
      return { db, content: await contentOf(db) }
    } catch (error) {
      await db.close()
      throw error
    }
  }

  async #hasData(files: readonly string[]): Promise<boolean> {
    const data = files.filter((file) => /\.(ldb|sst|log)$/.test(file))
    const sizes = await Promise.all(data.map(async (file) => (await stat(join(this.#directory, file))).size))
    return data.length === 0 || sizes.some((size) => size > 0)
  }

  /** By links where there can be any: a log is never written again once another process has opened the store. */
  async #holdLogs(files: readonly string[]): Promise<void> {
    await mkdir(this.#logs, { recursive: true })
    for (const file of files.filter((name) => name.endsWith('.log'))) {
      const [from, to] = [join(this.#directory, file), join(this.#logs, file)]
      // The store may be a link or a mount itself, and not every filesystem has links.
      await link(from, to).catch((error) => (codeOf(error) === 'EEXIST' ? undefined : copyFile(from, to)))
    }
  }

  /** As it was found. Half a copy is of no use, and the next start would add another until the disk is full. */
  async #setAside(): Promise<void> {
    if (this.#isAside) return
    this.#isAside = true
    const folder = await this.folder()
    const copy = join(folder, basename(this.#directory))
    try {
      await cp(this.#directory, copy, { recursive: true, dereference: true })
      await syncedWhole(copy)
      await synced(folder)
    } catch (error) {
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }
}

/** Bytes and entries of which one part may be: the next is read from the disk while one is looked at. */
const partBytes = 1024 * 1024
const partSize = 1_000

/** All that is in an open database. Throws what LevelDB says of what it cannot read. */
export async function contentOf(db: Database): Promise<Content> {
  const content = new Content()
  const iterator = db.iterator({ highWaterMarkBytes: partBytes })
  try {
    let next = iterator.nextv(partSize)
    for (let part = await next; part.length > 0; part = await next) {
      next = iterator.nextv(partSize)
      content.take(part)
    }
  } finally {
    await iterator.close()
  }
  return content
}

/** LevelDB's own, which the types of `level` leave out. */
const { repair, destroy } = Level as typeof Level & {
  repair(directory: string): Promise<void>
  destroy(directory: string): Promise<void>
}

function databaseAt(directory: string, createIfMissing: boolean): Database {
  return new Level(directory, { keyEncoding: 'utf8', valueEncoding: 'view', createIfMissing })
}

/** Whether another process holds the directory. */
export async function isLocked(directory: string): Promise<boolean> {
  const release = await hold(directory)
  await release?.()
  return release === undefined
}

/**
 * Keeps others from the directory until it is released, which has to be before it is moved; undefined when another process
 * holds it. What does not open cannot be held.
 */
export async function hold(directory: string): Promise<(() => Promise<void>) | undefined> {
  const db: Database = new Level(directory, { createIfMissing: false })
  const release = () => db.close()
  try {
    await openPatiently(db, directory)
    return release
  } catch (error) {
    await release()
    return error instanceof DirectoryLocked ? undefined : release
  }
}

async function openPatiently(db: Database, directory: string): Promise<void> {
  const deadline = Date.now() + patienceMs
  for (let pauseMs = firstPauseMs; ; pauseMs *= 2) {
    try {
      await db.open()
      return
    } catch (error) {
      if (codeOf(causeOf(error)) !== 'LEVEL_LOCKED') throw error
      if (Date.now() >= deadline) throw new DirectoryLocked(directory)
      await wait(Math.min(pauseMs, Math.max(1, deadline - Date.now())))
    }
  }
}

/** Whether the files are at fault: a disk that is full, or not ours to read, is not repaired but told. */
function isDamage(error: unknown): boolean {
  const cause = causeOf(error)
  if (codeOf(cause) === 'LEVEL_CORRUPTION') return true
  // A table that ends too early is told as an invalid argument.
  return /^Corruption|create_if_missing|No such file|\.(ldb|sst): Invalid argument/.test(reasonOf(error))
}

function unlessMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error
}

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error
}

export function reasonOf(error: unknown): string {
  const cause = causeOf(error)
  return cause instanceof Error ? cause.message : String(cause)
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
