// How long until somebody probes a dead member. Until then nobody can know that it is dead, so a pool in which all live
// and answer shows it as well: from any moment on, the period in which a member is next pinged. SWIM (Das et al. 2002,
// section 3.1) expects e/(e − 1) periods; round-robin bounds one observer's wait to 2n − 1 of its own.

import { Random } from '../../src/core/random.ts'
import { type Millis, second } from '../../src/core/time.ts'
import { makePool, poolSize } from './anomaly.ts'
import { lan } from './configurations.ts'
import { mean } from './statistics.ts'

export interface FirstProbe {
  readonly meanPeriods: number
  readonly samples: number
  /** The longest any observer took from one probe of a member to its next, in its own periods. */
  readonly longestGap: number
}

export function firstProbe(periods: number, seed: number): FirstProbe {
  const random = new Random(seed)
  /** When each member was pinged. */
  const pinged: Millis[][] = Array.from({ length: poolSize }, () => [])
  const gaps = new Gaps()
  const startsAt = 15 * second
  const pool = makePool({
    random,
    configuration: 'SWIM',
    sent: ({ from, to, message, time }) => {
      if (message.kind !== 'swim.ping') return
      gaps.probed(from, to)
      if (time >= startsAt) pinged[to]?.push(time)
    },
  })
  const endsAt = startsAt + periods * lan.probeIntervalMs
  pool.run(endsAt)
  const waits = pinged.flatMap((times) => waitsUntil(times, { random, startsAt, endsAt }))
  return { meanPeriods: mean(waits), samples: waits.length, longestGap: gaps.longest }
}

/** A member dies once in four periods, at a random moment of them: the period after that in which it is pinged. */
function waitsUntil(
  times: readonly Millis[],
  { random, startsAt, endsAt }: { random: Random; startsAt: Millis; endsAt: Millis },
): number[] {
  const period = lan.probeIntervalMs
  const waits: number[] = []
  let next = 0
  for (let from = startsAt; from + 24 * period < endsAt; from += 4 * period) {
    const diesAt = from + random.real() * 4 * period
    while ((times[next] ?? endsAt) < diesAt) next++
    waits.push(Math.floor(((times[next] ?? endsAt) - diesAt) / period) + 1)
  }
  return waits
}

/** How many members each observer probes between two probes of one. */
class Gaps {
  readonly #turns: number[] = []
  readonly #last = new Map<number, number>()
  longest = 0

  probed(from: number, to: number): void {
    const turn = (this.#turns[from] ?? 0) + 1
    this.#turns[from] = turn
    const pair = from * poolSize + to
    const last = this.#last.get(pair)
    if (last !== undefined) this.longest = Math.max(this.longest, turn - last)
    this.#last.set(pair, turn)
  }
}
