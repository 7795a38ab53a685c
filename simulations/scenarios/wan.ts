// Hubs at opposite ends of the world: every packet between any two takes 150 ± 50 ms, and now and then the queue before
// one hub's own line holds what it hears and says up for seconds, as a full uplink does. All of it arrives. With the settings
// for wide areas nobody dies in an hour; with those for a local network some do, or this would prove nothing.

import type { Random } from '../../src/core/random.ts'
import { hour, type Millis, minute, second } from '../../src/core/time.ts'
import type { HubPlan, Scenario, Scheduled } from '../engine/scenario.ts'
import { noFalseDeaths } from './expectations.ts'
import { lightWork } from './pool.ts'
import { startAll, topology } from './topology.ts'

const latency = { type: 'latency', baseMs: 150, spreadMs: 50 } as const
const quietMs = 30 * second
/** A queue fills up this often, somewhere, for this long, and adds this much each way. */
const queueEveryMs = 2 * minute
const queueForMs = 15 * second
const queueMs = 2.5 * second

export const wan: Scenario = wanWith('wan')
export const wanLan: Scenario = wanWith('lan')

function wanWith(preset: 'wan' | 'lan'): Scenario {
  const isWan = preset === 'wan'
  return {
    name: isWan ? 'wan' : 'wan-lan',
    summary: isWan
      ? '150 ± 50 ms between all hubs and a full uplink now and then, for an hour: nobody dies'
      : 'the same with the settings for a local network: somebody does',
    usual: { hubs: 10, durationMs: hour },
    plan({ hubs: count, durationMs }, random) {
      const hubs = topology(count, random)
      return {
        hubs,
        happenings: [{ at: 0, what: latency }, ...startAll(hubs, random), ...queues(hubs, durationMs, random)],
        workload: lightWork(count),
        endsAt: durationMs,
        settleMs: 2 * minute,
        settings: { 'membership.preset': preset },
        ...(isWan ? { expect: noFalseDeaths } : {}),
      }
    },
  }
}

function queues(hubs: readonly HubPlan[], until: Millis, random: Random): Scheduled[] {
  const all: Scheduled[] = []
  for (let at = quietMs; at < until; at += queueEveryMs) {
    const hub = random.pick(hubs)?.hub
    const from = at + random.real() * (queueEveryMs - queueForMs)
    if (hub === undefined) break
    all.push({ at: from, what: { type: 'lag', hub, addedMs: queueMs } })
    all.push({ at: from + queueForMs, what: { type: 'lag', hub, addedMs: 0 } })
  }
  return all
}
