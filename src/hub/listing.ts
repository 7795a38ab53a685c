// What callers read of projects: single ones, and lists that are filtered, ordered and paged. Answers are kept as the text
// that is sent, until something in them changes; the last heartbeats in a list are as of the last presence refresh and
// alone change no mark. After HTTP caching by validators (RFC 9110, section 8.8).

import type { Region, Slug } from '../core/ids.ts'
import type { Millis, Now } from '../core/time.ts'
import type { Listed, Place, ProjectQuery, ProjectReader, ReadProject, ResolveQuery, SortKey, Told } from './calls.ts'
import type { Resolved } from './landscape.ts'
import { comparePlaces, indexIn, Order } from './order.ts'
import { type Candidate, distanceKm, failoverOrder } from './resolve.ts'
import { hexOf, type Row, Rows } from './rows.ts'
import { memberFacts } from './sight.ts'
import type { Beliefs } from './views.ts'

interface Kept {
  readonly listed: Listed
  readonly changes: number
  readonly at: Millis
}

/** Answers that are kept, and letters of them in all: one whole list of a large catalog, and many of a small one. */
const maxKept = 64
const maxLetters = 8 * 1024 * 1024
/** Filtered selections that are kept, each a place a project. */
const maxSelections = 8

export class Listing implements ProjectReader {
  readonly #hub: Beliefs
  readonly #rows: Rows
  readonly #orders = new Map<SortKey, Order>()
  /** Of queries that are asked again and again. */
  readonly #names = new WeakMap<ProjectQuery, string>()
  /** By query; the one that was asked for longest ago comes first. */
  readonly #kept = new Map<string, Kept>()
  readonly #selections = new Map<string, { readonly places: readonly Place[]; readonly changes: number }>()
  #letters = 0
  /** How often something changed, and what since the orders were last brought up to date. */
  #changes = 0
  readonly #touched = new Set<Slug>()

  constructor(hub: Beliefs) {
    this.#hub = hub
    this.#rows = new Rows(hub)
  }

  /** How much is kept. */
  figures(): Record<'projects' | 'answers' | 'letters' | 'selections' | 'orders', number> {
    return {
      projects: this.#rows.size,
      answers: this.#kept.size,
      letters: this.#letters,
      selections: this.#selections.size,
      orders: this.#orders.size,
    }
  }

  /** The project was written or removed, or its status is another. */
  touch(slug: Slug): void {
    this.#changes++
    this.#touched.add(slug)
    this.#rows.drop(slug)
  }

