// What this hub is told about hubs outside its own pools, kept per reporter, and the verdict it draws from that.
// The intuition: believe whoever sees best. One relay that cannot reach a healthy hub must not kill it far away, so the
// best word at the highest incarnation wins; and a reporter's word is worth no more than the reporter is alive.

import type { HubId } from '../ids.ts'
import { hour, type Millis, type Now } from '../time.ts'
import type { HubInfo } from '../wire.ts'
import { type Kept, Ledger } from './ledger.ts'
import type { Report, Word } from './messages.ts'
import { sharesPool } from './tiers.ts'
import { buries, isUp, outranks, type Verdict, type Voice, verdict } from './verdict.ts'

/** What this hub's own pools say about a reporter; undefined: it is in none of them. */
export type OwnPools = (hub: HubId) => Pick<Word, 'status' | 'incarnation'> | undefined

/** When each reporter was last known to stand by its words; undefined where those do not count. For one moment. */
export type Standings = Map<Ledger, Now | undefined>

/** A hub, and when a word about it last counted. */
interface Omissible {
  readonly info: HubInfo
  readonly lastAt: Millis
}

/** Most hubs that words, and most that hearsay, is kept of; and most reporters. */
const maxHubs = 20_000
const maxReporters = 2_000

export class Reports {
  readonly #silenceMs: Millis
  readonly #ownPools: OwnPools
  readonly #ledgers = new Map<HubId, Ledger>()
  /** Who speaks of each hub. */
  readonly #speakers = new Map<HubId, Set<Ledger>>()
  /** H5: what introductions said; counts only above the incarnation that reports speak of, and is never repeated. */
  readonly #hearsay = new Map<HubId, Voice>()
  /** H4: what this hub saw itself. */
  readonly #eyes = new Map<HubId, Voice>()
  /** When each hub was last heard with its own voice. */
  readonly #heard = new Map<HubId, Millis>()

  /** A reporter of whom nothing was known for `silenceMs` has no word. */
  constructor(silenceMs: Millis, ownPools: OwnPools) {
    this.#silenceMs = silenceMs
    this.#ownPools = ownPools
  }

