// What this hub is told about hubs outside its own pools, kept per reporter, and the verdict it draws from that.
// The intuition: believe whoever sees best. One relay that cannot reach a healthy hub must not kill it far away, so the
// best word at the highest incarnation wins; and a reporter's word is worth no more than the reporter is alive.

import type { HubId } from '../ids.ts'
import type { Millis, Now } from '../time.ts'
import type { HubInfo } from '../wire.ts'
import type { Word } from './messages.ts'

interface Kept {
  readonly word: Word
  /** When this reporter first said exactly this (status and incarnation). */
  readonly firstAt: Millis
  /** When it last said so. */
  lastAt: Millis
  lastWall: Millis
}

export interface Verdict {
  readonly info: HubInfo
  readonly incarnation: number
  readonly status: Word['status']
  readonly signature: string
  /** Unix time of the newest word it rests on. */
  readonly asOf: Millis
}

/** What this hub's own pools say about a reporter; undefined: it is in none of them. */
export type OwnPools = (hub: HubId) => Word['status'] | undefined

const goodness: Record<Word['status'], number> = { alive: 3, suspect: 2, dead: 1, left: 0 }

const noWords: ReadonlyMap<HubId, Kept> = new Map()
/** Most hubs that words, and most that hearsay, is kept of. */
const maxHubs = 20_000

export class Reports {
  readonly #silenceMs: Millis
  readonly #words = new Map<HubId, Map<HubId, Kept>>()
  /** H5: what introductions said; counts only above the incarnation that reports speak of, and is never repeated. */
  readonly #hearsay = new Map<HubId, Kept>()
  /** When each hub was last heard with its own voice. */
  readonly #heard = new Map<HubId, Millis>()

  /** M8: hubs that an operator forgot, up to and including this incarnation. */
  readonly #barred = new Map<HubId, number>()

  /** A word that its reporter has not repeated for `silenceMs` is void. */
  constructor(silenceMs: Millis) {
    this.#silenceMs = silenceMs
  }

