// Projects kept in order by a text, then by their slug: one that changes is moved, the others stay where they are.

import { compareText, type Slug } from '../core/ids.ts'
import type { Place } from './calls.ts'

export class Order {
  readonly #places: Place[]
  readonly #keys: Map<Slug, string>

  constructor(places: readonly Place[]) {
    this.#places = [...places].sort(comparePlaces)
    this.#keys = new Map(places.map(({ slug, key }) => [slug, key]))
  }

  places(): readonly Place[] {
    return this.#places
  }

  /** The text by which the project stands from now on; undefined: it is gone. */
  set(slug: Slug, key: string | undefined): void {
    const held = this.#keys.get(slug)
    if (held === key) return
    if (held !== undefined) this.#places.splice(indexIn(this.#places, { slug, key: held }), 1)
    if (key === undefined) {
      this.#keys.delete(slug)
      return
    }
    this.#places.splice(indexIn(this.#places, { slug, key }), 0, { slug, key })
    this.#keys.set(slug, key)
  }
}

/** Where the place is, or would be. */
export function indexIn(places: readonly Place[], place: Place): number {
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const held = places[middle]
    if (held !== undefined && comparePlaces(held, place) < 0) low = middle + 1
    else high = middle
  }
  return low
}

export function comparePlaces(a: Place, b: Place): number {
  return compareText(a.key, b.key) || compareText(a.slug, b.slug)
}
