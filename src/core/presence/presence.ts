// Which projects are up. Projects beat to their home; the home tells everyone, batched: at most one message a flush
// interval with what changed, and once a refresh a mark of all that it holds, with the ages of the beats. A beat that merely
// renews changes nothing and travels in the refresh alone. Leases live in memory: a beat is worth less than the next one.

import type { HubId, PeerId, Slug } from '../ids.ts'
import type { Effect, Machine } from '../machine.ts'
import { type Millis, type Now, never, second } from '../time.ts'
import { Checkpoint } from './checkpoint.ts'
import { Handover } from './handover.ts'
import type { Lease } from './lease.ts'
import type { LeasesBody, PresenceMessage, RefreshBody, SlugRange } from './messages.ts'
import { Others } from './others.ts'
import { Own } from './own.ts'
import type { PresenceInput, PresenceOptions, PresenceProtocol } from './protocol.ts'
import { Questions } from './questions.ts'
import { Rank } from './rank.ts'
import { Seeker } from './seeker.ts'
import { type Held, LeaseTable } from './table.ts'
import { Teller } from './teller.ts'

type Effects = Effect<PresenceProtocol>[]
type Beat = PresenceInput & { readonly type: 'beat' }

/** A gossip mesh has formed this long after a link is up: a few heartbeats of the slowest tier's preset. */
const settledMs = 10 * second

interface Part {
  readonly home: HubId
  readonly rev: number
  readonly covers: SlugRange
}

interface Hearing {
  readonly from: PeerId
  readonly now: Now
  readonly out: Effects
}

export class Presence implements Machine<PresenceProtocol> {
  readonly #options: PresenceOptions
  readonly #held = new LeaseTable()
  readonly #others = new Others()
  readonly #teller: Teller
  readonly #seeker: Seeker
  readonly #checkpoint: Checkpoint
  readonly #own: Own
  readonly #questions: Questions
  readonly #handover: Handover
  readonly #rank: Rank
  readonly #parts: readonly { deadline(): Millis }[]
  #hasLeft = false

