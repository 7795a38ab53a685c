// Which projects are up. Projects beat to their home; the home tells everyone, batched: at most one message a flush
// interval with what changed, and everything once a refresh. A beat that merely renews changes nothing and travels in
// the refresh alone. Leases live in memory only: a beat is worth less than the next one.

import type { HubId, PeerId, Slug } from '../ids.ts'
import type { Effect, Machine } from '../machine.ts'
import { type Millis, type Now, never, second } from '../time.ts'
import { type Claim, compareClaims, isSameReport, type Lease, leaseState, nextAge } from './lease.ts'
import type { LeasesBody, PresenceMessage } from './messages.ts'
import type { HomeStatus, PresenceInput, PresenceOptions, PresenceProtocol } from './protocol.ts'
import { type Held, LeaseTable } from './table.ts'
import { coveringParts, flushInterval, inParts, othersByHome } from './telling.ts'

type Effects = Effect<PresenceProtocol>[]
type Beat = PresenceInput & { readonly type: 'beat' }

/** A gossip mesh has formed this long after a link is up: a few heartbeats of the slowest tier's preset. */
const settledMs = 10 * second
/** One refresh may be lost on its way to somebody. */
const emptyRefreshes = 3

export class Presence implements Machine<PresenceProtocol> {
  readonly #options: PresenceOptions
  readonly #held = new LeaseTable()
  readonly #homes = new Map<HubId, { readonly peer: PeerId; readonly status: HomeStatus }>()
  /** Own leases whose change was not told yet. */
  readonly #dirty = new Set<Slug>()
  /** Peers whose link is young, and until when. Bounded by the links. */
  readonly #fresh = new Map<PeerId, Millis>()
  readonly #bootedAt: Millis
  #hasLeft = false
  #rev: number
  /** How often yet to say that this hub holds nothing: after an earlier run, and after any told lease. */
  #emptyLeft = emptyRefreshes
  #flushAt: Millis
  #refreshAt: Millis
  /** The earliest moment an own lease changes state without a beat (P2: never later than the true one). */
  #agingAt: Millis = never

  constructor(options: PresenceOptions, now: Now) {
    this.#options = options
    this.#rev = options.incarnation
    this.#bootedAt = now.mono
    this.#flushAt = now.mono
    // Not before peers could tell this hub of its leases (P5): a refresh would call them gone.
    this.#refreshAt = now.mono + options.refreshMs * (1 + 0.2 * options.random.real())
  }

  held(slug: Slug): Held | undefined {
    return this.#held.get(slug)
  }

  leases(): ReadonlyMap<Slug, Held> {
    return this.#held.all()
  }

