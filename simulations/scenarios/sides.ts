// Two halves of a federation, for splits.

import type { HubId } from '../../src/core/ids.ts'
import type { Random } from '../../src/core/random.ts'
import type { HubPlan } from '../engine/scenario.ts'

/** Which region is on which side, or whether the cut goes through the regions, is drawn. */
export function halves(hubs: readonly HubPlan[], random: Random): HubId[][] {
  const isByRegion = random.chance(0.5)
  const sides = new Map<string, boolean>()
  const isLeft = ({ region, hub }: HubPlan): boolean => {
    const key = isByRegion ? region : hub
    const side = sides.get(key) ?? random.chance(0.5)
    sides.set(key, side)
    return side
  }
  const left = hubs.filter(isLeft)
  const right = hubs.filter((hub) => !left.includes(hub))
  if (left.length === 0 || right.length === 0) return halvesOf(random.shuffle(hubs))
  return [left, right].map((side) => side.map(({ hub }) => hub))
}

/** Chance may put everybody on one side. */
function halvesOf(hubs: readonly HubPlan[]): HubId[][] {
  const middle = Math.floor(hubs.length / 2)
  return [hubs.slice(0, middle), hubs.slice(middle)].map((side) => side.map(({ hub }) => hub))
}
