// What changed lately, in order: which project or hub, not what it became, for that is read when somebody is told of it. One
// journal serves all readers of a hub, so a slow one costs no memory; whoever falls behind its end begins again elsewhere.

import type { HubId, Slug } from '../core/ids.ts'

/** Something that changed. `put`: what it is; `status`: how it is. A thing that is gone is told as gone either way. */
export type Touch =
  | { readonly event: 'project'; readonly op: 'put' | 'status'; readonly slug: Slug }
  | { readonly event: 'hub'; readonly op: 'put' | 'status'; readonly hub: HubId }

export interface Entry {
  readonly touch: Touch
  /** Where a reader stands who was told everything up to this one; left out where the catalog had not moved by then. */
  cursor?: string
}

/** Readers that lag by more changes begin anew. */
export const maxEntries = 10_000

export class Journal {
  #entries: Entry[] = []
  /** The number of the first entry that is kept. */
  #first = 0
  /** What was touched last, and where: an earlier entry about it says nothing of its own. */
  readonly #latest = new Map<string, number>()
  #sealed = 0

  /** The number of the entry to come. */
  get end(): number {
    return this.#first + this.#entries.length
  }

  /** Whether all entries from this number on are there. */
  reaches(number: number): boolean {
    return number >= this.#first
  }

  at(number: number): Entry | undefined {
    return this.#entries[number - this.#first]
  }

  /** Whether the same is said again further on. */
  isOvertaken(number: number): boolean {
    const entry = this.at(number)
    return entry !== undefined && this.#latest.get(nameOf(entry.touch)) !== number
  }

  note(touch: Touch): void {
    this.#latest.set(nameOf(touch), this.end)
    this.#entries.push({ touch })
    if (this.#entries.length >= 2 * maxEntries) this.#trim()
  }

  /**
   * All that brought the catalog to where it stands has been noted: who was told of all of it stands at `done`, who was told
   * of some at `begun`, where that is news.
   */
  seal({ begun, done }: { readonly begun: string | undefined; readonly done: string }): void {
    const first = this.at(this.#sealed)
    const last = this.#entries.at(-1)
    if (first !== undefined && begun !== undefined) first.cursor = begun
    if (last !== undefined && this.end > this.#sealed) last.cursor = done
    this.#sealed = this.end
  }

  /** Half of it at a time, so that an entry costs the same however many there are. */
  #trim(): void {
    const cut = this.#entries.length - maxEntries
    for (let number = this.#first; number < this.#first + cut; number++) {
      const entry = this.at(number)
      if (entry !== undefined && !this.isOvertaken(number)) this.#latest.delete(nameOf(entry.touch))
    }
    this.#entries = this.#entries.slice(cut)
    this.#first += cut
  }
}

function nameOf(touch: Touch): string {
  return `${touch.event} ${touch.op} ${touch.event === 'hub' ? touch.hub : touch.slug}`
}
