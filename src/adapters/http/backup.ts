// A backup of this hub while it runs.

import { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { Type } from '../../core/schema.ts'
import { BackupRequestSchema } from '../../hub/shapes.ts'
import { problem } from './openapi.ts'
import type { App, HttpOptions } from './options.ts'
import { Refused } from './problems.ts'

type BackupOptions = Pick<HttpOptions, 'hub' | 'archive'>

export function backupRoute(app: App, { hub, archive }: BackupOptions): void {
  app.post(
    '/admin/backup',
    {
      schema: {
        tags: ['admin'],
        summary: 'A backup of this hub, as it is at this moment',
        description:
          'All slices of the catalog as this hub holds them and how far each is, one JSON value a line, the SHA-256 of all ' +
          'before it in the last. The hub goes on meanwhile. Its key is in it only where `identity` is set: keep it secret then. ' +
          '`hubmesh restore` reads it.',
        body: BackupRequestSchema,
        response: {
          200: {
            description: 'The archive',
            content: { 'application/x-ndjson': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
          },
          400: problem,
          503: problem,
        },
      },
    },
    async ({ body }, reply) => {
      const taken = hub.views.backup(hub.now())
      if (!taken.ok) throw new Refused(taken)
      const pieces = await archive(taken.backup, body.identity === true)
      reply.header('cache-control', 'no-store')
      return reply.type('application/x-ndjson').send(Readable.from(paced(pieces), { objectMode: false }))
    },
  )
}

/** A reader who keeps up would have all of it in one turn of the event loop. */
async function* paced(pieces: Iterable<string>): AsyncGenerator<string> {
  for (const piece of pieces) {
    yield piece
    await turn()
  }
}
