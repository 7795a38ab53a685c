// Hubs outside the own pools: what is believed of each, drawn from the reports.

import type { HubId } from '../ids.ts'
import { type Millis, type Now, never } from '../time.ts'
import type { HubInfo } from '../wire.ts'
import type { Ledger } from './ledger.ts'
import type { Report, Word } from './messages.ts'
import type { Pools } from './pools.ts'
import type { Reports, Standings } from './reports.ts'
import { sharesPool } from './tiers.ts'
import { isUp, type Verdict } from './verdict.ts'

/** What is believed about a hub outside the own pools, and since when. */
export interface Foreign extends Verdict {
  /** These two follow the reporters' confirmations. */
  asOf: Millis
  lastAt: Millis
  readonly since: { readonly mono: Millis; readonly wall: Millis }
  /** H18: since when all who spoke of it are dead, and nobody has spoken of it since. */
  readonly bereftAt?: Millis
}

/** What one look at the reports changed. */
export type Judgement =
  | { readonly type: 'foreign'; readonly verdict: Verdict; readonly previous?: Verdict['status'] }
  | { readonly type: 'foreign-dropped'; readonly info: HubInfo }

const nothing: readonly Judgement[] = []

/** Most hubs outside the own pools that something is believed of. */
const maxForeign = 20_000

export interface ForeignersParts {
  readonly self: HubInfo
  readonly bornAt: Millis
  readonly reports: Reports
  readonly pools: Pools
  /** H2: how long a hub stays what it was when nobody has a word about it. */
  readonly silenceMs: Millis
  /** H18: how long, when all who had one are dead. */
  readonly bereftMs: Millis
  /** H13: how long, when a live reporter of its pool has been one for that long and does not mention it. */
  readonly seasonedMs: Millis
  readonly deadRetentionMs: Millis
}

export class Foreigners {
  readonly #reports: Reports
  readonly #pools: Pools
  readonly #self: HubInfo
  readonly #bornAt: Millis
  readonly #silenceMs: Millis
  readonly #bereftMs: Millis
  readonly #seasonedMs: Millis
  readonly #deadRetentionMs: Millis
  #bereftUntil: Millis = never
  readonly #foreign = new Map<HubId, Foreign>()
  /** What the last review found to decide about a hub, until something is said of it: while that stands so does the verdict. */
  readonly #grounds = new Map<HubId, readonly Ledger[]>()
  /** M8: hubs that an operator forgot, up to and including this incarnation. */
  readonly #forgotten = new Map<HubId, number>()

  constructor(parts: ForeignersParts) {
    this.#reports = parts.reports
    this.#pools = parts.pools
    this.#self = parts.self
    this.#bornAt = parts.bornAt
    this.#silenceMs = parts.silenceMs
    this.#bereftMs = parts.bereftMs
    this.#seasonedMs = parts.seasonedMs
    this.#deadRetentionMs = parts.deadRetentionMs
  }

  all(): ReadonlyMap<HubId, Foreign> {
    return this.#foreign
  }

