// The command line of the simulator: arguments become an order, an order a run, a run a table and an exit code.

import { randomInt } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { cborCodec } from '../src/adapters/codec.ts'
import { second } from '../src/core/time.ts'
import type { Outcome } from './engine/outcome.ts'
import type { Scenario } from './engine/scenario.ts'
import { Simulation } from './engine/simulation.ts'
import { asJson, asTable } from './report.ts'
import { simulatedSettings } from './settings.ts'

interface Order {
  readonly scenario: Scenario
  readonly hubs: number
  readonly durationMs: number
  readonly seed: number
  readonly json: boolean
  readonly traceFile: string | undefined
}

const options = {
  scenario: { type: 'string' },
  hubs: { type: 'string' },
  seed: { type: 'string' },
  duration: { type: 'string' },
  trace: { type: 'string' },
  json: { type: 'boolean' },
  list: { type: 'boolean' },
} as const

/** Where it speaks. `isLive`: a terminal that shows progress. */
export interface Speech {
  out(text: string): void
  err(text: string): void
  readonly isLive: boolean
}

type Scenarios = ReadonlyMap<string, Scenario>

const usage =
  'usage: npm run sim -- [--scenario NAME] [--hubs N] [--seed N] [--duration SECONDS] [--trace FILE] [--json] [--list]'

/** The exit code: 0 all held, 1 an invariant did not, 2 wrong usage. The seed is said first, the table last. */
export function runCommand(args: readonly string[], scenarios: Scenarios, speech: Speech): number {
  const order = readOrder(args, scenarios)
  if (order === 'list') {
    speech.out(listOf(scenarios))
    return 0
  }
  if ('mistake' in order) {
    speech.err(`${order.mistake}\n${usage}\nscenarios:\n${listOf(scenarios)}`)
    return 2
  }
  return perform(order, speech)
}

function listOf(scenarios: Scenarios): string {
  return [...scenarios.values()].map(({ name, summary }) => `  ${name.padEnd(16)} ${summary}\n`).join('')
}

function readOrder(args: readonly string[], scenarios: Scenarios): Order | 'list' | { readonly mistake: string } {
  try {
    const { values } = parseArgs({ args: [...args], options })
    if (values.list === true) return 'list'
    const [first] = scenarios.keys()
    const name = values.scenario ?? first ?? ''
    const scenario = scenarios.get(name)
    if (scenario === undefined) return { mistake: `there is no scenario ${JSON.stringify(name)}` }
    const { usual } = scenario
    const hubs = Number(values.hubs ?? usual.hubs)
    const seconds = Number(values.duration ?? usual.durationMs / second)
    const seed = Number(values.seed ?? randomInt(2 ** 31))
    if (!Number.isInteger(hubs) || hubs < 1 || hubs > 5_000) return { mistake: '--hubs takes a number from 1 to 5000' }
    if (!Number.isInteger(seed) || Math.abs(seed) > 2 ** 31)
      return { mistake: '--seed takes a whole number of 32 bits' }
    if (!(seconds > 0) || seconds > 1e6) return { mistake: '--duration takes a number of seconds from 0 to 1000000' }
    const json = values.json === true
    return { scenario, hubs, durationMs: seconds * second, seed, json, traceFile: values.trace }
  } catch (error) {
    return { mistake: error instanceof Error ? error.message : String(error) }
  }
}

function perform(order: Order, speech: Speech): number {
  const { scenario, hubs, durationMs, seed, json, traceFile } = order
  if (!json) speech.out(`seed ${seed}\n`)
  const file = traceFile === undefined ? undefined : openSync(traceFile, 'w')
  const isLive = speech.isLive && !json
  const began = performance.now()
  const outcome = new Simulation({
    scenario,
    size: { hubs, durationMs },
    seed,
    codec: cborCodec,
    settingsFor: simulatedSettings,
    ...(file === undefined ? {} : { write: (line: string) => void writeSync(file, `${line}\n`) }),
    ...(isLive ? { progress: (now) => speech.out(`\r${(now / second).toFixed(0)} s of virtual time `) } : {}),
  }).run()
  const wallMs = performance.now() - began
  if (isLive) speech.out('\r')
  if (file !== undefined) closeSync(file)
  speech.out(json ? `${asJson(order, outcome, wallMs)}\n` : asTable(outcome, wallMs))
  if (outcome.violations.length === 0) return 0
  speech.err(complaint(order, outcome))
  return 1
}

function complaint(order: Order, { violations }: Outcome): string {
  const { scenario, hubs, durationMs, seed } = order
  const lines = violations.map(({ invariant, detail }) => `violated ${invariant}: ${detail}\n`)
  const replay = `npm run sim -- --scenario ${scenario.name} --hubs ${hubs} --duration ${durationMs / second} --seed ${seed}`
  return `${lines.join('')}replay it with: ${replay}\n`
}
