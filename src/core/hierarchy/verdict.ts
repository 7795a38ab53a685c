// What is made of several reporters' words about one hub: which of two is better, which buries, and what they come to.

import { assert } from '../errors.ts'
import { type Millis, type Now, second } from '../time.ts'
import type { HubInfo } from '../wire.ts'
import type { Kept } from './ledger.ts'
import type { Word } from './messages.ts'

export interface Verdict {
  readonly info: HubInfo
  readonly incarnation: number
  readonly status: Word['status']
  readonly signature: string
  /** Unix time of the newest word it rests on. */
  readonly asOf: Millis
  /** The same on the monotonic clock. */
  readonly lastAt: Millis
}

/** A word that counts, and when its reporter was last known to stand by it. */
export interface Voice extends Kept {
  readonly confirmed: Now
}

const goodness: Record<Word['status'], number> = { alive: 3, suspect: 2, dead: 1, left: 0 }

/**
 * H15: how long a death that may be old buries nobody. After a partition the two sides find each other, the buried speaks
 * up and its reporter says so within three seconds (partition-heals, 50 hubs, seeds 1 to 22).
 */
const graceMs: Millis = 5 * second

export function isUp({ status }: Pick<Word, 'status'>): boolean {
  return status === 'alive' || status === 'suspect'
}

/** H3, H15: whether the word is one of death, came after the hub was last heard, and is not perhaps of a side that was away. */
export function buries({ word, firstAt, isNews }: Kept, heardAt: Millis, now: Now): boolean {
  const isSettled = isNews || word.status === 'left' || now.mono - firstAt >= graceMs
  return !isUp(word) && firstAt >= heardAt && isSettled
}

export function outranks(kept: Kept, other: Kept): boolean {
  return kept.word.incarnation > other.word.incarnation
}

/** The best word of the highest incarnation, and the newest confirmation of any of these, which are never none. */
export function verdict(voices: readonly Voice[]): Verdict {
  let best: Word | undefined
  let asOf = Number.NEGATIVE_INFINITY
  let lastAt = Number.NEGATIVE_INFINITY
  for (const { word, confirmed } of voices) {
    if (best === undefined || isBetter(word, best)) best = word
    asOf = Math.max(asOf, confirmed.wall)
    lastAt = Math.max(lastAt, confirmed.mono)
  }
  assert(best !== undefined, 'H2', 'a verdict rests on no word')
  const { info, incarnation, status, signature } = best
  return { info, incarnation, status, signature, asOf, lastAt }
}

function isBetter(a: Word, b: Word): boolean {
  return a.incarnation !== b.incarnation ? a.incarnation > b.incarnation : goodness[a.status] > goodness[b.status]
}
