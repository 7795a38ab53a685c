// `hubmesh doctor`: what is wrong with this hub and the way to its peers, and what to do about it. It looks from outside: at
// the configuration, the data directory, what the running hub says, and the ports and clocks of the others.

import { Command } from 'commander'
import type { Config } from '../config/schema.ts'
import { parseDuration } from '../core/units.ts'
import { type AskOptions, withHub } from './client.ts'
import { dataDirectory } from './directorycheck.ts'
import { CommandFailed, exit } from './exit.ts'
import type { Finding } from './finding.ts'
import { gossip, gossipAt } from './gossipcheck.ts'
import { beliefs, type Seen, seenAt } from './hubcheck.ts'
import { peers } from './peercheck.ts'
import { configured } from './sources.ts'
import { table } from './table.ts'

interface DoctorOptions extends AskOptions {
  readonly timeout: string
}

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('what is wrong with this hub and the way to its peers; ends with 1 on a problem')
    .option('--timeout <duration>', 'longest time for each peer', '5s')
  return withHub(command).action(doctor)
}

async function doctor(options: DoctorOptions): Promise<void> {
  const timeoutMs = parseDuration(options.timeout)
  if (timeoutMs === undefined || timeoutMs <= 0)
    throw new CommandFailed(exit.invalid, `${options.timeout} is no duration: write 5s`)
  const { config, notes } = configured(options, false)
  const found: Finding[] = notes.map(({ name, message }) => ({
    what: name,
    status: 'ok',
    detail: `no effect: ${message}`,
  }))
  const seen = await seenAt(options)
  if ('problem' in seen) found.push(seen.problem)
  if (isHere(config, seen)) found.push(...(await dataDirectory(config, !('problem' in seen))))
  if (!('problem' in seen)) {
    const before = await gossipAt(options)
    found.push(...(await beliefs(seen, options, config)))
    found.push(...(await peers(seen, { config, timeoutMs })))
    found.push(...(await gossip(seen, before, options)))
  }
  say(found, options)
}

/** Whether the hub of the configuration is meant: with --url another one may be. */
function isHere({ node }: Config, seen: Seen | { readonly problem: Finding }): boolean {
  return node.id !== 'unnamed' && ('problem' in seen || seen.status.hub_id === node.id)
}

function say(found: readonly Finding[], { json }: DoctorOptions): void {
  const problems = found.filter(({ status }) => status === 'problem')
  if (json === true) console.log(JSON.stringify({ ok: problems.length === 0, checks: found }, null, 2))
  else {
    const rows = found.map(({ what, status, detail }) => [status, what, detail])
    const advice = problems.flatMap(({ what, todo }) => (todo === undefined ? [] : [`${what}: ${todo}`]))
    console.log([table(['', 'WHAT', ''], rows), ...(advice.length > 0 ? ['', ...advice] : [])].join('\n'))
  }
  if (problems.length > 0) process.exitCode = exit.failed
}
