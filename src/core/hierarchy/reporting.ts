// How regions hear of each other. A reporter writes a ledger, publishes what changes in it, and is silent otherwise: what
// nobody repeats costs nothing, however large the federation. That all is still as it was follows from who is watched:
// hubs of the backbone watch the reporters themselves; a child compares one mark with its parents, and what the two hold
// alike stands. Where marks differ they list what they hold and fetch what they lack.
// After Merkle-free anti-entropy by versions (van Renesse, Dumitriu, Gough, Thomas, "Scuttlebutt", 2008).

import type { HubId, PeerId } from '../ids.ts'
import type { Effect } from '../machine.ts'
import type { Random } from '../random.ts'
import { type Millis, type Now, never } from '../time.ts'
import type { HubInfo } from '../wire.ts'
import { Bulletin } from './bulletin.ts'
import { Comparing } from './comparing.ts'
import { Foreigners, type Judgement } from './foreigners.ts'
import { Holdings } from './holdings.ts'
import { compareStands } from './ledger.ts'
import type { Report, Word } from './messages.ts'
import type { Pools } from './pools.ts'
import type { HierarchyProtocol } from './protocol.ts'
import { Reports } from './reports.ts'
import { Requests } from './requests.ts'
import { isBackbone } from './tiers.ts'
import { isUp } from './verdict.ts'

type Effects = Effect<HierarchyProtocol>[]

/** Reports that follow a change wait this long for company. */
const coalesceMs = 200
/** H2: a reporter is silent after this many report intervals. */
const silentAfter = 3.5
/** H18: so many, with all reporters dead; stand-ins began 11 s after the backbone buried them (partition-heals, seed 12). */
const bereftAfter = 2

export interface ReportingParts {
  readonly self: HubInfo
  readonly word: Word
  readonly random: Random
  readonly pools: Pools
  readonly links: ReadonlyMap<PeerId, HubInfo>
  readonly parents: () => readonly HubInfo[]
  readonly ownWord: () => Word
  readonly reportIntervalMs: Millis
  readonly deadRetentionMs: Millis
}

interface Heard {
  readonly report: Report
  readonly from: PeerId
  readonly isOwnVoice: boolean
}

export class Reporting {
  readonly foreigners: Foreigners
  readonly comparing: Comparing
  readonly #parts: ReportingParts
  readonly #reports: Reports
  readonly #bulletin: Bulletin
  readonly #requests: Requests
  /** Reporters whose words did not count when that was last looked at. */
  #mute = new Set<HubId>()
  readonly #holdings: Holdings
  #reviewAt: Millis
  #newsAt: Millis = never
  #weighAt: Millis = never