  known(): ReadonlySet<HubId> {
    return new Set([...this.#words.keys(), ...this.#hearsay.keys()])
  }

  /** The hub spoke itself: no earlier word of death about it holds (H3). */
  hear(hub: HubId, now: Now): void {
    if (this.#heard.has(hub) || this.#heard.size < maxHubs) this.#heard.set(hub, now.mono)
  }

  /** Takes a reporter's word and says whether it is another than before. Death never introduces a hub (M2). */
  tell(reporter: HubId, word: Word, now: Now): boolean {
    if (this.#isBarred(word)) return false
    const byReporter = this.#words.get(word.info.hub)
    const isKnown = byReporter !== undefined || this.#hearsay.has(word.info.hub)
    if (!isKnown && (!isUp(word) || this.#words.size >= maxHubs)) return false
    const held = byReporter?.get(reporter)
    if (held?.word.status === word.status && held.word.incarnation === word.incarnation) {
      held.lastAt = now.mono
      held.lastWall = now.wall
      return false
    }
    const kept: Kept = { word, firstAt: now.mono, lastAt: now.mono, lastWall: now.wall }
    if (byReporter === undefined) this.#words.set(word.info.hub, new Map([[reporter, kept]]))
    else byReporter.set(reporter, kept)
    return true
  }

  /**
   * Takes what an introduction says and says whether it is news: a hub that was unknown, or known only before a restart.
   * H5: hearsay passed on as fresh would keep a dead hub alive for as long as hubs greet each other.
   */
  introduce(word: Word, now: Now): boolean {
    const { hub } = word.info
    if (this.#isBarred(word)) return false
    const held = [...(this.#words.get(hub)?.values() ?? []), ...this.#rumor(hub)]
    if (word.status !== 'alive' || held.some((kept) => kept.word.incarnation >= word.incarnation)) return false
    if (held.length === 0 && this.#hearsay.size >= maxHubs) return false
    this.#hearsay.set(hub, { word, firstAt: now.mono, lastAt: now.mono, lastWall: now.wall })
    return true
  }

  /** M8: forgets what was said, and hears no more of it. */
  bar(hub: HubId, incarnation: number): void {
    this.#barred.set(hub, Math.max(incarnation, this.#barred.get(hub) ?? 0))
    const known = [...(this.#words.get(hub)?.values() ?? []), ...this.#rumor(hub)]
    if (known.every((kept) => this.#isBarred(kept.word))) this.forget(hub)
  }

  forget(hub: HubId): void {
    this.#words.delete(hub)
    for (const byReporter of this.#words.values()) byReporter.delete(hub)
    this.#hearsay.delete(hub)
    this.#heard.delete(hub)
  }

  /**
   * What to believe about a hub that is in none of the own pools; undefined when nobody ever spoke of it.
   * H2: at the highest incarnation the best word of a live reporter wins. A hub's word about itself counts where nobody
   * else speaks, and wherever it came after the others' word of its death. With every word void the hub is dead.
   */
  judge(hub: HubId, now: Now, ownPools: OwnPools): Verdict | undefined {
    const words = this.#words.get(hub) ?? noWords
    const all = [...words.values(), ...this.#rumor(hub)]
    const isFresh = (kept: Kept): boolean => now.mono - kept.lastAt <= this.#silenceMs
    const others: Kept[] = []
    for (const [reporter, kept] of words) {
      if (reporter !== hub && isFresh(kept) && this.#isLive(reporter, now, ownPools)) others.push(kept)
    }
    others.push(...this.#rumor(hub).filter((rumor) => isFresh(rumor) && others.every((kept) => outranks(rumor, kept))))
    const own = words.get(hub)
    if (own !== undefined && isFresh(own)) {
      const heardAt = this.#heard.get(hub) ?? Number.NEGATIVE_INFINITY
      const isOwnLeave = own.word.status === 'left' && others.every((kept) => !outranks(kept, own))
      if (isOwnLeave) return verdict([own])
      if (others.every((kept) => isUp(kept.word) || heardAt > kept.firstAt)) return verdict([own, ...others])
    }
    if (others.length > 0) return verdict(others)
    const [first, ...rest] = all
    if (first === undefined) return undefined
    const newest = rest.reduce((a, b) => (b.lastAt > a.lastAt ? b : a), first)
    const last = verdict([newest])
    return isUp(newest.word) && !isFresh(newest) ? { ...last, status: 'dead' } : last
  }

  #isBarred({ info, incarnation }: Word): boolean {
    return incarnation <= (this.#barred.get(info.hub) ?? -1)
  }

  #rumor(hub: HubId): Kept[] {
    const rumor = this.#hearsay.get(hub)
    return rumor === undefined ? [] : [rumor]
  }

  /** A reporter counts while its own pool holds it present, or while it is heard and no fresh word buries it. */
  #isLive(reporter: HubId, now: Now, ownPools: OwnPools): boolean {
    const inPool = ownPools(reporter)
    if (inPool !== undefined) return inPool === 'alive' || inPool === 'suspect'
    const heardAt = this.#heard.get(reporter)
    if (heardAt === undefined || now.mono - heardAt > this.#silenceMs) return false
    for (const [by, kept] of this.#words.get(reporter) ?? []) {
      const isFresh = now.mono - kept.lastAt <= this.#silenceMs
      if (by !== reporter && isFresh && !isUp(kept.word) && kept.firstAt >= heardAt) return false
    }
    return true
  }
}

function isUp(word: Word): boolean {
  return word.status === 'alive' || word.status === 'suspect'
}

function outranks(kept: Kept, other: Kept): boolean {
  return kept.word.incarnation > other.word.incarnation
}

function verdict(words: readonly Kept[]): Verdict {
  const best = words.reduce((a, b) => {
    if (a.word.incarnation !== b.word.incarnation) return a.word.incarnation > b.word.incarnation ? a : b
    return goodness[b.word.status] > goodness[a.word.status] ? b : a
  })
  const asOf = Math.max(...words.map((kept) => kept.lastWall))
  return { ...best.word, asOf }
}
