// Clocks jump by hours, forward and back, while users of all hubs write: one in three, and some of them are set right
// again before the end. Nobody may be told that a write is taken which others would refuse for hours.

import type { Random } from '../../src/core/random.ts'
import { hour, second } from '../../src/core/time.ts'
import type { HubPlan, Scenario, Scheduled } from '../engine/scenario.ts'
import { startAll, topology } from './topology.ts'

/** The least and the most of a jump; less than the drift is no jump. */
const leastMs = 1 * hour
const mostMs = 9 * hour
const share = 3

export const clockJumps: Scenario = {
  name: 'clock-jumps',
  summary: 'wall clocks jump by hours while users write, and are set right',
  usual: { hubs: 20, durationMs: 90 * second },
  plan({ hubs: count, durationMs }, random) {
    const hubs = topology(count, random)
    return {
      hubs,
      happenings: [...startAll(hubs, random), ...jumps(hubs, durationMs, random)],
      workload: { projects: 2 * count, writesPerSecond: count / 5, removals: 0.15, registrations: 0.2 },
      endsAt: durationMs,
      settleMs: 120 * second,
    }
  },
}

function jumps(hubs: readonly HubPlan[], durationMs: number, random: Random): Scheduled[] {
  return random.sample(hubs, Math.ceil(hubs.length / share)).flatMap(({ hub }): Scheduled[] => {
    const size = leastMs + random.real() * (mostMs - leastMs)
    const byMs = random.chance(0.5) ? size : -size
    const at = durationMs * (0.2 + 0.4 * random.real())
    const jump: Scheduled = { at, what: { type: 'clock', hub, byMs } }
    if (random.chance(0.5)) return [jump]
    return [jump, { at: at + durationMs * 0.3 * random.real(), what: { type: 'clock', hub, byMs: -byMs } }]
  })
}
