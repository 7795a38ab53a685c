// What a hub makes of what it hears: who is believed, who is suspected, what is passed on, what it must refute. All words
// come in here, its own accusations too, and every change of belief goes out as a rumour and as a report.

import type { HubId, PeerId } from '../ids.ts'
import type { Notary } from '../keys.ts'
import { type Millis, minute, type Now } from '../time.ts'
import { type Statement, statementOf } from '../wire.ts'
import { Blame } from './blame.ts'
import type { LocalHealth } from './health.ts'
import { isPlausible, isPresent, isRefutation, type Member, maxLeap, type State } from './member.ts'
import type { Accusation, Path, Rumor, SightWord } from './messages.ts'
import type { Mechanisms, SwimOptions } from './protocol.ts'
import type { Learned, Roster } from './roster.ts'
import type { Sight } from './sight.ts'
import type { Voice } from './voice.ts'

/** While links are still being made a hub accuses, and is accused, without anybody being to blame. */
const youngMs: Millis = minute

export interface BeliefParts {
  readonly word: Statement
  readonly notary: Notary
  readonly mechanisms: Mechanisms
  readonly probeIntervalMs: Millis
  readonly belongs: SwimOptions['belongs']
  readonly roster: Roster
  readonly health: LocalHealth
  readonly sight: Sight
  readonly voice: Voice
}

export class Beliefs {
  readonly blame = new Blame()
  readonly #parts: BeliefParts
  #word: Statement
  /** Until then this hub accuses nobody: it has stood still. */
  #quietUntil: Millis = Number.NEGATIVE_INFINITY
  /** Whose port refused this hub while it accused nobody, and the incarnation at that time. */
  readonly #refusals = new Map<HubId, number>()
  /** Hubs that came to be present, and that came to be suspect, since they were last asked for. */
  #arrived: HubId[] = []
  #suspected: HubId[] = []
  #doubted: HubId[] = []
  /** Something was said against this hub, and its own word is the answer. */
  #hasAnswer = false

  constructor(parts: BeliefParts) {
    this.#parts = parts
    this.#word = parts.word
    parts.voice.rumors.tell(parts.word)
  }

  /** What this hub says about itself. */
  get word(): Statement {
    return this.#word
  }

  takeArrived(): HubId[] {
    const arrived = this.#arrived
    if (arrived.length > 0) this.#arrived = []
    return arrived
  }

  /** Whether this hub was just spoken against: who did so is owed its word. */
  takeAnswer(): boolean {
    const hasAnswer = this.#hasAnswer
    this.#hasAnswer = false
    return hasAnswer
  }

  /** Suspects whom one hub alone accuses and whose time is over: they are asked once more. */
  takeDoubted(): HubId[] {
    const doubted = this.#doubted
    if (doubted.length > 0) this.#doubted = []
    return doubted
  }

  takeSuspected(): HubId[] {
    const suspected = this.#suspected
    if (suspected.length > 0) this.#suspected = []
    return suspected
  }

  /** When the next suspicion runs out and may be acted on. */
  deadline(): Millis {
    return this.#refusals.size > 0 ? this.#quietUntil : Math.max(this.#parts.roster.deadline(), this.#quietUntil)
  }

