// A federation of one region: one membership pool, as the papers have it.

import type { HubId, Region } from '../../src/core/ids.ts'
import type { Random } from '../../src/core/random.ts'
import type { HubPlan } from '../engine/scenario.ts'

const regionals = 2
const skewMs = 50

/** `count` hubs, at least one; two of them are regional. */
export function onePool(count: number, random: Random): HubPlan[] {
  const names = Array.from({ length: count }, (_, i) => (i < regionals ? `regional-${i}` : `local-${i}`) as HubId)
  const seeds = names.slice(0, regionals)
  return names.map((hub, i) => ({
    hub,
    region: 'r0' as Region,
    tier: i < regionals ? 'regional' : 'local',
    bootstrap: seeds.filter((seed) => seed !== hub),
    skewMs: Math.round((2 * random.real() - 1) * skewMs),
  }))
}

/** What users do where it is not the users that matter: few projects, and now and then a write. */
export function lightWork(count: number): {
  projects: number
  writesPerSecond: number
  removals: number
  registrations: number
} {
  return { projects: count, writesPerSecond: count / 100, removals: 0.1, registrations: 0.2 }
}
