// News that spreads on the back of other messages: the least told first, each told about log(n) times by each hub,
// which reaches everyone with high probability (SWIM, section 4.1; memberlist's retransmit rule).

import type { Rumor } from './messages.ts'

interface Entry {
  readonly key: string
  readonly rumor: Rumor
  readonly bytes: number
  told: number
}

/** How often one hub tells one rumour in a pool of `size`: 4·⌈log10(n + 1)⌉, as memberlist's LAN default. */
export function tellLimit(size: number): number {
  return 4 * Math.ceil(Math.log10(size + 1))
}

/** What one message may carry. */
export interface Budget {
  readonly bytes: number
  readonly count: number
}

/** At most one rumour a subject; newer news replaces older. Bounded by twice the number of members. */
export class Rumors {
  readonly #byKey = new Map<string, Entry>()
  /** Entries by how often they were told, newest last; one that was replaced stays until it is come across. */
  readonly #levels: Entry[][] = []

  get size(): number {
    return this.#byKey.size
  }

  tell(rumor: Rumor): void {
    const entry: Entry = { key: keyOf(rumor), rumor, bytes: sizeOf(rumor), told: 0 }
    this.#byKey.set(entry.key, entry)
    this.#put(entry)
  }

  /** A hub is forgotten: nothing more is told of it. */
  drop(hub: string): void {
    this.#byKey.delete(`hub ${hub}`)
    this.#byKey.delete(`sight ${hub}`)
  }

  /** The least told rumours that fit, newest first among equals; each counts as told once more. */
  take(budget: Budget, poolSize: number): readonly Rumor[] {
    if (this.#byKey.size === 0) return none
    const limit = Math.max(1, tellLimit(poolSize))
    const taken: Entry[] = []
    let left = budget.bytes
    let misfits = 0
    const isFull = (): boolean => taken.length >= budget.count || misfits >= maxMisfits
    for (const level of this.#levels) {
      const kept: Entry[] = []
      for (let entry = level.pop(); entry !== undefined; entry = level.pop()) {
        if (this.#byKey.get(entry.key) !== entry) continue
        // The first always fits: what is too long for every message would never be told.
        const fits = taken.length < budget.count && (entry.bytes <= left || taken.length === 0)
        if (!fits) {
          kept.push(entry)
          misfits++
        } else {
          taken.push(entry)
          left -= entry.bytes
        }
        if (isFull()) break
      }
      for (const entry of kept.reverse()) level.push(entry)
      if (isFull()) break
    }
    for (const entry of taken) {
      entry.told++
      if (entry.told >= limit) this.#byKey.delete(entry.key)
      else this.#put(entry)
    }
    return taken.map((entry) => entry.rumor)
  }

  #put(entry: Entry): void {
    while (this.#levels.length <= entry.told) this.#levels.push([])
    const level = this.#levels[entry.told] ?? []
    level.push(entry)
    if (level.length <= 2 * this.#byKey.size + smallestLevel) return
    this.#levels[entry.told] = level.filter((held) => this.#byKey.get(held.key) === held)
  }
}

const none: readonly Rumor[] = []

/** After so many that did not fit looking on is in vain: rumours of a pool are about equally long. */
const maxMisfits = 3

/** A list of entries this short is not worth cleaning of those that were replaced. */
const smallestLevel = 64

function keyOf(rumor: Rumor): string {
  if ('info' in rumor) return `hub ${rumor.info.hub}`
  return 'accused' in rumor ? `hub ${rumor.accused}` : `sight ${rumor.by}`
}

/** What it takes as JSON, about; CBOR is a little shorter. Counted, because writing it out cost more than telling it. */
function sizeOf(rumor: Rumor): number {
  if ('accused' in rumor) return 100 + rumor.accused.length + rumor.by.length + (rumor.rttMs === undefined ? 0 : 14)
  if ('blind' in rumor) return rumor.blind.reduce((sum, hub) => sum + hub.length + 3, 50 + rumor.by.length)
  const { hub, peer, region, version, addresses, coordinates, degraded = [] } = rumor.info
  const texts = hub.length + peer.length + region.length + version.length + rumor.signature.length
  const fixed = coordinates === undefined ? 150 : 214
  return [...addresses, ...degraded].reduce((sum, text) => sum + text.length + 3, fixed + texts)
}
