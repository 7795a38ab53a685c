// The network falls apart for ten minutes and more, so long that each side has buried the other and given its links up.
// Then it heals: somebody must call across, and all must see the same soon after. The seed decides whether hubs of both
// sides restart meanwhile, some at another address, and whether the hub that others were started with is replaced by a new
// one, at the same or another address.

import type { HubId } from '../../src/core/ids.ts'
import type { Random } from '../../src/core/random.ts'
import { type Millis, second } from '../../src/core/time.ts'
import type { HubPlan, Scenario, Scheduled } from '../engine/scenario.ts'
import { healsWithin } from './expectations.ts'
import { lightWork } from './pool.ts'
import { halves } from './sides.ts'
import { startAll, topology } from './topology.ts'

const splitAt = 30 * second
const contactMs = 10 * second
const rounds = 5
const successor = 'global-successor' as HubId

export const variants = ['plain', 'restarts', 'replaced', 'replaced elsewhere'] as const
export type Variant = (typeof variants)[number]

export const partitionLong: Scenario = longPartition(undefined)

/** With a variant given it is that one, else one is drawn. */
export function longPartition(given: Variant | undefined): Scenario {
  return {
    name: 'partition-long',
    summary: 'a split of ten minutes; both sides may restart hubs and replace their first one; then it heals',
    usual: { hubs: 20, durationMs: splitAt + 600 * second },
    plan({ hubs: count, durationMs }, random) {
      const before = topology(count, random)
      const variant = given ?? random.pick(variants) ?? 'plain'
      const sides = halves(before, random)
      const meanwhile = { from: splitAt + 10 * second, to: Math.max(splitAt + 20 * second, durationMs - 20 * second) }
      const replaced = variant.startsWith('replaced') ? replacement(before, variant, random) : []
      const sidesNow = sides.map((side) => (side.includes(globalOf(before)) ? [...side, successor] : side))
      return {
        hubs: [...before, ...replaced],
        happenings: [
          ...startAll(before, random),
          { at: splitAt, what: { type: 'split', sides: sidesNow } },
          ...(variant === 'restarts' ? restarts(sides, { ...meanwhile, seeds: seedsOf(before) }, random) : []),
          ...replaced.flatMap(({ hub }): Scheduled[] => [
            { at: meanwhile.from, what: { type: 'crash', hub: globalOf(before) } },
            { at: meanwhile.from + 5 * second, what: { type: 'start', hub } },
          ]),
        ],
        workload: lightWork(count),
        endsAt: durationMs,
        settleMs: 180 * second,
        expect: healsWithin(contactMs, rounds),
      }
    },
  }
}

function globalOf([first]: readonly HubPlan[]): HubId {
  return first?.hub ?? ('' as HubId)
}

/** A new hub in the place of the first one: with the same settings, and its address or another. */
function replacement([first, ...others]: readonly HubPlan[], variant: Variant, random: Random): HubPlan[] {
  if (first === undefined) return []
  const known = random.sample(others, 3).map(({ hub }) => hub)
  const plan = { ...first, hub: successor, bootstrap: [...first.bootstrap, ...known] }
  return [variant === 'replaced' ? { ...plan, placeOf: first.hub } : plan]
}

/** Whom others were started with: their addresses are the operator's promise. */
function seedsOf(hubs: readonly HubPlan[]): ReadonlySet<HubId> {
  return new Set(hubs.flatMap(({ bootstrap }) => bootstrap))
}

/** Half of the hubs of each side, each once; every third comes back at another address, every fifth set up anew. */
function restarts(
  sides: readonly (readonly HubId[])[],
  { from, to, seeds }: { readonly from: Millis; readonly to: Millis; readonly seeds: ReadonlySet<HubId> },
  random: Random,
): Scheduled[] {
  return sides.flatMap((side) =>
    random.sample(side, Math.ceil(side.length / 2)).map((hub, i): Scheduled => {
      const afterMs = random.real() * 20 * second
      const at = from + random.real() * (to - from - afterMs)
      const moved = i % 3 === 0 && !seeds.has(hub)
      return { at, what: { type: 'restart', hub, afterMs, moved, renewed: i % 5 === 1 } }
    }),
  )
}
