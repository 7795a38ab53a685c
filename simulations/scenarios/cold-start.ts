// Everybody starts at once with empty disks, while users already register projects. Nothing goes wrong.

import { second } from '../../src/core/time.ts'
import type { Scenario } from '../engine/scenario.ts'
import { startAll, topology } from './topology.ts'

export const coldStart: Scenario = {
  name: 'cold-start',
  summary: 'all hubs start within two seconds with empty disks; nothing fails',
  usual: { hubs: 200, durationMs: 60 * second },
  plan({ hubs: count, durationMs }, random) {
    const hubs = topology(count, random)
    return {
      hubs,
      happenings: startAll(hubs, random),
      workload: { projects: count, writesPerSecond: count / 100, removals: 0.1, registrations: 0.2 },
      endsAt: durationMs,
      settleMs: 30 * second,
    }
  },
}
