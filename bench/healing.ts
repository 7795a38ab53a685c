// How a federation gets over a split, and whether a lossy line kills anybody: in the simulator, with the real codec and all
// machines of every hub. `npm run bench -- healing [WORD] [--hours N] [--minutes N]` runs the parts with that word in their
// name; hours are virtual and asked for, minutes are of the wall and are not exceeded, whatever was asked for.

import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import type { Outcome } from '../simulations/engine/outcome.ts'
import type { HubPlan, Scenario } from '../simulations/engine/scenario.ts'
import { Simulation } from '../simulations/engine/simulation.ts'
import { longPartition, type Variant, variants } from '../simulations/scenarios/partition-long.ts'
import { halves } from '../simulations/scenarios/sides.ts'
import { startAll, topology } from '../simulations/scenarios/topology.ts'
import { simulatedSettings } from '../simulations/settings.ts'
import { cborCodec } from '../src/adapters/codec.ts'
import { hour, type Millis, minute, second } from '../src/core/time.ts'
import type { Row } from './row.ts'

const idle = { projects: 0, writesPerSecond: 0, removals: 0, registrations: 0 }
const contactTargetMs: Millis = 10 * second

export async function healing(args: readonly string[]): Promise<readonly Row[]> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      hours: { type: 'string', default: '24' },
      minutes: { type: 'string', default: '10' },
      json: { type: 'boolean' },
    },
  })
  const [word = ''] = positionals
  const parts: readonly (readonly [name: string, part: () => readonly Row[]])[] = [
    ...variants.map((variant) => [`partition ${variant}`, () => partition(variant)] as const),
    ['regions', regions],
    ['loss', () => loss(Number(values.hours) * hour, Number(values.minutes) * minute)],
  ]
  return parts.filter(([name]) => name.includes(word)).flatMap(([, part]) => part())
}

const partitioned = { hubs: 50, seeds: [1, 2, 3] } as const

/** The worst of the seeds counts. */
function partition(variant: Variant): Row[] {
  const scenario = longPartition(variant)
  const { usual } = scenario
  const outcomes = partitioned.seeds.map((seed) => run(scenario, { ...usual, seed, hubs: partitioned.hubs }))
  return healedRows(`10 min apart, ${partitioned.hubs} hubs, ${variant}`, outcomes, 5)
}

const split = { hubs: 1_000, regions: 10, atMs: 60 * second, forMs: 2 * minute } as const

/** The defaults of network.max_regional_hubs and network.max_child_hubs. */
const caps = { maxRegionalHubs: 10, maxChildHubs: 20 } as const

/** Ten minutes of a thousand hubs take too long: the split lasts until every hub has buried the other side. */
function regions(): Row[] {
  const { hubs: count, atMs, forMs } = split
  const scenario: Scenario = {
    name: 'regions',
    summary: '',
    usual: { hubs: count, durationMs: atMs + forMs },
    plan: (_, random) => {
      const hubs = topology(count, random, { ...caps, regions: split.regions })
      const sides = halves(hubs, random)
      return {
        hubs,
        happenings: [...startAll(hubs, random), { at: atMs, what: { type: 'split', sides } }],
        workload: idle,
        endsAt: atMs + forMs,
        settleMs: 3 * minute,
      }
    },
  }
  const outcome = run(scenario, { seed: 1, hubs: count, durationMs: atMs + forMs })
  return healedRows(`${forMs / minute} min apart, ${count} hubs in ${split.regions} regions`, [outcome], 10)
}

function healedRows(what: string, outcomes: readonly Outcome[], rounds: number): Row[] {
  const broken = outcomes.flatMap(({ violations }) => violations.filter(({ invariant }) => invariant !== 'expectation'))
  for (const { invariant, detail } of broken) console.error(`${what}: violated ${invariant}: ${detail}`)
  const worst = (of: (outcome: Outcome) => number | undefined): number =>
    Math.max(...outcomes.map((outcome) => of(outcome) ?? Number.POSITIVE_INFINITY))
  const contactMs = worst(({ healed }) => healed?.contactMs)
  const views = worst(({ healed }) => healed?.rounds)
  const isWhole = broken.length === 0
  return [
    {
      what: `${what}: contact`,
      measured: `${(contactMs / second).toFixed(1)} s`,
      target: `≤ ${contactTargetMs / second} s`,
      isMet: isWhole && contactMs <= contactTargetMs,
    },
    {
      what: `${what}: equal views`,
      measured: `${views.toFixed(1)} rounds`,
      target: `≤ ${rounds} rounds`,
      isMet: isWhole && views <= rounds,
    },
  ]
}

const lossy = { hubs: 200, loss: 0.02, stretchMs: hour } as const

/** One seed after the other, each for a stretch, until the hours are reached or the wall's minutes are over. */
function loss(askedMs: Millis, wallMs: Millis): Row[] {
  const began = performance.now()
  let virtualMs = 0
  let falseDeaths = 0
  let seed = 0
  let longestMs = 0
  while (virtualMs < askedMs && performance.now() - began + longestMs < wallMs) {
    const startedAt = performance.now()
    const outcome = run(lossyScenario(), { seed: ++seed, hubs: lossy.hubs, durationMs: lossy.stretchMs })
    longestMs = Math.max(longestMs, performance.now() - startedAt)
    virtualMs += outcome.virtualMs
    falseDeaths += outcome.falseDeaths
    const took = ((performance.now() - startedAt) / second).toFixed(0)
    console.error(
      `seed ${seed}: ${(virtualMs / hour).toFixed(1)} h so far, ${falseDeaths} false deaths; this one took ${took} s`,
    )
    for (const { at, of, atMs } of outcome.someFalse)
      console.error(`seed ${seed}: ${of} declared dead by ${at} at ${(atMs / second).toFixed(1)} s`)
  }
  return [
    {
      what: `false deaths, ${lossy.hubs} hubs at ${100 * lossy.loss} % loss, ${seed} seeds`,
      measured: `${falseDeaths} in ${(virtualMs / hour).toFixed(1)} h`,
      target: `0 in ${askedMs / hour} h`,
      isMet: falseDeaths === 0 && virtualMs >= askedMs,
    },
  ]
}

function lossyScenario(): Scenario {
  return {
    name: 'loss',
    summary: '',
    usual: { hubs: lossy.hubs, durationMs: lossy.stretchMs },
    plan: ({ hubs: count, durationMs }, random) => {
      const hubs: readonly HubPlan[] = topology(count, random)
      return {
        hubs,
        happenings: [...startAll(hubs, random), { at: 0, what: { type: 'line', loss: lossy.loss, duplication: 0 } }],
        workload: idle,
        endsAt: durationMs,
        settleMs: minute,
      }
    },
  }
}

interface Choice {
  readonly seed: number
  readonly hubs: number
  readonly durationMs: Millis
}

function run(scenario: Scenario, { seed, hubs, durationMs }: Choice): Outcome {
  const size = { hubs, durationMs }
  return new Simulation({ scenario, size, seed, codec: cborCodec, settingsFor: simulatedSettings }).run()
}
