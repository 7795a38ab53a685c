// Whole federations in virtual time: they agree after every trouble, a seed decides everything, and a defect is found.

import { describe, expect, it } from 'vitest'
import { runCommand } from '../simulations/command.ts'
import type { Happening, Scenario } from '../simulations/engine/scenario.ts'
import { Simulation } from '../simulations/engine/simulation.ts'
import { scenarios } from '../simulations/scenarios/all.ts'
import { topology } from '../simulations/scenarios/topology.ts'
import { simulatedSettings } from '../simulations/settings.ts'
import { cborCodec } from '../src/adapters/codec.ts'
import type { HubId } from '../src/core/ids.ts'
import { second } from '../src/core/time.ts'
import type { Codec } from '../src/hub/ports.ts'

interface Choice {
  readonly scenario: Scenario | undefined
  readonly hubs?: number
  readonly seconds?: number
  readonly seed?: number
  readonly codec?: Codec
  readonly write?: (line: string) => void
}

function run({ scenario, hubs = 8, seconds = 40, seed = 1, codec = cborCodec, ...rest }: Choice) {
  if (scenario === undefined) throw new Error('no such scenario')
  const size = { hubs, durationMs: seconds * second }
  return new Simulation({ scenario, size, seed, codec, settingsFor: simulatedSettings, ...rest }).run()
}

const hub = (name: string) => name as HubId

type Story = readonly (readonly [seconds: number, what: Happening])[]

/** Three hubs, and what happens to them once they have started. */
const story = (name: string, happenings: Story): Scenario => {
  const all = ['global-0', 'r0-regional-0', 'r0-regional-1'].map(hub)
  return tale(name, [...all.map((id) => [0, { type: 'start', hub: id }] as const), ...happenings])
}

/** The first of three hubs starts alone. */
const late = (happenings: Story): Scenario =>
  tale('late', [[0, { type: 'start', hub: hub('global-0') }], ...happenings])

const tale = (name: string, happenings: Story): Scenario => ({
  name,
  summary: 'a story for a test',
  usual: { hubs: 3, durationMs: 40 * second },
  plan: (size, random) => ({
    hubs: topology(3, random),
    happenings: happenings.map(([seconds, what]) => ({ at: seconds * second, what })),
    workload: { projects: 10, writesPerSecond: 2, removals: 0.1, registrations: 0.3 },
    endsAt: size.durationMs,
    settleMs: 60 * second,
  }),
})

describe('a simulated federation', () => {
  const usual = ['cold-start', 'churn', 'partition-heals']
  it.each(usual.flatMap((name) => [1, 2, 3].map((seed) => ({ name, seed }))))(
    'comes to agree and keeps its promises: $name, seed $seed',
    ({ name, seed }) => {
      const outcome = run({ scenario: scenarios.get(name), seed })
      expect(outcome.violations).toEqual([])
      expect(outcome.convergedMs).toBeGreaterThan(0)
      expect(outcome.projects).toBeGreaterThan(5)
    },
  )

  it('of one hub is content with itself', () => {
    expect(run({ scenario: scenarios.get('churn'), hubs: 1 }).violations).toEqual([])
  })

  it('knows of a killed hub within seconds, and kills nobody who lives', () => {
    const crash: Happening = { type: 'crash', hub: hub('r0-regional-1') }
    const outcome = run({ scenario: story('one dies', [[20, crash]]) })
    expect(outcome.detections.length).toBe(2)
    expect(Math.max(...outcome.detections)).toBeLessThan(15 * second)
    expect(outcome.falseDeaths).toBe(0)
  })

  it('keeps what was acknowledged when all hubs lose power at once', () => {
    const all = ['global-0', 'r0-regional-0', 'r0-regional-1'].map(hub)
    const outcome = run({
      scenario: story('blackout', [
        ...all.map((id) => [20, { type: 'crash', hub: id }] as const),
        ...all.map((id) => [25, { type: 'start', hub: id }] as const),
      ]),
    })
    expect(outcome.violations).toEqual([])
  })
})

describe('a hub that reaches nobody', () => {
  it('serves after its grace, and joins when others come', () => {
    const starts = ['r0-regional-0', 'r0-regional-1'].map((id) => [20, { type: 'start', hub: hub(id) }] as const)
    const outcome = run({ scenario: late(starts) })
    expect(outcome.violations).toEqual([])
  })
})

