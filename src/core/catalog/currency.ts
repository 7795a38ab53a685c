// C17: how current what this hub holds is: whose slices are known to be behind what a peer holds, since when, and how many
// states of the catalog hubs are in.

import type { HubId } from '../ids.ts'
import type { Millis, Now } from '../time.ts'
import type { Census } from './census.ts'
import type { Gaps } from './gaps.ts'
import type { Roster } from './roster.ts'
import type { Fetches } from './sync.ts'
import type { Vetting } from './vetting.ts'

export interface CurrencyOptions {
  readonly roster: Roster
  readonly census: Census
  /** Runs that are to come, that wait for what lies before them, and that are being verified. */
  readonly fetches: Fetches
  readonly gaps: Gaps
  readonly vetting: Vetting
}

export class Currency {
  readonly #options: CurrencyOptions
  #behindAt: Millis | undefined

  constructor(options: CurrencyOptions) {
    this.#options = options
  }

  /** Slices known to be behind. */
  get behind(): number {
    const { fetches, gaps, vetting } = this.#options
    return fetches.pending + gaps.size + vetting.size
  }

  /** Their hubs. */
  laggards(): ReadonlySet<HubId> {
    const { fetches, gaps, vetting } = this.#options
    return new Set([...fetches.hubs(), ...gaps.hubs(), ...vetting.hubs()])
  }

  /** Since when some are, on the monotonic clock. */
  get behindAt(): Millis | undefined {
    return this.#behindAt
  }

  /** To be called after every step. */
  note(now: Now): void {
    this.#behindAt = this.behind === 0 ? undefined : (this.#behindAt ?? now.mono)
  }

  /** Different states of the catalog that hubs are in. */
  digestsAlive(mono: Millis): number {
    const { census, roster } = this.#options
    census.hold(roster.digest(), mono)
    return census.alive(mono)
  }
}
