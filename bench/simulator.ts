// How many virtual seconds the simulator gets through in a second, with the real codec and all machines of every hub, once
// the federation stands and is settled: its start is not measured. Invariants are looked up as in every run.
// `npm run bench -- simulator WORD` measures only the federations with that word in their name.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { HubPlan, Plan, Workload } from '../simulations/engine/scenario.ts'
import { Simulation } from '../simulations/engine/simulation.ts'
import { startAll } from '../simulations/scenarios/topology.ts'
import { simulatedSettings } from '../simulations/settings.ts'
import { cborCodec } from '../src/adapters/codec.ts'
import type { HubId, Region } from '../src/core/ids.ts'
import type { Random } from '../src/core/random.ts'
import { type Millis, minute, second } from '../src/core/time.ts'
import { profiled, type Shares } from './profile.ts'
import type { Row } from './row.ts'

interface Federation {
  readonly what: string
  readonly hubs: number
  readonly regions: number
  readonly workload: Workload
  readonly measuredMs: number
  /** Virtual seconds a second. */
  readonly target: number
}

const idle: Workload = { projects: 0, writesPerSecond: 0, removals: 0, registrations: 0 }
const busy: Workload = { projects: 1_280, writesPerSecond: 1, removals: 0, registrations: 0 }
const federations: readonly Federation[] = [
  { what: 'quiet, 128 hubs', hubs: 128, regions: 6, workload: idle, measuredMs: 10 * minute, target: 300 },
  { what: 'busy, 128 hubs', hubs: 128, regions: 6, workload: busy, measuredMs: 5 * minute, target: 100 },
  { what: 'quiet, 1,000 hubs in 10 regions', hubs: 1_000, regions: 10, workload: idle, measuredMs: minute, target: 20 },
]

/** After this all links stand, and hubs have stopped saying that they hold nothing (three refreshes of 30 s). */
const settledMs = 2 * minute
/** The profiled stretch, at most. */
const profiledMs = minute
/** What users see: the command, its start and its end. */
const commandLine = ['simulations/run.ts', '--hubs', '200', '--seed', '1']
const commandTargetMs = 10_000
const root = join(import.meta.dirname, '..')
/** Children that a regional and a global hub take by default, and parents that each hub wants. */
const caps = { local: 20, regional: 10 } as const
const parents = 2

export async function simulator(): Promise<readonly Row[]> {
  const rows: Row[] = []
  const [, word = ''] = process.argv.slice(2)
  for (const federation of federations) {
    if (!federation.what.includes(word)) continue
    const { speed, codec, schema } = measure(federation)
    const { what, target } = federation
    const percent = (share: number): string => `${(100 * share).toFixed(0)} %`
    rows.push({
      what: `${what} (codec ${percent(codec)}, schema check ${percent(schema)})`,
      measured: `${speed.toFixed(0)}x`,
      target: `≥ ${target}x`,
      isMet: speed >= target,
    })
  }
  return word === '' ? [...rows, command()] : rows
}

interface Measured extends Shares {
  /** Virtual seconds a second, start and final agreement not counted. */
  readonly speed: number
}

/** The profiler slows the run down: it looks at a stretch of its own, behind the one whose speed counts. */
function measure(federation: Federation): Measured {
  let beganAt = 0
  let endedAt = 0
  const shares = profiled((start, stop) => {
    perform(federation, [
      [settledMs, () => (beganAt = performance.now())],
      [settledMs + federation.measuredMs, () => (endedAt = performance.now())],
      [settledMs + federation.measuredMs, start],
      [endOf(federation), stop],
    ])
  })
  return { ...shares, speed: federation.measuredMs / (endedAt - beganAt) }
}

function endOf({ measuredMs }: Federation): Millis {
  return settledMs + measuredMs + Math.min(measuredMs, profiledMs)
}

type Mark = readonly [at: Millis, reached: () => void]

function perform(federation: Federation, marks: readonly Mark[]): void {
  const beganAt = performance.now()
  let saidAt = beganAt
  const endsAt = endOf(federation)
  const { violations, falseDeaths } = new Simulation({
    scenario: {
      name: 'bench',
      summary: '',
      usual: { hubs: 0, durationMs: 0 },
      plan: (_, random) => planOf(federation, random),
    },
    size: { hubs: federation.hubs, durationMs: endsAt },
    seed: 1,
    codec: cborCodec,
    settingsFor: simulatedSettings,
    progress: (now) => {
      for (const [at, reached] of marks) if (at === now) reached()
      if (now % (30 * second) !== 0 && performance.now() - saidAt < 30 * second) return
      saidAt = performance.now()
      const took = ((saidAt - beganAt) / second).toFixed(0)
      console.error(`${federation.what}: ${now / second} of ${endsAt / second} virtual s, in ${took} s`)
    },
  }).run()
  const [first] = violations
  if (first !== undefined) throw new Error(`${federation.what}: ${first.invariant}: ${first.detail}`)
  if (falseDeaths > 0) throw new Error(`${federation.what}: ${falseDeaths} hubs were called dead and were not`)
}

function planOf(federation: Federation, random: Random): Plan {
  const hubs = layout(federation)
  const { workload } = federation
  return { hubs, happenings: startAll(hubs, random), workload, endsAt: endOf(federation), settleMs: minute }
}

/** As many regional and global hubs as the caps ask for: every hub finds two parents that have room for it. */
function layout({ hubs: count, regions }: Federation): HubPlan[] {
  const regionals = above(Math.ceil(count / regions), caps.local)
  const globals = Math.ceil((parents * regions * regionals) / caps.regional)
  const global = (n: number): HubId => `global-${n % globals}` as HubId
  const regional = (region: number, n: number): HubId => `r${region}-regional-${n % regionals}` as HubId
  const hubs: HubPlan[] = []
  for (let n = 0; n < globals; n++) {
    const bootstrap = n === 0 ? [regional(0, 0)] : [global(0)]
    hubs.push({ hub: global(n), region: 'core' as Region, tier: 'global', bootstrap, skewMs: 0 })
  }
  for (let n = 0; hubs.length < count; n++) {
    const number = n % regions
    const rank = Math.floor(n / regions)
    const region = `r${number}` as Region
    if (rank < regionals) {
      const bootstrap = [global(n), global(n + 1)]
      hubs.push({ hub: regional(number, rank), region, tier: 'regional', bootstrap, skewMs: 0 })
    } else {
      const hub = `r${number}-local-${rank - regionals}` as HubId
      const bootstrap = [regional(number, rank), regional(number, rank + 1)]
      hubs.push({ hub, region, tier: 'local', bootstrap, skewMs: 0 })
    }
  }
  return hubs
}

/** How many of a region's hubs are regional, so that the others have `parents` each of them that have room. */
function above(hubs: number, cap: number): number {
  return Math.max(parents, Math.ceil((parents * hubs) / (cap + parents)))
}

function command(): Row {
  const beganAt = performance.now()
  const { status } = spawnSync(process.execPath, commandLine, { cwd: root, timeout: 10 * commandTargetMs })
  if (status !== 0) throw new Error(`${commandLine.join(' ')} ended with ${status}`)
  const ms = performance.now() - beganAt
  return {
    what: 'npm run sim -- --hubs 200 --seed 1',
    measured: `${(ms / second).toFixed(1)} s`,
    target: `≤ ${commandTargetMs / second} s`,
    isMet: ms <= commandTargetMs,
  }
}
