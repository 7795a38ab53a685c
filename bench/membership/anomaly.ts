// One run of the Lifeguard paper's experiment: 128 members, 15 s of quiet, then some of them slow in cycles for at least
// two minutes. What counts as a false positive is a death declared about a member that is not slow; each observer counts.

import type { SwimChange } from '../../src/core/membership/protocol.ts'
import { Swim } from '../../src/core/membership/swim.ts'
import { Random } from '../../src/core/random.ts'
import { type Millis, second } from '../../src/core/time.ts'
import { type Configuration, indexOf, swimOptions } from './configurations.ts'
import { Cycle } from './cycle.ts'
import { Pool, type Sending, wallStart } from './pool.ts'

export const poolSize = 128
export const quietMs: Millis = 15 * second
export const lengthMs: Millis = 120 * second
/** Between machines of one data centre, and for a message that is not lost: none is. */
const latencyMs = [0.2, 1] as const

/**
 * The one knob: what a message of its backlog costs a slow member to read. Fitted on C of 4 and 16; it decides how much
 * is read in a short I before the next block.
 */
export const readMs: Millis = 0.01

export interface Anomaly {
  /** How many members are slow at once (the paper's C), for how long (D), and how long they are well in between (I). */
  readonly slowMembers: number
  readonly slowMs: Millis
  readonly normalMs: Millis
  readonly seed: number
  /** A smaller pool shows the same in less time. */
  readonly members?: number
}

export interface Counts {
  readonly falsePositives: number
  /** Those of them that healthy members declared. */
  readonly atHealthy: number
  /** Sent by all, from the end of the quiet. */
  readonly messages: number
}

export interface PoolPlan {
  readonly random: Random
  readonly configuration: Configuration
  readonly members?: number
  readonly readMs?: Millis
  readonly heard?: (change: SwimChange, observer: number, time: Millis) => void
  readonly sent?: (sending: Sending) => void
}

/** Members that know each other, 128 unless said otherwise, at the beginning of their quiet. */
export function makePool({ random, configuration, heard, sent, ...plan }: PoolPlan): Pool {
  const watch = { ...(heard && { heard }), ...(sent && { sent }) }
  const pool = new Pool({ random: new Random(random.seed()), latencyMs, readMs: plan.readMs ?? readMs, ...watch })
  const now = { mono: 0, wall: wallStart }
  for (let index = 0; index < (plan.members ?? poolSize); index++) {
    pool.add(new Swim(swimOptions(index, new Random(random.seed()), configuration), now))
  }
  pool.introduce()
  return pool
}

export function runAnomaly(anomaly: Anomaly, configuration: Configuration, costMs = readMs): Counts {
  const { slowMembers, slowMs, normalMs, seed, members = poolSize } = anomaly
  let falsePositives = 0
  let atHealthy = 0
  const isSlow = (index: number): boolean => index < slowMembers
  const heard = (change: SwimChange, observer: number): void => {
    if (change.type !== 'member' || change.member.status !== 'dead') return
    if (isSlow(indexOf(change.member.info.hub))) return
    falsePositives++
    if (!isSlow(observer)) atHealthy++
  }
  const pool = makePool({ random: new Random(seed), configuration, members, readMs: costMs, heard })
  const cycle = new Cycle({ slowMs, normalMs, startsAt: quietMs, lengthMs })
  for (let index = 0; index < slowMembers; index++) pool.slow(index, cycle)
  pool.run(quietMs)
  const sentBefore = pool.sent
  pool.run(cycle.endsAt)
  return { falsePositives, atHealthy, messages: pool.sent - sentBefore }
}