  /** Takes a report; judges whom it says something new about, and the reporter. */
  believe(report: Report, now: Now): Judgement[] {
    const changed = new Set(this.#reports.tell(report, now)).add(report.reporter)
    return [...changed].flatMap((hub) => this.#judge(hub, now))
  }

  /** Takes what a newly linked peer says of everyone: it introduces, it does not report (H5). */
  meet(words: readonly Word[], now: Now): Judgement[] {
    return words.flatMap((word) => {
      const { hub } = word.info
      const isKnown = (this.#foreign.get(hub)?.incarnation ?? -1) >= word.incarnation
      const isNews = !isKnown && !this.#pools.has(hub) && this.#reports.introduce(word, now)
      return isNews ? this.#judge(hub, now) : []
    })
  }

  /** H4: this hub's own eyes are one more reporter about a hub it was tied to. */
  witnessDeath(info: HubInfo, now: Now): readonly Judgement[] {
    const held = this.#foreign.get(info.hub)
    if (held === undefined) return []
    this.#reports.witness({ ...held, info, status: 'dead' }, now)
    return this.#judge(info.hub, now)
  }

  /** An own pool speaks of the hub now: reports about it are no longer judged (H1). */
  enters(hub: HubId): void {
    this.#grounds.delete(hub)
    this.#foreign.delete(hub)
  }

  /** M8: nothing that is said of the hub at this incarnation or an earlier one counts any more. */
  forget(hub: HubId, incarnation: number): Judgement[] {
    this.#forgotten.set(hub, Math.max(incarnation, this.#forgotten.get(hub) ?? 0))
    const held = this.#foreign.get(hub)
    if (held === undefined || held.incarnation > incarnation) return []
    this.#grounds.delete(hub)
    this.#foreign.delete(hub)
    this.#reports.forget(hub)
    return [{ type: 'foreign-dropped', info: held.info }]
  }

  /** When the next one is dead because no word about it counts. */
  deadline(): Millis {
    return this.#bereftUntil
  }

  /** A reporter may have died, or been silent for too long: everyone is judged again. */
  review(now: Now): Judgement[] {
    const standings: Standings = new Map()
    const judgements: Judgement[] = []
    const look = (hub: HubId): void => {
      if (this.#renew(hub, now, standings)) return
      judgements.push(...this.#judge(hub, now, standings))
      const grounds = this.#foreign.has(hub) ? this.#reports.grounds(hub, now, standings) : undefined
      if (grounds !== undefined) this.#grounds.set(hub, grounds)
    }
    for (const hub of this.#reports.known()) look(hub)
    for (const hub of this.#foreign.keys()) if (!this.#reports.isKnown(hub)) look(hub)
    this.#bereftUntil = never
    for (const { status, bereftAt = never } of this.#foreign.values()) {
      if (status === 'alive' || status === 'suspect')
        this.#bereftUntil = Math.min(this.#bereftUntil, bereftAt + this.#bereftMs)
    }
    return judgements
  }

  /** Confirms what is believed of a hub where all that decides about it stands; most of a review is this. */
  #renew(hub: HubId, now: Now, standings: Standings): boolean {
    const grounds = this.#grounds.get(hub)
    const held = grounds === undefined ? undefined : this.#foreign.get(hub)
    if (grounds === undefined || held === undefined || !isUp(held)) return false
    let asOf = Number.NEGATIVE_INFINITY
    let lastAt = Number.NEGATIVE_INFINITY
    for (const ledger of grounds) {
      const confirmed = this.#reports.standing(ledger, now, standings)
      if (confirmed === undefined) return false
      asOf = Math.max(asOf, confirmed.wall)
      lastAt = Math.max(lastAt, confirmed.mono)
    }
    held.asOf = asOf
    held.lastAt = lastAt
    return true
  }

  /** H1: an own pool's word is final; only hubs outside of them are judged by reports. */
  #judge(hub: HubId, now: Now, standings?: Standings): readonly Judgement[] {
    this.#grounds.delete(hub)
    if (this.#pools.has(hub)) {
      this.#foreign.delete(hub)
      return nothing
    }
    const held = this.#foreign.get(hub)
    // M8: words about a life that was forgotten, or is over, say nothing about the present one.
    const earliest = Math.max((this.#forgotten.get(hub) ?? -1) + 1, held?.incarnation ?? 0)
    const said = this.#reports.judge(hub, now, standings)
    const told = said !== undefined && said.incarnation >= earliest ? said : undefined
    const verdict = told ?? this.#afterSilence(held, now)
    if (verdict === undefined) return nothing
    const isGone = !isUp(verdict)
    // M2: only a word that says alive introduces a hub.
    if (held === undefined && (isGone || this.#foreign.size >= maxForeign)) return []
    const isSame = held?.status === verdict.status && held.incarnation === verdict.incarnation
    const since = isSame ? held.since : { mono: now.mono, wall: now.wall }
    if (isGone && now.mono - since.mono >= this.#deadRetentionMs) {
      this.#foreign.delete(hub)
      this.#reports.forget(hub)
      return [{ type: 'foreign-dropped', info: verdict.info }]
    }
    const { info, incarnation, status, signature, asOf, lastAt } = verdict
    const bereftAt = told === undefined ? this.#bereftAt(hub, now) : undefined
    const bereft = bereftAt === undefined ? {} : { bereftAt }
    // Written out: most of a review is this, and a spread takes several times as long.
    this.#foreign.set(hub, { info, incarnation, status, signature, asOf, lastAt, since, ...bereft })
    if (isSame) return nothing
    return [{ type: 'foreign', verdict, ...(held === undefined ? {} : { previous: held.status }) }]
  }

  /** By its pool's reporter; or by an own pool, that this hub has been in for long enough to know everybody. */
  #isOmitted(held: Foreign, now: Now): boolean {
    const isSeasoned = now.mono - this.#bornAt >= this.#seasonedMs
    return (isSeasoned && sharesPool(this.#self, held.info)) || this.#reports.isOmitted(held, now, this.#seasonedMs)
  }

  #bereftAt(hub: HubId, now: Now): Millis | undefined {
    return this.#foreign.get(hub)?.bereftAt ?? (this.#reports.isBereft(hub, now) ? now.mono : undefined)
  }

  /** H2, H13, H18: with every word void a hub stays what it was until that has lasted, or it is left out; then it is dead. */
  #afterSilence(held: Foreign | undefined, now: Now): Verdict | undefined {
    if (held === undefined || !isUp(held)) return held
    const silentMs = now.mono - held.lastAt
    const isOmitted = silentMs >= this.#seasonedMs && this.#isOmitted(held, now)
    const isBereft = now.mono - (held.bereftAt ?? now.mono) >= this.#bereftMs
    return isOmitted || isBereft || silentMs > this.#silenceMs ? { ...held, status: 'dead' } : held
  }
}
