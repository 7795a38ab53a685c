// What operators look at when a hub behaves oddly, while it runs.

import { Type } from '../../core/schema.ts'
import type { App, HttpOptions } from './options.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const
const Figures = Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true })

export function debugRoutes(app: App, { inside, network }: Pick<HttpOptions, 'inside' | 'network'>): void {
  app.post(
    '/admin/log-level',
    {
      schema: {
        tags: ['admin'],
        summary: 'Log more or less from now on, until the hub is started again',
        body: Type.Object({ level: Type.Enum(levels) }),
        response: { 200: Type.Object({ level: Type.String(), previous: Type.String() }) },
      },
    },
    async ({ body: { level } }) => ({ level, previous: inside.logAt(level) }),
  )
  const pages = {
    queues: ['What waits in this hub, and how busy its event loop is', () => inside.queues()],
    caches: ['What is kept for readers, and how large', () => inside.caches()],
    gossip: ['Whom gossip reaches, by peer id', () => ({ ...network() })],
  } as const
  for (const [name, [summary, read]] of Object.entries(pages)) {
    app.get(
      `/admin/debug/${name}`,
      { schema: { tags: ['admin'], summary, response: { 200: Figures } } },
      async () => read() as Record<string, unknown>,
    )
  }
  app.post(
    '/admin/debug/heap',
    {
      schema: {
        tags: ['admin'],
        summary: 'Write a heap snapshot into the data directory',
        description:
          'The hub stands still while it is written, for seconds where the heap is large: others may suspect it meanwhile. The ' +
          'file holds all that the process holds, secrets included; only its owner may read it.',
        response: { 200: Type.Object({ file: Type.String(), bytes: Type.Integer(), took_ms: Type.Integer() }) },
      },
    },
    async () => inside.heap(),
  )
}
