// What becomes of a federation after a split ends: how long until every pool that was split has a link between its parts,
// and how many rounds (probe intervals) later all running hubs see each other alive and nobody else.

import type { HubId } from '../../src/core/ids.ts'
import type { Millis } from '../../src/core/time.ts'
import { wrongBelief } from './agreement.ts'
import type { Healed } from './outcome.ts'
import type { Site } from './site.ts'
import { type Cuts, isCutIn } from './weather.ts'
import type { World } from './world.ts'

export interface HealingPlan {
  readonly world: World
  readonly sites: ReadonlyMap<HubId, Site>
  /** Hubs that ran at some time. */
  readonly known: ReadonlySet<HubId>
  /** The probe interval. */
  readonly roundMs: Millis
}

/** How often the views are compared. */
const lookEveryMs: Millis = 100

export class Healing {
  readonly #plan: HealingPlan
  #healedAt: Millis | undefined
  /** The split that ended. */
  #cuts: Cuts | undefined
  /** Pools without a link across so far. */
  readonly #apart = new Set<string>()
  #contactAt: Millis | undefined
  #isLooking = false
  #equalAt: Millis | undefined
  /** Who was last seen to be wrong: asked first the next time. */
  #wrong: Site | undefined

  constructor(plan: HealingPlan) {
    this.#plan = plan
  }

  /** The first split that ends counts. */
  ended(cuts: Cuts): void {
    if (cuts.sides.size === 0 || this.#healedAt !== undefined) return
    const { world, sites } = this.#plan
    this.#healedAt = world.now
    // Single lines that were cut as well divide nobody.
    this.#cuts = { ...cuts, oneWay: new Set() }
    const running = [...sites.values()].filter((site) => site.running !== undefined)
    for (const a of running)
      for (const b of running) for (const pool of this.#isAcross(a, b) ? sharedPools(a, b) : []) this.#apart.add(pool)
    for (const site of running) for (const info of site.running?.links.values() ?? []) this.linked(site, info.hub)
  }

  /** A link is up at that hub's end. It counts when both ends hold it, also when it outlived the split. */
  linked(site: Site, to: HubId): void {
    const other = this.#plan.sites.get(to)
    if (this.#cuts === undefined || this.#contactAt !== undefined || other === undefined) return
    const isHeld = other.running?.links.has(site.machine.peer) === true
    if (!isHeld || !this.#isAcross(site, other)) return
    for (const pool of sharedPools(site, other)) this.#apart.delete(pool)
    if (this.#apart.size === 0) this.#contactAt = this.#plan.world.now
    if (!this.#isLooking) this.#look()
    this.#isLooking = true
  }

  #isAcross(a: Site, b: Site): boolean {
    return this.#cuts !== undefined && isCutIn(this.#cuts, a.machine.index, b.machine.index)
  }

  outcome(): Healed | undefined {
    if (this.#healedAt === undefined) return undefined
    // A run may end between two looks.
    if (this.#isLooking && this.#equalAt === undefined) this.#look()
    const contactMs = this.#contactAt === undefined ? undefined : this.#contactAt - this.#healedAt
    if (this.#contactAt === undefined || this.#equalAt === undefined)
      return { contactMs, viewsMs: undefined, rounds: undefined }
    const viewsMs = this.#equalAt - this.#contactAt
    return { contactMs, viewsMs, rounds: viewsMs / this.#plan.roundMs }
  }

  #look(): void {
    const { world, sites } = this.#plan
    const all = [...sites.values()]
    const running = new Set(all.filter((site) => site.running !== undefined).map((site) => site.hub))
    const first = this.#wrong === undefined ? [] : [this.#wrong]
    this.#wrong = [...first, ...all].find((site) => this.#isWrong(site, running))
    if (this.#wrong === undefined) {
      this.#equalAt = world.now
      // One pool's link may have told the others all: that is contact enough.
      this.#contactAt ??= world.now
    } else world.after(lookEveryMs, () => this.#look())
  }

  /** A process that is no hub yet has no view: it is waited for. */
  #isWrong({ machine, running: hub }: Site, running: ReadonlySet<HubId>): boolean {
    if (hub === undefined) return machine.isRunning
    return wrongBelief(hub, running, this.#plan.known) !== undefined
  }
}

/** The pools that both are members of. */
function sharedPools({ plan: a }: Site, { plan: b }: Site): string[] {
  const region = a.region === b.region ? [`region ${a.region}`] : []
  return a.tier !== 'local' && b.tier !== 'local' ? [...region, 'backbone'] : region
}
