// One hub crashes and returns every few seconds, all the time. That is its own trouble: nobody else may die or flap for it.

import { second } from '../../src/core/time.ts'
import type { Scenario, Scheduled } from '../engine/scenario.ts'
import { calmBut } from './expectations.ts'
import { lightWork } from './pool.ts'
import { startAll, topology } from './topology.ts'

const beginsAt = 15 * second
const shortestMs = 1 * second
const longestMs = 6 * second

export const flapping: Scenario = {
  name: 'flapping',
  summary: 'one hub goes up and down every few seconds, and no other flaps',
  usual: { hubs: 46, durationMs: 120 * second },
  plan({ hubs: count, durationMs }, random) {
    const hubs = topology(count, random)
    const flapper = random.pick(hubs)
    const spell = () => shortestMs + random.real() * (longestMs - shortestMs)
    const restarts: Scheduled[] = []
    for (let at = beginsAt; flapper !== undefined && at < durationMs; ) {
      const afterMs = spell()
      restarts.push({ at, what: { type: 'restart', hub: flapper.hub, afterMs } })
      at += afterMs + spell()
    }
    return {
      hubs,
      happenings: [...startAll(hubs, random), ...restarts],
      workload: lightWork(count),
      endsAt: durationMs,
      settleMs: 90 * second,
      ...(flapper === undefined ? {} : { expect: calmBut(flapper.hub) }),
    }
  },
}
