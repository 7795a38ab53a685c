// The table of beliefs about a pool's members, and the suspicions that run against them.

import { assert } from '../errors.ts'
import { hashOf } from '../hash.ts'
import type { HubId, PeerId } from '../ids.ts'
import { type Millis, type Now, never } from '../time.ts'
import { statementOf } from '../wire.ts'
import { isPlausible, isPresent, type Member, type State, supersedes } from './member.ts'
import type { Accusation } from './messages.ts'
import { measured, type Rtt } from './rtt.ts'
import { Suspicion, type SuspicionRules } from './suspicion.ts'

export interface RosterOptions {
  readonly suspicion: SuspicionRules
  readonly deadRetentionMs: Millis
}

/** What one word changed. */
export interface Learned {
  readonly member: Member
  readonly previous?: State
  /** Who gave way in a full table. */
  readonly evicted?: Member
}

/** What a statement about another hub is to this table. `news` is still to be proved. */
export type Worth = 'news' | 'known' | 'implausible' | 'name-taken' | 'pool-full' | 'forgotten'

/** A case and the word that stands for it. */
interface Case {
  readonly suspicion: Suspicion
  accusation: Accusation
}

/** Members kept, the dead included. Flat pools hurt beyond 2,000; what is more was invented. */
export const maxMembers = 4_096
/** The dead are still spoken to for this long: one that lives hears of it and refutes (memberlist's gossip to the dead). */
const farewellMs: Millis = 30_000

export class Roster {
  readonly #options: RosterOptions
  readonly #members = new Map<HubId, Member>()
  /** M3: holds a hub exactly while it is believed suspect. */
  readonly #cases = new Map<HubId, Case>()
  readonly #rtts = new Map<HubId, Rtt>()
  /** Hubs that were linked or answered: what was only ever told of gives way to them when the table is full. */
  readonly #met = new Set<HubId>()
  /** M8: forgotten by an operator, up to and including this incarnation. */
  readonly #forgotten = new Map<HubId, number>()
  /** Kept between changes: they are read with every message. */
  #present: readonly Member[] | undefined
  #digest: string | undefined
  #expireAt: Millis = never
  /** When the next suspicion runs out; undefined after a change to one. */
  #nextEnd: Millis | undefined

  constructor(options: RosterOptions) {
    this.#options = options
  }

  all(): ReadonlyMap<HubId, Member> {
    return this.#members
  }

  present(): readonly Member[] {
    this.#present ??= [...this.#members.values()].filter((member) => isPresent(member.status))
    return this.#present
  }

