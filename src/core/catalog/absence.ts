// C14: a hub that was away beyond the retention. It holds nothing but its own slice when it starts, fetches all others anew,
// and then announces its own anew, in a later epoch: so that it and those who dropped some of it hold the same again.

import type { Millis } from '../time.ts'
import { type EntryId, entryId, lifeField } from './record.ts'
import type { Run } from './slice.ts'

/** A hub counts as away for too long somewhat earlier: it may have been cut off before it stopped. */
const marginShare = 0.1

/** Whether a hub that last ran at `lived` (Unix ms) may have missed removals that others have dropped since. */
export function isAwayTooLong(lived: Millis, wall: Millis, retentionMs: Millis): boolean {
  return wall - lived > retentionMs * (1 - marginShare)
}

export class Absence {
  #state: 'over' | 'to-announce' | 'announcing'
  #announced: number | undefined

  constructor(wasAway: boolean) {
    this.#state = wasAway ? 'to-announce' : 'over'
  }

  /** Whether the own slice was announced anew, or never had to be. */
  get isOver(): boolean {
    return this.#state === 'over'
  }

  /** How many own entries were announced anew; undefined where none had to be. */
  get announced(): number | undefined {
    return this.#announced
  }

  /** All others are fetched: whether the own slice is to be announced now. */
  begin(): boolean {
    if (this.#state !== 'to-announce') return false
    this.#state = 'announcing'
    return true
  }

  /** A new epoch is durable: the entries that it announces anew, if it was opened for that. */
  end({ records }: Run): readonly EntryId[] | undefined {
    if (this.#state !== 'announcing') return undefined
    this.#state = 'over'
    const anew = records.filter(({ fields }) => fields[lifeField] !== undefined).map(entryId)
    this.#announced = anew.length
    return anew
  }
}
