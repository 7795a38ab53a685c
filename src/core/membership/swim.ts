// SWIM: who of a pool is alive. Each period one member is pinged; if it does not answer, others are asked to ping it;
// if none of them hears it, it is suspected, everybody is told, and unless it speaks up in time it is declared dead.
// Das, Gupta, Motivala: "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol" (2002).
// Dadgar, Phillips, Currey: "Lifeguard: Local Health Awareness for More Accurate Failure Detection" (2017) makes a hub
// doubt itself first. The full exchange and the gossip between periods follow memberlist.

import type { HubId, PeerId } from '../ids.ts'
import type { Effect, Machine } from '../machine.ts'
import { type Millis, type Now, never } from '../time.ts'
import { Told } from '../told.ts'
import { type Statement, statementOf } from '../wire.ts'
import { Beliefs } from './beliefs.ts'
import type { Charge } from './blame.ts'
import { exchangeScale, inParts, tableHoldsMs } from './exchange.ts'
import { LocalHealth } from './health.ts'
import type { Member, State } from './member.ts'
import type { Accusation } from './messages.ts'
import { Prober } from './prober.ts'
import type { SwimInput, SwimOptions, SwimProtocol } from './protocol.ts'
import { Roster } from './roster.ts'
import { Sight } from './sight.ts'
import { Voice } from './voice.ts'

/** A wake-up that comes later than this share of a probe interval: the event loop stood still. */
const stallShare = 0.25

export class Swim implements Machine<SwimProtocol> {
  readonly #options: SwimOptions
  readonly #roster: Roster
  readonly #beliefs: Beliefs
  readonly #prober: Prober
  readonly #health: LocalHealth
  readonly #sight: Sight
  readonly #voice: Voice
  readonly #told = new Told(tableHoldsMs)
  #hasLeft = false
  #gossipAt: Millis
  #exchangeAt: Millis
  /** As of the last step: nothing else changes it. */
  #next: Millis
  /** When this machine asked to be woken. */
  #promised: Millis = never

  constructor(options: SwimOptions, now: Now) {
    this.#options = options
    const { word, notary, mechanisms, random, probeIntervalMs, deadRetentionMs, suspicionMultiplier } = options
    const { evidence, dynamicSuspicion } = mechanisms
    const maxMultiplier = dynamicSuspicion ? options.suspicionMaxMultiplier : 1
    const suspicion = { multiplier: suspicionMultiplier, maxMultiplier, probeIntervalMs, evidence }
    const roster = new Roster({ suspicion, deadRetentionMs })
    const health = new LocalHealth(mechanisms.localHealth)
    const sight = new Sight(word.info.hub, now.wall)
    const voice = new Voice(options.pool, () => roster.present().length + 1)
    const beliefs = new Beliefs({
      word,
      notary,
      mechanisms,
      probeIntervalMs,
      belongs: options.belongs,
      roster,
      health,
      sight,
      voice,
    })
    this.#roster = roster
    this.#health = health
    this.#sight = sight
    this.#voice = voice
    this.#beliefs = beliefs
    this.#prober = new Prober({ options, roster, beliefs, health, sight, voice }, now)
    this.#gossipAt = now.mono + random.real() * options.gossipIntervalMs
    this.#exchangeAt = now.mono + random.real() * options.exchangeIntervalMs
    this.#next = this.#earliest()
    this.#promised = Math.max(now.mono, this.#next)
  }

  get pool(): string {
    return this.#options.pool
  }

  /** What this hub says about itself. */
  self(): State {
    return this.#beliefs.word
  }

  /** Every other hub of the pool that is remembered, the dead included. */
  members(): ReadonlyMap<HubId, Member> {
    return this.#roster.all()
  }

  /** How well this hub hears: 0 well, 7 badly. */
  get score(): number {
    return this.#health.score
  }

  /** Who accused the hub, and what became of it, oldest first. */
  charges(hub: HubId): readonly Charge[] {
    return this.#beliefs.blame.of(hub)
  }

