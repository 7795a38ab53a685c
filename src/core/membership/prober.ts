// Who is asked, when, and what an answer or its absence means. Each period one member is pinged; without an answer in time
// others are asked to ping it; without any answer by the end of the period it is accused. Between the periods a member is
// asked at once where there is a reason: its link was lost, or somebody else accuses it.

import type { HubId, PeerId } from '../ids.ts'
import type { Millis, Now } from '../time.ts'
import type { Beliefs } from './beliefs.ts'
import { type LocalHealth, scoreDelta } from './health.ts'
import { isPresent, type Member } from './member.ts'
import { Errands, type Probe, Probes, RoundRobin } from './probe.ts'
import type { SwimOptions } from './protocol.ts'
import { maxMembers, type Roster } from './roster.ts'
import { probeTimeout } from './rtt.ts'
import type { Sight } from './sight.ts'
import { enoughAccusers } from './suspicion.ts'
import type { Voice } from './voice.ts'

/** A newcomer is given so many intervals to be linked. */
const arrivalIntervals = 5

export interface ProberParts {
  readonly options: SwimOptions
  readonly roster: Roster
  readonly beliefs: Beliefs
  readonly health: LocalHealth
  readonly sight: Sight
  readonly voice: Voice
}

export class Prober {
  readonly #parts: ProberParts
  readonly #probes = new Probes()
  readonly #errands = new Errands()
  readonly #order: RoundRobin
  #seq = 0
  #periodAt: Millis

  constructor(parts: ProberParts, now: Now) {
    this.#parts = parts
    const { random, probeIntervalMs } = parts.options
    this.#order = new RoundRobin(random)
    this.#periodAt = now.mono + random.real() * probeIntervalMs
  }