  /** One project; its heartbeat is as this hub has it at this moment. */
  read(slug: Slug, now: Now): ReadProject | undefined {
    const row = this.#rows.get(slug, now)
    if (row === undefined) return undefined
    return { body: this.#rows.text(row), tag: row.tag }
  }

  resolve({ slug, tag, namespace }: ResolveQuery, now: Now): Resolved['instances'] {
    const filter = { ...(tag !== undefined && { tag }), ...(namespace !== undefined && { namespace }) }
    const known = slug === undefined ? undefined : this.#rows.get(slug as Slug, now)
    const rows =
      slug === undefined
        ? this.#select(filter, now).flatMap((place) => this.#rows.get(place.slug, now) ?? [])
        : known !== undefined && fits(known, filter)
          ? [known]
          : []
    return failoverOrder(rows.flatMap((row) => candidateOf(this.#hub, row, now) ?? [])).map((ranked) => ({
      slug: ranked.slug,
      hub_url: ranked.hubUrl,
      status: ranked.status,
      region: ranked.region,
      rtt_ms: ranked.rttMs,
      distance_km: ranked.distanceKm,
      reason: ranked.reason,
    }))
  }

  told(slug: Slug, now: Now): Told | undefined {
    const held = this.#hub.presence.held(slug)
    if (held === undefined) return undefined
    const [, home] = held.lease.claim
    return { home, agoMs: home === this.#hub.info.hub ? 0 : now.mono - held.heardAt }
  }

  list(query: ProjectQuery, now: Now): Listed {
    const name = this.#nameOf(query)
    const held = this.#kept.get(name)
    const isFresh = held !== undefined && now.mono - held.at < this.#hub.settings.presence.refreshMs
    if (isFresh && held.changes === this.#changes) return held.listed
    const listed = this.#answer(query, now)
    this.#keep(name, { listed, changes: this.#changes, at: now.mono })
    return listed
  }

  #nameOf(query: ProjectQuery): string {
    const name = this.#names.get(query) ?? JSON.stringify(query)
    this.#names.set(query, name)
    return name
  }

  #answer(query: ProjectQuery, now: Now): Listed {
    const places = this.#select(query, now)
    const page = pageOf(places, query)
    const mark: [number, number] = [0, 0]
    const texts: string[] = []
    for (const { slug } of page) {
      const row = this.#rows.get(slug, now)
      if (row === undefined) continue
      mark[0] ^= row.mark[0]
      mark[1] ^= row.mark[1]
      texts.push(this.#rows.text(row))
    }
    const last = page.at(-1)
    const isEnd = last === undefined || last === (query.isReversed === true ? places[0] : places.at(-1))
    const total = places.length
    return {
      slugs: page.map(({ slug }) => slug),
      body: `[${texts.join(',')}]`,
      mark: `${hexOf(mark)}-${total}`,
      total,
      ...(isEnd ? {} : { next: last }),
    }
  }

  /** All that match, in rising order. */
  #select(query: ProjectQuery, now: Now): readonly Place[] {
    const places = this.#order(query.sort ?? 'slug', now).places()
    const { status, tag, region, home, namespace, q, sort } = query
    const filter = { status, tag, region, home, namespace, q }
    if (Object.values(filter).every((value) => value === undefined)) return places
    const name = JSON.stringify([sort, filter])
    const held = this.#selections.get(name)
    if (held?.changes === this.#changes) return held.places
    const matches = places.filter(({ slug }) => {
      const row = this.#rows.get(slug, now)
      return row !== undefined && fits(row, query)
    })
    this.#selections.delete(name)
    this.#selections.set(name, { places: matches, changes: this.#changes })
    const [oldest] = this.#selections.keys()
    if (this.#selections.size > maxSelections && oldest !== undefined) this.#selections.delete(oldest)
    return matches
  }

  #order(sort: SortKey, now: Now): Order {
    for (const slug of this.#touched) {
      for (const [key, order] of this.#orders) order.set(slug, this.#keyOf(slug, key, now))
    }
    this.#touched.clear()
    const held = this.#orders.get(sort)
    if (held !== undefined) return held
    const places = [...this.#hub.desk.projects()].map((slug) => ({ slug, key: this.#keyOf(slug, sort, now) ?? '' }))
    const order = new Order(places)
    this.#orders.set(sort, order)
    return order
  }

  #keyOf(slug: Slug, sort: SortKey, now: Now): string | undefined {
    if (sort === 'slug') return this.#hub.desk.projects().has(slug) ? '' : undefined
    const row = this.#rows.get(slug, now)
    return sort === 'name' ? row?.name : row?.updatedAt
  }

  #keep(name: string, kept: Kept): void {
    this.#drop(name)
    this.#kept.set(name, kept)
    this.#letters += kept.listed.body.length
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= maxKept && (this.#letters <= maxLetters || this.#kept.size === 1)) break
      this.#drop(oldest)
    }
  }

  #drop(name: string): void {
    const held = this.#kept.get(name)
    if (held === undefined) return
    this.#letters -= held.listed.body.length
    this.#kept.delete(name)
  }
}

/** A project that can be reached; undefined for one that is down, or does not say where it is. */
function candidateOf(hub: Beliefs, { slug, hubUrl, status, home, region }: Row, now: Now): Candidate | undefined {
  if (hubUrl === null || status === 'offline' || home === null) return undefined
  const facts = memberFacts(hub, home, now)
  const [here, there] = [hub.info.coordinates, facts?.info.coordinates]
  const isHere = home === hub.info.hub
  return {
    slug,
    hubUrl,
    status,
    home,
    region: region as Region | null,
    isDraining: false,
    rttMs: isHere ? 0 : (facts?.rttMs ?? null),
    distanceKm: isHere ? 0 : here === undefined || there === undefined ? null : distanceKm(here, there),
  }
}

/** The places of a page, in the order that was asked for. */
function pageOf(places: readonly Place[], { after, limit, isReversed = false }: ProjectQuery): readonly Place[] {
  const count = limit ?? places.length
  if (!isReversed) {
    const at = after === undefined ? 0 : indexIn(places, after)
    const held = places[at]
    const isThere = after !== undefined && held !== undefined && comparePlaces(held, after) === 0
    const from = isThere ? at + 1 : at
    return from === 0 && count >= places.length ? places : places.slice(from, from + count)
  }
  const to = after === undefined ? places.length : indexIn(places, after)
  return places.slice(Math.max(0, to - count), to).reverse()
}

function fits(row: Row, { status, tag, region, home, namespace, q }: ProjectQuery): boolean {
  if (status !== undefined && row.status !== status) return false
  if (tag !== undefined && !row.tags.includes(tag)) return false
  if (region !== undefined && row.region !== region) return false
  if (home !== undefined && row.home !== home) return false
  if (namespace !== undefined && row.namespace !== namespace) return false
  if (q === undefined) return true
  const part = q.toLowerCase()
  return row.slug.includes(part) || row.name.toLowerCase().includes(part)
}
