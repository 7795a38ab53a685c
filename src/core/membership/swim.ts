// SWIM: who of a pool is alive. Each period one member is pinged; if it does not answer, others are asked to ping it;
// if none of them hears it, it is suspected, everybody is told, and unless it speaks up in time it is declared dead.
// Das, Gupta, Motivala: "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol" (2002).
// The full exchange and the gossip between periods follow memberlist.

import type { HubId, PeerId } from '../ids.ts'
import type { Effect, Machine, Tick } from '../machine.ts'
import type { Random } from '../random.ts'
import { type Millis, type Now, never } from '../time.ts'
import { type HubInfo, statementOf } from '../wire.ts'
import { isPlausible, isPresent, type Member, type State } from './member.ts'
import { maxExchange, maxRumors, type SwimMessage } from './messages.ts'
import { Errands, type Probe, RoundRobin } from './probe.ts'
import { Roster, type RosterOptions } from './roster.ts'
import { Rumors } from './rumors.ts'

export type SwimInput =
  | Tick
  | { readonly type: 'message'; readonly from: PeerId; readonly message: SwimMessage }
  /** A link to a hub of this pool is up: exchange everything with it. */
  | { readonly type: 'greet'; readonly peer: PeerId }
  /** Another pool raised this hub's incarnation. */
  | { readonly type: 'incarnation'; readonly incarnation: number }
  | { readonly type: 'leave' }

export type SwimChange =
  | { readonly type: 'member'; readonly pool: string; readonly member: Member; readonly previous?: State }
  /** Forgotten after `deadRetentionMs`. */
  | { readonly type: 'member-dropped'; readonly pool: string; readonly member: Member }
  /** This hub refuted a word against it. M1: persisted by the composition, told to its other pool. */
  | { readonly type: 'refuted'; readonly pool: string; readonly incarnation: number }

export interface SwimProtocol {
  readonly input: SwimInput
  readonly message: SwimMessage
  readonly change: SwimChange
  readonly result: never
}

export interface SwimOptions extends RosterOptions {
  readonly pool: string
  readonly self: HubInfo
  readonly incarnation: number
  readonly random: Random
  readonly probeTimeoutMs: Millis
  readonly indirectProbes: number
  readonly exchangeIntervalMs: Millis
}

type Effects = Effect<SwimProtocol>[]

/** Rumours also travel between probes: this often a period, to this many members (memberlist: 200 ms, 3). */
const gossipsPerPeriod = 5
const gossipFanout = 3

export class Swim implements Machine<SwimProtocol> {
  readonly #options: SwimOptions
  readonly #roster: Roster
  readonly #errands = new Errands()
  readonly #rumors = new Rumors()
  readonly #order: RoundRobin
  #incarnation: number
  #hasLeft = false
  #seq = 0
  #probe: Probe | undefined
  #periodAt: Millis = 0
  #gossipAt: Millis = 0
  #exchangeAt: Millis = 0

  constructor(options: SwimOptions, now: Now) {
    this.#options = options
    this.#roster = new Roster(options)
    this.#incarnation = options.incarnation
    this.#order = new RoundRobin(options.random)
    this.#periodAt = now.mono + options.random.real() * options.probeIntervalMs
    this.#gossipAt = this.#periodAt
    this.#exchangeAt = now.mono + options.random.real() * options.exchangeIntervalMs
    this.#rumors.tell(this.self())
  }

  get pool(): string {
    return this.#options.pool
  }

