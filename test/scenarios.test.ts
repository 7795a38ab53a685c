// Every scenario of the simulator holds in a small federation, what a scenario expects is judged, and the faults that
// scenarios are made of do what they say.

import { describe, expect, it } from 'vitest'
import { runCommand } from '../simulations/command.ts'
import type { Outcome } from '../simulations/engine/outcome.ts'
import type { Happening, HubPlan, Plan, Scenario } from '../simulations/engine/scenario.ts'
import { Simulation } from '../simulations/engine/simulation.ts'
import { scenarios } from '../simulations/scenarios/all.ts'
import { noFalseDeaths } from '../simulations/scenarios/expectations.ts'
import { longPartition, variants } from '../simulations/scenarios/partition-long.ts'
import { onePool } from '../simulations/scenarios/pool.ts'
import { simulatedSettings } from '../simulations/settings.ts'
import { cborCodec } from '../src/adapters/codec.ts'
import type { HubId, Region } from '../src/core/ids.ts'
import { Random } from '../src/core/random.ts'
import { second } from '../src/core/time.ts'

const hub = (name: string) => name as HubId

interface Choice {
  readonly hubs?: number
  readonly seconds?: number
  readonly seed?: number
  readonly write?: (line: string) => void
}

function run(scenario: Scenario, { hubs = 6, seconds = 40, seed = 1, ...rest }: Choice = {}): Outcome {
  const size = { hubs, durationMs: seconds * second }
  return new Simulation({ scenario, size, seed, codec: cborCodec, settingsFor: simulatedSettings, ...rest }).run()
}

type Story = readonly (readonly [seconds: number, what: Happening])[]

/** One pool of that many hubs, nobody writes, and this happens. */
function story(happenings: Story, rest: Partial<Plan> = {}): Scenario {
  return {
    name: 'story',
    summary: 'a story for a test',
    usual: { hubs: 4, durationMs: 40 * second },
    plan({ hubs: count, durationMs }, random) {
      const hubs = onePool(count, random)
      return {
        hubs,
        happenings: [
          ...hubs.map((plan) => ({ at: 0, what: { type: 'start', hub: plan.hub } }) as const),
          ...happenings.map(([seconds, what]) => ({ at: seconds * second, what })),
        ],
        workload: { projects: 0, writesPerSecond: 0, removals: 0, registrations: 0 },
        endsAt: durationMs,
        settleMs: 60 * second,
        ...rest,
      }
    },
  }
}

/** Hubs and seconds at which a scenario shows what it is about. */
const small: readonly { readonly name: string; readonly hubs: number; readonly seconds: number }[] = [
  { name: 'few-links', hubs: 30, seconds: 70 },
  { name: 'lifeguard', hubs: 8, seconds: 45 },
  { name: 'swim-loss', hubs: 8, seconds: 60 },
  { name: 'first-detection', hubs: 8, seconds: 60 },
  { name: 'gray-failure', hubs: 12, seconds: 60 },
  { name: 'region-lost', hubs: 12, seconds: 75 },
  { name: 'mass-failure', hubs: 9, seconds: 40 },
  { name: 'rolling-restart', hubs: 8, seconds: 60 },
  { name: 'flapping', hubs: 8, seconds: 50 },
  { name: 'clock-jumps', hubs: 6, seconds: 40 },
  { name: 'wan', hubs: 5, seconds: 300 },
]

describe('a scenario', () => {
  it.each(small)('holds in a small federation: $name, $hubs hubs for $seconds s', ({ name, hubs, seconds }) => {
    const scenario = scenarios.get(name)
    if (scenario === undefined) throw new Error('no such scenario')
    const outcome = run(scenario, { hubs, seconds })
    expect(outcome.violations).toEqual([])
    expect(outcome.convergedMs).toBeGreaterThan(0)
  })

  it.each(variants)('partition-long ends in one federation again: %s', (variant) => {
    const { violations, healed } = run(longPartition(variant), { hubs: 7, seconds: 120, seed: 4 })
    expect(violations).toEqual([])
    expect(healed?.contactMs).toBeGreaterThan(0)
    expect(healed?.rounds).toBeGreaterThanOrEqual(0)
  })

  it.each([2, 3])('partition-heals makes one federation of two sides that buried each other: seed %i', (seed) => {
    const scenario = scenarios.get('partition-heals')
    if (scenario === undefined) throw new Error('no such scenario')
    const { violations, falseDeaths, healed } = run(scenario, { hubs: 16, seconds: 60, seed })
    expect([violations, falseDeaths]).toEqual([[], 0])
    expect(healed?.rounds).toBeLessThanOrEqual(5)
  })

  it('of long distances proves something: settings for a local network kill there', () => {
    const scenario = scenarios.get('wan-lan')
    if (scenario === undefined) throw new Error('no such scenario')
    expect(run(scenario, { hubs: 5, seconds: 300 }).falseDeaths).toBeGreaterThan(0)
  })

  it('draws all of its plan from the seed', () => {
    for (const { plan } of scenarios.values()) {
      const size = { hubs: 12, durationMs: 100 * second }
      const [one, same, other] = [1, 1, 2].map((seed) => JSON.stringify(plan(size, new Random(seed))))
      expect(same).toBe(one)
      expect(other).not.toBe(one)
    }
  })

  it('that expects what does not come ends with 1 and says so', () => {
    const said = { out: '', err: '' }
    const dying: Story = [[20, { type: 'crash', hub: hub('local-2') }]]
    const expecting = story(dying, {
      expect: ({ detections }) => [{ invariant: 'expectation', detail: `${detections.length} learned of a death` }],
    })
    const args = ['--scenario', 'story', '--seed', '1', '--hubs', '4', '--duration', '30']
    const code = runCommand(args, new Map([['story', expecting]]), {
      out: (text) => {
        said.out += text
      },
      err: (text) => {
        said.err += text
      },
      isLive: false,
    })
    expect(code).toBe(1)
    expect(said.err).toContain('violated expectation: 3 learned of a death\n')
    expect(said.out).toMatch(/\n {2}in the same pool +\d+\.\d\d s, \d+\.\d\d s\n/)
  })

  it('passes its settings to the hubs, and wrong ones are refused', () => {
    const pings = (settings: Plan['settings']) => {
      const { traffic } = run(story([], settings === undefined ? {} : { settings }))
      return traffic.get('swim.ping')?.messages ?? 0
    }
    expect(pings({ 'membership.probe_interval': '4s' })).toBeLessThan(0.4 * pings(undefined))
    expect(() => pings({ 'membership.probe_interval': 'soon' })).toThrow('membership.probe_interval')
  })
})

