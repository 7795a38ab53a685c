// `hubmesh config lint`: the checked configuration, and what it amounts to in a pool of so many hubs.

import { Command } from 'commander'
import { readOwnProject } from '../config/ownproject.ts'
import { formatDuration } from '../core/units.ts'
import type { Arithmetic } from './arithmetic.ts'
import { CommandFailed, exit } from './exit.ts'
import { configured, invalid, type Options, withConfig } from './sources.ts'
import { table } from './table.ts'

interface LintOptions extends Options {
  readonly hubs: string
  readonly json?: boolean
}

export function lintCommand(): Command {
  const command = new Command('lint').description('check the configuration, and say what it amounts to')
  return withConfig(command)
    .option('--hubs <n>', 'hubs in the pool of this region', '20')
    .option('--json', 'print JSON')
    .action(lint)
}

async function lint(options: LintOptions): Promise<void> {
  const hubs = Number(options.hubs)
  if (!Number.isInteger(hubs) || hubs < 1) throw new CommandFailed(exit.invalid, '--hubs is a number of 1 or more')
  const { config, notes: found } = configured(options, false)
  const own = readOwnProject(process.env)
  if (own.mistakes.length > 0) throw invalid(own.mistakes)
  const notes = [...found, ...own.notes]
  // Not before it is needed: no other command pays for the codec.
  const { arithmeticOf } = await import('./arithmetic.ts')
  const arithmetic = arithmeticOf(config, hubs)
  const doubts = doubtsOf(arithmetic)
  if (options.json === true) console.log(JSON.stringify({ valid: true, notes, doubts, arithmetic, config }, null, 2))
  else {
    const told = [...notes.map(({ name, message }) => `${name} has no effect: ${message}`), ...doubts]
    console.log([...told, ...(told.length > 0 ? [''] : []), describe(arithmetic)].join('\n'))
  }
}

/** What works, and is seldom meant. */
function doubtsOf({ presence }: Arithmetic): string[] {
  const { missed_beats, offline_after_ms, heartbeat_ms } = presence
  if (missed_beats >= 2) return []
  const beats = missed_beats === 0 ? 'no beat' : 'one beat'
  return [
    `presence.stale_threshold: ${formatDuration(offline_after_ms)} forgives ${beats} of ${formatDuration(heartbeat_ms)}` +
      ' that is lost or late: three intervals are usual',
  ]
}

function describe({ hubs, detection, traffic, presence }: Arithmetic): string {
  const rows = [
    ['a hub that was killed is known dead after', inSeconds(detection.killed_ms), 'two hubs refused by its port'],
    [
      'one that hangs, after',
      inSeconds(detection.hung_ms),
      `the first probe fails after ${inSeconds(detection.first_probe_ms)}`,
    ],
    ['one that hangs for one hub alone, after', inSeconds(detection.hung_for_one_ms), 'unless it speaks up before'],
    ['an idle hub says at least', `${traffic.bytes_per_s} B/s`, traffic.source],
    ...traffic.parts.map(({ what, bytes, per_s }) => [
      `  ${what}`,
      `${(bytes * per_s).toFixed(1)} B/s`,
      `${bytes} B each`,
    ]),
    ['a project is degraded after', formatDuration(presence.degraded_after_ms), 'two intervals without a beat'],
    ['and offline after', formatDuration(presence.offline_after_ms), `${presence.missed_beats} beats may be lost`],
  ]
  return table([`IN A POOL OF ${hubs}`, '', 'BECAUSE'], rows)
}

function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}
