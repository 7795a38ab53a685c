// Writing projects: each write is answered once it is on the disk. `If-Match` binds it to what the caller has seen.

import type { Slug } from '../../core/ids.ts'
import { Type } from '../../core/schema.ts'
import type { Answer, Call, LocalHub } from '../../hub/calls.ts'
import { PatchSchema, ProjectSchema, type Registration, RegistrationSchema } from '../../hub/shapes.ts'
import { problem, ref } from './openapi.ts'
import type { App } from './options.ts'
import { projectsPath } from './paths.ts'
import { type FieldError, Refused } from './problems.ts'
import { projectTags, read, sendJson, slugFrom, slugParams } from './projects.ts'
import { guardsOf, weakTag } from './validators.ts'

const refusals = { 400: problem, 413: problem, 415: problem, 429: problem, 503: problem }
const guardText =
  '`If-Match` with the `revision` in quotes, or the `ETag` of the project, writes only over that (412 otherwise), as far as ' +
  'this hub knows: two hubs may take a write each, and the later one counts.'

export function entryRoutes(app: App, hub: LocalHub): void {
  register(app, hub)
  replace(app, hub)
  patch(app, hub)
  remove(app, hub)
}

function register(app: App, hub: LocalHub): void {
  app.post(
    projectsPath,
    {
      schema: {
        tags: projectTags,
        summary: 'Register a project, or update it',
        description:
          'Fields that are left out stay as they are. Answered once it is on the disk, with 201 both times. `project_slug` is ' +
          `the old name of \`slug\`. Unknown fields are ignored. ${guardText}`,
        body: RegistrationSchema,
        response: { 201: ref(ProjectSchema), ...refusals, 412: problem },
      },
    },
    async (request, reply) => {
      const slug = slugIn(request.body)
      const registration = known(RegistrationSchema.properties, request.body)
      await ask(hub, { type: 'register', slug, registration, how: 'update', guards: guardsOf(request) }, 'registered')
      const { body: text, tag } = read(hub, slug)
      sendJson(reply.code(201).header('etag', weakTag(tag)), text)
      return reply
    },
  )
}

function replace(app: App, hub: LocalHub): void {
  app.put(
    `${projectsPath}/:slug`,
    {
      schema: {
        tags: projectTags,
        summary: 'Register a project, or replace it',
        description: `Fields that are left out get their defaults. 201 where there was none. \`If-None-Match: *\`: only then. ${guardText}`,
        params: slugParams,
        body: RegistrationSchema,
        response: { 200: ref(ProjectSchema), 201: ref(ProjectSchema), ...refusals, 412: problem },
      },
    },
    async (request, reply) => {
      const slug = slugFrom(request.params.slug)
      if (slugIn({ slug, ...request.body }) !== slug)
        throw wrong({ path: 'slug', message: 'is not the one of the path' })
      const registration = known(RegistrationSchema.properties, request.body)
      const call = { type: 'register', slug, registration, how: 'replace', guards: guardsOf(request) } as const
      const { created } = await ask(hub, call, 'registered')
      const { body, tag } = read(hub, slug)
      sendJson(reply.code(created ? 201 : 200).header('etag', weakTag(tag)), body)
      return reply
    },
  )
}

function patch(app: App, hub: LocalHub): void {
  app.patch(
    `${projectsPath}/:slug`,
    {
      schema: {
        tags: projectTags,
        summary: 'Change fields of a project',
        description: `Fields that are left out stay as they are; \`hub_url: null\` takes it away. ${guardText}`,
        params: slugParams,
        body: PatchSchema,
        response: { 200: ref(ProjectSchema), ...refusals, 404: problem, 412: problem },
      },
    },
    async (request, reply) => {
      const slug = slugFrom(request.params.slug)
      const registration = known(PatchSchema.properties, request.body)
      const call = { type: 'register', slug, registration, how: 'patch', guards: guardsOf(request) } as const
      await ask(hub, call, 'registered')
      const { body, tag } = read(hub, slug)
      sendJson(reply.header('etag', weakTag(tag)), body)
      return reply
    },
  )
}

function remove(app: App, hub: LocalHub): void {
  app.delete(
    `${projectsPath}/:slug`,
    {
      schema: {
        tags: projectTags,
        summary: 'Remove a project',
        description: `It stays removed on every hub until it is registered again. ${guardText}`,
        params: slugParams,
        response: { 204: Type.Null(), 400: problem, 404: problem, 412: problem, 503: problem },
      },
    },
    async (request, reply) => {
      const call = { type: 'remove', slug: slugFrom(request.params.slug), guards: guardsOf(request) } as const
      await ask(hub, call, 'removed')
      return reply.code(204).send(null)
    },
  )
}

/** What the schema names: a field that is ignored must not find its way into the catalog. */
export function known<T extends object>(properties: Readonly<Record<string, unknown>>, body: T): T {
  const meant: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(body)) {
    if (key !== 'slug' && key !== 'project_slug' && Object.hasOwn(properties, key)) meant[key] = value
  }
  return meant as T
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

/** The body's slug under its new or its old name. */
function slugIn({ slug, project_slug: old }: Registration): Slug {
  if (slug !== undefined && old !== undefined && slug !== old) {
    throw wrong({ path: 'project_slug', message: 'is not the slug: send one of the two' })
  }
  const text = slug ?? old
  if (text === undefined) throw wrong({ path: 'slug', message: 'is required' })
  return slugFrom(text)
}

function wrong(field: FieldError): Refused {
  return new Refused(
    { code: 'invalid-request', detail: `The body does not match the schema: ${field.path} ${field.message}` },
    [field],
  )
}