  constructor(parts: ReportingParts, now: Now) {
    this.#parts = parts
    this.#requests = new Requests(parts)
    const { pools, self, reportIntervalMs, deadRetentionMs } = parts
    const silenceMs = silentAfter * reportIntervalMs
    this.#reports = new Reports(silenceMs, (hub) => pools.member(hub))
    const bereftMs = bereftAfter * reportIntervalMs
    const patience = { silenceMs, bereftMs, seasonedMs: reportIntervalMs, deadRetentionMs }
    this.foreigners = new Foreigners({ self, bornAt: now.mono, reports: this.#reports, pools, ...patience })
    this.#bulletin = new Bulletin(self.hub, parts.word.incarnation)
    const foreign = this.foreigners.all()
    this.#holdings = new Holdings({ self, pools, foreign, reports: this.#reports, bulletin: this.#bulletin })
    this.comparing = new Comparing({
      ...parts,
      reports: this.#reports,
      bulletin: this.#bulletin,
      holdings: this.#holdings,
      requests: this.#requests,
      weigh: (reporter, at) => this.weigh(reporter, at),
    })
    this.#reviewAt = now.mono + parts.random.real() * reportIntervalMs
  }

  deadline(): Millis {
    const judgeAt = Math.min(this.#weighAt, this.foreigners.deadline())
    const sayAt = Math.min(this.#newsAt, this.#parts.pools.termEndsAt())
    return Math.min(this.#reviewAt, sayAt, judgeAt, this.#requests.deadline())
  }

  /** A hub spoke with its own voice (H3). */
  hear(hub: HubId, now: Now): void {
    this.#reports.hear(hub, now)
  }

  /** Something that may have to be reported changed. */
  announce(now: Now): void {
    this.unsettle()
    this.#newsAt = Math.min(this.#newsAt, now.mono + coalesceMs)
  }

  /** A ledger has changed, or what is believed of its reporter. */
  unsettle(): void {
    this.#holdings.unsettle()
  }

  /** Whether words of that hub are held. */
  isReporter(hub: HubId): boolean {
    return this.#reports.ledgers().has(hub)
  }

  /** H17: a reporter's words count again, perhaps: what it speaks of is judged anew, with those that follow. */
  weigh(reporter: HubId, now: Now): void {
    if (!this.#reports.speaks(reporter, now)) this.#mute.add(reporter)
    else if (this.#mute.delete(reporter)) this.#weighAt = Math.min(this.#weighAt, now.mono + coalesceMs)
  }

  /** Everyone is judged anew. */
  review(now: Now): Judgement[] {
    this.#weighAt = never
    this.unsettle()
    const judgements = this.foreigners.review(now)
    this.#mute = new Set([...this.#reports.ledgers().keys()].filter((reporter) => !this.#reports.speaks(reporter, now)))
    return judgements
  }

  tick(now: Now, out: Effects): Judgement[] {
    const isReview = this.#reviewAt <= now.mono
    if (isReview || Math.min(this.#newsAt, this.#parts.pools.termEndsAt()) <= now.mono) this.#publish(now, out)
    this.#askAgain(now, out)
    if (!isReview) return Math.min(this.#weighAt, this.foreigners.deadline()) <= now.mono ? this.review(now) : []
    const { reportIntervalMs, random } = this.#parts
    this.#reviewAt = now.mono + reportIntervalMs * (0.9 + 0.2 * random.real())
    this.#confirmSelf(out)
    this.comparing.compare(out)
    const judgements = this.review(now)
    if (this.#reports.prune(now)) this.unsettle()
    return judgements
  }

  /** This hub goes, and says so whether it is a reporter or not. */
  leave(out: Effects): void {
    const { self, ownWord } = this.#parts
    this.#say({ reporter: self.hub, words: [ownWord()] }, out)
  }

  // ---- what this hub reports

  #publish(now: Now, out: Effects): void {
    this.#newsAt = never
    const owed = this.#hasAudience() ? this.#parts.pools.owed(this.#parts.ownWord(), now) : []
    const reports = this.#bulletin.update(owed)
    if (reports.length > 0) this.unsettle()
    for (const report of reports) this.#say(report, out)
  }

  /** Hubs of one region share its pool: where there is no other there is nobody to report to. */
  #hasAudience(): boolean {
    const { self, pools } = this.#parts
    for (const { info } of this.foreigners.all().values()) if (info.region !== self.region) return true
    return pools.all().some(({ info }) => info.region !== self.region)
  }

  /** H9: a stand-in is watched by nobody far away: it says every interval itself that it stands by its words. */
  #confirmSelf(out: Effects): void {
    if (isBackbone(this.#parts.self.tier)) return
    for (const report of this.#bulletin.confirmation()) this.#say(report, out)
  }

  #say(report: Report, out: Effects): void {
    out.push({ type: 'publish', topic: 'members', message: { kind: 'tier.report', body: report } })
  }

  // ---- what others report

  /** A report: published by the reporter itself, or handed on by a linked peer that was asked for it. */
  believe({ report, from, isOwnVoice }: Heard, now: Now, out: Effects): Judgement[] {
    const { reporter } = report
    if (reporter === this.#parts.self.hub) return []
    if (isOwnVoice) this.#reports.hear(reporter, now)
    const judgements = this.foreigners.believe(report, now)
    this.unsettle()
    if (judgements.some((each) => this.#silences(each))) judgements.push(...this.review(now))
    const isWhole = this.#reports.ledgers().get(reporter)?.stand() !== undefined
    if (isOwnVoice) this.#reports.confirm(reporter, now)
    const held = this.#reports.ledgers().get(reporter)?.stand()
    const isLatest = held !== undefined && report.stand !== undefined && compareStands(report.stand, held) === 0
    if (isOwnVoice && isLatest) this.#reports.renew(reporter, now)
    for (const hub of [reporter, ...hubsOf(judgements)]) if (this.isReporter(hub)) this.weigh(hub, now)
    if (isWhole) this.#requests.done(reporter)
    const isLacking = !isWhole && isOwnVoice && report.stand !== undefined
    this.comparing.ask(isLacking ? this.#requests.want([reporter], from, now) : this.#requests.next(now), out)
    return judgements
  }

  /** A reporter that is gone takes its words with it. */
  #silences(judgement: Judgement): boolean {
    return judgement.type === 'foreign' && !isUp(judgement.verdict) && this.isReporter(judgement.verdict.info.hub)
  }

  /** H10: who was asked for a ledger may have lacked it too, right after a partition: what is still torn is asked for again. */
  #askAgain(now: Now, out: Effects): void {
    for (const reporter of this.#requests.giveUp(now)) {
      const belief = this.#parts.pools.member(reporter) ?? this.foreigners.all().get(reporter)
      const isTorn = this.#reports.ledgers().get(reporter)?.isTorn === true
      if (isTorn && belief !== undefined && isUp(belief)) {
        this.comparing.ask(this.#requests.want([reporter], belief.info.peer, now), out)
      }
    }
    this.comparing.ask(this.#requests.next(now), out)
  }
}

function hubsOf(judgements: readonly Judgement[]): HubId[] {
  return judgements.flatMap((each) => (each.type === 'foreign' ? [each.verdict.info.hub] : []))
}
