// Reading projects: one, or lists that are filtered, ordered and paged. Bodies come ready from the hub and are sent as they are.

import type { FastifyReply } from 'fastify'
import type { Static } from 'typebox'
import { asSlug, type Slug } from '../../core/ids.ts'
import { Type } from '../../core/schema.ts'
import type { Listed, LocalHub, Place, ProjectQuery } from '../../hub/calls.ts'
import { ProjectSchema, ProjectStatusSchema } from '../../hub/shapes.ts'
import type { Fetching } from './fetching.ts'
import { demandedMs, FetchSchema, freshnessText, MaxStalenessSchema, sayFreshness } from './freshness.ts'
import { problem, ref } from './openapi.ts'
import type { App } from './options.ts'
import { Refused } from './problems.ts'
import { isHeld } from './validators.ts'

export const projectTags = ['projects']
export const projectsPath = '/api/fed/projects'
export const slugParams = Type.Object({ slug: Type.String() })

const orders = ['slug', 'name', 'updated_at', '-slug', '-name', '-updated_at'] as const

const queryOf = (maxPage: number) =>
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
type Query = Static<ReturnType<typeof queryOf>>

const pagingText =
  'All projects, unless `limit` is given: then `Link` leads to the next page and `X-Total-Count` says how many there are. ' +
  '`ETag` is equal while nothing but heartbeats changes; `last_heartbeat_at` in lists is as of the last presence refresh.'

export interface Reading {
  readonly hub: LocalHub
  readonly fetching: Fetching
  /** limits.page */
  readonly maxPage: number
}

export function projectRoutes(app: App, reading: Reading): void {
  const { hub, maxPage } = reading
  const bytes = new WeakMap<Listed, Buffer>()
  app.get(
    projectsPath,
    {
      schema: {
        tags: projectTags,
        summary: 'Projects',
        description: `${pagingText} ${freshnessText}`,
        querystring: queryOf(maxPage),
        response: { 200: Type.Array(ref(ProjectSchema)), 304: Type.Null(), 400: problem, 503: problem },
      },
    },
    (request, reply) => {
      const { query } = request
      if (query.fetch !== undefined && query.limit === undefined) throw wrong('fetch', 'goes with limit in lists')
      const slugs = () => hub.listing.list(asked(query, maxPage), hub.now()).slugs
      return freshened(reading, { query, slugs, reply }, () => {
        const listed = hub.listing.list(asked(query, maxPage), hub.now())
        if (query.limit !== undefined) {
          reply.header('x-total-count', listed.total)
          if (listed.next !== undefined) reply.header('link', `<${nextPath(query, listed.next)}>; rel="next"`)
        }
        if (isHeld(request, reply, listed.mark)) return
        const body = bytes.get(listed) ?? Buffer.from(listed.body)
        bytes.set(listed, body)
        sendJson(reply, body)
      })
    },
  )
  one(app, reading)
}

interface Demand {
  readonly query: Pick<Query, 'fetch' | 'max_staleness'>
  /** Those that are to be answered. */
  readonly slugs: () => readonly Slug[]
  readonly reply: FastifyReply
}

/** Answers at once where no home is to be asked; else when those have been that told too long ago. */
function freshened({ hub, fetching }: Reading, { query, slugs, reply }: Demand, send: () => void) {
  const { fetch, max_staleness: demanded } = query
  if (fetch === undefined) {
    sayFreshness(hub, demanded, reply)
    return send()
  }
  if (demanded === undefined) throw wrong('fetch', 'goes with max_staleness alone')
  return fetching.freshen(slugs(), demandedMs(demanded)).then(() => {
    sayFreshness(hub, undefined, reply)
    send()
  })
}

function one(app: App, reading: Reading): void {
  const { hub } = reading
  app.get(
    `${projectsPath}/:slug`,
    {
      schema: {
        tags: projectTags,
        summary: 'One project',
        description: `\`last_heartbeat_at\` is exact at the project's home. ${freshnessText}`,
        params: slugParams,
        querystring: Type.Object(
          { max_staleness: Type.Optional(MaxStalenessSchema), fetch: Type.Optional(FetchSchema) },
          { additionalProperties: false },
        ),
        response: { 200: ref(ProjectSchema), 304: Type.Null(), 400: problem, 404: problem, 503: problem },
      },
    },
    (request, reply) => {
      const { query } = request
      const slug = slugFrom(request.params.slug)
      return freshened(reading, { query, slugs: () => [slug], reply }, () => {
        const project = read(hub, slug)
        if (!isHeld(request, reply, project.tag)) sendJson(reply, project.body)
      })
    },
  )
}

/** One project as it is sent, and its validator: the revision, which guards writes, and what else can be seen of it. */
export function read(hub: LocalHub, slug: Slug): { readonly body: string; readonly tag: string } {
  const found = hub.listing.read(slug, hub.now())
  if (found !== undefined) return { body: found.body, tag: `${found.revision}-${found.mark}` }
  const missing = hub.views.project(slug, hub.now())
  throw missing.ok ? new Error(`${slug} is there and cannot be read`) : new Refused(missing)
}

/** What is JSON already. */
export function sendJson(reply: FastifyReply, body: string | Buffer): void {
  reply.header('content-type', 'application/json; charset=utf-8').send(body)
}

export function slugFrom(text: string): Slug {
  const slug = asSlug(text)
  if (slug !== undefined) return slug
  const fields = [{ path: 'slug', message: 'must match ^[a-z0-9-]{1,50}$' }]
  throw new Refused({ code: 'invalid-slug', detail: `"${text.slice(0, 60)}" is no slug` }, fields)
}

function asked(
  { sort: order = 'slug', limit, cursor, max_staleness: _, fetch: __, ...filter }: Query,
  maxPage: number,
): ProjectQuery {
  const isReversed = order.startsWith('-')
  const sort = (isReversed ? order.slice(1) : order) as NonNullable<ProjectQuery['sort']>
  if (limit === undefined) {
    if (cursor !== undefined) throw wrong('cursor', 'goes with limit alone')
    return { ...filter, sort, isReversed }
  }
  if (Number(limit) > maxPage) throw wrong('limit', `must be at most ${maxPage} (limits.page)`)
  const after = cursor === undefined ? {} : { after: placeIn(cursor, order) }
  return { ...filter, sort, isReversed, limit: Number(limit), ...after }
}

function wrong(path: string, message: string): Refused {
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
