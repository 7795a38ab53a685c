// Ties between children and parents: attach every interval, believe the tie broken after a few unanswered ones.

import type { HubId } from '../ids.ts'
import type { Millis, Now } from '../time.ts'
import type { HubInfo } from '../wire.ts'

/** Unanswered intervals after which a tie counts as broken; with 1 s intervals the age of SWIM's suspicion of few. */
export const brokenAfter = 5
/** A parent that refused (full) or broke off is not asked again for this many intervals. */
const avoidFor = 60

interface Tie {
  readonly info: HubInfo
  readonly heardAt: Millis
}

export class Ties {
  readonly #intervalMs: Millis
  readonly #parents = new Map<HubId, Tie>()
  readonly #children = new Map<HubId, Tie>()
  readonly #avoided = new Map<HubId, Millis>()

  constructor(intervalMs: Millis) {
    this.#intervalMs = intervalMs
  }

  parents(): HubInfo[] {
    return [...this.#parents.values()].map((tie) => tie.info)
  }

  children(): HubInfo[] {
    return [...this.#children.values()].map((tie) => tie.info)
  }

  isAvoided(hub: HubId, now: Now): boolean {
    return (this.#avoided.get(hub) ?? Number.NEGATIVE_INFINITY) > now.mono
  }

  /** Makes exactly these the parents; says whether anything changed. A new tie starts as just heard. */
  choose(parents: readonly HubInfo[], now: Now): boolean {
    const chosen = new Set(parents.map((info) => info.hub))
    const isSame = chosen.size === this.#parents.size && [...chosen].every((hub) => this.#parents.has(hub))
    for (const hub of [...this.#parents.keys()]) if (!chosen.has(hub)) this.#parents.delete(hub)
    for (const info of parents) {
      this.#parents.set(info.hub, { info, heardAt: this.#parents.get(info.hub)?.heardAt ?? now.mono })
    }
    return !isSame
  }

  /** A parent answered. A refusal ends the tie. */
  answered(hub: HubId, accepted: boolean, now: Now): void {
    const tie = this.#parents.get(hub)
    if (tie === undefined) return
    if (accepted) this.#parents.set(hub, { ...tie, heardAt: now.mono })
    else this.avoid(hub, now)
  }

  avoid(hub: HubId, now: Now): void {
    this.#parents.delete(hub)
    this.#avoided.set(hub, now.mono + avoidFor * this.#intervalMs)
  }

  /** The hub is known to be well again: it may be asked. */
  pardon(hub: HubId): void {
    this.#avoided.delete(hub)
  }

  /** A child asks; accepted while `capacity` is not exhausted. */
  adopt(info: HubInfo, capacity: number, now: Now): boolean {
    if (!this.#children.has(info.hub) && this.#children.size >= capacity) return false
    this.#children.set(info.hub, { info, heardAt: now.mono })
    return true
  }

  /** Ends the ties that have been silent too long and returns who was at the other end. */
  sever(now: Now): HubInfo[] {
    const isBroken = (tie: Tie): boolean => now.mono - tie.heardAt > brokenAfter * this.#intervalMs
    for (const [hub, until] of this.#avoided) if (until <= now.mono) this.#avoided.delete(hub)
    const broken = [...this.#parents.values(), ...this.#children.values()].filter(isBroken).map((tie) => tie.info)
    for (const info of broken) {
      if (this.#parents.has(info.hub)) this.avoid(info.hub, now)
      this.#children.delete(info.hub)
    }
    return broken
  }

  /** Drops a hub that is known dead or gone. */
  drop(hub: HubId): void {
    this.#parents.delete(hub)
    this.#children.delete(hub)
  }
}
