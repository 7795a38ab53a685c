// Which of two leases counts (P1): the better one names the home of a project.

import type { Millis, Now } from '../time.ts'
import { compareClaims } from './lease.ts'
import type { Others } from './others.ts'
import type { PresenceOptions } from './protocol.ts'
import type { Held } from './table.ts'

export class Rank {
  readonly #options: PresenceOptions
  readonly #others: Others

  constructor({ options, others }: { readonly options: PresenceOptions; readonly others: Others }) {
    this.#options = options
    this.#others = others
  }

  /** P1: a home that is there before one that is not, a running lease before a lapsed one, then the higher claim. */
  compare(a: Held, b: Held, now: Now): number {
    const byClaim = compareClaims(a.lease.claim, b.lease.claim)
    if (byClaim === 0) return a.lease.rev - b.lease.rev
    const isRunning = ({ lease }: Held): number => (lease.state === 'lapsed' || lease.state === 'gone' ? 0 : 1)
    const isThere = (held: Held): number => (this.isThere(held, now) ? 1 : 0)
    return isThere(a) - isThere(b) || isRunning(a) - isRunning(b) || byClaim
  }

  /** Whether the lease's home still stands behind it. */
  isThere({ lease, heardAt }: Held, now: Now): boolean {
    const home = lease.claim[1]
    if (home === this.#options.self) return true
    const status = this.#others.home(home)?.status ?? 'alive'
    const silentMs: Millis = now.mono - heardAt
    return (status === 'alive' || status === 'suspect') && silentMs <= this.#options.staleThresholdMs
  }
}
