// `hubmesh leave`: ends the hub of this configuration in order, so that the others know it as left, not as dead. It is asked
// through its data directory, which names its process: whoever may signal that process may end it.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Command } from 'commander'
import { holderFile, holderOf } from '../adapters/lock.ts'
import { CommandFailed, exit } from './exit.ts'
import { configured, type Options, withConfig } from './sources.ts'

const pollMs = 100
/** On top of node.shutdown_timeout, after which the hub ends itself. */
const spareMs = 2_000

export function leaveCommand(): Command {
  const command = new Command('leave').description('end the hub of this configuration; the others know it as left')
  return withConfig(command).option('--json', 'print JSON').action(leave)
}

async function leave(options: Options & { readonly json?: boolean }): Promise<void> {
  const { node } = configured(options, true).config
  const pid = (await isHeld(node.data_dir)) ? await holderOf(node.data_dir) : undefined
  if (pid === undefined) {
    throw new CommandFailed(exit.failed, `no hub runs on ${node.data_dir}: pass the --config that it was started with`)
  }
  try {
    process.kill(pid, 'SIGTERM')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandFailed(exit.failed, `the hub ${node.id}, process ${pid}, cannot be told (${reason})`)
  }
  const deadline = performance.now() + node.shutdown_timeout + spareMs
  while ((await holderOf(node.data_dir)) === pid) {
    if (performance.now() > deadline) {
      throw new CommandFailed(exit.failed, `the hub ${node.id}, process ${pid}, was told to leave and still runs`)
    }
    await wait(pollMs)
  }
  // A stop in order takes its note away; a hub that crashed, or was out of time, did not.
  if (existsSync(join(node.data_dir, holderFile))) {
    throw new CommandFailed(exit.failed, `the hub ${node.id}, process ${pid}, ended, but not in order: see its log`)
  }
  console.log(options.json === true ? JSON.stringify({ hub_id: node.id, pid, left: true }) : `${node.id} has left`)
}

/** Whether a process holds the directory's lock. A note of a hub that was killed may name a process of somebody else. */
async function isHeld(dataDir: string): Promise<boolean> {
  const catalog = join(dataDir, 'catalog')
  if (!existsSync(catalog)) return false
  // Not before it is needed: no other command has to pay for the database.
  const { isLocked } = await import('../adapters/store/rescue.ts')
  return isLocked(catalog)
}
