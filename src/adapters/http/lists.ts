// Lists of projects as they are asked for: filtered, ordered and paged by the query; and their answers as they are sent, kept
// as long as the hub keeps what they are made of.

import type { Static } from 'typebox'
import { asSlug, type Slug } from '../../core/ids.ts'
import { Type } from '../../core/schema.ts'
import type { Listed, LocalHub, Place, ProjectQuery } from '../../hub/calls.ts'
import { ProjectStatusSchema } from '../../hub/shapes.ts'
import { FetchSchema, MaxStalenessSchema } from './freshness.ts'
import { projectsPath } from './paths.ts'
import { Refused } from './problems.ts'

const orders = ['slug', 'name', 'updated_at', '-slug', '-name', '-updated_at'] as const

/** What may be asked of a list. */
export const queryOf = (maxPage: number) =>
  // A filter that is not known would answer more than was asked for.
  Type.Object(
    {
      status: Type.Optional(ProjectStatusSchema),
      tag: Type.Optional(Type.String({ description: 'Projects that carry this tag' })),
      region: Type.Optional(Type.String({ description: 'Projects whose home is in this region' })),
      home: Type.Optional(Type.String({ description: 'Projects whose heartbeats reach this hub' })),
      q: Type.Optional(
        Type.String({ minLength: 1, maxLength: 200, description: 'A part of the slug or the name, in any case' }),
      ),
      sort: Type.Optional(Type.Enum(orders, { description: 'slug unless said; - reverses' })),
      limit: Type.Optional(
        Type.String({
          pattern: '^[1-9]\\d{0,5}$',
          description: `Projects on a page, ${maxPage} at most; all if left out`,
        }),
      ),
      cursor: Type.Optional(
        Type.String({ maxLength: 2_000, description: 'As the Link header of the page before has it' }),
      ),
      max_staleness: Type.Optional(MaxStalenessSchema),
      fetch: Type.Optional(FetchSchema),
    },
    { additionalProperties: false },
  )
export type Query = Static<ReturnType<typeof queryOf>>

/** The answer to a list. */
export interface Told {
  /** What is between the quotes of its tag. */
  readonly tag: string
  /** How many match on all pages, where there are pages. */
  readonly total?: string
  readonly link?: string
  readonly body: Buffer
}

const bytes = new WeakMap<Listed, Buffer>()

export class List {
  readonly #said: Query
  readonly #query: ProjectQuery
  readonly #told = new WeakMap<Listed, Told>()

  /** Throws what is wrong with the query beyond its schema. */
  constructor(said: Query, maxPage: number) {
    this.#said = said
    this.#query = asked(said, maxPage)
  }

  /** Those that are on the page. */
  slugs(hub: LocalHub): readonly Slug[] {
    return hub.listing.list(this.#query, hub.now()).slugs
  }

  read(hub: LocalHub): Told {
    const listed = hub.listing.list(this.#query, hub.now())
    const held = this.#told.get(listed)
    if (held !== undefined) return held
    const told = toldOf(listed, this.#said)
    this.#told.set(listed, told)
    return told
  }
}

function toldOf(listed: Listed, said: Query): Told {
  const body = bytes.get(listed) ?? Buffer.from(listed.body)
  bytes.set(listed, body)
  const { mark: tag, total, next } = listed
  if (said.limit === undefined) return { tag, body }
  const link = next === undefined ? {} : { link: `<${nextPath(said, next)}>; rel="next"` }
  return { tag, total: String(total), ...link, body }
}

function asked(
  { sort: order = 'slug', limit, cursor, max_staleness: _, fetch: __, ...filter }: Query,
  maxPage: number,
): ProjectQuery {
  const isReversed = order.startsWith('-')
  const sort = (isReversed ? order.slice(1) : order) as NonNullable<ProjectQuery['sort']>
  if (limit === undefined) {
    if (cursor !== undefined) throw wrongQuery('cursor', 'goes with limit alone')
    return { ...filter, sort, isReversed }
  }
  if (Number(limit) > maxPage) throw wrongQuery('limit', `must be at most ${maxPage} (limits.page)`)
  const after = cursor === undefined ? {} : { after: placeIn(cursor, order) }
  return { ...filter, sort, isReversed, limit: Number(limit), ...after }
}

export function wrongQuery(path: string, message: string): Refused {
  return new Refused({ code: 'invalid-request', detail: `The query does not match the schema: ${path} ${message}` }, [
    { path, message },
  ])
}

function nextPath({ cursor: _, ...query }: Query, next: Place): string {
  return `${projectsPath}?${new URLSearchParams({ ...query, cursor: cursorOf(next, query.sort) })}`
}

function cursorOf({ key, slug }: Place, order: string = 'slug'): string {
  return Buffer.from(JSON.stringify([key, slug, order])).toString('base64url')
}

function placeIn(cursor: string, order: string): Place {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(place) && place[2] === order) {
      const [key, slug] = place
      const known = typeof slug === 'string' ? asSlug(slug) : undefined
      if (typeof key === 'string' && known !== undefined) return { key, slug: known }
    }
  } catch {
    // It is none of ours: said below.
  }
  throw new Refused({
    code: 'invalid-cursor',
    detail: 'This is no cursor of a list in this order; follow the Link of the page before',
  })
}
