// The hub's durable memory on LevelDB, through `level`. One process per directory: a predecessor that is still closing
// gets two seconds. Batches are queued here and written one after the other, so that they land in the order of the calls.

import type { Store, StoredEntry, StoredOp } from '../../hub/ports.ts'
import type { Content } from './content.ts'
import { damagedKey, FormatTooNew, format, formatOf, formatOp, migrations, seal, sealedOp, sumKey } from './layout.ts'
import { contentOf, type Damage, type Database, DirectoryLocked, Rescue, reasonOf } from './rescue.ts'
import { type Entered, Tally } from './tally.ts'
import { Witness } from './witness.ts'

export interface LevelStore extends Store {
  /** What was wrong when it was opened; undefined when it was sound. */
  readonly damage: Damage | undefined
  /** Finishes what was persisted, then gives the directory free. */
  close(): Promise<void>
}

/**
 * Opens the directory, creating it where needed; what is damaged is repaired or set aside. Throws `DirectoryLocked` when
 * another process keeps holding it, and an error that says what to do otherwise. Later failures are answers: `failed` on
 * load, `done(false)` on persist.
 */
export async function openLevelStore(directory: string): Promise<LevelStore> {
  const rescue = new Rescue(directory)
  let db: Database | undefined
  let witness: Witness | undefined
  try {
    const opened = await rescue.open()
    db = opened.db
    const content = await migrated(db, opened.content)
    witness = new Witness(directory)
    db = await sifted(db, { rescue, witness }, content)
    await rescue.finish()
    return new SealedStore({ db, directory, content, witness, damage: rescue.damage })
  } catch (error) {
    witness?.close()
    await db?.close()
    if (error instanceof DirectoryLocked) throw error
    const advice =
      error instanceof FormatTooNew ? '' : '; free or mend the disk, or set node.data_dir to another directory'
    throw new Error(`${directory} cannot be opened: ${reasonOf(error)}${advice}`, { cause: error })
  }
}

const copiedAtOnce = 1_000

/** Brings an older layout to the present one, step by step; each step is durable as a whole. */
async function migrated(db: Database, found: Content): Promise<Content> {
  let content = found
  for (let number = formatOf(content); number < format; number++) {
    const raw = await db.iterator().all()
    const batch = [...(migrations[number]?.(raw) ?? []), formatOp(number + 1)]
    // Format 0 had no sum: this is the first.
    const { op } = (number === 0 ? new Tally() : content.tally).enter(batch)
    await db.batch([...batch, op].map(asLevel), { sync: true })
    content = await contentOf(db)
  }
  return content
}

/** What does not read as it was written is kept aside. */
async function sifted(
  db: Database,
  { rescue, witness }: { readonly rescue: Rescue; readonly witness: Witness },
  content: Content,
): Promise<Database> {
  const { damaged, tally } = content
  const { isNew } = rescue
  const isSum = tally.resume(content.said(sumKey)) || isNew
  if (damaged.length > 0) {
    rescue.note(`${damaged.length} entries do not fit their checksums`)
    await rescue.keep(damaged)
  } else if (!isSum) rescue.note('the sum over all entries is another than the one stored')
  const missing = witness.known - tally.batches
  if (missing > 0) rescue.note(`${missing} batches that were synced are missing at its end`)
  if (content.said(damagedKey) !== undefined) rescue.note('damage was found before, and the hub has not started since')
  const { damage } = rescue
  if (!isNew && damage === undefined) return db
  // What is left is the store from now on.
  tally.skipTo(witness.known)
  const said = [formatOp(format), ...(damage === undefined ? [] : [sealedOp(damagedKey, damage.reasons.join('; '))])]
  const entered = tally.enter(said)
  const last = [...said, entered.op].map(asLevel)
  // A table in which a key was altered ends the process as soon as LevelDB compacts it.
  const isHarmed = damaged.length > 0 || !isSum
  const store = !isHarmed ? db : await rescue.rebuild(db, (fresh) => copyInto(fresh, content.entries))
  await store.batch(last, { sync: true })
  tally.take(entered)
  witness.note(entered.batches)
  return store
}

async function copyInto(fresh: Database, entries: Iterable<StoredEntry>): Promise<void> {
  let part: StoredOp[] = []
  const flush = async (sync: boolean): Promise<void> => {
    await fresh.batch(part.map(sealedPut).map(asLevel), { sync })
    part = []
  }
  for (const { key, value } of entries) {
    part.push({ put: key, value })
    if (part.length >= copiedAtOnce) await flush(false)
  }
  await flush(true)
}

