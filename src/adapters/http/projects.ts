// The catalog of projects and their heartbeats.

import { asSlug, type Slug } from '../../core/ids.ts'
import { Type } from '../../core/schema.ts'
import type { Answer, Call, LocalHub } from '../../hub/calls.ts'
import {
  HeartbeatReplySchema,
  HeartbeatSchema,
  type Project,
  ProjectSchema,
  ProjectStatusSchema,
  type Registration,
  RegistrationSchema,
} from '../../hub/shapes.ts'
import { freshnessText, MaxStalenessSchema, sayFreshness } from './freshness.ts'
import { problem, ref } from './openapi.ts'
import type { App } from './options.ts'
import { type FieldError, Refused } from './problems.ts'

const tags = ['projects']
const params = Type.Object({ slug: Type.String() })
const path = '/api/fed/projects'

export function projectRoutes(app: App, hub: LocalHub): void {
  app.get(
    path,
    {
      schema: {
        tags,
        summary: 'All projects, by slug',
        description: freshnessText,
        // A filter that is not known would answer more than was asked for.
        querystring: Type.Object(
          { status: Type.Optional(ProjectStatusSchema), max_staleness: Type.Optional(MaxStalenessSchema) },
          { additionalProperties: false },
        ),
        response: { 200: Type.Array(ref(ProjectSchema)), 400: problem, 503: problem },
      },
    },
    async ({ query: { max_staleness, ...filter } }, reply) => {
      sayFreshness(hub, max_staleness, reply)
      return [...hub.views.projects(hub.now(), filter)]
    },
  )
  register(app, hub)
  one(app, hub)
  heartbeat(app, hub)
}

function register(app: App, hub: LocalHub): void {
  app.post(
    path,
    {
      schema: {
        tags,
        summary: 'Register a project, or update it',
        description:
          'Answered once it is on the disk. `project_slug` is the old name of `slug`. Unknown fields are ignored.',
        body: RegistrationSchema,
        response: { 201: ref(ProjectSchema), 400: problem, 413: problem, 415: problem, 429: problem, 503: problem },
      },
    },
    async ({ body }, reply) => {
      const slug = slugIn(body)
      const registration = { ...known(RegistrationSchema.properties, body), slug }
      await ask(hub, { type: 'register', slug, registration }, 'registered')
      return reply.code(201).send(read(hub, slug))
    },
  )
}

function one(app: App, hub: LocalHub): void {
  app.get(
    `${path}/:slug`,
    {
      schema: {
        tags,
        summary: 'One project',
        description: freshnessText,
        params,
        querystring: Type.Object({ max_staleness: Type.Optional(MaxStalenessSchema) }, { additionalProperties: false }),
        response: { 200: ref(ProjectSchema), 400: problem, 404: problem, 503: problem },
      },
    },
    async ({ params: { slug }, query }, reply) => {
      sayFreshness(hub, query.max_staleness, reply)
      return read(hub, asked(slug))
    },
  )
  app.delete(
    `${path}/:slug`,
    {
      schema: {
        tags,
        summary: 'Remove a project',
        description: 'It stays removed on every hub until it is registered again.',
        params,
        response: { 204: Type.Null(), 400: problem, 404: problem, 503: problem },
      },
    },
    async (request, reply) => {
      await ask(hub, { type: 'remove', slug: asked(request.params.slug) }, 'removed')
      return reply.code(204).send(null)
    },
  )
}

function heartbeat(app: App, hub: LocalHub): void {
  app.post(
    `${path}/:slug/heartbeat`,
    {
      schema: {
        tags,
        summary: 'Say that a project is up',
        description: 'The body may be left out. Unknown fields are ignored.',
        params,
        body: HeartbeatSchema,
        response: { 202: ref(HeartbeatReplySchema), 400: problem, 404: problem, 503: problem },
      },
      preValidation: async (request) => {
        request.body ??= {}
      },
    },
    async (request, reply) => {
      const beat = known(HeartbeatSchema.properties, request.body)
      const { reply: told } = await ask(hub, { type: 'beat', slug: asked(request.params.slug), beat }, 'beaten')
      return reply.code(202).send(told)
    },
  )
}

/** What the schema names: a field that is ignored must not find its way into the catalog. */
function known<T extends object>(properties: Readonly<Record<string, unknown>>, body: T): T {
  return Object.fromEntries(Object.entries(body).filter(([key]) => key in properties && key !== 'project_slug')) as T
}

type Success = Extract<Answer, { readonly ok: true }>

/** Asks the hub and waits; what it refuses is thrown. */
export async function ask<T extends Success['type']>(
  hub: LocalHub,
  call: Call,
  expected: T,
): Promise<Extract<Success, { readonly type: T }>> {
  const answer = await new Promise<Answer>((resolve) => hub.call(call, resolve))
  if (!answer.ok) throw new Refused(answer)
  if (answer.type !== expected) throw new Error(`the hub answered ${answer.type} to ${call.type}`)
  return answer as Extract<Success, { readonly type: T }>
}

function read(hub: LocalHub, slug: Slug): Project {
  const found = hub.views.project(slug, hub.now())
  if (!found.ok) throw new Refused(found)
  return found.project
}

function asked(text: string): Slug {
  const slug = asSlug(text)
  if (slug !== undefined) return slug
  const fields = [{ path: 'slug', message: 'must match ^[a-z0-9-]{1,50}$' }]
  throw new Refused({ code: 'invalid-slug', detail: `"${text.slice(0, 60)}" is no slug` }, fields)
}

/** The body's slug under its new or its old name. */
function slugIn({ slug, project_slug: old }: Registration): Slug {
  if (slug !== undefined && old !== undefined && slug !== old) {
    throw wrong({ path: 'project_slug', message: 'is not the slug: send one of the two' })
  }
  const text = slug ?? old
  if (text === undefined) throw wrong({ path: 'slug', message: 'is required' })
  return asked(text)
}

function wrong(field: FieldError): Refused {
  return new Refused(
    { code: 'invalid-request', detail: `The body does not match the schema: ${field.path} ${field.message}` },
    [field],
  )
}
