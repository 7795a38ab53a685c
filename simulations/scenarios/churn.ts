// Hubs crash, freeze, leave and come back at random on a bad line, while users write. Now and then a disk is full. Every
// hub that crashed comes back sooner or later, except a few that stay away.

import type { Random } from '../../src/core/random.ts'
import { type Millis, second } from '../../src/core/time.ts'
import type { HubPlan, Scenario, Scheduled } from '../engine/scenario.ts'
import { startAll, topology } from './topology.ts'

/** Before this the federation forms. */
const quietMs: Millis = 10 * second
/** Of all hubs, each minute. */
const troublesPerHubMinute = 1
const loss = 0.01
const duplication = 0.01

export const churn: Scenario = {
  name: 'churn',
  summary: 'hubs crash, freeze, leave and return at random on a bad line, while users write',
  usual: { hubs: 50, durationMs: 60 * second },
  plan({ hubs: count, durationMs }, random) {
    const hubs = topology(count, random)
    const troubles = Math.ceil((troublesPerHubMinute * count * Math.max(0, durationMs - quietMs)) / (60 * second))
    const happenings = [...startAll(hubs, random), { at: quietMs, what: { type: 'line', loss, duplication } } as const]
    for (let i = 0; i < troubles; i++)
      happenings.push(...trouble(hubs, quietMs + random.real() * (durationMs - quietMs), random))
    return {
      hubs,
      happenings,
      workload: { projects: 2 * count, writesPerSecond: count / 10, removals: 0.15, registrations: 0.2 },
      endsAt: durationMs,
      settleMs: 90 * second,
    }
  },
}

/** Something that happens to one hub at that time. */
function trouble(hubs: readonly HubPlan[], at: Millis, random: Random): Scheduled[] {
  const hub = random.pick(hubs)?.hub
  if (hub === undefined) return []
  const awayMs = random.pick([1, 5, 20]) ?? 1
  const back: Scheduled = { at: at + awayMs * second * (0.5 + random.real()), what: { type: 'start', hub } }
  switch (random.pick(['crash', 'crash', 'crash', 'leave', 'freeze', 'disk'] as const)) {
    case 'leave':
      return [{ at, what: { type: 'leave', hub } }, back]
    case 'freeze':
      return [{ at, what: { type: 'freeze', hub, forMs: random.real() * 10 * second } }]
    case 'disk':
      return [
        { at, what: { type: 'disk-full', hub, full: true } },
        { at: back.at, what: { type: 'disk-full', hub, full: false } },
      ]
    default:
      return random.chance(0.1) ? [{ at, what: { type: 'crash', hub } }] : [{ at, what: { type: 'crash', hub } }, back]
  }
}