  constructor(options: PresenceOptions, now: Now) {
    const parts = { options, held: this.#held, others: this.#others }
    this.#options = options
    this.#checkpoint = new Checkpoint(parts, now)
    this.#rank = new Rank(parts)
    this.#questions = new Questions(parts)
    this.#teller = new Teller(parts, now)
    this.#own = new Own({ ...parts, teller: this.#teller, checkpoint: this.#checkpoint }, now)
    this.#handover = new Handover({ ...parts, own: this.#own })
    this.#seeker = new Seeker({ ...parts, random: options.random })
    this.#parts = [this.#own, this.#teller, this.#seeker, this.#checkpoint, this.#questions, this.#handover]
  }

  held(slug: Slug): Held | undefined {
    return this.#held.get(slug)
  }

  leases(): ReadonlyMap<Slug, Held> {
    return this.#held.all()
  }

  deadline(): Millis {
    if (this.#hasLeft) return never
    return Math.min(...this.#parts.map((part) => part.deadline()))
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
        this.#receive(input, now, out)
        break
      case 'home': {
        const { hub, peer, status, isOlder = false, isDraining = false } = input
        this.#others.believe(hub, { peer, status, isOlder, isDraining })
        break
      }
      case 'home-dropped':
        this.#others.drop(input.hub)
        for (const slug of this.#held.ofHome(input.hub)) this.#lose(slug, out)
        break
      case 'greet':
        // P7: a new link may not carry gossip yet, so it is told directly what is told meanwhile.
        this.#others.link(input.peer, { youngUntil: now.mono + settledMs, isOlder: input.isOlder ?? false })
        this.#teller.greet(input.peer, input.scope, out)
        break
      case 'link-down':
        this.#others.unlink(input.peer)
        break
      case 'hand-over':
        this.#handover.begin(input.to, now, out)
        break
      case 'ask':
        this.#questions.ask(input.call, input, { now, out })
        break
      case 'removed':
        if (this.#own.has(input.slug)) this.#own.restate({ slug: input.slug, state: 'gone' }, now, out)
        else if (this.#held.get(input.slug) !== undefined) this.#lose(input.slug, out)
        break
      case 'leave':
        this.#hasLeft = true
        this.#note(now, out)
        break
    }
    return out
  }

  #tick(now: Now, out: Effects): void {
    if (this.#hasLeft) return
    this.#own.tick(now, out)
    this.#teller.tick(now, out)
    this.#seeker.tick(now, out)
    this.#questions.tick(now, out)
    this.#handover.tick(now, out)
    if (this.#checkpoint.deadline() <= now.mono) this.#note(now, out)
  }

  /** P8: when own projects last beat. */
  #note(now: Now, out: Effects): void {
    const batch = this.#checkpoint.take(now)
    if (batch.length > 0) out.push({ type: 'persist', batch, synced: false, token: 0 })
  }

  // ---- beats

  /** P4: a live home elsewhere keeps the project; only a dead, gone, draining or silent one loses it to the hub that hears beats. */
  #beat({ slug, report }: Beat, now: Now, out: Effects): void {
    const held = this.#held.get(slug)
    const home = held === undefined || this.#own.has(slug) ? undefined : this.#others.home(held.lease.claim[1])
    const isStaying = held !== undefined && home !== undefined && !home.isDraining
    if (isStaying && this.#rank.isThere(held, now) && held.lease.state === 'fresh') {
      const message: PresenceMessage = {
        kind: 'presence.beat',
        body: { home: held.lease.claim[1], slug, report },
      }
      out.push({ type: 'publish', topic: 'presence', message })
      out.push({ type: 'change', change: { type: 'beaten', slug, as: 'forwarded' } })
      return
    }
    this.#own.renew({ slug, report }, now, out)
    out.push({ type: 'change', change: { type: 'beaten', slug, as: 'home' } })
  }

  // ---- messages

  #receive({ from, message }: PresenceInput & { readonly type: 'message' }, now: Now, out: Effects): void {
    const { self } = this.#options
    switch (message.kind) {
      case 'presence.beat': {
        const { home, slug, report } = message.body
        if (home === self && this.#own.has(slug)) this.#own.renew({ slug, report }, now, out)
        break
      }
      case 'presence.leases':
        this.#heed(message.body, { from, now, out })
        break
      case 'presence.refresh':
        this.#confirm(message.body, now, out)
        break
      case 'presence.marks':
        this.#seeker.offered(message.body.sections, from, {
          self: this.#own.isBooting(now) ? self : undefined,
          now,
          out,
        })
        break
      case 'presence.want':
        this.#teller.answer(message.body.sections, from, out)
        break
      case 'presence.take':
        this.#handover.take(message.body, from, { now, out })
        break
      case 'presence.ask':
        this.#questions.answer(message.body, from, { rev: () => this.#teller.takeRev(), out })
        break
    }
  }

  #heed(body: LeasesBody, { from, now, out }: Hearing): void {
    const { home, rev, leases, covers } = body
    if (home === this.#options.self) {
      for (const lease of leases) this.#own.resume(lease, now, out)
      return
    }
    const others = leases.filter((lease) => lease.claim[1] !== home || !this.#held.renew(lease, now.mono))
    for (const lease of others) if (lease.claim[1] === home) this.#observe(lease, now, out)
    const peer = this.#others.home(home)?.peer
    const isTheirs = peer === undefined || peer === from
    if (isTheirs) {
      this.#held.noteRev(home, rev)
      for (const slug of this.#questions.heard(body, out)) this.#dropOf({ home, rev }, slug, out)
    }
    if (covers === undefined) return
    const isAll = leases.length - others.length === this.#held.countOf(home)
    const mayDrop = isTheirs || this.#seeker.isSure({ home, covers })
    if (!isAll && mayDrop) this.#dropUnnamed({ home, rev, covers }, new Set(leases.map((lease) => lease.slug)), out)
    this.#seeker.heard(body, now)
  }

  /** P6: the changes first, then whether what is held now has the home's mark. */
  #confirm(body: RefreshBody, now: Now, out: Effects): void {
    const { home, rev, covers, leases, count } = body
    if (home === this.#options.self) return
    for (const lease of leases) {
      if (lease.claim[1] === home && !this.#held.renew(lease, now.mono)) this.#observe(lease, now, out)
    }
    // Overtaken by what the home said later.
    if (rev < this.#held.revOf(home)) return
    this.#held.noteRev(home, rev)
    const { staleThresholdMs } = this.#options
    const silent = this.#held.confirm(body, { heardAt: now.mono, silentAt: now.mono - staleThresholdMs })
    for (const slug of silent ?? []) out.push({ type: 'change', change: { type: 'lease', slug } })
    if (silent !== undefined) return
    if (count === 0) this.#dropUnnamed({ home, rev, covers }, new Set(), out)
    else this.#seeker.missed(body, now)
  }

  /** P1: the better lease names the home; of one claim, the higher rev is newer. */
  #observe(lease: Lease, now: Now, out: Effects): void {
    const held = this.#held.get(lease.slug)
    if (held === undefined && this.#held.size >= this.#options.maxLeases) return
    const news: Held = { lease, heardAt: now.mono }
    const order = held === undefined ? 1 : this.#rank.compare(news, held, now)
    if (order < 0) return
    this.#teller.forget(lease.slug)
    if (lease.state === 'gone') this.#held.delete(lease.slug)
    else this.#held.set(news)
    if (lease.state === 'gone' && held === undefined) return
    if (order > 0) out.push({ type: 'change', change: { type: 'lease', slug: lease.slug } })
  }

  /** A refresh names all leases of its range: those of this home that it does not name are gone. */
  #dropUnnamed(part: Part, named: ReadonlySet<Slug>, out: Effects): void {
    for (const slug of this.#held.ofHome(part.home)) {
      const isCovered = slug >= part.covers.from && slug < part.covers.to
      if (isCovered && !named.has(slug)) this.#dropOf(part, slug, out)
    }
  }

  #dropOf({ home, rev }: Pick<Part, 'home' | 'rev'>, slug: Slug, out: Effects): void {
    const lease = this.#held.get(slug)?.lease
    if (lease?.claim[1] === home && lease.rev <= rev) this.#lose(slug, out)
  }

  #lose(slug: Slug, out: Effects): void {
    this.#held.delete(slug)
    out.push({ type: 'change', change: { type: 'lease', slug } })
  }
}