describe('the seed', () => {
  const trace = (seed: number) => {
    const lines: string[] = []
    const { traceHash } = run({
      scenario: scenarios.get('churn'),
      seconds: 20,
      seed,
      write: (line) => lines.push(line),
    })
    return { traceHash, text: lines.join('\n') }
  }

  it('decides everything: the same one gives a byte-identical trace', () => {
    const [first, second] = [trace(7), trace(7)]
    expect(first.text.length).toBeGreaterThan(10_000)
    expect(second).toEqual(first)
  })

  it('matters: another one gives another run', () => {
    expect(trace(8).traceHash).not.toBe(trace(7).traceHash)
  })

  it('gives the same run whether or not the trace is written', () => {
    const quiet = run({ scenario: scenarios.get('churn'), seconds: 20, seed: 7 })
    expect(quiet.traceHash).toBe(trace(7).traceHash)
  })
})

describe('a defect', () => {
  it('of one byte in the codec is found', () => {
    const flip: Codec = {
      encode: (value) => {
        const bytes = cborCodec.encode(value)
        const last = bytes.length - 1
        bytes[last] = (bytes[last] ?? 0) ^ 1
        return bytes
      },
      pack: (value) => flip.encode(value),
      decode: (bytes) => cborCodec.decode(bytes),
    }
    const outcome = run({ scenario: scenarios.get('cold-start'), seconds: 15, codec: flip })
    expect(outcome.violations).not.toEqual([])
  })

  it('of a disk that forgets what it said was synced is found', () => {
    const victim = hub('r0-regional-0')
    const scenario = story('amnesia', [
      [0, { type: 'disk-lies', hub: victim }],
      [20, { type: 'crash', hub: victim }],
      [20.5, { type: 'start', hub: victim }],
    ])
    const found = [1, 2, 3, 4, 5, 6].flatMap((seed) => run({ scenario, seed }).violations)
    expect(found.map(({ invariant }) => invariant)).toContain('C12')
  })
})

describe('the simulator on the command line', () => {
  function command(...args: string[]) {
    const said = { out: '', err: '' }
    const amnesia = story('amnesia', [
      [0, { type: 'disk-lies', hub: hub('r0-regional-0') }],
      [20, { type: 'crash', hub: hub('r0-regional-0') }],
      [20.5, { type: 'start', hub: hub('r0-regional-0') }],
    ])
    const code = runCommand(args, new Map([...scenarios, [amnesia.name, amnesia]]), {
      out: (text) => {
        said.out += text
      },
      err: (text) => {
        said.err += text
      },
      isLive: false,
    })
    return { code, ...said }
  }

  it('says the seed first and a table last', () => {
    const { code, out, err } = command('--scenario', 'cold-start', '--hubs', '3', '--duration', '10', '--seed', '7')
    expect([code, err]).toEqual([0, ''])
    expect(out).toMatch(/^seed 7\nhubs +3\n/)
    expect(out).toMatch(/\nviolations +0\ntrace +[0-9a-f]{16}\nreceived per hub and s/)
  })

  it('speaks JSON when asked to', () => {
    const { out } = command('--scenario', 'cold-start', '--hubs', '3', '--duration', '10', '--seed', '7', '--json')
    expect(JSON.parse(out)).toMatchObject({ seed: 7, scenario: 'cold-start', hubs: 3, violations: [] })
  })

  it('lists the scenarios', () => {
    expect(command('--list').out).toMatch(/cold-start .*\n.*churn .*\n.*partition-heals /)
  })

  it.each([['--scenario', 'nonsense'], ['--hubs', '0'], ['--scenario', 'churn', '--hubs', 'x'], ['--colour']])(
    'refuses %s %s with the list and 2',
    (...args) => {
      const { code, out, err } = command(...args)
      expect([code, out]).toEqual([2, ''])
      expect(err).toContain('partition-heals')
    },
  )

  it('ends with 1 and the command that replays a violation', () => {
    const failed = [1, 2, 3, 4, 5, 6]
      .map((seed) => command('--scenario', 'amnesia', '--duration', '40', '--seed', String(seed)))
      .find(({ code }) => code !== 0)
    expect(failed?.code).toBe(1)
    expect(failed?.err).toMatch(
      /^violated [\s\S]*\nreplay it with: npm run sim -- --scenario amnesia --hubs 3 --duration 40 --seed \d\n$/,
    )
  })
})
