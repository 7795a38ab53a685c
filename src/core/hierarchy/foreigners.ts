// Hubs outside the own pools: what is believed of each, drawn from the reports.

import type { HubId } from '../ids.ts'
import type { Millis, Now } from '../time.ts'
import type { HubInfo } from '../wire.ts'
import type { Word } from './messages.ts'
import type { Pools } from './pools.ts'
import type { Reports, Verdict } from './reports.ts'

/** What is believed about a hub outside the own pools, and since when. */
export interface Foreign extends Verdict {
  readonly since: { readonly mono: Millis; readonly wall: Millis }
}

/** What one look at the reports changed. */
export type Judgement =
  | { readonly type: 'foreign'; readonly verdict: Verdict; readonly previous?: Verdict['status'] }
  | { readonly type: 'foreign-dropped'; readonly info: HubInfo }

export class Foreigners {
  readonly #self: HubId
  readonly #reports: Reports
  readonly #pools: Pools
  readonly #deadRetentionMs: Millis
  readonly #foreign = new Map<HubId, Foreign>()

  constructor(parts: { self: HubId; reports: Reports; pools: Pools; deadRetentionMs: Millis }) {
    this.#self = parts.self
    this.#reports = parts.reports
    this.#pools = parts.pools
    this.#deadRetentionMs = parts.deadRetentionMs
  }

  all(): ReadonlyMap<HubId, Foreign> {
    return this.#foreign
  }

  /** Takes a reporter's words; judges whom they say something new about, and the reporter, who has spoken. */
  believe(reporter: HubId, words: readonly Word[], now: Now): Judgement[] {
    const judgements: Judgement[] = []
    for (const word of words) {
      const { hub } = word.info
      if (this.#pools.status(hub) !== undefined) continue
      const isNews = this.#reports.tell(reporter, word, now)
      if (isNews || hub === reporter) judgements.push(...this.#judge(hub, now))
    }
    return judgements
  }

  /** Takes what a newly linked peer says of everyone: it introduces, it does not report (H5). */
  meet(words: readonly Word[], now: Now): Judgement[] {
    return words.flatMap((word) => {
      const { hub } = word.info
      const isNews = this.#pools.status(hub) === undefined && this.#reports.introduce(word, now)
      return isNews ? this.#judge(hub, now) : []
    })
  }

  /** H4: this hub's own eyes are one more reporter about a hub it was tied to. */
  witnessDeath(info: HubInfo, now: Now): Judgement[] {
    const held = this.#foreign.get(info.hub)
    if (held === undefined) return []
    const { incarnation, signature } = held
    this.#reports.tell(this.#self, { info, incarnation, status: 'dead', signature }, now)
    return this.#judge(info.hub, now)
  }

  /** An own pool speaks of the hub now: reports about it are no longer judged (H1). */
  enters(hub: HubId): void {
    this.#foreign.delete(hub)
  }

  /** M8: nothing said of the hub at this incarnation or an earlier one is heard any more. */
  forget(hub: HubId, incarnation: number): Judgement[] {
    this.#reports.bar(hub, incarnation)
    const held = this.#foreign.get(hub)
    if (held === undefined || held.incarnation > incarnation) return []
    this.#foreign.delete(hub)
    return [{ type: 'foreign-dropped', info: held.info }]
  }

  /** A reporter may have died, or been silent for too long: everyone it spoke of is judged again. */
  review(now: Now): Judgement[] {
    return [...this.#reports.known()].flatMap((hub) => this.#judge(hub, now))
  }

  /** H1: an own pool's word is final; only hubs outside of them are judged by reports. */
  #judge(hub: HubId, now: Now): Judgement[] {
    if (this.#pools.status(hub) !== undefined) {
      this.#foreign.delete(hub)
      return []
    }
    const verdict = this.#reports.judge(hub, now, (reporter) => this.#pools.status(reporter))
    if (verdict === undefined) return []
    const held = this.#foreign.get(hub)
    const isSame = held?.status === verdict.status && held.incarnation === verdict.incarnation
    const since = isSame ? held.since : { mono: now.mono, wall: now.wall }
    const isGone = verdict.status === 'dead' || verdict.status === 'left'
    if (isGone && now.mono - since.mono >= this.#deadRetentionMs) {
      this.#foreign.delete(hub)
      this.#reports.forget(hub)
      return [{ type: 'foreign-dropped', info: verdict.info }]
    }
    this.#foreign.set(hub, { ...verdict, since })
    if (isSame) return []
    return [{ type: 'foreign', verdict, ...(held === undefined ? {} : { previous: held.status }) }]
  }
}
