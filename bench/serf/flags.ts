// The command line of `npm run bench -- serf`.

import { parseArgs } from 'node:util'

export const parts = ['kill', 'links', 'stop', 'drop', 'idle', 'flat', 'hogs'] as const
export type Part = (typeof parts)[number]

export interface Flags {
  readonly hubs: number
  readonly parts: ReadonlySet<Part>
  readonly kills: number
  readonly hogsMs: number
  readonly idleMs: number
  /** Whether the Serf agents run too. */
  readonly hasSerf: boolean
  readonly logs: string | undefined
}

const options = {
  hubs: { type: 'string', default: '20' },
  only: { type: 'string', default: parts.join() },
  kills: { type: 'string', default: '6' },
  hogs: { type: 'string', default: '300' },
  idle: { type: 'string', default: '60' },
  logs: { type: 'string' },
  alone: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const

export const usage = `npm run bench -- serf [--hubs N] [--only ${parts.join()}] [--kills N]
  [--hogs SECONDS] [--idle SECONDS] [--logs DIRECTORY] [--alone] [--json]
  --alone: without the Serf agents; --logs: keeps what every process prints, hubs at level debug`

/** Throws with what is wrong. */
export function readFlags(args: readonly string[]): Flags {
  const { values } = parseArgs({ args: [...args], options })
  const only = values.only.split(',')
  const unknown = only.find((name) => !parts.some((part) => part === name))
  if (unknown !== undefined) throw new Error(`there is no part ${unknown}`)
  return {
    hubs: count(values.hubs, 'hubs', 4),
    parts: new Set(parts.filter((part) => only.includes(part))),
    kills: count(values.kills, 'kills', 1),
    hogsMs: 1_000 * count(values.hogs, 'hogs', 1),
    idleMs: 1_000 * count(values.idle, 'idle', 1),
    hasSerf: !values.alone,
    logs: values.logs,
  }
}

function count(text: string, name: string, least: number): number {
  const number = Number(text)
  if (!Number.isInteger(number) || number < least) throw new Error(`--${name}: a whole number from ${least} on`)
  return number
}
