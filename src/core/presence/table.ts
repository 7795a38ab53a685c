// The leases this hub holds, by project and by home. Of any range of a home's slugs there is a mark, by which two hubs find
// out whether they hold the same (P6).

import { compareText, type HubId, type Slug } from '../ids.ts'
import { markOf } from '../mark.ts'
import type { Millis } from '../time.ts'
import { ageBytes, ageIn } from './ages.ts'
import { compareClaims, isSameReport, type Lease, type LeaseState, type Report } from './lease.ts'
import { maxSection, type RefreshBody, type Section, type SlugRange } from './messages.ts'
import { allSlugs, beyondAllSlugs } from './telling.ts'

/** What this hub holds about one project. */
export interface Held {
  readonly lease: Lease
  /** When its home last told it, monotonic; at the home, when it last beat. */
  readonly heardAt: Millis
}

interface Kept {
  /** This table's own. */
  lease: Lease
  heardAt: Millis
  /** The halves of its mark, signed: as small integers they take no room of their own. */
  high: number
  low: number
}

interface OfHome {
  readonly home: HubId
  readonly bySlug: Map<Slug, Kept>
  /** In the order of their slugs; undefined when one came or went since. */
  sorted: readonly Kept[] | undefined
  /** The highest that the home was heard to say. */
  rev: number
}

/** One of each for a hundred thousand leases, instead of what was read from as many messages. */
const plainReport: Report = { isDegraded: false, reasons: [] }
const states: Readonly<Record<LeaseState, LeaseState>> = {
  fresh: 'fresh',
  late: 'late',
  lapsed: 'lapsed',
  gone: 'gone',
}

export class LeaseTable {
  readonly #held = new Map<Slug, Kept>()
  readonly #byHome = new Map<HubId, OfHome>()

  get size(): number {
    return this.#held.size
  }

  get(slug: Slug): Held | undefined {
    return this.#held.get(slug)
  }

  all(): ReadonlyMap<Slug, Held> {
    return this.#held
  }

  homes(): IterableIterator<HubId> {
    return this.#byHome.keys()
  }

