// Hubs that may hold few links: all join through two seeds, which could never hold links to them all, and some die. Every
// door must stay open for whoever comes next, and news must get round over a handful of links each.

import { type Millis, second } from '../../src/core/time.ts'
import type { Scenario, Scheduled } from '../engine/scenario.ts'
import { noFalseDeaths } from './expectations.ts'
import { lightWork, onePool } from './pool.ts'
import { startAll } from './topology.ts'

/** Of which the pool takes six. */
const links = 8
/** Somebody dies at these times, and comes back. */
const deathsAt: readonly Millis[] = [30 * second, 40 * second]
const downMs: Millis = 20 * second

export const fewLinks: Scenario = {
  name: 'few-links',
  summary: 'eight links a hub, two seeds for all: everybody joins, and news gets round',
  usual: { hubs: 40, durationMs: 90 * second },
  plan({ hubs: count, durationMs }, random) {
    const hubs = onePool(count, random).map((plan) => ({ ...plan, tier: 'local' as const }))
    const restarts = deathsAt.flatMap((at): Scheduled[] => {
      const victim = random.pick(hubs)
      return victim === undefined ? [] : [{ at, what: { type: 'restart', hub: victim.hub, afterMs: downMs } }]
    })
    return {
      hubs,
      happenings: [...startAll(hubs, random), ...restarts],
      workload: lightWork(count),
      settings: { 'limits.links': links },
      endsAt: durationMs,
      settleMs: 60 * second,
      expect: noFalseDeaths,
    }
  },
}
