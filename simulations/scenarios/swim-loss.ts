// Every line loses two frames in a hundred, for the whole time. Nobody fails, and nobody may be declared dead.

import { second } from '../../src/core/time.ts'
import type { Scenario } from '../engine/scenario.ts'
import { noFalseDeaths } from './expectations.ts'
import { lightWork } from './pool.ts'
import { startAll, topology } from './topology.ts'

const loss = 0.02

export const swimLoss: Scenario = {
  name: 'swim-loss',
  summary: 'every line loses 2 % of all frames, and nobody is declared dead',
  usual: { hubs: 50, durationMs: 120 * second },
  plan({ hubs: count, durationMs }, random) {
    const hubs = topology(count, random)
    return {
      hubs,
      happenings: [...startAll(hubs, random), { at: 0, what: { type: 'line', loss, duplication: 0 } }],
      workload: lightWork(count),
      endsAt: durationMs,
      settleMs: 60 * second,
      expect: noFalseDeaths,
    }
  },
}
