// A whole region loses power at once and comes back later, hub by hub. The others must learn it without a witness inside,
// stay alive themselves, and take the region back.

import { second } from '../../src/core/time.ts'
import type { Scenario, Scheduled } from '../engine/scenario.ts'
import { noFalseDeaths } from './expectations.ts'
import { lightWork } from './pool.ts'
import { startAll, topology } from './topology.ts'

const lostAt = 25 * second
/** Of the time that is left, the region is away for this share. */
const awayShare = 0.7
const returnSpreadMs = 5 * second

export const regionLost: Scenario = {
  name: 'region-lost',
  summary: 'a whole region loses power at once and returns',
  usual: { hubs: 46, durationMs: 140 * second },
  plan({ hubs: count, durationMs }, random) {
    const hubs = topology(count, random)
    const regions = [...new Set(hubs.filter(({ tier }) => tier !== 'global').map(({ region }) => region))]
    const region = random.pick(regions)
    const returnsAt = lostAt + awayShare * (durationMs - lostAt)
    const fate = hubs
      .filter((plan) => plan.region === region)
      .flatMap(({ hub }): Scheduled[] => [
        { at: lostAt, what: { type: 'crash', hub } },
        { at: returnsAt + random.real() * returnSpreadMs, what: { type: 'start', hub } },
      ])
    return {
      hubs,
      happenings: [...startAll(hubs, random), ...fate],
      workload: lightWork(count),
      endsAt: durationMs,
      settleMs: 90 * second,
      expect: noFalseDeaths,
    }
  },
}