  deadline(): Millis {
    if (this.#hasLeft) return never
    return Math.min(this.#dirty.size > 0 ? this.#flushAt : never, this.#refreshAt, this.#agingAt)
  }

  step(input: PresenceInput, now: Now): readonly Effect<PresenceProtocol>[] {
    const out: Effects = []
    switch (input.type) {
      case 'tick':
        this.#tick(now, out)
        break
      case 'beat':
        this.#beat(input, now, out)
        break
      case 'message':
        this.#receive(input.message, now, out)
        break
      case 'home':
        this.#homes.set(input.hub, { peer: input.peer, status: input.status })
        break
      case 'home-dropped':
        this.#homes.delete(input.hub)
        for (const slug of this.#held.ofHome(input.hub)) this.#held.delete(slug)
        break
      case 'greet':
        // P7: a new link may not carry gossip yet, so it is told directly what is told meanwhile.
        this.#fresh.set(input.peer, now.mono + settledMs)
        for (const body of this.#greeting(input.scope)) {
          out.push({ type: 'send', to: input.peer, message: { kind: 'presence.leases', body } })
        }
        break
      case 'removed':
        if (this.#isOwn(input.slug)) this.#restate({ slug: input.slug, state: 'gone' }, now, out)
        else this.#held.delete(input.slug)
        break
      case 'leave':
        this.#hasLeft = true
        break
    }
    return out
  }

  #tick(now: Now, out: Effects): void {
    if (this.#hasLeft) return
    if (this.#agingAt <= now.mono) this.#age(now, out)
    if (this.#refreshAt <= now.mono) {
      this.#refreshAt = now.mono + this.#options.refreshMs * (0.9 + 0.2 * this.#options.random.real())
      this.#refresh(now, out)
    } else if (this.#dirty.size > 0 && this.#flushAt <= now.mono) {
      this.#flush(now, out)
    }
  }

  // ---- beats

  /** P4: a live home elsewhere keeps the project; only a dead, gone or silent one loses it to the hub that hears beats. */
  #beat({ slug, report }: Beat, now: Now, out: Effects): void {
    const held = this.#held.get(slug)
    const isElsewhere = held !== undefined && !this.#isOwn(slug) && this.#homes.has(held.lease.claim[1])
    if (isElsewhere && this.#isThere(held, now) && held.lease.state === 'fresh') {
      const message: PresenceMessage = {
        kind: 'presence.beat',
        body: { home: held.lease.claim[1], slug, report },
      }
      out.push({ type: 'publish', topic: 'presence', message })
      out.push({ type: 'change', change: { type: 'beaten', slug, as: 'forwarded' } })
      return
    }
    this.#renew({ slug, report }, now, out)
    out.push({ type: 'change', change: { type: 'beaten', slug, as: 'home' } })
  }

  #renew({ slug, report }: Pick<Beat, 'slug' | 'report'>, now: Now, out: Effects): void {
    const held = this.#held.get(slug)
    const isOwn = this.#isOwn(slug)
    if (held === undefined && this.#held.size >= this.#options.maxLeases) return
    const floor = (held?.lease.claim[0] ?? 0) + 1
    const claim: Claim =
      isOwn && held !== undefined ? held.lease.claim : [Math.max(now.wall, floor), this.#options.self]
    const isSame = isOwn && held?.lease.state === 'fresh' && isSameReport(held.lease.report, report)
    const rev = isSame ? held.lease.rev : this.#rev + 1
    this.#held.set({ lease: { slug, claim, rev, state: 'fresh', beatAt: now.wall, report }, heardAt: now.mono })
    this.#agingAt = Math.min(this.#agingAt, now.mono + (nextAge('fresh', this.#options) ?? never))
    if (!isSame) this.#mark(slug, now, out)
  }

  /** Own leases grow old: late, then lapsed. */
  #age(now: Now, out: Effects): void {
    this.#agingAt = never
    for (const slug of this.#held.ofHome(this.#options.self)) {
      const held = this.#held.get(slug)
      if (held === undefined || held.lease.state === 'gone') continue
      const state = leaseState(now.mono - held.heardAt, this.#options)
      if (state !== held.lease.state) this.#restate({ slug, state }, now, out)
      const next = nextAge(state, this.#options)
      if (next !== undefined) this.#agingAt = Math.min(this.#agingAt, held.heardAt + next + 1)
    }
  }

  #restate({ slug, state }: Pick<Lease, 'slug' | 'state'>, now: Now, out: Effects): void {
    const held = this.#held.get(slug)
    if (held === undefined) return
    this.#held.set({ ...held, lease: { ...held.lease, state, rev: this.#rev + 1 } })
    this.#mark(slug, now, out)
  }

  #mark(slug: Slug, now: Now, out: Effects): void {
    if (this.#dirty.size === 0) this.#flushAt = Math.max(this.#flushAt, now.mono)
    this.#dirty.add(slug)
    out.push({ type: 'change', change: { type: 'lease', slug } })
  }

  #isOwn(slug: Slug): boolean {
    return this.#held.get(slug)?.lease.claim[1] === this.#options.self
  }

  // ---- messages

  #receive(message: PresenceMessage, now: Now, out: Effects): void {
    if (message.kind === 'presence.beat') {
      const { home, slug, report } = message.body
      if (home === this.#options.self && this.#isOwn(slug)) this.#renew({ slug, report }, now, out)
      return
    }
    const { home, rev, leases, covers } = message.body
    if (home === this.#options.self) {
      for (const lease of leases) this.#resume(lease, now, out)
      return
    }
    const others = leases.filter((lease) => lease.claim[1] !== home || !this.#held.renew(lease, now.mono))
    for (const lease of others) if (lease.claim[1] === home) this.#observe(lease, now, out)
    if (covers === undefined || leases.length - others.length === this.#held.countOf(home)) return
    this.#dropUnnamed({ home, rev, covers }, new Set(leases.map((lease) => lease.slug)), out)
  }

  /** P5: a home that restarted takes its leases back from those who remember them, instead of calling all offline. */
  #resume(lease: Lease, now: Now, out: Effects): void {
    const isBooting = now.mono - this.#bootedAt <= this.#options.refreshMs
    const isMine = lease.claim[1] === this.#options.self && lease.state !== 'gone'
    if (!isBooting || !isMine || this.#held.get(lease.slug) !== undefined) return
    if (this.#held.size >= this.#options.maxLeases) return
    const ageMs = Math.max(0, now.wall - lease.beatAt)
    const heardAt = now.mono - ageMs
    const state = leaseState(ageMs, this.#options)
    this.#held.set({ lease: { ...lease, state, rev: this.#rev + 1 }, heardAt })
    this.#agingAt = Math.min(this.#agingAt, heardAt + (nextAge(state, this.#options) ?? never) + 1)
    this.#mark(lease.slug, now, out)
  }

  /** P1: the better lease names the home; of one claim, the higher rev is newer. */
  #observe(lease: Lease, now: Now, out: Effects): void {
    const held = this.#held.get(lease.slug)
    if (held === undefined && this.#held.size >= this.#options.maxLeases) return
    const news: Held = { lease, heardAt: now.mono }
    const order = held === undefined ? 1 : this.#compare(news, held, now)
    if (order < 0) return
    this.#dirty.delete(lease.slug)
    if (lease.state === 'gone') this.#held.delete(lease.slug)
    else this.#held.set(news)
    if (lease.state === 'gone' && held === undefined) return
    if (order > 0) out.push({ type: 'change', change: { type: 'lease', slug: lease.slug } })
  }

  /** P1: a home that is there before one that is not, a running lease before a lapsed one, then the higher claim. */
  #compare(a: Held, b: Held, now: Now): number {
    const byClaim = compareClaims(a.lease.claim, b.lease.claim)
    if (byClaim === 0) return a.lease.rev - b.lease.rev
    const isRunning = ({ lease }: Held): number => (lease.state === 'lapsed' || lease.state === 'gone' ? 0 : 1)
    const isThere = (held: Held): number => (this.#isThere(held, now) ? 1 : 0)
    return isThere(a) - isThere(b) || isRunning(a) - isRunning(b) || byClaim
  }

  /** Whether the lease's home still stands behind it. */
  #isThere({ lease, heardAt }: Held, now: Now): boolean {
    const home = lease.claim[1]
    if (home === this.#options.self) return true
    const status = this.#homes.get(home)?.status ?? 'alive'
    return (status === 'alive' || status === 'suspect') && now.mono - heardAt <= this.#options.staleThresholdMs
  }

  /** A refresh names all leases of its range: those of this home that it does not name are gone. */
  #dropUnnamed(part: Required<Pick<LeasesBody, 'home' | 'rev' | 'covers'>>, named: Set<Slug>, out: Effects): void {
    for (const slug of this.#held.ofHome(part.home)) {
      const isCovered = slug >= part.covers.from && slug < part.covers.to
      if (!isCovered || named.has(slug) || (this.#held.get(slug)?.lease.rev ?? 0) > part.rev) continue
      this.#held.delete(slug)
      out.push({ type: 'change', change: { type: 'lease', slug } })
    }
  }

  // ---- telling

  #flush(now: Now, out: Effects): void {
    const changed = [...this.#dirty].flatMap((slug) => (this.#isOwn(slug) ? (this.#held.get(slug)?.lease ?? []) : []))
    if (changed.length > 0) this.#emptyLeft = emptyRefreshes
    const bodies = inParts(changed).map((leases) => this.#body(leases))
    this.#tell(bodies, now, out)
  }

  /** P6: everything this home holds, changes included; that it holds nothing is told a few times. */
  #refresh(now: Now, out: Effects): void {
    const own = this.#own()
    this.#tell(own.length > 0 || this.#emptyLeft > 0 ? this.#whole(own) : [], now, out)
    this.#emptyLeft = own.length > 0 ? emptyRefreshes : Math.max(0, this.#emptyLeft - 1)
  }

  #own(): Lease[] {
    const own = this.#held.ofHome(this.#options.self).flatMap((slug) => this.#held.get(slug)?.lease ?? [])
    return own.filter((lease) => lease.state !== 'gone')
  }

  /** What a newly linked peer is told: this hub's leases, and those of other homes when it asks for all. */
  #greeting(scope: 'own' | 'all'): LeasesBody[] {
    const own = this.#own()
    const bodies = own.length > 0 ? this.#whole(own) : []
    return scope === 'own' ? bodies : [...bodies, ...othersByHome(this.#held.all().values(), this.#options.self)]
  }

  #whole(own: readonly Lease[]): LeasesBody[] {
    return coveringParts(own).map(({ leases, covers }) => ({ ...this.#body(leases), covers }))
  }

  /** Publishes, and sends over young links (P7); then all changes are told, and leases that are gone forgotten. */
  #tell(bodies: readonly LeasesBody[], now: Now, out: Effects): void {
    for (const [peer, until] of this.#fresh) if (until <= now.mono) this.#fresh.delete(peer)
    for (const body of bodies) {
      const message: PresenceMessage = { kind: 'presence.leases', body }
      out.push({ type: 'publish', topic: 'presence', message })
      for (const to of this.#fresh.keys()) out.push({ type: 'send', to, message })
      const isRefresh = body.covers !== undefined
      out.push({ type: 'change', change: { type: 'told', leases: body.leases.length, isRefresh } })
    }
    for (const slug of this.#dirty) {
      if (this.#isOwn(slug) && this.#held.get(slug)?.lease.state === 'gone') this.#held.delete(slug)
    }
    this.#dirty.clear()
    const alive = [...this.#homes.values()].filter((home) => home.status === 'alive').length + 1
    this.#flushAt = now.mono + flushInterval(this.#options.flushIntervalMs, alive)
  }

  #body(leases: Lease[]): LeasesBody {
    return { home: this.#options.self, rev: ++this.#rev, leases }
  }
}
