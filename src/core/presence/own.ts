// The leases of the projects whose home this hub is: beats renew them, time ages them, and what changes is told.

import type { Slug } from '../ids.ts'
import type { Effect } from '../machine.ts'
import { type Millis, type Now, never } from '../time.ts'
import type { Checkpoint } from './checkpoint.ts'
import { type Claim, isSameReport, type Lease, leaseState, nextAge, type Report } from './lease.ts'
import type { PresenceOptions, PresenceProtocol } from './protocol.ts'
import type { LeaseTable } from './table.ts'
import type { Teller } from './teller.ts'

type Effects = Effect<PresenceProtocol>[]
interface Beat {
  readonly slug: Slug
  readonly report: Report
}

export interface OwnParts {
  readonly options: PresenceOptions
  readonly held: LeaseTable
  readonly teller: Teller
  readonly checkpoint: Checkpoint
}

export class Own {
  readonly #options: PresenceOptions
  readonly #held: LeaseTable
  readonly #teller: Teller
  readonly #checkpoint: Checkpoint
  readonly #bootedAt: Millis
  /** The earliest moment an own lease changes state without a beat (P2: never later than the true one). */
  #agingAt: Millis = never

  constructor({ options, held, teller, checkpoint }: OwnParts, now: Now) {
    this.#options = options
    this.#held = held
    this.#teller = teller
    this.#checkpoint = checkpoint
    this.#bootedAt = now.mono
  }

  deadline(): Millis {
    return this.#agingAt
  }

  tick(now: Now, out: Effects): void {
    if (this.#agingAt <= now.mono) this.#age(now, out)
  }

  /** P5: while peers may still tell what they remember. */
  isBooting(now: Now): boolean {
    return now.mono - this.#bootedAt <= this.#options.refreshMs
  }

  /** A beat: of a project whose home this hub is, or becomes. */
  renew({ slug, report }: Beat, now: Now, out: Effects): void {
    const held = this.#held.get(slug)
    const isOwn = this.has(slug)
    if (held === undefined && this.#held.size >= this.#options.maxLeases) return
    const floor = (held?.lease.claim[0] ?? 0) + 1
    const claim: Claim =
      isOwn && held !== undefined ? held.lease.claim : [Math.max(now.wall, floor), this.#options.self]
    const isSame = isOwn && held?.lease.state === 'fresh' && isSameReport(held.lease.report, report)
    const rev = isSame ? held.lease.rev : this.#teller.nextRev
    this.#held.set({ lease: { slug, claim, rev, state: 'fresh', beatAt: now.wall, report }, heardAt: now.mono })
    this.#agingAt = Math.min(this.#agingAt, now.mono + (nextAge('fresh', this.#options) ?? never))
    if (!isSame) this.#mark(slug, now, out)
  }

  /** Own leases grow old: late, then lapsed. */
  #age(now: Now, out: Effects): void {
    this.#agingAt = never
    for (const slug of this.#held.ofHome(this.#options.self)) {
      const held = this.#held.get(slug)
      if (held === undefined || held.lease.state === 'gone' || held.lease.state === 'lapsed') continue
      const state = leaseState(now.mono - held.heardAt, this.#options)
      if (state !== held.lease.state) this.restate({ slug, state }, now, out)
      const next = nextAge(state, this.#options)
      if (next !== undefined) this.#agingAt = Math.min(this.#agingAt, held.heardAt + next + 1)
    }
  }

  /** An own lease is another than it was. */
  restate({ slug, state }: Pick<Lease, 'slug' | 'state'>, now: Now, out: Effects): void {
    const held = this.#held.get(slug)
    if (held === undefined) return
    this.#held.set({ ...held, lease: { ...held.lease, state, rev: this.#teller.nextRev } })
    this.#teller.note(slug, now)
    const stale = state === 'lapsed' ? { isStale: true as const } : {}
    out.push({ type: 'change', change: { type: 'lease', slug, ...stale } })
  }

  #mark(slug: Slug, now: Now, out: Effects): void {
    this.#teller.note(slug, now)
    out.push({ type: 'change', change: { type: 'lease', slug } })
  }

  has(slug: Slug): boolean {
    return this.#held.get(slug)?.lease.claim[1] === this.#options.self
  }

  /** P10: the project is this hub's from now on; its beat is that old. */
  adopt(lease: Lease, ageMs: Millis, { now, out }: { readonly now: Now; readonly out: Effects }): void {
    if (this.#held.get(lease.slug) === undefined && this.#held.size >= this.#options.maxLeases) return
    const claim: Claim = [Math.max(now.wall, lease.claim[0] + 1), this.#options.self]
    const heardAt = now.mono - ageMs
    const state = leaseState(ageMs, this.#options)
    const beatAt = Math.max(0, now.wall - ageMs)
    this.#held.set({ lease: { ...lease, claim, state, beatAt, rev: this.#teller.nextRev }, heardAt })
    this.#agingAt = Math.min(this.#agingAt, heardAt + (nextAge(state, this.#options) ?? never) + 1)
    this.#mark(lease.slug, now, out)
  }

  /** P5: a home that restarted takes its leases back from those who remember them, instead of calling all offline. */
  resume(lease: Lease, now: Now, out: Effects): void {
    const isMine = lease.claim[1] === this.#options.self && lease.state !== 'gone'
    if (!this.isBooting(now) || !isMine) return
    if (this.#held.get(lease.slug) !== undefined && !this.#checkpoint.isRestored(lease.slug)) return
    if (this.#held.size >= this.#options.maxLeases) return
    const ageMs = Math.max(0, now.wall - lease.beatAt)
    const heardAt = now.mono - ageMs
    const state = leaseState(ageMs, this.#options)
    this.#held.set({ lease: { ...lease, state, rev: this.#teller.nextRev }, heardAt })
    this.#agingAt = Math.min(this.#agingAt, heardAt + (nextAge(state, this.#options) ?? never) + 1)
    this.#mark(lease.slug, now, out)
  }
}
