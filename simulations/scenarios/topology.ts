// A federation of any size, made from the fan-in caps: regions of about twenty-two hubs, in each as many regional hubs as
// its local ones need to have two parents, and as many global hubs as the regional ones need. Locals know two of their
// regionals, regionals a global hub and a neighbouring region, the first global hub some regionals, the others the first.

import type { HubId, Region } from '../../src/core/ids.ts'
import type { Random } from '../../src/core/random.ts'
import type { Millis } from '../../src/core/time.ts'
import type { HubPlan, Scheduled } from '../engine/scenario.ts'

/** What a configuration that says nothing allows (network.max_regional_hubs, max_child_hubs). */
const usual: Caps = { maxRegionalHubs: 10, maxChildHubs: 20 }
/** Two regional hubs and the twenty local ones that both can take. */
const hubsPerRegion = 22
const parentsPerHub = 2
/** Clocks that NTP keeps are within this of each other. */
const skewMs: Millis = 50
/** A federation's hubs are started within this time. */
const startSpreadMs: Millis = 2_000

export interface Caps {
  /** Regional children of a global hub. */
  readonly maxRegionalHubs: number
  /** Local children of a regional hub. */
  readonly maxChildHubs: number
  /** How many regions; by default of about twenty-two hubs each. */
  readonly regions?: number
}

interface Shape {
  readonly globals: number
  /** Of each region: all its hubs, and how many of them are regional. */
  readonly regions: readonly { readonly hubs: number; readonly regionals: number }[]
}

/** `count` hubs, at least one; the first is a global one. */
export function topology(count: number, random: Random, caps: Caps = usual): HubPlan[] {
  const { globals, regions } = shapeOf(count, caps)
  const skew = () => Math.round((2 * random.real() - 1) * skewMs)
  const global = (n: number) => `global-${n}` as HubId
  const regional = (region: number, n: number) => `r${region}-regional-${n}` as HubId
  const neighbours = regions.slice(0, 3).map((_, region) => regional(region, 0))
  const hubs: HubPlan[] = []
  for (let n = 0; n < globals; n++) {
    const bootstrap = n === 0 ? neighbours : [global(0), ...neighbours.slice(0, 1)]
    hubs.push({ hub: global(n), region: 'core' as Region, tier: 'global', bootstrap, skewMs: skew() })
  }
  regions.forEach((shape, number) => {
    const region = `r${number}` as Region
    for (let rank = 0; rank < shape.hubs; rank++) {
      if (rank < shape.regionals) {
        const hub = regional(number, rank)
        const near = [global(number % globals), regional((number + 1) % regions.length, 0)]
        const bootstrap = near.filter((other) => other !== hub)
        hubs.push({ hub, region, tier: 'regional', bootstrap, skewMs: skew() })
      } else {
        const hub = `r${number}-local-${rank - shape.regionals}` as HubId
        const bootstrap = [rank, rank + 1].map((n) => regional(number, n % shape.regionals))
        hubs.push({ hub, region, tier: 'local', bootstrap, skewMs: skew() })
      }
    }
  })
  return hubs
}

/** More global hubs leave fewer for the regions: tried until both fit. */
function shapeOf(count: number, caps: Caps): Shape {
  for (let globals = 1; ; globals++) {
    const rest = Math.max(0, count - globals)
    const number = Math.min(rest, caps.regions ?? Math.ceil(rest / hubsPerRegion))
    const regions = Array.from({ length: number }, (_, i) => {
      const hubs = Math.floor(rest / number) + (i < rest % number ? 1 : 0)
      return { hubs, regionals: Math.min(hubs, regionalsFor(hubs, caps)) }
    })
    const regionals = regions.reduce((sum, region) => sum + region.regionals, 0)
    if (globals * caps.maxRegionalHubs >= parentsPerHub * regionals || globals >= count) return { globals, regions }
  }
}

/** So many that all others of the region have two parents among them, within the cap; two at least. */
function regionalsFor(hubs: number, { maxChildHubs }: Caps): number {
  return Math.max(parentsPerHub, Math.ceil((parentsPerHub * hubs) / (maxChildHubs + parentsPerHub)))
}

/** All hubs start in random order within the first two seconds. */
export function startAll(hubs: readonly HubPlan[], random: Random): Scheduled[] {
  return hubs.map(({ hub }) => ({ at: random.real() * startSpreadMs, what: { type: 'start', hub } }))
}
