// Hubs of one pool at opposite ends of the world: every packet between any two takes 150 ± 50 ms. With the settings for wide
// areas nobody dies in an hour.

import { second } from '../../src/core/time.ts'
import type { Scenario } from '../engine/scenario.ts'
import { noFalseDeaths } from './expectations.ts'
import { lightWork } from './pool.ts'
import { startAll, topology } from './topology.ts'

const latency = { type: 'latency', baseMs: 150, spreadMs: 50 } as const

export const wan: Scenario = wanWith('wan')

export function wanWith(preset: 'wan' | 'lan'): Scenario {
  return {
    name: preset === 'wan' ? 'wan' : `wan-${preset}`,
    summary: 'every packet takes 150 ± 50 ms, for an hour, with the settings for wide areas: nobody dies',
    usual: { hubs: 10, durationMs: 3_600 * second },
    plan({ hubs: count, durationMs }, random) {
      const hubs = topology(count, random)
      return {
        hubs,
        happenings: [{ at: 0, what: latency }, ...startAll(hubs, random)],
        workload: lightWork(count),
        endsAt: durationMs,
        settleMs: 120 * second,
        settings: settingsFor(preset),
        ...(preset === 'wan' ? { expect: noFalseDeaths } : {}),
      }
    },
  }
}

/** memberlist's, with a timeout of half the interval. */
function settingsFor(preset: 'wan' | 'lan'): Readonly<Record<string, unknown>> {
  return preset === 'lan'
    ? {}
    : {
        'membership.probe_interval': '5s',
        'membership.probe_timeout': '2500ms',
        'membership.suspicion_multiplier': 6,
      }
}
