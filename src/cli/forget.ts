// `hubmesh forget`: hubs that are gone for good are unknown from now on, on every hub; by name, or all that are dead.

import { Command } from 'commander'
import { Type } from '../core/schema.ts'
import { parseDuration } from '../core/units.ts'
import { ForgottenSchema, type Member, MemberSchema } from '../hub/shapes.ts'
import { type AskOptions, ask, tell, withHub } from './client.ts'
import { CommandFailed, exit } from './exit.ts'

/** A hub takes no more in one call. */
const mostAtOnce = 1_000

interface ForgetOptions extends AskOptions {
  readonly dead?: boolean
  readonly olderThan?: string
  readonly withData?: boolean
  readonly dryRun?: boolean
}

export function forgetCommand(): Command {
  const command = new Command('forget')
    .description('forget hubs for good, on every hub; those that are named, or all that are dead or have left')
    .argument('[hubs...]', 'names of hubs')
    .option('--dead', 'all hubs that are dead or have left')
    .option('--older-than <duration>', 'with --dead: only those that have been so for this long (72h, 30m)')
    .option('--with-data', 'also what they alone wrote into the catalog; without it everything they registered stays')
    .option('--dry-run', 'say who would be forgotten, and forget nobody')
  return withHub(command).action(forget)
}

async function forget(named: readonly string[], options: ForgetOptions): Promise<void> {
  if (named.length > 0 === (options.dead === true)) {
    throw new CommandFailed(exit.invalid, 'name hubs, or pass --dead for all that are dead or have left')
  }
  if (options.olderThan !== undefined && options.dead !== true) {
    throw new CommandFailed(exit.invalid, '--older-than narrows --dead: pass both, or name hubs alone')
  }
  const ageMs = options.olderThan === undefined ? 0 : parseDuration(options.olderThan)
  if (ageMs === undefined)
    throw new CommandFailed(exit.invalid, `${options.olderThan} is no duration: write 72h or 30m`)
  const hubs = options.dead === true ? gone(await ask(options, '/api/members', Type.Array(MemberSchema)), ageMs) : named
  const isDone = hubs.length > 0 && options.dryRun !== true
  for (let at = 0; isDone && at < hubs.length; at += mostAtOnce) {
    const body = { hubs: hubs.slice(at, at + mostAtOnce), with_data: options.withData === true }
    try {
      await tell(options, { path: '/admin/forget', body }, ForgottenSchema)
    } catch (error) {
      if (at > 0 && error instanceof CommandFailed)
        throw new CommandFailed(error.code, `${error.message}; the first ${at} of ${hubs.length} were forgotten before`)
      throw error
    }
  }
  if (options.json === true) console.log(JSON.stringify({ forgotten: isDone ? hubs : [], found: hubs }))
  else if (hubs.length === 0) console.log('nobody is dead or has left for that long')
  else console.log(`${isDone ? 'forgotten' : 'would be forgotten'}: ${hubs.join(', ')}`)
}

function gone(members: readonly Member[], ageMs: number): string[] {
  const isGone = ({ status, since }: Member): boolean =>
    (status === 'dead' || status === 'left') && Date.now() - Date.parse(since) >= ageMs
  return members.filter(isGone).map((member) => member.hub_id)
}
