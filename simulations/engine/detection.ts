// How quick and how right the hubs are about deaths: when each survivor learned of a crash, who was declared dead though it
// ran and could be reached, and who came back to life in somebody's eyes without having been away for long.
// A death is false when the hub ran and could be reached for as long as the shortest suspicion lasts before it was
// declared: then nobody had a reason, or the hub had the time to speak up. Words on their way get a little more.

import type { HubId } from '../../src/core/ids.ts'
import { type Millis, second } from '../../src/core/time.ts'
import type { Deaths, FalseDeath } from './outcome.ts'
import { areMates, Reach } from './reach.ts'
import type { HubPlan } from './scenario.ts'

export interface Belief {
  readonly at: HubId
  readonly of: HubId
  readonly status: string
  /** In which of the observer's tables. */
  readonly pool: string
}

/** For a word of death, and its refutation, to reach everybody. */
const spreadingMs: Millis = 2 * second
const maxShown = 5
/** What other regions report; an own pool's word is final. */
export const foreignPool = 'foreign'

export class Detection {
  readonly reach: Reach
  readonly #plans: ReadonlyMap<HubId, HubPlan>
  readonly #graceMs: Millis
  readonly #crashedAt = new Map<HubId, Millis>()
  /** Who knows of a crash, in the order of learning. */
  readonly #knowers = new Map<HubId, Set<HubId>>()
  /** Observer → hub → where and since when it is dead to that observer. */
  readonly #dead = new Map<HubId, Map<HubId, { readonly at: Millis; readonly pools: Set<string> }>>()
  readonly #gray = new Set<HubId>()
  readonly #all: Millis[] = []
  readonly #near: Millis[] = []
  readonly #far: Millis[] = []
  readonly #first: Millis[] = []
  readonly #byPool = new Map<string, Millis[]>()
  readonly #falseOf = new Map<HubId, number>()
  readonly #byHealthy: FalseDeath[] = []
  readonly #bySick: FalseDeath[] = []
  readonly #flapsOf = new Map<HubId, Map<HubId, number>>()
  #falseAtHealthy = 0
  #grayDeaths = 0

  /** `suspicionMs`: the shortest time that a hub is suspect before it is dead. */
  constructor(hubs: readonly HubPlan[], suspicionMs: Millis) {
    this.#plans = new Map(hubs.map((plan) => [plan.hub, plan]))
    this.#graceMs = suspicionMs + spreadingMs
    this.reach = new Reach(hubs)
  }

  crashed(hub: HubId, now: Millis): void {
    this.#crashedAt.set(hub, now)
    this.#knowers.set(hub, new Set())
    this.reach.down(hub, now)
  }

  /** It goes by its own will: nobody need declare it dead, and nobody is wrong who does. */
  left(hub: HubId, now: Millis): void {
    this.reach.down(hub, now)
  }

  started(hub: HubId, now: Millis): void {
    this.#crashedAt.delete(hub)
    this.#dead.delete(hub)
    this.reach.up(hub, now)
  }

  /** From now on it loses most of what it hears or says. */
  gray(hub: HubId): void {
    this.#gray.add(hub)
  }

  believed(belief: Belief, now: Millis): void {
    const { at, of, status, pool } = belief
    const dead = this.#dead.get(at) ?? new Map()
    this.#dead.set(at, dead)
    const held = dead.get(of)
    if (pool !== foreignPool) held?.pools.delete(foreignPool)
    if (status === 'dead') {
      if (held === undefined) {
        dead.set(of, { at: now, pools: new Set([pool]) })
        this.#declared(at, of, now)
      } else held.pools.add(pool)
    } else if (held !== undefined) {
      held.pools.delete(pool)
      if (held.pools.size > 0) return
      dead.delete(of)
      if (status === 'alive') this.#revived(at, of, held.at)
    }
  }

  outcome(): Deaths {
    const flapsOf = new Map([...this.#flapsOf].map(([of, by]) => [of, Math.max(...by.values())]))
    const flaps = [...this.#flapsOf.values()].flatMap((by) => [...by.values()])
    return {
      detections: this.#all,
      near: this.#near,
      far: this.#far,
      first: this.#first,
      byPool: this.#byPool,
      falseDeaths: sum(this.#falseOf.values()),
      falseAtHealthy: this.#falseAtHealthy,
      falseOf: this.#falseOf,
      someFalse: [...this.#byHealthy, ...this.#bySick].slice(0, maxShown),
      grayDeaths: this.#grayDeaths,
      flaps: sum(flaps),
      flapsOf,
    }
  }

  #declared(at: HubId, of: HubId, now: Millis): void {
    const crashedAt = this.#crashedAt.get(of)
    if (crashedAt !== undefined) this.#detected(at, of, now - crashedAt)
    const since = now - this.#graceMs
    if (this.reach.wasAway(of, since) || this.reach.wasCutOff(of, at, since)) return
    if (this.#gray.has(of)) {
      this.#grayDeaths++
      return
    }
    const isBySick = this.#gray.has(at) || this.reach.wasAway(at, since)
    if (!isBySick) this.#falseAtHealthy++
    this.#falseOf.set(of, (this.#falseOf.get(of) ?? 0) + 1)
    const kept = isBySick ? this.#bySick : this.#byHealthy
    if (kept.length < maxShown) kept.push({ at, of, atMs: now, isBySick })
  }

  #detected(at: HubId, of: HubId, delay: Millis): void {
    const knowers = this.#knowers.get(of)
    const [observer, victim] = [this.#plans.get(at), this.#plans.get(of)]
    if (knowers === undefined || knowers.has(at) || observer === undefined || victim === undefined) return
    if (knowers.size === 0) this.#first.push(delay)
    knowers.add(at)
    this.#all.push(delay)
    const isNear = areMates(observer, victim)
    const side = isNear ? this.#near : this.#far
    side.push(delay)
    if (!isNear) return
    const pool = this.#byPool.get(victim.region) ?? []
    this.#byPool.set(victim.region, pool)
    pool.push(delay)
  }

  /** `diedAt`: when the observer took it for dead. */
  #revived(at: HubId, of: HubId, diedAt: Millis): void {
    const since = diedAt - this.#graceMs
    const wasLong = this.reach.absence(of, since) >= this.#graceMs
    if (wasLong || this.#gray.has(of) || this.reach.wasCutOff(of, at, since)) return
    const by = this.#flapsOf.get(of) ?? new Map()
    this.#flapsOf.set(of, by)
    by.set(at, (by.get(at) ?? 0) + 1)
  }
}

function sum(counts: Iterable<number>): number {
  return [...counts].reduce((total, count) => total + count, 0)
}