  /** What this hub says about itself. */
  self(): State {
    return { info: this.#options.self, incarnation: this.#incarnation, status: this.#hasLeft ? 'left' : 'alive' }
  }

  /** Every other hub of the pool that is remembered, the dead included. */
  members(): ReadonlyMap<HubId, Member> {
    return this.#roster.all()
  }

  deadline(): Millis {
    if (this.#hasLeft) return never
    const probe = this.#probe
    const probeAt = probe === undefined || probe.acked ? never : probe.asked ? probe.endsAt : probe.indirectAt
    const gossipAt = this.#rumors.size > 0 ? this.#gossipAt : never
    return Math.min(this.#periodAt, probeAt, gossipAt, this.#exchangeAt, this.#roster.deadline())
  }

  step(input: SwimInput, now: Now): readonly Effect<SwimProtocol>[] {
    const out: Effects = []
    switch (input.type) {
      case 'tick':
        this.#tick(now, out)
        break
      case 'message':
        this.#receive(input, now, out)
        break
      case 'greet':
        this.#exchange(input.peer, true, out)
        break
      case 'incarnation':
        this.#incarnation = Math.max(this.#incarnation, input.incarnation)
        this.#rumors.tell(this.self())
        break
      case 'leave':
        this.#leave(out)
        break
    }
    return out
  }

  #tick(now: Now, out: Effects): void {
    if (this.#hasLeft) return
    this.#advanceProbe(now, out)
    this.#learnAll(this.#roster.overdue(now), now, out)
    if (this.#periodAt <= now.mono) this.#startPeriod(now, out)
    if (this.#gossipAt <= now.mono) this.#gossip(now, out)
    if (this.#exchangeAt <= now.mono) {
      this.#exchangeAt = now.mono + this.#options.exchangeIntervalMs
      const partner = this.#options.random.pick(this.#roster.present())
      if (partner !== undefined) this.#exchange(partner.info.peer, true, out)
    }
  }

  // ---- probing

  #advanceProbe(now: Now, out: Effects): void {
    const probe = this.#probe
    if (probe === undefined || probe.acked) return
    if (!probe.asked && probe.indirectAt <= now.mono) {
      probe.asked = true
      const helpers = this.#roster.present().filter((member) => member.info.hub !== probe.target)
      for (const helper of this.#options.random.sample(helpers, this.#options.indirectProbes)) {
        const body = { ...this.#header(probe.seq), target: probe.target }
        this.#send(helper.info.peer, { kind: 'swim.ping-request', body }, out)
      }
    }
    if (probe.endsAt <= now.mono) {
      this.#probe = undefined
      const target = this.#roster.all().get(probe.target)
      if (target?.status === 'alive') this.#learn({ ...statementOf(target), status: 'suspect' }, now, out)
    }
  }

  #startPeriod(now: Now, out: Effects): void {
    const { probeIntervalMs, probeTimeoutMs } = this.#options
    this.#periodAt = now.mono + probeIntervalMs
    this.#errands.expire(now.mono)
    for (const member of this.#roster.expire(now)) {
      out.push({ type: 'change', change: { type: 'member-dropped', pool: this.#options.pool, member } })
    }
    const hub = this.#order.next(
      (candidate) => isPresent(this.#roster.all().get(candidate)?.status ?? 'dead'),
      () => this.#roster.present().map((member) => member.info.hub),
    )
    const target = hub === undefined ? undefined : this.#roster.all().get(hub)
    if (target === undefined) return
    this.#probe = {
      target: target.info.hub,
      seq: ++this.#seq,
      sentAt: now.mono,
      indirectAt: now.mono + probeTimeoutMs,
      endsAt: now.mono + probeIntervalMs,
      asked: false,
      acked: false,
    }
    const body = this.#header(this.#probe.seq)
    // A suspect hears of the suspicion with the very ping, so that it can refute at once.
    if (target.status === 'suspect') body.rumors = [statementOf(target), ...body.rumors].slice(0, maxRumors)
    this.#send(target.info.peer, { kind: 'swim.ping', body }, out)
  }

  // ---- messages

  #receive({ from, message }: SwimInput & { type: 'message' }, now: Now, out: Effects): void {
    if (message.body.pool !== this.#options.pool || this.#hasLeft) return
    if (message.kind === 'swim.exchange') {
      if (message.body.reply) this.#exchange(from, false, out)
      this.#learnAll(message.body.members, now, out)
      return
    }
    this.#learnAll(message.body.rumors, now, out)
    if (message.kind === 'swim.ping') {
      this.#send(from, { kind: 'swim.ack', body: this.#header(message.body.seq) }, out)
    } else if (message.kind === 'swim.ack') {
      this.#acked({ from, seq: message.body.seq }, now, out)
    } else if (message.kind === 'swim.ping-request') {
      this.#runErrand({ ...message.body, from }, now, out)
    }
  }

  #acked({ from, seq }: { from: PeerId; seq: number }, now: Now, out: Effects): void {
    const errand = this.#errands.finish(seq)
    if (errand !== undefined) {
      this.#send(errand.origin, { kind: 'swim.ack', body: this.#header(errand.originSeq) }, out)
      return
    }
    const probe = this.#probe
    if (probe === undefined || probe.seq !== seq || probe.acked) return
    probe.acked = true
    const isDirect = this.#roster.all().get(probe.target)?.info.peer === from
    if (isDirect) this.#roster.measured(probe.target, now.mono - probe.sentAt)
  }

  #runErrand(request: { from: PeerId; seq: number; target: HubId }, now: Now, out: Effects): void {
    const target = this.#roster.all().get(request.target)
    if (target === undefined) return
    const seq = ++this.#seq
    const until = now.mono + this.#options.probeIntervalMs
    this.#errands.start(seq, { origin: request.from, originSeq: request.seq, until })
    this.#send(target.info.peer, { kind: 'swim.ping', body: this.#header(seq) }, out)
  }

  // ---- beliefs

  #learnAll(states: readonly State[], now: Now, out: Effects): void {
    for (const state of states) this.#learn(state, now, out)
  }

  #learn(news: State, now: Now, out: Effects): void {
    const { hub } = news.info
    if (hub === this.#options.self.hub) {
      this.#refute(news, now, out)
      return
    }
    const learned = this.#roster.learn(news, now)
    if (learned === undefined) return
    const wasPresent = isPresent(learned.previous?.status ?? 'dead')
    if (!wasPresent && news.status === 'alive') this.#order.add(hub)
    if (news.status !== 'alive' && this.#probe?.target === hub) this.#probe = undefined
    this.#rumors.tell(statementOf(news))
    out.push({ type: 'change', change: { type: 'member', pool: this.#options.pool, ...learned } })
  }

  /** M1: only the hub itself raises its incarnation, above the word that it is not alive. */
  #refute(news: State, now: Now, out: Effects): void {
    if (!isPlausible(news.incarnation, now.wall)) return
    const isCurrent = news.incarnation > this.#incarnation
    const isAgainst = news.incarnation === this.#incarnation && news.status !== 'alive'
    if (!isCurrent && !isAgainst) return
    this.#incarnation = news.incarnation + 1
    this.#rumors.tell(this.self())
    const change: SwimChange = { type: 'refuted', pool: this.#options.pool, incarnation: this.#incarnation }
    out.push({ type: 'change', change })
  }

  // ---- speaking

  #gossip(now: Now, out: Effects): void {
    this.#gossipAt = now.mono + this.#options.probeIntervalMs / gossipsPerPeriod
    const hearers = this.#options.random.sample(this.#roster.present(), gossipFanout)
    for (const hearer of hearers) {
      const rumors = this.#takeRumors()
      if (rumors.length === 0) return
      this.#send(hearer.info.peer, { kind: 'swim.gossip', body: { pool: this.#options.pool, rumors } }, out)
    }
  }

  #exchange(peer: PeerId, reply: boolean, out: Effects): void {
    const states = [this.self(), ...[...this.#roster.all().values()].map(statementOf)]
    for (let from = 0; from < states.length; from += maxExchange) {
      const members = states.slice(from, from + maxExchange)
      const body = { pool: this.#options.pool, reply: reply && from === 0, members }
      this.#send(peer, { kind: 'swim.exchange', body }, out)
    }
  }

  #leave(out: Effects): void {
    this.#hasLeft = true
    const body = { pool: this.#options.pool, rumors: [this.self()] }
    for (const member of this.#roster.present()) this.#send(member.info.peer, { kind: 'swim.gossip', body }, out)
  }

  #header(seq: number): { pool: string; seq: number; rumors: State[] } {
    return { pool: this.#options.pool, seq, rumors: this.#takeRumors() }
  }

  #takeRumors(): State[] {
    return this.#rumors.take(maxRumors, this.#roster.present().length + 1)
  }

  #send(to: PeerId, message: SwimMessage, out: Effects): void {
    out.push({ type: 'send', to, message })
  }
}
