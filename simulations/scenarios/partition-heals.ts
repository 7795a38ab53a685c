// The network falls into two halves while users of both write, and heals; some single links are cut one way meanwhile.
// Which region is on which side, or whether the cut goes through the regions, is drawn.

import type { Random } from '../../src/core/random.ts'
import { second } from '../../src/core/time.ts'
import type { HubPlan, Scenario, Scheduled } from '../engine/scenario.ts'
import { halves } from './sides.ts'
import { startAll, topology } from './topology.ts'

export const partitionHeals: Scenario = {
  name: 'partition-heals',
  summary: 'the network splits into two halves that both go on writing, and heals',
  usual: { hubs: 50, durationMs: 60 * second },
  plan({ hubs: count, durationMs }, random) {
    const hubs = topology(count, random)
    const splitAt = durationMs * 0.3
    const healAt = durationMs * 0.8
    return {
      hubs,
      happenings: [
        ...startAll(hubs, random),
        { at: splitAt, what: { type: 'split', sides: halves(hubs, random) } },
        ...oneWayCuts(hubs, splitAt, random),
        { at: healAt, what: { type: 'heal' } },
      ],
      workload: { projects: 2 * count, writesPerSecond: count / 10, removals: 0.15, registrations: 0.2 },
      endsAt: durationMs,
      settleMs: 120 * second,
    }
  },
}

/** For one hub in ten, what it says to some other is lost. */
function oneWayCuts(hubs: readonly HubPlan[], at: number, random: Random): Scheduled[] {
  return random.sample(hubs, Math.floor(hubs.length / 10)).flatMap(({ hub: from }): Scheduled[] => {
    const to = random.pick(hubs)?.hub
    return to === undefined || to === from ? [] : [{ at, what: { type: 'cut', from, to } }]
  })
}