describe('an outcome', () => {
  it('tells who knew of a death first, in its pool, and elsewhere', () => {
    const scenario = scenarios.get('mass-failure')
    if (scenario === undefined) throw new Error('no such scenario')
    const { first, near, far, detections } = run(scenario, { hubs: 9, seconds: 40 })
    expect(first.length).toBe(3)
    expect(near.length + far.length).toBe(detections.length)
    expect(Math.min(...first)).toBe(Math.min(...detections))
  })

  it('of a split tells when its parts are linked and see the same again', () => {
    const sides = [[hub('regional-0'), hub('regional-1'), hub('local-2')], [hub('local-3')]]
    const [from, to] = [hub('regional-0'), hub('local-2')]
    const happenings: Story = [
      [10, { type: 'split', sides }],
      // Within one side: no contact across, although both stay linked.
      [10, { type: 'cut', from, to }],
    ]
    const { healed } = run(story(happenings), { hubs: 4, seconds: 60 })
    expect(healed?.contactMs).toBeGreaterThan(0)
    expect(healed?.viewsMs).toBe((healed?.rounds ?? 0) * second)
  })

  it('has no healing where nothing was split', () => {
    expect(run(story([])).healed).toBe(undefined)
  })
})

describe('a fault', () => {
  it('of a hub that restarts is one absence, and a new life at the same place', () => {
    const restart: Happening = { type: 'restart', hub: hub('local-2'), afterMs: 1_500 }
    const { restarts, violations, falseDeaths, flapsOf } = run(story([[20, restart]]))
    expect([restarts.get(hub('local-2')), violations, falseDeaths]).toEqual([1, [], 0])
    expect(flapsOf.get(hub('local-2')) ?? 0).toBeLessThanOrEqual(1)
  })

  it.each([{ moved: true }, { renewed: true }, { moved: true, renewed: true }])(
    'of a hub that comes back changed ends in agreement: %o',
    (change) => {
      const restart: Happening = { type: 'restart', hub: hub('regional-0'), afterMs: 8_000, ...change }
      const lines: string[] = []
      const { violations } = run(story([[15, restart]]), { hubs: 4, write: (line) => lines.push(line) })
      expect(violations).toEqual([])
      const peers = lines.flatMap((line) => /link local-2 (\S+-regional-0\S*)$/.exec(line)?.[1] ?? [])
      expect(new Set(peers).size).toBe(change.renewed === true ? 2 : 1)
    },
  )

  it('of a hub that another replaces at its address ends in agreement', () => {
    const [old, young] = [hub('regional-0'), hub('successor')]
    const base = story([
      [15, { type: 'crash', hub: old }],
      [20, { type: 'start', hub: young }],
    ])
    const scenario: Scenario = {
      ...base,
      plan: (size, random) => {
        const plan = base.plan(size, random)
        const successor: HubPlan = {
          hub: young,
          region: 'r0' as Region,
          tier: 'regional',
          bootstrap: [hub('regional-1')],
          skewMs: 0,
          placeOf: old,
        }
        return { ...plan, hubs: [...plan.hubs, successor] }
      },
    }
    expect(run(scenario, { hubs: 4 }).violations).toEqual([])
  })

  it('of a hub that loses most of what it says is gray: its deaths are neither right nor wrong', () => {
    const mute: Happening = { type: 'hub-loss', hub: hub('local-3'), in: 0, out: 1 }
    const { grayDeaths, falseOf } = run(story([[10, mute]], { expect: noFalseDeaths }), { hubs: 5, seconds: 40 })
    expect(grayDeaths).toBeGreaterThan(3)
    expect(falseOf.get(hub('local-3'))).toBe(undefined)
  })

  it('of long distances slows whatever needs an answer', () => {
    const firstLink = (happenings: Story) => {
      const lines: string[] = []
      run(story(happenings), { hubs: 2, seconds: 5, write: (line) => lines.push(line) })
      return Number.parseFloat(lines.find((line) => / link /.test(line)) ?? '')
    }
    // There and back twice, and a draw of up to 200 ms before.
    expect(firstLink([])).toBeLessThan(300)
    expect(firstLink([[0, { type: 'latency', baseMs: 150, spreadMs: 50 }]])).toBeGreaterThan(400)
  })

  it('of a stalled hub is an absence that excuses a death', () => {
    const stall: Happening = { type: 'stall', hub: hub('local-2'), forMs: 15_000, readMs: 1 }
    const { falseOf, flaps, violations } = run(story([[10, stall]]), { hubs: 4 })
    expect([falseOf.get(hub('local-2')), flaps, violations]).toEqual([undefined, 0, []])
  })
})
