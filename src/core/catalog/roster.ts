// C11: which slices a hub holds, how far, and one fingerprint of it all. Two hubs that hold the same slices in the same epochs
// stand in the same roster: then a slice is a place in it, what is held is a row of numbers, and names need not travel.
// A change costs its own slice and not all of them.

import { compareText, type HubId } from '../ids.ts'
import { asText, type Mark, markOf, minus, namesOf, noMark, plus } from './fingerprint.ts'
import type { ListedVersion } from './messages.ts'
import { compareEpochs, type Epoch } from './slice.ts'

/** What a slice adds: its versions (a surplus beside its present epoch) and their mark. */
interface Held {
  readonly versions: readonly ListedVersion[]
  readonly mark: Mark
}

const none: Held = { versions: [], mark: noMark }

export class Roster {
  readonly #read: (hub: HubId) => readonly ListedVersion[]
  readonly #held = new Map<HubId, Held>()
  /** Slices that have moved since they were last read. */
  readonly #moved = new Set<HubId>()
  #sum = noMark
  /** In order of their names, and the first place of each; undefined after the roster has changed. */
  #order: readonly HubId[] | undefined
  readonly #first = new Map<HubId, number>()
  /** In that order; undefined after a slice has moved. */
  #versions: readonly ListedVersion[] | undefined

  /** `read`: how far a slice is held now; nothing when it is not. */
  constructor(read: (hub: HubId) => readonly ListedVersion[]) {
    this.#read = read
  }

  moved(hub: HubId): void {
    this.#moved.add(hub)
  }

  /** Equal exactly when the same versions are held. */
  digest(): string {
    this.#settle()
    return asText(this.#sum)
  }

  /** Every version held, each at its place. */
  versions(): readonly ListedVersion[] {
    const order = this.#places()
    this.#versions ??= order.flatMap((hub) => this.#held.get(hub)?.versions ?? [])
    return this.#versions
  }

  /** The place of a slice in that epoch; undefined when it is not held in it. */
  placeOf(hub: HubId, epoch: Epoch): number | undefined {
    this.#places()
    const nth = this.#held.get(hub)?.versions.findIndex(([, held]) => compareEpochs(held, epoch) === 0) ?? -1
    return nth < 0 ? undefined : (this.#first.get(hub) ?? 0) + nth
  }

  /** The digest of a hub that stands in the same roster but for these places. */
  digestWith(others: Iterable<readonly [from: ListedVersion, to: ListedVersion]>): string {
    this.#settle()
    let sum = this.#sum
    for (const [from, to] of others) sum = plus(minus(sum, markOf(from)), markOf(to))
    return asText(sum)
  }

  #places(): readonly HubId[] {
    this.#settle()
    if (this.#order !== undefined) return this.#order
    this.#order = [...this.#held.keys()].sort(compareText)
    this.#first.clear()
    let place = 0
    for (const hub of this.#order) {
      this.#first.set(hub, place)
      place += this.#held.get(hub)?.versions.length ?? 0
    }
    return this.#order
  }

  #settle(): void {
    if (this.#moved.size > 0) this.#versions = undefined
    for (const hub of this.#moved) {
      const before = this.#held.get(hub) ?? none
      const versions = this.#read(hub)
      const mark = sumOf(versions)
      this.#sum = plus(minus(this.#sum, before.mark), mark)
      if (mark.names !== before.mark.names) this.#order = undefined
      if (versions.length > 0) this.#held.set(hub, { versions, mark })
      else this.#held.delete(hub)
    }
    this.#moved.clear()
  }
}

/** The digest of a hub that holds exactly these. */
export function digestOf(versions: readonly ListedVersion[]): string {
  return asText(sumOf(versions))
}

/** Whether two digests are of hubs in the same roster. */
export function isSameRoster(a: string, b: string): boolean {
  return namesOf(a) === namesOf(b)
}

function sumOf(versions: readonly ListedVersion[]): Mark {
  return versions.reduce((sum, version) => plus(sum, markOf(version)), noMark)
}