  /** The projects of one home; a copy, so that they can be changed on the way. */
  ofHome(home: HubId): Slug[] {
    return [...(this.#byHome.get(home)?.bySlug.keys() ?? [])]
  }

  countOf(home: HubId): number {
    return this.#byHome.get(home)?.bySlug.size ?? 0
  }

  /** 0 where nothing of that home is held. */
  revOf(home: HubId): number {
    return this.#byHome.get(home)?.rev ?? 0
  }

  noteRev(home: HubId, rev: number): void {
    const of = this.#byHome.get(home)
    if (of !== undefined) of.rev = Math.max(of.rev, rev)
  }

  /** Notes in place that a home said the same again; false when it is not the same. */
  renew(lease: Lease, heardAt: Millis): boolean {
    const held = this.#held.get(lease.slug)
    const isSame = held?.lease.rev === lease.rev && compareClaims(held.lease.claim, lease.claim) === 0
    if (!isSame || lease.state === 'gone') return false
    held.lease.beatAt = lease.beatAt
    held.heardAt = heardAt
    return true
  }

  set({ lease: said, heardAt }: Held): void {
    const { slug, claim, rev, state } = said
    const [at, home] = claim
    const known = this.#held.get(slug)
    const isSameHome = known?.lease.claim[1] === home
    if (!isSameHome) this.delete(slug)
    const of = this.#byHome.get(home) ?? { home, bySlug: new Map(), sorted: undefined, rev: 0 }
    const lease: Lease = {
      ...said,
      claim: [at, of.home],
      state: states[state],
      report: isSameReport(said.report, plainReport) ? plainReport : said.report,
    }
    const text = `${slug} ${at} ${rev} ${state}`
    const kept = { lease, heardAt, high: markOf(text) | 0, low: markOf(`${text}.`) | 0 }
    if (isSameHome) {
      Object.assign(known, kept)
      return
    }
    this.#held.set(slug, kept)
    of.bySlug.set(slug, kept)
    of.sorted = undefined
    this.#byHome.set(of.home, of)
  }

  delete(slug: Slug): void {
    const home = this.#held.get(slug)?.lease.claim[1]
    if (home === undefined) return
    this.#held.delete(slug)
    const of = this.#byHome.get(home)
    if (of === undefined) return
    of.bySlug.delete(slug)
    of.sorted = undefined
    if (of.bySlug.size === 0) this.#byHome.delete(home)
  }

  /** Of a home's leases those in the range that are not gone, in the order of their slugs. */
  within(home: HubId, covers: SlugRange): readonly Held[] {
    return this.#within(home, covers)
  }

  /** What is held of a home in a range of slugs, in brief. */
  section(home: HubId, covers: SlugRange): Section {
    return sectionOf(this.#within(home, covers), { home, rev: this.revOf(home), covers })
  }

  /** All that is held of a home, in sections that are not too long; one empty section where there is nothing. */
  sections(home: HubId): Section[] {
    const all = this.#within(home, allSlugs)
    const sections: Section[] = []
    for (let from = 0; from === 0 || from < all.length; from += maxSection) {
      const covers = {
        from: from === 0 ? allSlugs.from : (all[from]?.lease.slug ?? ''),
        to: all[from + maxSection]?.lease.slug ?? beyondAllSlugs,
      }
      sections.push(sectionOf(all.slice(from, from + maxSection), { home, rev: this.revOf(home), covers }))
    }
    return sections
  }

  /**
   * P6: the home says that it holds what has this mark. Where that is what is held here, all of it is heard again, with the
   * ages of its beats; answers which of it was last heard before `silentAt`. Undefined where it is not.
   */
  confirm(
    { home, covers, mark, at, ages }: RefreshBody,
    { heardAt, silentAt }: { readonly heardAt: Millis; readonly silentAt: Millis },
  ): readonly Slug[] | undefined {
    const held = this.#within(home, covers)
    if (ages.length !== ageBytes * held.length || markOfAll(held) !== mark) return undefined
    const silent: Slug[] = []
    held.forEach((kept, index) => {
      const { lease } = kept
      const age = ageIn(ages, index)
      const beatAt = age === undefined ? lease.beatAt : Math.max(0, at - age)
      if (kept.heardAt < silentAt) silent.push(lease.slug)
      lease.beatAt = beatAt
      kept.heardAt = heardAt
    })
    return silent
  }

  #within(home: HubId, { from, to }: SlugRange): readonly Kept[] {
    const of = this.#byHome.get(home)
    if (of === undefined) return []
    of.sorted ??= [...of.bySlug.values()].sort((a, b) => compareText(a.lease.slug, b.lease.slug))
    const { sorted } = of
    const isAll = from <= (sorted[0]?.lease.slug ?? '') && to > (sorted.at(-1)?.lease.slug ?? '')
    const within = isAll ? sorted : sorted.slice(indexOf(sorted, from), indexOf(sorted, to))
    return within.some(({ lease }) => lease.state === 'gone')
      ? within.filter(({ lease }) => lease.state !== 'gone')
      : within
  }
}

function sectionOf(held: readonly Kept[], of: Pick<Section, 'home' | 'rev' | 'covers'>): Section {
  return { ...of, mark: markOfAll(held), count: held.length }
}

/** 16 hexadecimal digits, from which any two leases that differ stand out but for one case in 2^64. */
function markOfAll(held: readonly Kept[]): string {
  let high = 0
  let low = 0
  for (const kept of held) {
    high ^= kept.high
    low ^= kept.low
  }
  return [high, low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
}

/** How many slugs come before that one. */
function indexOf(sorted: readonly Kept[], slug: string): number {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((sorted[middle]?.lease.slug ?? '') < slug) from = middle + 1
    else to = middle
  }
  return from
}
