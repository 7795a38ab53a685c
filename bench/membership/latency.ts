// How long until a crashed member is known dead: silence alone, no refused connection, in a pool where all others are well
// and in one where some are slow. The median over all survivors of all runs; who never learns of it counts as never.

import type { HubId } from '../../src/core/ids.ts'
import type { SwimChange } from '../../src/core/membership/protocol.ts'
import { Random } from '../../src/core/random.ts'
import { type Millis, never, second } from '../../src/core/time.ts'
import { makePool, poolSize, quietMs } from './anomaly.ts'
import type { Configuration } from './configurations.ts'
import { Cycle } from './cycle.ts'
import { median } from './statistics.ts'

const watchedMs: Millis = 60 * second
/** The slow members of the second case: long blocks, short breaths. */
const slow = { members: 16, slowMs: 2_048, normalMs: 256 }

export interface LatencyPlan {
  readonly configuration: Configuration
  readonly withSlow: boolean
  readonly runs: number
}

/** Milliseconds from the crash. */
export function detectionLatency({ configuration, withSlow, runs }: LatencyPlan): Millis {
  const delays: Millis[] = []
  for (let run = 0; run < runs; run++) delays.push(...oneCrash({ configuration, withSlow, seed: 1_000 + run }))
  return median(delays)
}

function oneCrash(plan: { configuration: Configuration; withSlow: boolean; seed: number }): readonly Millis[] {
  const { configuration, withSlow, seed } = plan
  const random = new Random(seed)
  const victim = poolSize - 1
  const known = new Map<number, Millis>()
  const crashesAt = quietMs + random.real() * 10 * second
  const heard = (change: SwimChange, observer: number, time: Millis): void => {
    if (change.type !== 'member' || change.member.info.hub !== (`m${victim}` as HubId)) return
    if (change.member.status === 'dead' && !known.has(observer)) known.set(observer, time - crashesAt)
  }
  const pool = makePool({ random, configuration, heard })
  const slowMembers = withSlow ? slow.members : 0
  const cycle = new Cycle({ ...slow, startsAt: quietMs, lengthMs: 120 * second })
  for (let index = 0; index < slowMembers; index++) pool.slow(index, cycle)
  pool.run(crashesAt)
  pool.crash(victim)
  pool.run(crashesAt + watchedMs)
  return Array.from({ length: poolSize - 1 }, (_, observer) => known.get(observer) ?? never)
}
