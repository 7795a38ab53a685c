// `hubmesh restore`: a hub that is down begins with a backup, in a later epoch and after it has caught up (C19); or one
// project of a backup is written anew at a hub that runs.

import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import { type Archive, readArchive } from '../adapters/archive.ts'
import type { Config } from '../config/schema.ts'
import { isAwayTooLong } from '../core/catalog/absence.ts'
import { asSlug } from '../core/ids.ts'
import { missingIn, projectIn, restoredOps } from '../hub/backup.ts'
import { ProjectSchema } from '../hub/shapes.ts'
import { encodedOp } from '../hub/stored.ts'
import { type AskOptions, tell, withHub } from './client.ts'
import { CommandFailed, exit } from './exit.ts'
import { Progress } from './progress.ts'
import { configured } from './sources.ts'

interface RestoreOptions extends AskOptions {
  readonly project?: string
  readonly replace?: boolean
  readonly dataDir?: string
}

export function restoreCommand(): Command {
  const command = new Command('restore')
    .description('begin a hub that is down with a backup; or, with --project, write one of its projects anew')
    .argument('<file>', 'what hubmesh backup wrote')
    .option('--data-dir <directory>', 'data directory; otherwise the configured one')
    .option('--replace', 'move what the data directory holds of the catalog aside first')
    .option(
      '--project <slug>',
      'register this project at a running hub as it was in the backup, also if it was removed',
    )
  return withHub(command).action(restore)
}

async function restore(file: string, options: RestoreOptions): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new CommandFailed(exit.failed, `${file} cannot be read: ${error instanceof Error ? error.message : error}`)
  })
  const read = readArchive(text)
  if (!read.ok) throw new CommandFailed(exit.failed, `${file} ${read.reason}`)
  const { archive } = read
  if (options.project === undefined) await restoreHub(archive, options)
  else await restoreProject(archive, options.project, options)
}

async function restoreProject(archive: Archive, name: string, options: RestoreOptions): Promise<void> {
  const slug = asSlug(name)
  const registration = slug === undefined ? undefined : projectIn(archive, slug)
  if (slug === undefined || registration === undefined) {
    throw new CommandFailed(exit.failed, `the backup of ${archive.hub} knows no project ${name}`)
  }
  const project = await tell(options, { path: '/api/fed/projects', body: { slug, ...registration } }, ProjectSchema)
  console.log(options.json === true ? JSON.stringify(project) : `${slug} is registered as it was in the backup`)
}

async function restoreHub(archive: Archive, options: RestoreOptions): Promise<void> {
  const { config } = configured(options, true)
  const directory = config.node.data_dir
  const reason = unfitness(archive, config)
  if (reason !== undefined) throw new CommandFailed(exit.failed, reason)
  const catalog = join(directory, 'catalog')
  const draft = `${catalog}-restoring`
  const old = existsSync(catalog) ? await claimed(catalog, directory) : undefined
  let entries: number
  try {
    if (old !== undefined && options.replace !== true) {
      const advice = 'pass --replace to move that aside, or name another --data-dir'
      throw new CommandFailed(exit.failed, `${directory} holds a catalog already: ${advice}`)
    }
    await rm(draft, { recursive: true, force: true })
    await mkdir(directory, { recursive: true, mode: 0o700 })
    entries = await write(archive, draft).catch(async (error: unknown) => {
      await rm(draft, { recursive: true, force: true })
      throw error
    })
  } finally {
    await old?.release()
  }
  const aside = old && join(directory, `replaced-${new Date().toISOString().replaceAll(':', '-')}`)
  await putInPlace(draft, catalog, aside)
  const key = await restoreKey(archive, directory)
  const facts = { hub_id: archive.hub, data_dir: directory, entries, replaced: aside ?? null, identity: key }
  if (options.json === true) console.log(JSON.stringify(facts))
  else console.log(`${directory} begins with ${entries} entries of ${archive.hub}; identity: ${key}. Start the hub now`)
}

/** No hub starts on what is there while the draft is written: it would be moved from under it, with what it acknowledged. */
async function claimed(catalog: string, directory: string): Promise<{ readonly release: () => Promise<void> }> {
  const { hold } = await import('../adapters/store/rescue.ts')
  const release = await hold(catalog)
  if (release !== undefined) return { release }
  const { holderOf } = await import('../adapters/lock.ts')
  const pid = await holderOf(directory)
  throw new CommandFailed(exit.temporary, `${directory} is in use by process ${pid ?? 'unknown'}: stop that hub first`)
}

/** Never onto a catalog that was not there before: a hub may have begun one meanwhile. */
export async function putInPlace(draft: string, catalog: string, aside: string | undefined): Promise<void> {
  if (aside !== undefined) await rename(catalog, aside)
  // What a rebuild of the former store left would take the place of this one.
  for (const left of ['rebuilt', 'rebuilding', 'opening'])
    await rm(`${catalog}-${left}`, { recursive: true, force: true })
  try {
    await rename(draft, catalog)
  } catch (error) {
    if (!existsSync(catalog)) throw error
    await rm(draft, { recursive: true, force: true })
    const advice = `stop the hub that began ${catalog} meanwhile, then try again with --replace`
    throw new CommandFailed(exit.failed, `nothing was restored: ${advice}`)
  }
}

/** Why this hub may not begin with that backup; undefined when it may. */
export function unfitness(archive: Archive, { node, federation, catalog }: Config): string | undefined {
  const { hub, takenAt } = archive
  const missing = missingIn(archive)
  if (missing.length > 0) return `the backup lacks records of ${missing.join(', ')}`
  if (hub !== node.id) return `the backup is of ${hub}, and this hub is ${node.id}: set node.id, or take another backup`
  if (archive.federation !== federation.id) {
    return `the backup is of the federation ${archive.federation}, and federation.id is ${federation.id}`
  }
  if (!isAwayTooLong(takenAt, Date.now(), catalog.removal_retention)) return undefined
  return (
    `the backup was taken ${new Date(takenAt).toISOString()}, longer ago than removals are kept (catalog.removal_retention): ` +
    'it would bring back what was removed since. Start the hub with an empty data directory, and bring single projects ' +
    'back with --project'
  )
}

const batchSize = 1_000

/** A whole store, or none that bears the name. */
async function write(archive: Archive, directory: string): Promise<number> {
  const { cborCodec } = await import('../adapters/codec.ts')
  const { openLevelStore } = await import('../adapters/store/level.ts')
  const ops = restoredOps(archive)
  const store = await openLevelStore(directory)
  const progress = new Progress('restored', 'entries')
  try {
    for (let at = 0; at < ops.length; at += batchSize) {
      const part = ops.slice(at, at + batchSize)
      const batch = part.map((op) => encodedOp(op, cborCodec))
      if (!(await new Promise<boolean>((done) => store.persist(batch, true, done)))) {
        throw new CommandFailed(exit.failed, `the disk of ${directory} does not take it: free space, then try again`)
      }
      progress.add(part.length)
    }
    return ops.length
  } finally {
    progress.end()
    await store.close()
  }
}

/** The key of the archive, unless the directory has one. */
async function restoreKey({ identity }: Archive, directory: string): Promise<'restored' | 'kept' | 'new'> {
  const file = join(directory, 'identity.key')
  if (existsSync(file)) return 'kept'
  if (identity === undefined) return 'new'
  await writeFile(file, identity, { mode: 0o600, flag: 'wx', flush: true })
  return 'restored'
}
