// How quick and how right the hubs are about deaths: when each survivor learned of a crash, and whom somebody declared
// dead who was running and could be reached.

import type { HubId } from '../../src/core/ids.ts'
import type { Millis } from '../../src/core/time.ts'

/** A hub that was cut off or frozen this recently may rightly be thought dead. */
const excusedMs: Millis = 15_000

export class Detection {
  /** From a crash to when one other hub knew. */
  readonly delays: Millis[] = []
  falseDeaths = 0
  readonly #crashedAt = new Map<HubId, Millis>()
  readonly #known = new Map<HubId, Set<HubId>>()
  readonly #excusedUntil = new Map<HubId, Millis>()

  crashed(hub: HubId, now: Millis): void {
    this.#crashedAt.set(hub, now)
    this.#known.set(hub, new Set())
  }

  started(hub: HubId, now: Millis): void {
    this.#crashedAt.delete(hub)
    this.excuse(hub, now)
  }

  /** The hub is, or was until then, not to be reached. */
  excuse(hub: HubId, until: Millis): void {
    this.#excusedUntil.set(hub, Math.max(this.#excusedUntil.get(hub) ?? 0, until + excusedMs))
  }

  /** Everybody lost sight of somebody, until then. */
  excuseAll(hubs: Iterable<HubId>, until: Millis): void {
    for (const hub of hubs) this.excuse(hub, until)
  }

  /** `at` holds `of` for dead from now on. */
  declaredDead(at: HubId, of: HubId, now: Millis): void {
    const crashedAt = this.#crashedAt.get(of)
    const known = this.#known.get(of)
    if (crashedAt === undefined) {
      const isExcused = Math.max(this.#excusedUntil.get(of) ?? 0, this.#excusedUntil.get(at) ?? 0) > now
      if (!isExcused) this.falseDeaths++
    } else if (known !== undefined && !known.has(at)) {
      known.add(at)
      this.delays.push(now - crashedAt)
    }
  }
}
