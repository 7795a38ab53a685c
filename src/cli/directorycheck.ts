// The doctor's look at a data directory: its key, its lock, and room on its disk.

import { existsSync } from 'node:fs'
import { access, constants, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { readIdentity } from '../adapters/identity.ts'
import { holderOf } from '../adapters/lock.ts'
import type { Config } from '../config/schema.ts'
import { formatSize } from '../core/units.ts'
import { type Finding, problem } from './finding.ts'

/** A full catalog, its log and a compaction fit into this several times. */
const leastFreeBytes = 512 * 1024 * 1024
const leastFreeShare = 0.02

/** `isUp`: whether the hub answers over HTTP. */
export async function dataDirectory({ node }: Config, isUp: boolean): Promise<Finding[]> {
  const directory = node.data_dir
  const what = 'data directory'
  if (!existsSync(directory)) {
    const todo = 'the first start makes it; if this hub ran before, pass the --config that it was started with'
    return [problem(what, `${directory} is not there`, todo)]
  }
  try {
    await access(directory, constants.R_OK | constants.W_OK)
  } catch {
    return [problem(what, `${directory} cannot be written by this user`, `give it to the hub's user: chown -R`)]
  }
  return [
    { what, status: 'ok', detail: directory },
    await key(directory),
    await lock(directory, isUp),
    await room(directory),
  ]
}

async function key(directory: string): Promise<Finding> {
  try {
    const identity = await readIdentity(directory)
    if (identity !== undefined) return { what: 'key', status: 'ok', detail: `${identity.peer} in ${identity.file}` }
    return problem(
      'key',
      `${directory} holds no key`,
      'the first start makes one; a hub without its old key is a new hub',
    )
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return problem('key', reason, 'do as it says; a hub does not start with a key that others may read')
  }
}

async function lock(directory: string, isUp: boolean): Promise<Finding> {
  const what = 'lock'
  const catalog = join(directory, 'catalog')
  // Not before it is needed: it opens the database for a moment, which a hub that runs prevents.
  const { isLocked } = await import('../adapters/store/rescue.ts')
  const isHeld = existsSync(catalog) && (await isLocked(catalog))
  const pid = await holderOf(directory)
  if (isHeld && isUp) return { what, status: 'ok', detail: `held by process ${pid ?? 'unknown'}` }
  if (isHeld) {
    const todo = 'it may still be starting: look into its log; /health/live says whether it turns'
    return problem(what, `process ${pid ?? 'unknown'} holds it, and does not answer over HTTP`, todo)
  }
  if (!isUp) return { what, status: 'ok', detail: 'nobody holds it' }
  const todo = 'the hub that answers was started with another node.data_dir: pass its --config'
  return problem(what, 'a hub answers, and does not hold this directory', todo)
}

async function room(directory: string): Promise<Finding> {
  const { bavail, blocks, bsize } = await statfs(directory)
  const free = bavail * bsize
  const detail = `${formatSize(Math.floor(free / 2 ** 20) * 2 ** 20)} free`
  if (free >= leastFreeBytes && bavail >= blocks * leastFreeShare) return { what: 'disk', status: 'ok', detail }
  return problem('disk', detail, 'free space: a hub whose disk is full refuses writes (503 storage-failed)')
}
