// Reading projects: one, or lists that are filtered, ordered and paged. Bodies come ready from the hub and are sent as they are.

import type { FastifyReply } from 'fastify'
import { asSlug, type Slug } from '../../core/ids.ts'
import { Type } from '../../core/schema.ts'
import type { LocalHub, ReadProject } from '../../hub/calls.ts'
import { ProjectSchema } from '../../hub/shapes.ts'
import type { Fetching } from './fetching.ts'
import { demandedMs, FetchSchema, freshnessText, MaxStalenessSchema, sayFreshness } from './freshness.ts'
import { List, type Query, queryOf, wrongQuery } from './lists.ts'
import { problem, ref } from './openapi.ts'
import type { App } from './options.ts'
import { projectsPath } from './paths.ts'
import { Refused } from './problems.ts'
import { isHeld } from './validators.ts'

export const projectTags = ['projects']
export const slugParams = Type.Object({ slug: Type.String() })

const pagingText =
  'All projects, unless `limit` is given: then `Link` leads to the next page and `X-Total-Count` says how many there are. ' +
  '`ETag` is equal while nothing but heartbeats changes; `last_heartbeat_at` in lists is as of the last presence refresh.'

export interface Reading {
  readonly hub: LocalHub
  readonly fetching: Fetching
  /** limits.page */
  readonly maxPage: number
  /** Takes note of a list that may be asked for again. */
  readonly remember: (url: string, list: List) => void
}

export function projectRoutes(app: App, reading: Reading): void {
  const { hub, maxPage, remember } = reading
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
      if (query.fetch !== undefined && query.limit === undefined) throw wrongQuery('fetch', 'goes with limit in lists')
      const list = new List(query, maxPage)
      return freshened(reading, { query, slugs: () => list.slugs(hub), reply }, () => {
        const { tag, total, link, body } = list.read(hub)
        if (query.max_staleness === undefined && query.fetch === undefined) remember(request.url, list)
        if (total !== undefined) reply.header('x-total-count', total)
        if (link !== undefined) reply.header('link', link)
        if (isHeld(request, reply, tag)) return
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
  if (demanded === undefined) throw wrongQuery('fetch', 'goes with max_staleness alone')
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
export function read(hub: LocalHub, slug: Slug): ReadProject {
  const found = hub.listing.read(slug, hub.now())
  if (found !== undefined) return found
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
