// What this hub itself reports: the ledger that it writes and everybody else copies. It says what changed, at once, and
// all of it when it begins to report or when something left the ledger. That nothing changed is said by nobody: those
// who watch the reporter, and the children of those, know that it would have spoken (H8).

import type { HubId } from '../ids.ts'
import { Tally } from '../mark.ts'
import { isSameWord, textOf } from './ledger.ts'
import { inParts, type Report, type Stand, type Word } from './messages.ts'

export class Bulletin {
  readonly #reporter: HubId
  readonly #epoch: number
  #seq = 0
  #words: ReadonlyMap<HubId, Word> = new Map()
  #stand: Stand | undefined

  /** `epoch`: the incarnation this hub booted with, above those of all its earlier lives. */
  constructor(reporter: HubId, epoch: number) {
    this.#reporter = reporter
    this.#epoch = epoch
  }

  /** Where it stands; undefined before the first report. */
  stand(): Stand | undefined {
    return this.#stand
  }

  /** Takes what is owed now and returns what must be said for it: nothing where nothing changed. */
  update(owed: readonly Word[]): Report[] {
    const words = new Map(owed.map((word) => [word.info.hub, word]))
    const changed = owed.filter((word) => {
      const held = this.#words.get(word.info.hub)
      return held === undefined || !isSameWord(held, word)
    })
    const isShorter = [...this.#words.keys()].some((hub) => !words.has(hub))
    if (changed.length === 0 && !isShorter) return []
    const isWhole = isShorter || this.#words.size === 0
    this.#words = words
    this.#seq++
    const tally = new Tally()
    for (const word of owed) tally.toggle(textOf(word))
    this.#stand = { epoch: this.#epoch, seq: this.#seq, count: words.size, mark: tally.text() }
    return isWhole ? this.whole() : reportsOf(this.#reporter, this.#stand, changed)
  }

  /** All of it, as one who lacks it needs it. */
  whole(): Report[] {
    if (this.#stand === undefined) return []
    return wholeReports(this.#reporter, this.#stand, [...this.#words.values()])
  }

  /** That it stands by its words: for those who cannot know it otherwise. */
  confirmation(): Report[] {
    if (this.#stand === undefined || this.#stand.count === 0) return []
    return [{ reporter: this.#reporter, words: [], stand: this.#stand }]
  }
}

/** A whole ledger in as many reports as it takes, one at least. */
export function wholeReports(reporter: HubId, stand: Stand, words: readonly Word[]): Report[] {
  const parts = words.length === 0 ? [[]] : inParts(words)
  return parts.map((part) => ({ reporter, words: part, stand, whole: true }))
}

/** Changes in several parts fit the stand when the last has come: the others leave the ledger torn for a moment. */
function reportsOf(reporter: HubId, stand: Stand, words: readonly Word[]): Report[] {
  return inParts(words).map((part) => ({ reporter, words: part, stand }))
}