  /** The present, and who died so lately that it may not know. */
  hearers(now: Now): readonly Member[] {
    const present = this.present()
    if (this.#expireAt === never) return present
    const isFresh = (member: Member): boolean => member.status === 'dead' && now.mono - member.since.mono < farewellMs
    const fresh = [...this.#members.values()].filter(isFresh)
    return fresh.length === 0 ? present : [...present, ...fresh]
  }

  byPeer(peer: PeerId): Member | undefined {
    for (const member of this.#members.values()) if (member.info.peer === peer) return member
    return undefined
  }

  /** The word that stands against a suspect. */
  accusationOf(hub: HubId): Accusation | undefined {
    return this.#cases.get(hub)?.accusation
  }

  rtt(hub: HubId): Rtt | undefined {
    return this.#rtts.get(hub)
  }

  /** When the next suspicion runs out. */
  deadline(): Millis {
    if (this.#nextEnd === undefined) {
      let next: Millis = never
      for (const { suspicion } of this.#cases.values()) next = Math.min(next, suspicion.endsAt)
      this.#nextEnd = next
    }
    return this.#nextEnd
  }

  /**
   * Equal on hubs that believe the same of who is there. Of the gone a newcomer never learns (M2): with them in it no table
   * would equal his. A suspicion is on its way to one of two ends, and counts as life.
   */
  digest(self: State): string {
    const line = ({ info, incarnation }: State): string => `${info.hub} ${incarnation}`
    this.#digest ??= hashOf(this.present().map(line).concat(line(self)).sort()).slice(0, 16)
    return this.#digest
  }

  /** The hub's own word has changed. */
  selfChanged(): void {
    this.#digest = undefined
  }

  /** What an alive or left statement is worth here, before its signature is looked at. */
  worth(news: State, now: Now): Worth {
    const { hub, peer } = news.info
    const held = this.#members.get(hub)
    if (!supersedes(news, held)) return 'known'
    if (news.incarnation <= (this.#forgotten.get(hub) ?? -1)) return 'forgotten'
    if (!isPlausible(news.incarnation, held?.incarnation ?? 0, now.wall)) return 'implausible'
    // M6: a name belongs to the key that holds it, while that key's hub is there.
    if (held !== undefined && held.info.peer !== peer && isPresent(held.status)) return 'name-taken'
    return held === undefined && this.#isFull() && this.#spare() === undefined ? 'pool-full' : 'news'
  }

  /** Takes an alive or left statement that is news and proved. */
  learn(news: State, now: Now): Learned {
    const { hub } = news.info
    const evicted = this.#isFull() && !this.#members.has(hub) ? this.#spare() : undefined
    if (evicted !== undefined) this.#remove(evicted.info.hub)
    this.#close(hub)
    const learned = this.#set(statementOf(news), now)
    return evicted === undefined ? learned : { ...learned, evicted }
  }

  /** Takes a word against a present hub at its present incarnation; undefined when it changes no belief. */
  accuse(accusation: Accusation, weight: number, now: Now): Learned | 'joined' | undefined {
    const { accused, incarnation, status, by, path } = accusation
    const held = this.#members.get(accused)
    if (held === undefined || held.incarnation !== incarnation || !isPresent(held.status)) return undefined
    if (status === 'dead') {
      this.#close(accused)
      return this.#set({ ...statementOf(held), status }, now)
    }
    const isFirst = held.status === 'alive'
    const known = this.#cases.get(accused)
    const size = this.present().length + 1
    const open: Case = known ?? { suspicion: new Suspicion(this.#options.suspicion, size, now.mono), accusation }
    if (known === undefined) this.#cases.set(accused, open)
    const isRefusal = path === 'refused' && weight > 0 && open.suspicion.refused(by, now.mono)
    const isNew = open.suspicion.accuse(by, weight)
    this.#nextEnd = undefined
    if (isFirst) return this.#set({ ...statementOf(held), status }, now)
    // A refusal is worth telling also of who has accused before: it says more than silence.
    if (!isRefusal && !(isNew && open.suspicion.wantsMore())) return undefined
    open.accusation = accusation
    return 'joined'
  }

  /** One whose word alone does not bury says that a suspect is dead: whether another, or `self`, has found the same. */
  mourn(hub: HubId, mourner: HubId, self: HubId): boolean {
    const suspicion = this.#cases.get(hub)?.suspicion
    if (suspicion === undefined) return false
    const isEnough = suspicion.mourn(mourner)
    return isEnough || suspicion.isAccusedBy(self)
  }

  /** The suspects whose time is over, with the word that stands against them. */
  overdue(now: Now): Accusation[] {
    const due: Accusation[] = []
    if (this.deadline() > now.mono) return due
    for (const [hub, { suspicion, accusation }] of this.#cases) {
      const status = this.#members.get(hub)?.status
      assert(status === 'suspect', 'M3', `a suspicion runs against ${hub}, which is ${status}`)
      if (suspicion.endsAt <= now.mono) due.push(accusation)
    }
    return due
  }

  /** The suspects whose time is over on one hub's word alone: they get `moreMs`, once, to answer to a last question. */
  lone(now: Now, moreMs: Millis): HubId[] {
    if (this.deadline() > now.mono) return []
    const lone: HubId[] = []
    for (const [hub, { suspicion }] of this.#cases) {
      if (suspicion.endsAt <= now.mono && suspicion.reprieve(moreMs)) lone.push(hub)
    }
    if (lone.length > 0) this.#nextEnd = undefined
    return lone
  }

  /** This hub could hear nobody for so long. */
  postpone(byMs: Millis): void {
    for (const { suspicion } of this.#cases.values()) suspicion.postpone(byMs)
    this.#nextEnd = undefined
  }

  met(hub: HubId): void {
    if (this.#members.has(hub)) this.#met.add(hub)
  }

  measured(hub: HubId, rttMs: Millis): void {
    const member = this.#members.get(hub)
    if (member === undefined) return
    const rtt = measured(this.#rtts.get(hub), rttMs)
    this.#rtts.set(hub, rtt)
    member.rttMs = rtt.smoothedMs
  }

  /** Removes and returns those who have been dead or gone for the retention. */
  expire(now: Now): Member[] {
    if (this.#expireAt > now.mono) return []
    const expired: Member[] = []
    this.#expireAt = never
    for (const member of this.#members.values()) {
      if (isPresent(member.status)) continue
      const at = member.since.mono + this.#options.deadRetentionMs
      if (at <= now.mono) expired.push(member)
      else this.#expireAt = Math.min(this.#expireAt, at)
    }
    for (const member of expired) this.#remove(member.info.hub)
    return expired
  }

  /** M8: the hub is no more, at this incarnation or an earlier one; undefined when it was not here. */
  forget(hub: HubId, incarnation: number): Member | undefined {
    this.#forgotten.set(hub, Math.max(incarnation, this.#forgotten.get(hub) ?? 0))
    const member = this.#members.get(hub)
    if (member === undefined || member.incarnation > incarnation) return undefined
    this.#remove(hub)
    return member
  }

  #set(state: State, now: Now): Learned {
    const { hub } = state.info
    const held = this.#members.get(hub)
    const rtt = held?.rttMs === undefined ? {} : { rttMs: held.rttMs }
    const member: Member = { ...state, since: { mono: now.mono, wall: now.wall }, ...rtt }
    this.#members.set(hub, member)
    this.#present = undefined
    this.#digest = undefined
    if (!isPresent(state.status)) this.#expireAt = Math.min(this.#expireAt, now.mono + this.#options.deadRetentionMs)
    return held === undefined ? { member } : { member, previous: statementOf(held) }
  }

  #close(hub: HubId): void {
    if (this.#cases.delete(hub)) this.#nextEnd = undefined
  }

  #remove(hub: HubId): void {
    this.#close(hub)
    this.#members.delete(hub)
    this.#rtts.delete(hub)
    this.#met.delete(hub)
    this.#present = undefined
    this.#digest = undefined
  }

  #isFull(): boolean {
    return this.#members.size >= maxMembers
  }

  /** The first that was never met, or is gone: it can be given up. */
  #spare(): Member | undefined {
    let youngest: Member | undefined
    for (const member of this.#members.values()) {
      if (!isPresent(member.status)) return member
      if (!this.#met.has(member.info.hub)) youngest = member
    }
    return youngest
  }
}
