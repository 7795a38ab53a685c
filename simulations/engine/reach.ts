// Who could be reached, and when: the judge's memory of absences and cuts. A word of death is judged by it some time after
// what it rests on, so what was true is kept, not only what is.

import type { HubId } from '../../src/core/ids.ts'
import { type Millis, never } from '../../src/core/time.ts'
import type { HubPlan } from './scenario.ts'
import { type Cuts, isCutIn } from './weather.ts'

/** Cuts that ended longer ago excuse nobody. */
const rememberedMs: Millis = 600_000

interface Era {
  readonly cuts: Cuts
  readonly until: Millis
}

export class Reach {
  readonly #indexes: ReadonlyMap<HubId, number>
  readonly #mates: ReadonlyMap<HubId, readonly number[]>
  /** When a hub was last away: not running, or standing still. Who never ran is away. */
  readonly #away = new Map<HubId, { readonly since: Millis; readonly until: Millis }>()
  /** Earlier cuts, the oldest first. */
  #eras: Era[] = []
  #cuts: Cuts | undefined

  constructor(hubs: readonly HubPlan[]) {
    this.#indexes = new Map(hubs.map(({ hub }, index) => [hub, index]))
    this.#mates = new Map(
      hubs.map((plan) => [plan.hub, hubs.flatMap((other, at) => (areMates(plan, other) ? [at] : []))]),
    )
  }

  /** The hub is down until further notice. */
  down(hub: HubId, now: Millis): void {
    const last = this.#away.get(hub)
    this.#away.set(hub, { since: last !== undefined && last.until > now ? last.since : now, until: never })
  }

  up(hub: HubId, now: Millis): void {
    this.#away.set(hub, { since: this.#away.get(hub)?.since ?? 0, until: now })
  }

  /** It stands still from now until then. */
  still(hub: HubId, now: Millis, until: Millis): void {
    const last = this.#away.get(hub)
    const isStill = last !== undefined && last.until > now
    this.#away.set(hub, isStill ? { since: last.since, until: Math.max(last.until, until) } : { since: now, until })
  }

  /** These are the cuts from now on. */
  cut(cuts: Cuts, now: Millis): void {
    if (this.#cuts !== undefined) this.#eras.push({ cuts: this.#cuts, until: now })
    this.#eras = this.#eras.filter(({ until }) => until > now - rememberedMs)
    this.#cuts = cuts
  }

  /** Whether it was away at any time since then. */
  wasAway(hub: HubId, since: Millis): boolean {
    return (this.#away.get(hub)?.until ?? never) > since
  }

  /** How long its last absence took, if that one reached into the time since then. */
  absence(hub: HubId, since: Millis): Millis {
    const last = this.#away.get(hub)
    return last === undefined || last.until <= since ? 0 : last.until - last.since
  }

  /** Whether `hub` was cut off, at any time since then, from `from` or from all its own pools. */
  wasCutOff(hub: HubId, from: HubId, since: Millis): boolean {
    const eras = this.#eras.filter(({ until }) => until > since).map(({ cuts }) => cuts)
    if (this.#cuts !== undefined) eras.push(this.#cuts)
    return eras.some((cuts) => this.#isCutOff(hub, from, cuts))
  }

  #isCutOff(hub: HubId, from: HubId, { sides, oneWay }: Cuts): boolean {
    const [target, observer] = [this.#indexes.get(hub), this.#indexes.get(from)]
    if (target === undefined || observer === undefined) return true
    if (isCutIn({ sides, oneWay: new Set() }, observer, target)) return true
    if (oneWay.size === 0) return false
    const cuts = { sides, oneWay }
    const hears = (mate: number) => !isCutIn(cuts, mate, target) && !isCutIn(cuts, target, mate)
    return !hears(observer) && !(this.#mates.get(hub) ?? []).some(hears)
  }
}

/** Whether two hubs share a pool and so watch each other; the backbone is that of all tiers but the local one. */
export function areMates(a: HubPlan, b: HubPlan): boolean {
  return a.hub !== b.hub && (a.region === b.region || (a.tier !== 'local' && b.tier !== 'local'))
}
