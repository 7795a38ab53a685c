// The conditions of the Lifeguard paper (Dadgar, Phillips, Currey 2018, section V), in one pool: after a quiet start some
// members are slow, all in step: blocked for D, then normal for I, again and again. How many, D and I are drawn from the
// paper's grid. It counts who is declared dead by whom; the settings decide how many are, so nothing is expected.

import { second } from '../../src/core/time.ts'
import type { Scenario, Scheduled } from '../engine/scenario.ts'
import { onePool } from './pool.ts'
import { startAll } from './topology.ts'

const quietMs = 15 * second
const slowMembers = [1, 4, 8, 12, 16, 20, 24, 28, 32]
const blockedMs = [128, 512, 2_048, 8_192, 32_768]
const normalMs = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384]
/** The paper has 128 members. */
const paperMembers = 128
/** A slow machine reads what has piled up slowly, too. */
const readMs = 2

export const lifeguard: Scenario = {
  name: 'lifeguard',
  summary: 'in one pool, some members are blocked and free again and again, in step (Lifeguard)',
  usual: { hubs: 32, durationMs: 90 * second },
  plan({ hubs: count, durationMs }, random) {
    const hubs = onePool(count, random)
    const share = (random.pick(slowMembers) ?? 1) / paperMembers
    const slow = random.sample(hubs, Math.max(1, Math.round(share * count)))
    const [blocked, normal] = [random.pick(blockedMs) ?? 1_000, random.pick(normalMs) ?? 1_000]
    const happenings: Scheduled[] = []
    for (let at = quietMs; at < durationMs; at += blocked + normal)
      for (const { hub } of slow) happenings.push({ at, what: { type: 'stall', hub, forMs: blocked, readMs } })
    return {
      hubs,
      happenings: [...startAll(hubs, random), ...happenings],
      workload: { projects: 0, writesPerSecond: 0, removals: 0, registrations: 0 },
      endsAt: durationMs,
      settleMs: 120 * second,
    }
  },
}