  /** Whether the hub's accusations were refuted so often that they shorten nothing. */
  isDiscounted(hub: HubId, now: Now): boolean {
    return this.#beliefs.blame.isDiscounted(hub, now)
  }

  /** hub → whom it reaches only through others. */
  blindness(now: Now): ReadonlyMap<HubId, readonly HubId[]> {
    return this.#sight.matrix(now)
  }

  deadline(): Millis {
    return this.#next
  }

  #earliest(): Millis {
    if (this.#hasLeft) return never
    const gossipAt = this.#voice.rumors.size > 0 ? this.#gossipAt : never
    const beliefAt = this.#beliefs.deadline()
    return Math.min(this.#prober.deadline(), gossipAt, this.#exchangeAt, beliefAt, this.#sight.deadline())
  }

  step(input: SwimInput, now: Now): readonly Effect<SwimProtocol>[] {
    if (!this.#hasLeft) {
      this.#noticeStall(now)
      this.#take(input, now)
      for (const hub of this.#beliefs.takeArrived()) this.#prober.add(hub)
      for (const hub of this.#beliefs.takeSuspected()) this.#prober.join(hub, now)
      for (const hub of this.#beliefs.takeDoubted()) this.#prober.askNow(hub, now)
    }
    this.#next = this.#earliest()
    this.#promised = Math.max(now.mono, this.#next)
    return this.#voice.effects()
  }

  #take(input: SwimInput, now: Now): void {
    switch (input.type) {
      case 'tick':
        this.#tick(now)
        break
      case 'message':
        this.#receive(input, now)
        break
      case 'greet':
        this.#greet(input.peer)
        break
      case 'evidence':
        this.#weigh(input, now)
        break
      case 'self':
        this.#beliefs.speak(input.word)
        break
      case 'forget':
        this.#forget(input, now)
        break
      case 'strain':
        this.#health.strain(input.score)
        break
      case 'leave':
        this.#leave(input.word)
        break
    }
  }

  #tick(now: Now): void {
    this.#prober.tick(now)
    this.#beliefs.bury(now)
    const sight = this.#sight.due(now)
    if (sight !== undefined) this.#voice.rumors.tell(sight)
    if (this.#gossipAt <= now.mono) this.#gossip(now)
    if (this.#exchangeAt > now.mono) return
    const { exchangeIntervalMs, random } = this.#options
    this.#exchangeAt = now.mono + exchangeIntervalMs * exchangeScale(this.#roster.present().length + 1)
    const partner = random.pick(this.#roster.present().filter(({ info }) => this.#reaches(info.peer)))
    if (partner !== undefined) this.#compare(partner.info.peer)
  }

  /**
   * The loop stood still, so answers may lie unread: what is open is void, what runs is postponed, and for an interval
   * nobody is accused. Whoever cannot hear must not judge.
   */
  #noticeStall(now: Now): void {
    const { mechanisms, probeIntervalMs, pool } = this.#options
    const lateMs = now.mono - this.#promised
    if (!mechanisms.stallAwareness || lateMs < stallShare * probeIntervalMs) return
    this.#promised = now.mono
    this.#prober.askAgain(now)
    this.#health.add(1)
    this.#beliefs.stalled(lateMs, Math.min(lateMs, probeIntervalMs), now)
    this.#voice.report({ type: 'stalled', pool, lateMs })
  }

  // ---- what is heard

  #receive({ from, message }: SwimInput & { type: 'message' }, now: Now): void {
    if (message.body.pool !== this.#options.pool) return
    switch (message.kind) {
      case 'swim.digest':
        if (message.body.digest !== this.#roster.digest(this.self())) this.#exchange(from, true, now)
        return
      case 'swim.exchange':
        if (message.body.reply && !this.#told.has(from, 'table', now.mono)) this.#exchange(from, false, now)
        this.#beliefs.hearTable(message.body.members, from, now)
        this.#answer(from)
        return
    }
    this.#beliefs.hear(message.body.rumors, now)
    switch (message.kind) {
      case 'swim.ping':
        this.#voice.send(from, { kind: 'swim.ack', body: this.#voice.header(message.body.seq) })
        // The ack carries what is owed.
        this.#beliefs.takeAnswer()
        break
      case 'swim.ack':
        this.#prober.acked({ from, seq: message.body.seq }, now)
        break
      case 'swim.nack':
        this.#prober.nacked(from, message.body.seq)
        break
      case 'swim.ping-request':
        this.#prober.runErrand({ from, seq: message.body.seq, target: message.body.target }, now)
        break
    }
    if (message.kind !== 'swim.ping') this.#answer(from)
  }

  /** Who calls this hub suspect or dead hears its word at once: after a split nobody may be left to pass it on. */
  #answer(to: PeerId): void {
    if (!this.#beliefs.takeAnswer()) return
    this.#voice.send(to, { kind: 'swim.gossip', body: { pool: this.pool, rumors: [this.self()] } })
  }

  #greet(peer: PeerId): void {
    const member = this.#roster.byPeer(peer)
    this.#compare(peer)
    if (member === undefined) return
    this.#roster.met(member.info.hub)
    this.#beliefs.linked(member.info.hub)
    const accusation = this.#standingAgainst(member)
    if (accusation === undefined) return
    this.#voice.send(peer, { kind: 'swim.gossip', body: { pool: this.pool, rumors: [accusation] } })
  }

  /** What a hub that is back must hear at once, to take it back: that it is suspected, or believed dead. */
  #standingAgainst({ info, incarnation, status }: Member): Accusation | undefined {
    if (status !== 'dead') return this.#roster.accusationOf(info.hub)
    const by = this.self().info.hub
    return { accused: info.hub, incarnation, status, by, path: 'exchange', health: this.#health.score }
  }

  /** Evidence accelerates and never decides alone: a lost link is asked after, a refused dial is a word like others. */
  #weigh({ peer, what }: SwimInput & { type: 'evidence' }, now: Now): void {
    const member = this.#roster.byPeer(peer)
    if (member === undefined || !this.#options.mechanisms.evidence) return
    if (what === 'lost') this.#prober.lost(member.info.hub, now)
    else this.#beliefs.accuseBySelf(member.info.hub, 'refused', now)
  }

  #forget({ hub, incarnation }: SwimInput & { type: 'forget' }, now: Now): void {
    if (hub === this.self().info.hub) this.#beliefs.forgotten(incarnation, now)
    const member = this.#roster.forget(hub, incarnation)
    if (member !== undefined) this.#beliefs.dropped(member)
  }

  // ---- what is said

  #gossip(now: Now): void {
    const { gossipIntervalMs, gossipFanout, random, pool } = this.#options
    this.#gossipAt = now.mono + gossipIntervalMs
    if (this.#voice.rumors.size === 0) return
    const hearers = this.#roster.hearers(now).filter(({ info }) => this.#reaches(info.peer))
    for (const hearer of random.sample(hearers, gossipFanout)) {
      const rumors = this.#voice.takeRumors()
      if (rumors.length === 0) return
      this.#voice.send(hearer.info.peer, { kind: 'swim.gossip', body: { pool, rumors: [...rumors] } })
    }
  }

  #compare(peer: PeerId): void {
    this.#voice.send(peer, { kind: 'swim.digest', body: { pool: this.pool, digest: this.#roster.digest(this.self()) } })
  }

  #exchange(peer: PeerId, reply: boolean, now: Now): void {
    this.#told.note(peer, 'table', now.mono)
    const states = [this.self(), ...[...this.#roster.all().values()].map(statementOf)]
    for (const [part, members] of inParts(states).entries()) {
      this.#voice.send(peer, { kind: 'swim.exchange', body: { pool: this.pool, reply: reply && part === 0, members } })
    }
  }

  #leave(word: Statement): void {
    this.#hasLeft = true
    this.#beliefs.speak(word)
    const body = { pool: this.pool, rumors: [word] }
    for (const { info } of this.#roster.present()) this.#voice.send(info.peer, { kind: 'swim.gossip', body })
  }

  #reaches(peer: PeerId): boolean {
    return this.#options.reaches?.(peer) ?? true
  }
}
