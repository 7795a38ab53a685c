// In a quiet federation one hub after the other loses power. How long until the first survivor knows, until all of its pool
// know, and until the other regions do.

import { second } from '../../src/core/time.ts'
import type { Scenario, Scheduled } from '../engine/scenario.ts'
import { noFalseDeaths } from './expectations.ts'
import { startAll, topology } from './topology.ts'

const quietMs = 15 * second
/** Between two deaths; each stays away long enough to be known everywhere. */
const everyMs = 10 * second
const awayMs = 40 * second

export const firstDetection: Scenario = {
  name: 'first-detection',
  summary: 'single hubs lose power in a quiet federation: how soon it is known, and where',
  usual: { hubs: 46, durationMs: 150 * second },
  plan({ hubs: count, durationMs }, random) {
    const hubs = topology(count, random)
    const victims = random.shuffle(hubs.map(({ hub }) => hub))
    const deaths: Scheduled[] = []
    // The last ones stay down.
    for (let at = quietMs; at < durationMs - awayMs; at += everyMs) {
      const hub = victims[deaths.length / 2]
      if (hub === undefined) break
      const from = at + random.real() * everyMs
      deaths.push({ at: from, what: { type: 'crash', hub } }, { at: from + awayMs, what: { type: 'start', hub } })
    }
    return {
      hubs,
      happenings: [...startAll(hubs, random), ...deaths],
      workload: { projects: 0, writesPerSecond: 0, removals: 0, registrations: 0 },
      endsAt: durationMs,
      settleMs: 90 * second,
      expect: noFalseDeaths,
    }
  },
}