interface Parts {
  readonly db: Database
  readonly directory: string
  readonly content: Content
  readonly witness: Witness
  readonly damage: Damage | undefined
}

class SealedStore implements LevelStore {
  readonly damage: Damage | undefined
  readonly #db: Database
  readonly #directory: string
  readonly #tally: Tally
  readonly #witness: Witness
  /** Read when it was opened, until it is first asked for or written to. */
  #fresh: Iterable<StoredEntry> | undefined
  /** The batch that failed: it is in the store or is not, and only opening it again tells. */
  #failed: Entered | undefined
  /** The next batch is what the hub makes of the damage. */
  #isToldOfDamage = false
  #isClosed = false
  #last: Promise<void> = Promise.resolve()
  /** Tasks that have not ended, the one under way among them. */
  #tasks = 0

  constructor({ db, directory, content, witness, damage }: Parts) {
    this.#db = db
    this.#directory = directory
    this.#tally = content.tally
    this.#witness = witness
    this.#fresh = content.entries
    this.damage = damage
  }

  load(done: (entries: Iterable<StoredEntry>, isDamaged: boolean) => void, failed: (reason: string) => void): void {
    void this.#inOrder(async () => {
      const read = await this.#read()
      this.#isToldOfDamage = this.damage !== undefined
      if (read.ok) done(read.entries, this.#isToldOfDamage)
      else failed(`reading ${this.#directory} failed: ${read.reason}`)
    })
  }

  persist(batch: readonly StoredOp[], synced: boolean, done: (ok: boolean) => void): void {
    void this.#inOrder(async () => done(await this.#write(batch, synced)))
  }

  async close(): Promise<void> {
    await this.#inOrder(async () => {
      this.#isClosed = true
    })
    this.#witness.close()
    await this.#db.close()
  }

  /** One that nothing is before begins at once: the disk is at work while the caller goes on. */
  #inOrder(task: () => Promise<void>): Promise<void> {
    const begun = this.#tasks++ === 0 ? task() : this.#last.then(task)
    this.#last = begun.finally(() => this.#tasks--)
    return this.#last
  }

  async #read(): Promise<{ ok: true; entries: Iterable<StoredEntry> } | { ok: false; reason: string }> {
    const entries = this.#fresh
    this.#fresh = undefined
    if (entries !== undefined && !this.#isClosed) return { ok: true, entries }
    try {
      return { ok: true, entries: (await contentOf(this.#db)).entries }
    } catch (error) {
      return { ok: false, reason: reasonOf(error) }
    }
  }

  async #write(batch: readonly StoredOp[], synced: boolean): Promise<boolean> {
    this.#fresh = undefined
    if (this.#isClosed || (this.#failed !== undefined && !(await this.#recovered(this.#failed)))) return false
    const known: readonly StoredOp[] = this.#isToldOfDamage ? [{ del: damagedKey }] : []
    const sealed = [...batch.map(sealedPut), ...known]
    const entered = this.#tally.enter(sealed)
    try {
      await this.#db.batch([...sealed, entered.op].map(asLevel), { sync: synced })
      this.#tally.take(entered)
      if (synced) this.#witness.note(entered.batches)
      this.#isToldOfDamage = false
      return true
    } catch {
      this.#failed = entered
      return false
    }
  }

  /**
   * After a write that failed LevelDB does not know how far its log reaches: what it appended next could be dropped when the
   * log is read. So it is opened again, which reads the log and begins another; on a full disk that fails, and is tried with
   * the next write.
   */
  async #recovered(failed: Entered): Promise<boolean> {
    try {
      await this.#db.close()
      await this.#db.open({ createIfMissing: false })
      const stored = await this.#db.get(sumKey)
      if (stored !== undefined && Buffer.compare(stored, failed.op.value) === 0) this.#tally.take(failed)
      this.#failed = undefined
      return true
    } catch {
      return false
    }
  }
}

function sealedPut(op: StoredOp): StoredOp {
  return 'del' in op ? op : { put: op.put, value: seal(op.put, op.value) }
}

function asLevel(op: StoredOp) {
  return 'del' in op ? { type: 'del' as const, key: op.del } : { type: 'put' as const, key: op.put, value: op.value }
}
