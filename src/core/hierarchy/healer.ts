// Whom among the dead and the unreachable to go on dialling, so that two halves of a partition meet again without an
// operator. All of them by all would be a storm after every large loss and a waste after every small one: each is
// dialled by about four of the living, drawn anew every half minute. Two halves of any size have dozens of dials under
// way between them at any moment; a hub that is merely down is left in peace by the others.

import type { HubId } from '../ids.ts'
import type { Random } from '../random.ts'
import { type Millis, type Now, never, second } from '../time.ts'
import type { HubInfo } from '../wire.ts'

/** Each unreachable hub is dialled by this many of the living, on average. */
const healersPerHub = 4
/** Most that one hub dials at a time. */
export const maxHealing = 8
/** How long a choice stands: time enough for several dials with their back-off. */
const drawEveryMs: Millis = 30 * second

export class Healer {
  readonly #random: Random
  /** Who was drawn in this round, and whether for dialling. */
  readonly #drawn = new Map<HubId, boolean>()
  #drawAt: Millis = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** When it wants to draw anew. */
  deadline(): Millis {
    return this.#drawn.size > 0 ? this.#drawAt : never
  }

  /** H7: which of the unreachable to dial now; `living` counts those who share the work, this hub included. */
  choose(unreachable: readonly HubInfo[], living: number, now: Now): HubInfo[] {
    if (this.#drawAt <= now.mono) {
      this.#drawAt = now.mono + drawEveryMs
      this.#drawn.clear()
    }
    const share = Math.min(1, healersPerHub / Math.max(1, living))
    const fresh = unreachable.filter((info) => !this.#drawn.has(info.hub))
    let room = maxHealing - unreachable.filter((info) => this.#drawn.get(info.hub) === true).length
    for (const { hub } of fresh.length > maxHealing ? this.#random.shuffle(fresh) : fresh) {
      const isChosen = room > 0 && (share === 1 || this.#random.chance(share))
      if (isChosen) room--
      this.#drawn.set(hub, isChosen)
    }
    return unreachable.filter((info) => this.#drawn.get(info.hub) === true)
  }
}
