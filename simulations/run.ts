// `npm run sim -- --scenario churn --hubs 200 --seed 7`: runs one scenario, prints the seed first and a table last.
// Exit: 0 when every invariant held and the hubs agreed, 1 when not (with the command that replays it), 2 on wrong usage.

import { closeSync, openSync, writeSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { cborCodec } from '../src/adapters/codec.ts'
import { second } from '../src/core/time.ts'
import type { Scenario } from './engine/scenario.ts'
import { type Outcome, Simulation } from './engine/simulation.ts'
import { asJson, asTable } from './report.ts'
import { scenarios } from './scenarios/all.ts'
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

const usage = `usage: npm run sim -- --scenario NAME [--hubs N] [--seed N] [--duration SECONDS] [--trace FILE] [--json] [--list]
scenarios:
${list()}`

function list(): string {
  return [...scenarios.values()].map(({ name, summary }) => `  ${name.padEnd(16)} ${summary}`).join('\n')
}

/** The order, or what is wrong with it. */
function readOrder(): Order | string {
  const { values } = parseArgs({ options })
  if (values.list === true) return ''
  const scenario = scenarios.get(values.scenario ?? '')
  if (scenario === undefined) return `there is no scenario ${JSON.stringify(values.scenario ?? '')}`
  const whole = (text: string | undefined, otherwise: number) => (text === undefined ? otherwise : Number(text))
  const hubs = whole(values.hubs, scenario.usual.hubs)
  const seconds = whole(values.duration, scenario.usual.durationMs / second)
  const seed = whole(values.seed, Math.floor(Math.random() * 2 ** 31))
  if (!Number.isInteger(hubs) || hubs < 1 || hubs > 5_000) return '--hubs takes a whole number from 1 to 5000'
  if (!Number.isInteger(seed) || Math.abs(seed) > 2 ** 31) return '--seed takes a whole number of 32 bits'
  if (!(seconds > 0)) return '--duration takes a number of seconds above 0'
  const json = values.json === true
  return { scenario, hubs, durationMs: seconds * second, seed, json, traceFile: values.trace }
}

function perform(order: Order): number {
  const { scenario, hubs, durationMs, seed, json, traceFile } = order
  const say = (text: string) => process.stdout.write(json ? '' : text)
  say(`seed ${seed}\n`)
  const file = traceFile === undefined ? undefined : openSync(traceFile, 'w')
  const isLive = process.stdout.isTTY && !json
  const began = performance.now()
  const outcome = new Simulation({
    scenario,
    size: { hubs, durationMs },
    seed,
    codec: cborCodec,
    settingsFor: simulatedSettings,
    ...(file === undefined ? {} : { write: (line) => void writeSync(file, `${line}\n`) }),
    ...(isLive
      ? { progress: (now) => void process.stdout.write(`\r${(now / second).toFixed(0)} s of virtual time `) }
      : {}),
  }).run()
  const wallMs = performance.now() - began
  if (isLive) process.stdout.write('\r')
  if (file !== undefined) closeSync(file)
  process.stdout.write(json ? `${asJson(order, outcome, wallMs)}\n` : asTable(outcome, wallMs))
  if (outcome.violations.length === 0) return 0
  process.stderr.write(complaint(order, outcome))
  return 1
}

function complaint(order: Order, { violations }: Outcome): string {
  const { scenario, hubs, durationMs, seed } = order
  const lines = violations.map(({ invariant, detail }) => `violated ${invariant}: ${detail}\n`)
  const replay = `npm run sim -- --scenario ${scenario.name} --hubs ${hubs} --duration ${durationMs / second} --seed ${seed}`
  return `${lines.join('')}replay it with: ${replay}\n`
}

function main(): number {
  let order: Order | string
  try {
    order = readOrder()
  } catch (error) {
    order = error instanceof Error ? error.message : String(error)
  }
  if (typeof order !== 'string') return perform(order)
  if (order === '') process.stdout.write(`${list()}\n`)
  else process.stderr.write(`${order}\n${usage}\n`)
  return order === '' ? 0 : 2
}

process.exitCode = main()
