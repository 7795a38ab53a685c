// A federation of any size: one global hub, and regions of two regional and about twenty local hubs each. Locals know
// their regionals, regionals the global hub and a neighbouring region, the global hub some regionals.

import type { HubId, Region } from '../../src/core/ids.ts'
import type { Random } from '../../src/core/random.ts'
import type { Millis } from '../../src/core/time.ts'
import type { HubPlan, Scheduled } from '../engine/scenario.ts'

const hubsPerRegion = 22
const regionalsPerRegion = 2
/** Clocks that NTP keeps are within this of each other. */
const skewMs: Millis = 50
/** A federation's hubs are started within this time. */
const startSpreadMs: Millis = 2_000

/** `count` hubs, at least one; the first is the global one. */
export function topology(count: number, random: Random): HubPlan[] {
  const regions = Math.max(1, Math.ceil((count - 1) / hubsPerRegion))
  const skew = () => Math.round((2 * random.real() - 1) * skewMs)
  const regional = (region: number, n: number) => `r${region}-regional-${n}` as HubId
  const neighbours = Array.from({ length: Math.min(regions, 3) }, (_, region) => regional(region, 0))
  const global = 'global-0' as HubId
  const hubs: HubPlan[] = [
    { hub: global, region: 'core' as Region, tier: 'global', bootstrap: count > 1 ? neighbours : [], skewMs: skew() },
  ]
  for (let i = 0; hubs.length < count; i++) {
    const number = i % regions
    const rank = Math.floor(i / regions)
    const region = `r${number}` as Region
    if (rank < regionalsPerRegion) {
      const bootstrap = [global, regional((number + 1) % regions, 0)]
      hubs.push({ hub: regional(number, rank), region, tier: 'regional', bootstrap, skewMs: skew() })
    } else {
      const hub = `r${number}-local-${rank - regionalsPerRegion}` as HubId
      const bootstrap = [regional(number, 0), regional(number, 1)]
      hubs.push({ hub, region, tier: 'local', bootstrap, skewMs: skew() })
    }
  }
  return hubs
}

/** All hubs start in random order within the first two seconds. */
export function startAll(hubs: readonly HubPlan[], random: Random): Scheduled[] {
  return hubs.map(({ hub }) => ({ at: random.real() * startSpreadMs, what: { type: 'start', hub } }))
}