  hear(rumors: readonly Rumor[], now: Now): void {
    for (const rumor of rumors) {
      if ('info' in rumor) this.learn(rumor, now)
      else if (!('accused' in rumor)) this.#see(rumor, now)
      // What others say in this hub's own name is an echo, or forged.
      else if (rumor.by !== this.#word.info.hub) this.accuse(rumor, now)
    }
  }

  /**
   * A whole table. What it holds for dead is only suspected here, as in memberlist: after a split both sides' tables are full
   * of deaths that the dead will deny with their next breath.
   */
  hearTable(members: readonly Statement[], from: PeerId, now: Now): void {
    const { roster } = this.#parts
    const by = roster.byPeer(from)?.info.hub ?? members[0]?.info.hub
    for (const statement of members) {
      const { info, incarnation, status } = statement
      if (status === 'alive' || status === 'left') {
        this.learn(statement, now)
        continue
      }
      const held = roster.all().get(info.hub)
      // M2: what is known as suspect may be alive; what is known as dead introduces nobody.
      if (status === 'suspect' || held !== undefined) this.learn({ ...statement, status: 'alive' }, now)
      if (by === undefined || by === info.hub) continue
      this.accuse({ accused: info.hub, incarnation, status: 'suspect', by, path: 'exchange', health: 0 }, now)
    }
  }

  /** An alive or left statement: M7, the hub itself must have signed it. */
  learn(news: State, now: Now): void {
    const { roster, notary, voice } = this.#parts
    const { hub, peer } = news.info
    if (hub === this.#word.info.hub) {
      this.#hearOfSelf(news, now)
      return
    }
    if (news.status !== 'alive' && news.status !== 'left') return
    const worth = roster.worth(news, now)
    if (worth === 'known') return
    if (worth !== 'news') {
      voice.report({ type: 'dropped', reason: worth })
      return
    }
    if (this.#parts.belongs?.(news.info) === false) {
      voice.report({ type: 'dropped', reason: 'other-pool' })
      return
    }
    if (!notary.vouches(news)) {
      voice.report({ type: 'dropped', reason: 'forged' })
      return
    }
    const held = roster.all().get(hub)
    if (held !== undefined && held.info.peer === peer && held.status !== 'alive') {
      const outcome = isRefutation(held.incarnation, news.incarnation) ? 'refuted' : 'confirmed'
      this.blame.settle(hub, held.incarnation, outcome)
    }
    const learned = roster.learn(news, now)
    if (learned.evicted !== undefined) this.dropped(learned.evicted)
    this.#changed(learned)
    voice.rumors.tell(statementOf(news))
    if (news.status === 'alive' && !isPresent(held?.status ?? 'dead')) this.#arrived.push(hub)
  }

  /** A word against a hub, heard or this hub's own. */
  accuse(accusation: Accusation, now: Now): void {
    const { roster, voice, mechanisms } = this.#parts
    const { accused, incarnation } = accusation
    if (accused === this.#word.info.hub) {
      this.#refute(incarnation, now, accusation)
      return
    }
    const held = roster.all().get(accused)
    if (held === undefined || held.incarnation !== incarnation || !isPresent(held.status)) return
    const isOwn = accusation.by === this.#word.info.hub
    const weight = isOwn || !mechanisms.discount ? 1 : this.blame.weight(accusation, now)
    // Who hears badly may suspect, but does not bury alone.
    const self = this.#word.info.hub
    const isEnough = weight === 1 || accusation.status === 'suspect' || roster.mourn(accused, accusation.by, self)
    const said: Accusation = isEnough ? accusation : { ...accusation, status: 'suspect' }
    this.blame.note(said, this.#isYoung(accused, now) || this.#isYoung(said.by, now), now)
    const learned = roster.accuse(said, weight, now)
    if (learned === undefined) return
    voice.rumors.tell(said)
    voice.report({ type: 'accused', pool: voice.pool, accusation: said })
    if (learned === 'joined') return
    this.#changed(learned)
    if (said.status === 'suspect') this.#suspected.push(accused)
  }

  /** Whether the hub booted within the last minute: its incarnation is the time of its boot, and a few refutations. */
  #isYoung(hub: HubId, now: Now): boolean {
    const isSelf = hub === this.#word.info.hub
    const incarnation = isSelf ? this.#word.incarnation : this.#parts.roster.all().get(hub)?.incarnation
    return incarnation !== undefined && incarnation > now.wall - youngMs
  }

  /** This hub's own word against a member it could not reach. */
  accuseBySelf(hub: HubId, path: Path, now: Now): void {
    const { roster, health } = this.#parts
    const member = roster.all().get(hub)
    if (member === undefined || !isPresent(member.status)) return
    if (this.#quietUntil > now.mono) {
      // Who could not hear must not call others silent. A refused connection is no hearsay, but can wait as well.
      if (path === 'refused') this.#refusals.set(hub, member.incarnation)
      return
    }
    const rtt = member.rttMs === undefined ? {} : { rttMs: Math.round(member.rttMs * 10) / 10 }
    const { incarnation } = member
    const by = this.#word.info.hub
    this.accuse({ accused: hub, incarnation, status: 'suspect', by, path, health: health.score, ...rtt }, now)
  }

  /** The hub is linked: that its port refused before says nothing any more. */
  linked(hub: HubId): void {
    this.#refusals.delete(hub)
  }

  /** Buries those whose time is over. */
  bury(now: Now): void {
    const { roster, health } = this.#parts
    if (this.#quietUntil > now.mono) return
    for (const [hub, incarnation] of this.#refusals) {
      this.#refusals.delete(hub)
      if (roster.all().get(hub)?.incarnation === incarnation) this.accuseBySelf(hub, 'refused', now)
    }
    for (const hub of roster.lone(now, this.#parts.probeIntervalMs)) this.#doubted.push(hub)
    for (const accusation of roster.overdue(now)) {
      // The word a hub acts on itself needs no weighing; who else hears it weighs it by this hub's health.
      this.accuse({ ...accusation, status: 'dead', by: this.#word.info.hub, health: health.score }, now)
    }
  }

  /** This hub stood still for so long: what it did not hear meanwhile is nobody's fault. */
  stalled(lateMs: Millis, quietMs: Millis, now: Now): void {
    this.#parts.roster.postpone(lateMs)
    this.#quietUntil = Math.max(this.#quietUntil, now.mono + quietMs)
  }

  /** The composition says anew what this hub is. */
  speak(word: Statement): void {
    if (word.incarnation < this.#word.incarnation) return
    this.#word = word
    this.#parts.roster.selfChanged()
    this.#parts.voice.rumors.tell(word)
  }

  /** M8: this hub was forgotten up to this incarnation while it lives; cut off, for one. It speaks up above it. */
  forgotten(incarnation: number, now: Now): void {
    if (incarnation >= this.#word.incarnation) this.#refute(incarnation, now)
  }

  /** The hub is in the table no more: nothing is told or kept of it. */
  dropped(member: Member): void {
    const { voice, sight } = this.#parts
    const { hub } = member.info
    voice.rumors.drop(hub)
    sight.gone(hub)
    this.blame.forget(hub)
    voice.report({ type: 'member-dropped', pool: voice.pool, member })
  }

  #hearOfSelf(news: State, now: Now): void {
    const { notary, voice } = this.#parts
    if (news.info.peer === this.#word.info.peer) {
      const isAhead = news.incarnation > this.#word.incarnation
      const isAgainst = news.incarnation === this.#word.incarnation && news.status === 'left'
      if ((isAhead || isAgainst) && notary.vouches(news)) this.#refute(news.incarnation, now)
      return
    }
    if (news.status !== 'alive' || !notary.vouches(news)) return
    voice.report({ type: 'namesake', info: news.info })
    if (news.incarnation >= this.#word.incarnation) this.#refute(news.incarnation, now)
  }

  /** M1: only the hub itself raises its incarnation, above the word that it is not alive. */
  #refute(incarnation: number, now: Now, accusation?: Accusation): void {
    const { notary, health, voice } = this.#parts
    if (this.#word.status === 'left') return
    this.#hasAnswer = true
    if (incarnation < this.#word.incarnation) {
      // Taken back already, and whoever says so has missed it: the word is told anew, with the answer to this message.
      voice.rumors.tell(this.#word)
      return
    }
    // Held to half the leap of its own clock: words that others forge must not lead it where nobody believes it any more.
    if (incarnation > this.#word.incarnation && !isPlausible(incarnation, 0, now.wall - maxLeap / 2)) return
    health.add(1)
    const { info } = this.#word
    this.speak(notary.sign({ info, incarnation: incarnation + 1, status: 'alive' }))
    const about = accusation === undefined ? {} : { accusation }
    voice.report({ type: 'refuted', pool: voice.pool, word: this.#word, ...about })
  }

  #see(word: SightWord, now: Now): void {
    const { sight, roster, voice } = this.#parts
    if (sight.learn(word, roster.all().has(word.by), now)) voice.rumors.tell(word)
  }

  #changed(learned: Learned): void {
    const { voice, sight } = this.#parts
    const { hub } = learned.member.info
    if (!isPresent(learned.member.status)) sight.gone(hub)
    if (learned.member.status === 'dead') this.blame.settle(hub, learned.member.incarnation, 'confirmed')
    const { member, previous } = learned
    voice.report({ type: 'member', pool: voice.pool, member, ...(previous === undefined ? {} : { previous }) })
  }
}
