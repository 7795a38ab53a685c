// The table of beliefs about a pool's members, and the suspicions that run against them.

import { assert } from '../errors.ts'
import type { HubId } from '../ids.ts'
import { type Millis, type Now, never } from '../time.ts'
import { statementOf } from '../wire.ts'
import { isPlausible, isPresent, type Member, type State, supersedes } from './member.ts'
import { suspicionTimeout } from './suspicion.ts'

export interface RosterOptions {
  readonly suspicionMultiplier: number
  readonly probeIntervalMs: Millis
  readonly deadRetentionMs: Millis
}

/** What one statement changed. */
export interface Learned {
  readonly member: Member
  readonly previous?: State
}

export class Roster {
  readonly #options: RosterOptions
  readonly #members = new Map<HubId, Member>()
  /** M3: holds a hub exactly while it is believed suspect; when it becomes dead. */
  readonly #suspicions = new Map<HubId, Millis>()
  /** Kept between changes: it is read with every message. */
  #present: readonly Member[] | undefined

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

  /** When the next suspicion runs out. */
  deadline(): Millis {
    return Math.min(never, ...this.#suspicions.values())
  }

  /** Takes a statement about another hub; undefined when it is no news. */
  learn(news: State, now: Now): Learned | undefined {
    const { hub } = news.info
    const held = this.#members.get(hub)
    if (!isPlausible(news.incarnation, now.wall) || !supersedes(news, held)) return undefined
    const rtt = held?.rttMs === undefined ? {} : { rttMs: held.rttMs }
    const member: Member = { ...statementOf(news), since: { mono: now.mono, wall: now.wall }, ...rtt }
    this.#members.set(hub, member)
    this.#present = undefined
    if (news.status === 'suspect') {
      const { suspicionMultiplier, probeIntervalMs } = this.#options
      const timeout = suspicionTimeout(suspicionMultiplier, this.present().length + 1, probeIntervalMs)
      this.#suspicions.set(hub, now.mono + timeout)
    } else {
      this.#suspicions.delete(hub)
    }
    return held === undefined ? { member } : { member, previous: statementOf(held) }
  }

  measured(hub: HubId, rttMs: Millis): void {
    const member = this.#members.get(hub)
    if (member === undefined) return
    this.#members.set(hub, { ...member, rttMs })
    this.#present = undefined
  }

  /** Statements of death for the suspects whose time is over. */
  overdue(now: Now): State[] {
    const due: State[] = []
    for (const [hub, until] of this.#suspicions) {
      const member = this.#members.get(hub)
      assert(member?.status === 'suspect', 'M3', `a suspicion runs against ${hub}, which is ${member?.status}`)
      if (until <= now.mono) due.push({ ...statementOf(member), status: 'dead' })
    }
    return due
  }

  /** Removes and returns those who have been dead or gone for the retention. */
  expire(now: Now): Member[] {
    const expired = [...this.#members.values()].filter(
      (member) => !isPresent(member.status) && member.since.mono + this.#options.deadRetentionMs <= now.mono,
    )
    for (const member of expired) this.#members.delete(member.info.hub)
    if (expired.length > 0) this.#present = undefined
    return expired
  }
}
