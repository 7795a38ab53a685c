// Heartbeats of projects, one by one or many in a request.

import { asSlug } from '../../core/ids.ts'
import { Type } from '../../core/schema.ts'
import type { BatchedBeat, LocalHub } from '../../hub/calls.ts'
import {
  BatchedHeartbeatSchema,
  BatchReplySchema,
  type BatchResult,
  HeartbeatReplySchema,
  HeartbeatSchema,
} from '../../hub/heartbeats.ts'
import { ask, known } from './entries.ts'
import { problem, ref } from './openapi.ts'
import type { App } from './options.ts'
import { projectsPath } from './paths.ts'
import { fail, Refused } from './problems.ts'
import { projectTags, slugFrom, slugParams } from './projects.ts'

export interface Beating {
  readonly hub: LocalHub
  /** limits.batch */
  readonly maxBatch: number
}

export function heartbeatRoutes(app: App, { hub, maxBatch }: Beating): void {
  single(app, hub)
  batch(app, { hub, maxBatch })
}

function single(app: App, hub: LocalHub): void {
  app.post(
    `${projectsPath}/:slug/heartbeat`,
    {
      schema: {
        tags: projectTags,
        summary: 'Say that a project is up',
        description: 'The body may be left out. Unknown fields are ignored.',
        params: slugParams,
        body: HeartbeatSchema,
        response: { 202: ref(HeartbeatReplySchema), 400: problem, 404: problem, 503: problem },
      },
      preValidation: (request, _reply, done) => {
        request.body ??= {}
        done()
      },
    },
    // Without a promise: beats come by the thousand, and most are answered at once.
    (request, reply) => {
      const beat = known(HeartbeatSchema.properties, request.body)
      hub.call({ type: 'beat', slug: slugFrom(request.params.slug), beat }, (answer) => {
        if (!answer.ok) fail(reply, new Refused(answer))
        else if (answer.type === 'beaten') reply.code(202).send(answer.reply)
        else fail(reply, new Error(`the hub answered ${answer.type} to a beat`))
      })
    },
  )
}

function batch(app: App, { hub, maxBatch }: Beating): void {
  const items = Type.Array(BatchedHeartbeatSchema, { maxItems: maxBatch })
  app.post(
    '/api/fed/heartbeats',
    {
      schema: {
        tags: projectTags,
        summary: 'Say that many projects are up',
        description: 'One result for each, in their order: what is wrong with one does not stop the others.',
        body: items,
        response: { 200: ref(BatchReplySchema), 400: problem, 413: problem, 415: problem, 503: problem },
      },
    },
    async ({ body }) => {
      const results: BatchResult[] = []
      const beats: BatchedBeat[] = []
      const places: number[] = []
      body.forEach((item, at) => {
        const { slug: said, project_slug: old, ...beat } = item
        const text = said ?? old ?? ''
        const slug = said !== undefined && old !== undefined && said !== old ? undefined : asSlug(text)
        if (slug === undefined) results[at] = { slug: text, ok: false, code: 'invalid-slug' }
        else {
          places.push(at)
          beats.push({ slug, beat: known(HeartbeatSchema.properties, beat) })
        }
      })
      if (beats.length > 0) {
        const { results: told } = await ask(hub, { type: 'beats', beats }, 'all-beaten')
        told.forEach((result, index) => {
          results[places[index] ?? 0] = result
        })
      }
      const accepted = results.filter(({ ok }) => ok).length
      return { accepted, rejected: results.length - accepted, results }
    },
  )
}
