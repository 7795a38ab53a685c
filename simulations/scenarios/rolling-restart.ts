// An upgrade: every hub is restarted in turn, and is back before a suspicion could run out. At most one death and return a
// restart in anybody's view, no other hub dies, and nothing that users wrote is lost.

import { second } from '../../src/core/time.ts'
import type { Scenario, Scheduled } from '../engine/scenario.ts'
import { all, noFalseDeaths, oneFlapPerRestart } from './expectations.ts'
import { startAll, topology } from './topology.ts'

const beginsAt = 20 * second
/** A process that starts again takes a second or two: less than the four seconds that a suspicion lasts at least. */
const shortestMs = 0.5 * second
const longestMs = 2.5 * second

export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  summary: 'every hub restarts in turn, quickly: one flap at most each, nothing lost',
  usual: { hubs: 30, durationMs: 120 * second },
  plan({ hubs: count, durationMs }, random) {
    const hubs = topology(count, random)
    const stepMs = Math.max(0, durationMs - beginsAt - 5 * second) / count
    const restarts = random.shuffle(hubs).map(({ hub }, i): Scheduled => {
      const afterMs = shortestMs + random.real() * (longestMs - shortestMs)
      return { at: beginsAt + i * stepMs, what: { type: 'restart', hub, afterMs } }
    })
    return {
      hubs,
      happenings: [...startAll(hubs, random), ...restarts],
      workload: { projects: 2 * count, writesPerSecond: count / 20, removals: 0.1, registrations: 0.2 },
      endsAt: durationMs,
      settleMs: 90 * second,
      expect: all(noFalseDeaths, oneFlapPerRestart),
    }
  },
}