  /** Whom words or hearsay are of, each once. */
  *known(): Generator<HubId> {
    yield* this.#speakers.keys()
    for (const hub of this.#hearsay.keys()) if (!this.#speakers.has(hub)) yield hub
  }

  isKnown(hub: HubId): boolean {
    return this.#speakers.has(hub) || this.#hearsay.has(hub)
  }

  ledgers(): ReadonlyMap<HubId, Ledger> {
    return this.#ledgers
  }

  /** The hub spoke itself: no earlier word of death about it holds (H3). */
  hear(hub: HubId, now: Now): void {
    if (this.#heard.has(hub) || this.#heard.size < maxHubs) this.#heard.set(hub, now.mono)
  }

  /** Takes a report, whoever brought it, and returns whom it says something new about. */
  tell(report: Report, now: Now): HubId[] {
    if (report.stand !== undefined && !isPlausible(report.stand.epoch, now)) return []
    const held = this.#ledgers.get(report.reporter)
    if (held === undefined && this.#ledgers.size >= maxReporters) return []
    const ledger = held ?? new Ledger(report.reporter, now)
    this.#ledgers.set(report.reporter, ledger)
    const changed = ledger.take(report, now)
    for (const hub of changed) this.#index(hub, ledger)
    return changed
  }

  /** H18: whether all who spoke of the hub are dead: not silent, not displaced by others who will speak. */
  isBereft(hub: HubId, now: Now): boolean {
    const ledgers = [...(this.#speakers.get(hub) ?? [])].filter(({ reporter }) => reporter !== hub)
    return ledgers.length > 0 && ledgers.every((ledger) => this.#isDead(ledger, now))
  }

  #isDead(ledger: Ledger, now: Now): boolean {
    const inPool = this.#ownPools(ledger.reporter)
    return inPool === undefined ? this.#isBuried(ledger, now) : inPool.status === 'dead'
  }

  /** Whether there are words of that reporter, and they count. */
  speaks(reporter: HubId, now: Now): boolean {
    const ledger = this.#ledgers.get(reporter)
    return ledger !== undefined && this.counts(ledger, now)
  }

  /** Somebody who knows says that the reporter stands by its words (H2). */
  confirm(reporter: HubId, now: Now): void {
    const ledger = this.#ledgers.get(reporter)
    if (ledger !== undefined) ledger.confirmed = now
  }

  /** The words that are held here are all that the reporter says. */
  renew(reporter: HubId, now: Now): void {
    const ledger = this.#ledgers.get(reporter)
    if (ledger !== undefined) ledger.currentAt = now.mono
  }

  /** What this hub saw itself. */
  witness(word: Word, now: Now): void {
    this.#eyes.set(word.info.hub, { word, firstAt: now.mono, isNews: true, confirmed: now })
  }

  /**
   * Takes what an introduction says and says whether it is news: a hub that was unknown, or known only before a restart.
   * H5: hearsay passed on as fresh would keep a dead hub alive for as long as hubs greet each other.
   */
  introduce(word: Word, now: Now): boolean {
    const { hub } = word.info
    const held = [...this.#wordsOf(hub).map(({ kept }) => kept), ...this.#rumor(hub)]
    if (word.status !== 'alive' || !isPlausible(word.incarnation, now)) return false
    if (held.some((kept) => kept.word.incarnation >= word.incarnation)) return false
    if (held.length === 0 && this.#hearsay.size >= maxHubs) return false
    this.#hearsay.set(hub, { word, firstAt: now.mono, isNews: true, confirmed: now })
    return true
  }

  /** Lets go of the ledgers that have had no word for the time of silence: beliefs outlast them. Whether there were any. */
  prune(now: Now): boolean {
    const { size } = this.#ledgers
    for (const [reporter, ledger] of this.#ledgers) {
      if (this.#isFresh(ledger.confirmed, now) || this.counts(ledger, now)) continue
      this.#ledgers.delete(reporter)
      for (const hub of ledger.words().keys()) this.#unspeak(hub, ledger)
    }
    for (const [hub, { confirmed }] of this.#eyes) if (!this.#isFresh(confirmed, now)) this.#eyes.delete(hub)
    return this.#ledgers.size < size
  }

  /** Hearsay and what was seen of the hub; the words of reporters are theirs to drop. */
  forget(hub: HubId): void {
    this.#hearsay.delete(hub)
    this.#heard.delete(hub)
    this.#eyes.delete(hub)
  }

  /**
   * What to believe about a hub that is in none of the own pools; undefined when nobody has a word that counts.
   * H2: at the highest incarnation the best word of a live reporter wins. A hub's word about itself counts where nobody
   * else speaks, and wherever it came after the others' word of its death. `standings` is kept between the hubs that are
   * judged at one moment: a reporter's worth is the same for all that it speaks of.
   */
  judge(hub: HubId, now: Now, standings: Standings = new Map()): Verdict | undefined {
    const others: Voice[] = []
    let own: Voice | undefined
    for (const ledger of this.#speakers.get(hub) ?? []) {
      const kept = ledger.words().get(hub)
      if (kept === undefined || !isPlausible(kept.word.incarnation, now)) continue
      if (ledger.reporter === hub) {
        const { confirmed } = ledger
        if (this.#isFresh(confirmed, now)) own = { ...kept, confirmed }
        continue
      }
      const confirmed = this.standing(ledger, now, standings)
      if (!isUp(kept.word) && this.#isBack(ledger)) continue
      if (confirmed !== undefined) others.push({ ...kept, confirmed })
    }
    const seen = this.#eyes.get(hub)
    if (seen !== undefined && this.#isFresh(seen.confirmed, now)) others.push(seen)
    const rumor = this.#hearsay.get(hub)
    const isHeard = rumor !== undefined && this.#isFresh(rumor.confirmed, now)
    if (isHeard && others.every((kept) => outranks(rumor, kept))) others.push(rumor)
    // H5: hearsay does not bring back whom it knew before its death, once the words of the death are void.
    else if (others.length > 0 && others.every((kept) => !isUp(kept.word))) this.#hearsay.delete(hub)
    if (own !== undefined) {
      const held = own
      const heardAt = this.#heard.get(hub) ?? Number.NEGATIVE_INFINITY
      const isOwnLeave = held.word.status === 'left' && others.every((kept) => !outranks(kept, held))
      if (isOwnLeave) return verdict([held])
      if (others.every((kept) => !buries(kept, heardAt, now))) return verdict([held, ...others])
    }
    return others.length === 0 ? undefined : verdict(others)
  }

  /**
   * H13: whether a live reporter of one of the hub's pools, who has had the time to know everybody in it, does not mention
   * it. After a restart a reporter never hears of those who died before (M2), and nobody else may be left to bury them.
   * What was missed of its words is no omission: they must have been all it says so long after the last word of the hub.
   */
  isOmitted({ info, lastAt }: Omissible, now: Now, seasonedMs: Millis): boolean {
    for (const ledger of this.#ledgers.values()) {
      const reporter = ledger.words().get(ledger.reporter)?.word.info
      const isSeasoned = reporter !== undefined && now.mono - ledger.since >= seasonedMs
      if (!isSeasoned || ledger.words().has(info.hub) || ledger.stand() === undefined) continue
      if (ledger.currentAt - lastAt < seasonedMs) continue
      if (sharesPool(reporter, info) && this.counts(ledger, now)) return true
    }
    return false
  }

  /** The reporters whose words alone decide that the hub is up, while all of them count; undefined where more does. */
  grounds(hub: HubId, now: Now, standings: Standings): readonly Ledger[] | undefined {
    if (this.#ledgers.has(hub) || this.#eyes.has(hub)) return undefined
    const rumor = this.#hearsay.get(hub)
    const words = this.#wordsOf(hub)
    const decides = ({ kept, ledger }: (typeof words)[number]): boolean =>
      isUp(kept.word) &&
      isPlausible(kept.word.incarnation, now) &&
      (rumor === undefined || !outranks(rumor, kept)) &&
      this.standing(ledger, now, standings) !== undefined
    return words.length > 0 && words.every(decides) ? words.map(({ ledger }) => ledger) : undefined
  }

  /** When the reporter was last known to stand by its words; undefined where they do not count. */
  standing(ledger: Ledger, now: Now, standings: Standings): Now | undefined {
    if (standings.has(ledger)) return standings.get(ledger)
    const confirmed = this.#isGrounded(ledger) ? now : ledger.confirmed
    const standing = this.counts(ledger, now) ? confirmed : undefined
    standings.set(ledger, standing)
    return standing
  }

  /** H2: a reporter counts while an own pool holds it present, or while it is confirmed and no live word buries it. */
  counts(ledger: Ledger, now: Now): boolean {
    if (ledger.isRetired) return false
    const inPool = this.#ownPools(ledger.reporter)
    if (inPool !== undefined && !isUp(inPool)) return false
    if (this.#isGrounded(ledger)) return true
    if (!this.#isFresh(ledger.confirmed, now)) return false
    return inPool !== undefined || !this.#isBuried(ledger, now)
  }

  /** Whether this hub watches the reporter itself, in the life in which the reporter last spoke: it needs no repeating. */
  #isGrounded(ledger: Ledger): boolean {
    const inPool = this.#ownPools(ledger.reporter)
    if (inPool === undefined || !isUp(inPool)) return false
    return ledger.incarnation >= inPool.incarnation
  }

  /** H15: an own pool knows the reporter in a later incarnation than it last spoke in: it was away, and will speak soon. */
  #isBack(ledger: Ledger): boolean {
    const inPool = this.#ownPools(ledger.reporter)
    return inPool !== undefined && isUp(inPool) && ledger.incarnation > 0 && ledger.incarnation < inPool.incarnation
  }

  /** By a word about the life in which it speaks: one about an earlier life is no news. */
  #isBuried({ reporter, incarnation }: Ledger, now: Now): boolean {
    const heardAt = this.#heard.get(reporter) ?? Number.NEGATIVE_INFINITY
    for (const { kept, ledger } of this.#wordsOf(reporter)) {
      const isLive = ledger.reporter !== reporter && !ledger.isRetired
      const isFresh = isLive && (this.#isGrounded(ledger) || this.#isFresh(ledger.confirmed, now))
      if (isFresh && kept.word.incarnation >= incarnation && buries(kept, heardAt, now)) return true
    }
    return false
  }

  #isFresh(confirmed: Now, now: Now): boolean {
    return now.mono - confirmed.mono <= this.#silenceMs
  }

  #wordsOf(hub: HubId): { readonly kept: Kept; readonly ledger: Ledger }[] {
    const words: { readonly kept: Kept; readonly ledger: Ledger }[] = []
    for (const ledger of this.#speakers.get(hub) ?? []) {
      const kept = ledger.words().get(hub)
      if (kept !== undefined) words.push({ kept, ledger })
    }
    return words
  }

  #index(hub: HubId, ledger: Ledger): void {
    const speakers = this.#speakers.get(hub) ?? new Set()
    if (!ledger.words().has(hub)) this.#unspeak(hub, ledger)
    else if (this.#speakers.size < maxHubs || speakers.size > 0) this.#speakers.set(hub, speakers.add(ledger))
  }

  #unspeak(hub: HubId, ledger: Ledger): void {
    const speakers = this.#speakers.get(hub)
    speakers?.delete(ledger)
    if (speakers?.size === 0) this.#speakers.delete(hub)
  }

  #rumor(hub: HubId): Voice[] {
    const rumor = this.#hearsay.get(hub)
    return rumor === undefined ? [] : [rumor]
  }
}

/** M5: incarnations are Unix times of boots; one from more than a day ahead would outrank the truth for ever. */
function isPlausible(incarnation: number, now: Now): boolean {
  return incarnation <= now.wall + 24 * hour
}
