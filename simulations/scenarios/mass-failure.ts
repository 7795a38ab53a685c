// A third of all hubs lose power at the same moment and stay away. The others must see exactly these die: who asks for help
// with a probe now often asks somebody who is dead, too.

import { second } from '../../src/core/time.ts'
import type { Scenario } from '../engine/scenario.ts'
import { noFalseDeaths } from './expectations.ts'
import { lightWork } from './pool.ts'
import { startAll, topology } from './topology.ts'

const failsAt = 25 * second

export const massFailure: Scenario = {
  name: 'mass-failure',
  summary: 'a third of all hubs lose power at once, and nobody else dies',
  usual: { hubs: 48, durationMs: 90 * second },
  plan({ hubs: count, durationMs }, random) {
    const hubs = topology(count, random)
    const victims = random.sample(hubs, Math.floor(count / 3))
    return {
      hubs,
      happenings: [
        ...startAll(hubs, random),
        ...victims.map(({ hub }) => ({ at: failsAt, what: { type: 'crash', hub } }) as const),
      ],
      workload: lightWork(count),
      endsAt: durationMs,
      settleMs: 90 * second,
      expect: noFalseDeaths,
    }
  },
}
