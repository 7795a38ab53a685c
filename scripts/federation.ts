// Runs a federation on this machine: three hubs (or one, with --single) and a client that beats for their projects. Waits
// until all of it is well, says where it is, shows how it goes, and leaves nothing running.

import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { makePlan, obstacles, type Plan } from './federation/plan.ts'
import { endAll, hasEnded, killAll, lastWords, type Started, startProgram } from './federation/processes.ts'
import { lacking, look, Screen } from './federation/view.ts'

const root = join(import.meta.dirname, '..')
const lookEveryMs = 1_000
const wellWithinMs = 60_000
const pollMs = 200

/** One signal may come twice: from the terminal to the whole group, and passed on by a parent. */
const oneSignalMs = 500

const started: Started[] = []
let isEnding = false
let endingSince = 0

process.chdir(root)
const args = process.argv.slice(2)
const unknown = args.filter((arg) => arg !== '--single')
if (unknown.length > 0) fail([`${unknown.join(' ')} is no option; there is --single`], 2)
else await begin(args.includes('--single'))

async function begin(isSingle: boolean): Promise<void> {
  try {
    await run(makePlan(isSingle))
  } catch (error) {
    fail([error instanceof Error ? error.message : String(error)], 2)
    if (started.length > 0) await end(2)
  }
}

async function run(plan: Plan): Promise<void> {
  const inTheWay = await obstacles(plan)
  if (inTheWay.length > 0) {
    fail([...inTheWay, 'stop what uses it, or choose others with HUBMESH_RUN_PORT and HUBMESH_RUN_DATA'], 1)
    return
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0))
  start(plan)
  const missing = await becomeWell(plan)
  if (isEnding) return
  if (missing.length > 0) {
    fail(missing, 1)
    await end(1)
    return
  }
  announce(plan)
  await watch(plan)
}

function start(plan: Plan): void {
  for (const { id, configFile, dataDir, env } of plan.hubs) {
    const program = ['bin/hubmesh.mjs', 'start', '--config', configFile]
    started.push(startProgram({ name: id, args: program, env, logFile: join(dataDir, 'hub.log') }))
  }
  const homes = [...plan.homes].map(([slug, url]) => `${slug}=${url}`)
  const [first] = plan.hubs
  if (first === undefined || homes.length === 0) return
  const logFile = join(first.dataDir, '..', 'heartbeats.log')
  started.push(startProgram({ name: 'heartbeats', args: ['scripts/heartbeats.ts', ...homes], env: first.env, logFile }))
}

/** What is still lacking when the time is over or a process has ended; none when all is well. */
async function becomeWell(plan: Plan): Promise<string[]> {
  const deadline = performance.now() + wellWithinMs
  for (;;) {
    const dead = started.filter(hasEnded)
    if (dead.length > 0) return dead.map((one) => `${one.name} did not start: ${lastWords(one)}`)
    const missing = lacking(await look(plan), plan.homes.keys())
    if (missing.length === 0 || performance.now() > deadline || isEnding) return missing
    await wait(pollMs)
  }
}

function announce({ hubs }: Plan): void {
  console.log(`All hubs are healthy and all projects online after ${(performance.now() / 1_000).toFixed(1)} s.\n`)
  for (const { id, url, dataDir } of hubs) {
    const { process: child } = started.find((one) => one.name === id) ?? {}
    console.log(`${id.padEnd(13)} ${url}/docs  process ${child?.pid}  log ${join(dataDir, 'hub.log')}`)
  }
  console.log('')
}

/** Until a signal comes. A hub that dies stays down, as it would elsewhere; the others show what they make of it. */
async function watch(plan: Plan): Promise<void> {
  const screen = new Screen()
  while (!isEnding) {
    screen.show(await look(plan))
    await wait(lookEveryMs)
  }
}

function fail(reasons: readonly string[], code: number): void {
  console.error(`scripts/run: cannot go on:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`)
  process.exitCode = code
}

/** In order the first time, at once the second. */
async function end(code: number): Promise<void> {
  if (isEnding) {
    if (performance.now() - endingSince < oneSignalMs) return
    killAll(started)
    process.exit(1)
  }
  isEnding = true
  endingSince = performance.now()
  console.log('stopping ...')
  await endAll(started)
  process.exit(code)
}
