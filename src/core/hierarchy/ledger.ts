// One reporter's words, as one hub holds them. The intuition: only the reporter writes, so (epoch, seq) names a state, and
// whoever stands at the same one holds the same words. Changes lead from one state to the next; where one was lost the
// mark of the words does not fit what the reporter said it is, and the whole ledger is fetched.

import type { HubId } from '../ids.ts'
import { Tally } from '../mark.ts'
import type { Millis, Now } from '../time.ts'
import type { Report, Stand, Word } from './messages.ts'

/** Most words that a ledger takes. */
const maxWords = 2_000

export interface Kept {
  readonly word: Word
  /** When this reporter was first known to say exactly this (status and incarnation). */
  readonly firstAt: Millis
  /** It was told as a change, and so was new then; what comes with a whole ledger may be long ago. */
  readonly isNews: boolean
}

export class Ledger {
  readonly reporter: HubId
  /** When the reporter was last known to stand by its words. */
  confirmed: Now
  /** When this was last known to be all that the reporter says: it may have said more since. */
  currentAt: Millis = Number.NEGATIVE_INFINITY
  #since: Millis
  #words = new Map<HubId, Kept>()
  #tally = new Tally()
  #stand: Stand | undefined
  #isTorn = false
  /** A whole ledger that has not come in all its parts. */
  #incoming: { readonly stand: Stand; readonly words: Map<HubId, Word> } | undefined

  constructor(reporter: HubId, now: Now) {
    this.reporter = reporter
    this.confirmed = now
    this.#since = now.mono
  }

  words(): ReadonlyMap<HubId, Kept> {
    return this.#words
  }

  /** The state it is in; undefined while it is known to lack something, and for a reporter that keeps no ledger. */
  stand(): Stand | undefined {
    return this.#isTorn ? undefined : this.#stand
  }

  /** It is known to lack something. */
  get isTorn(): boolean {
    return this.#isTorn
  }

  /** Since when the reporter has been one, in its present life, as far as is known here. */
  get since(): Millis {
    return this.#since
  }

  /** The reporter's own incarnation when it last spoke of itself; 0 where it did not. */
  get incarnation(): number {
    return this.#words.get(this.reporter)?.word.incarnation ?? 0
  }

  /** H8: the reporter said that it is none any more, or that it leaves. */
  get isRetired(): boolean {
    return this.#stand?.count === 0 || this.#words.get(this.reporter)?.word.status === 'left'
  }

  /** Takes a report and returns whom it says something new about. */
  take({ words, stand, whole }: Report, now: Now): HubId[] {
    if (stand === undefined) {
      this.#stand = undefined
      return words.filter((word) => this.#put(word, now)).map((word) => word.info.hub)
    }
    const order = this.#stand === undefined ? 1 : compareStands(stand, this.#stand)
    if (order < 0 || (order === 0 && !this.#isTorn)) return []
    if (this.#stand?.epoch !== stand.epoch || this.isRetired) this.#since = now.mono
    if (whole === true) return this.#gather(stand, words, now)
    const changed = words.filter((word) => this.#put(word, now)).map((word) => word.info.hub)
    this.#stand = stand
    this.#isTorn = this.#words.size !== stand.count || this.#tally.text() !== stand.mark
    return changed
  }

  #gather(stand: Stand, words: readonly Word[], now: Now): HubId[] {
    if (stand.count > maxWords) return []
    const isSame = this.#incoming !== undefined && compareStands(this.#incoming.stand, stand) === 0
    const incoming = isSame && this.#incoming ? this.#incoming : { stand, words: new Map<HubId, Word>() }
    this.#incoming = incoming
    for (const word of words) incoming.words.set(word.info.hub, word)
    if (incoming.words.size < stand.count) return []
    this.#incoming = undefined
    const old = this.#words
    this.#words = new Map()
    this.#tally = new Tally()
    const changed = new Set([...old.keys()].filter((hub) => !incoming.words.has(hub)))
    for (const [hub, word] of incoming.words) {
      const held = old.get(hub)
      const isHeld = held !== undefined && isSameWord(held.word, word)
      if (!isHeld) changed.add(hub)
      this.#words.set(hub, isHeld ? held : { word, firstAt: now.mono, isNews: false })
      this.#tally.toggle(textOf(word))
    }
    this.#stand = stand
    this.#isTorn = this.#tally.text() !== stand.mark
    return [...changed]
  }

  #put(word: Word, now: Now): boolean {
    const held = this.#words.get(word.info.hub)
    if (held === undefined ? this.#words.size >= maxWords : isSameWord(held.word, word)) return false
    if (held !== undefined) this.#tally.toggle(textOf(held.word))
    this.#words.set(word.info.hub, { word, firstAt: now.mono, isNews: true })
    this.#tally.toggle(textOf(word))
    return true
  }
}

/** Below 0 where `a` is the older state. */
export function compareStands(a: Pick<Stand, 'epoch' | 'seq'>, b: Pick<Stand, 'epoch' | 'seq'>): number {
  return a.epoch !== b.epoch ? a.epoch - b.epoch : a.seq - b.seq
}

/** What the mark of a ledger is made of, for each word. */
export function textOf({ info, incarnation, status }: Word): string {
  return `${info.hub} ${incarnation} ${status}`
}

export function isSameWord(a: Word, b: Word): boolean {
  return a.status === b.status && a.incarnation === b.incarnation
}
