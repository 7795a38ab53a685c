// Hubs that are neither up nor down: one in a hundred loses four frames of five, one of these only what it says, another
// only what it hears; and some lines lose half or all of what goes one way. The gray ones may be thought dead or alive;
// healthy hubs must not call a healthy hub dead because of them.

import type { Random } from '../../src/core/random.ts'
import { type Millis, second } from '../../src/core/time.ts'
import type { HubPlan, Scenario, Scheduled } from '../engine/scenario.ts'
import { noFalseDeathsByHealthy } from './expectations.ts'
import { lightWork } from './pool.ts'
import { startAll, topology } from './topology.ts'

const quietMs = 15 * second
const grayShare = 0.01
const grayLoss = 0.8
/** For each hub. */
const badLines = 0.2

export const grayFailure: Scenario = {
  name: 'gray-failure',
  summary: '1 % of the hubs lose 80 % of their frames, some lines lose one way; the healthy stay alive',
  usual: { hubs: 50, durationMs: 120 * second },
  plan({ hubs: count, durationMs }, random) {
    const hubs = topology(count, random)
    const gray = random.sample(hubs, Math.ceil(grayShare * count) + 2)
    const ways = [
      { in: grayLoss, out: grayLoss },
      { in: 0, out: grayLoss },
      { in: grayLoss, out: 0 },
    ]
    return {
      hubs,
      happenings: [
        ...startAll(hubs, random),
        ...gray.map(
          ({ hub }, i): Scheduled => ({
            at: quietMs,
            what: { type: 'hub-loss', hub, ...(ways[Math.max(0, i - gray.length + ways.length)] ?? { in: 0, out: 0 }) },
          }),
        ),
        ...oneWayLoss(hubs, quietMs, random),
      ],
      workload: lightWork(count),
      endsAt: durationMs,
      settleMs: 120 * second,
      expect: noFalseDeathsByHealthy,
    }
  },
}

function oneWayLoss(hubs: readonly HubPlan[], at: Millis, random: Random): Scheduled[] {
  return random.sample(hubs, Math.ceil(badLines * hubs.length)).flatMap(({ hub: from }): Scheduled[] => {
    const to = random.pick(hubs)?.hub
    const loss = random.pick([0.5, 1]) ?? 1
    return to === undefined || to === from ? [] : [{ at, what: { type: 'pair-loss', from, to, loss } }]
  })
}
