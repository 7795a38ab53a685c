// The bridge from NATS, for those who watch over a hub.

import { Type } from '../../core/schema.ts'
import { type Check, nullable } from '../../hub/shapes.ts'
import type { App, NatsReading } from './options.ts'

const NatsSchema = Type.Object({
  status: Type.Enum(['connected', 'disconnected', 'disabled']),
  url: nullable(Type.String({ description: 'The servers, without credentials' })),
})

export function natsRoute(app: App, nats: () => NatsReading): void {
  app.get(
    '/health/nats',
    {
      schema: {
        tags: ['health'],
        summary: 'The bridge from NATS (bridges.nats)',
        description: 'disabled: no servers are configured. disconnected: they are looked for until they are back.',
        response: { 200: NatsSchema },
      },
    },
    async () => nats(),
  )
}

/** None where there is no bridge. Without its servers a hub is degraded: beats that come over them reach another, or nobody. */
export function natsCheck({ status, url }: NatsReading): Readonly<Record<string, Check>> {
  if (status === 'disabled') return {}
  if (status === 'connected') return { nats: { status: 'pass', details: `connected to ${url}` } }
  return { nats: { status: 'warn', details: `no server answers at ${url}; it is tried again all the time` } }
}