  deadline(): Millis {
    return Math.min(this.#periodAt, this.#probes.deadline(), this.#errands.deadline())
  }

  /** Newcomers take their place in the round. */
  add(hub: HubId): void {
    this.#order.add(hub)
    const all = this.#parts.roster.all()
    if (this.#order.size > 2 * maxMembers) this.#order.keep((other) => all.has(other))
  }

  tick(now: Now): void {
    const { turning, failed } = this.#probes.due(now.mono)
    for (const [seq, probe] of turning) {
      if (this.#isPresent(probe.target)) this.#turnToOthers(seq, probe)
      else this.#probes.end(seq)
    }
    for (const probe of failed) this.#failed(probe, now)
    for (const { origin, originSeq } of this.#errands.due(now.mono)) {
      if (!this.#parts.options.mechanisms.localHealth) continue
      this.#parts.voice.send(origin, { kind: 'swim.nack', body: this.#parts.voice.header(originSeq) })
    }
    if (this.#periodAt <= now.mono) this.#startPeriod(now)
  }

  /** Asks a member at once, and others with it where there is no direct way. */
  askNow(hub: HubId, now: Now): void {
    const member = this.#parts.roster.all().get(hub)
    if (member === undefined || !isPresent(member.status) || !this.#probes.hasRoomFor(hub)) return
    if (this.#isArriving(member, now)) return
    this.#ask(member, false, now)
  }

  /** The link was lost. In a pool that is not fully linked others have the way there, and keep an eye on the hub. */
  lost(hub: HubId, now: Now): void {
    if (this.#isWatched(this.#parts.roster.all().get(hub))) this.askNow(hub, now)
  }

  /** A new suspicion: so many of the pool ask the suspect at once that enough accusers, or an answer, are found soon. */
  join(hub: HubId, now: Now): void {
    const { options, roster } = this.#parts
    if (!options.mechanisms.evidence || !this.#isWatched(roster.all().get(hub))) return
    const share = (enoughAccusers + 1) / Math.max(1, roster.present().length)
    if (options.random.chance(share)) this.askNow(hub, now)
  }

  acked({ from, seq }: { readonly from: PeerId; readonly seq: number }, now: Now): void {
    const { options, voice, roster, health, sight } = this.#parts
    const errand = this.#errands.get(seq)
    if (errand !== undefined) {
      if (errand.target !== from) return
      this.#errands.finish(seq)
      voice.send(errand.origin, { kind: 'swim.ack', body: voice.header(errand.originSeq) })
      return
    }
    const probe = this.#probes.get(seq)
    // Numbers can be guessed: an answer counts from whom was asked.
    if (probe === undefined || (probe.peer !== from && !probe.helpers.includes(from))) return
    this.#probes.end(seq)
    const isDirect = probe.peer === from
    if (isDirect) {
      roster.measured(probe.target, now.mono - probe.sentAt)
      roster.met(probe.target)
    }
    sight.probed(probe.target, isDirect, now)
    if (!probe.isOfRound) return
    health.add(scoreDelta({ type: 'acked' }))
    // Poor health waits longer for an answer; once it is there, the round goes on at its usual pace.
    this.#periodAt = Math.min(this.#periodAt, Math.max(now.mono, probe.sentAt + options.probeIntervalMs))
  }

  nacked(from: PeerId, seq: number): void {
    const probe = this.#probes.get(seq)
    if (probe?.helpers.includes(from)) probe.nacks++
  }

  /** Pings on another's behalf. */
  runErrand(request: { readonly from: PeerId; readonly seq: number; readonly target: HubId }, now: Now): void {
    const { options, roster, voice } = this.#parts
    const target = roster.all().get(request.target)
    if (target === undefined) return
    const { from: origin, seq: originSeq } = request
    if (options.reaches?.(target.info.peer) === false) {
      if (options.mechanisms.localHealth) voice.send(origin, { kind: 'swim.nack', body: voice.header(originSeq) })
      return
    }
    const seq = ++this.#seq
    const waitMs = probeTimeout(roster.rtt(request.target), options.probeTimeoutMs, options.probeIntervalMs)
    const nackAt = now.mono + (options.mechanisms.rttTimeout ? waitMs : options.probeTimeoutMs)
    this.#errands.start(seq, {
      target: target.info.peer,
      origin,
      originSeq,
      nackAt,
      until: now.mono + 2 * options.probeIntervalMs,
    })
    voice.send(target.info.peer, { kind: 'swim.ping', body: voice.header(seq, this.#notice(target)) })
  }

  /** This hub stood still: answers may lie unread, so nothing that is open gives a verdict, and all of it is asked anew. */
  askAgain(now: Now): void {
    for (const { target, isOfRound } of this.#probes.void()) {
      const member = this.#parts.roster.all().get(target)
      if (member !== undefined && isPresent(member.status)) this.#ask(member, isOfRound, now)
    }
  }

  #startPeriod(now: Now): void {
    const { options, roster, voice } = this.#parts
    const open = this.#probes.ofRound()
    if (open !== undefined && open.endsAt > now.mono) {
      this.#periodAt = open.endsAt
      return
    }
    this.#periodAt = now.mono + options.probeIntervalMs
    for (const member of roster.expire(now)) voice.report({ type: 'member-dropped', pool: options.pool, member })
    const all = roster.all()
    const isCandidate = (hub: HubId): boolean => {
      const member = all.get(hub)
      return this.#isWatched(member) && !(member !== undefined && this.#isArriving(member, now))
    }
    const hub = this.#order.next(isCandidate, () => roster.present().map((member) => member.info.hub))
    const target = hub === undefined ? undefined : all.get(hub)
    if (target !== undefined) this.#ask(target, true, now)
  }

  #isPresent(hub: HubId): boolean {
    return isPresent(this.#parts.roster.all().get(hub)?.status ?? 'dead')
  }

  #isWatched(member: Member | undefined): boolean {
    if (member === undefined || !isPresent(member.status)) return false
    return this.#parts.options.watches?.(member.info.peer) ?? true
  }

  /** Just come (back) and not linked yet: that nobody can reach it says only that links take a moment. */
  #isArriving({ info, status, since }: Member, now: Now): boolean {
    const { reaches, probeIntervalMs } = this.#parts.options
    if (status !== 'alive' || reaches === undefined || reaches(info.peer)) return false
    return now.mono - since.mono < arrivalIntervals * probeIntervalMs
  }

  #ask(target: Member, isOfRound: boolean, now: Now): void {
    const { options, roster, health, voice } = this.#parts
    const { hub, peer } = target.info
    const { probeIntervalMs, probeTimeoutMs, mechanisms, reaches } = options
    const usualMs = probeTimeout(roster.rtt(hub), probeTimeoutMs, probeIntervalMs)
    const waitMs = mechanisms.rttTimeout ? usualMs : probeTimeoutMs
    const hasWay = reaches === undefined || reaches(peer)
    const seq = ++this.#seq
    const indirectAt = hasWay ? now.mono + waitMs : now.mono
    const endsAt = now.mono + probeIntervalMs * health.factor
    this.#probes.add(seq, { target: hub, peer, sentAt: now.mono, indirectAt, endsAt, isOfRound })
    if (hasWay) voice.send(peer, { kind: 'swim.ping', body: voice.header(seq, this.#notice(target)) })
  }

  /** Buddy: a suspect hears of the suspicion with the very ping, so that it can refute at once. */
  #notice(target: Member) {
    const { options, roster } = this.#parts
    return options.mechanisms.buddy ? roster.accusationOf(target.info.hub) : undefined
  }

  #turnToOthers(seq: number, probe: Probe): void {
    const { options, roster, voice } = this.#parts
    const { reaches, random, indirectProbes } = options
    probe.hasAsked = true
    const canHelp = ({ info }: Member): boolean =>
      info.hub !== probe.target && (reaches === undefined || reaches(info.peer))
    const helpers = random.sample(roster.present().filter(canHelp), indirectProbes)
    probe.helpers = helpers.map(({ info }) => info.peer)
    for (const helper of helpers) {
      const body = { ...voice.header(seq), target: probe.target }
      voice.send(helper.info.peer, { kind: 'swim.ping-request', body })
    }
  }

  #failed(probe: Probe, now: Now): void {
    const { health, beliefs, options } = this.#parts
    const { helpers, nacks } = probe
    const expected = options.mechanisms.localHealth ? helpers.length : 0
    if (probe.isOfRound) health.add(scoreDelta({ type: 'failed', helpers: expected, nacks }))
    beliefs.accuseBySelf(probe.target, 'probe', now)
  }
}
