// Health, for load balancers, orchestrators and people. Live says only that the loop turns; ready, that requests may come.

import { Type } from '../../core/schema.ts'
import type { LocalHub } from '../../hub/calls.ts'
import { type Check, type Health, HealthSchema, HubStateSchema } from '../../hub/shapes.ts'
import { ref } from './openapi.ts'
import type { App } from './options.ts'

const LiveSchema = Type.Object({ status: Type.Literal('alive') })
const OldSchema = Type.Object({
  status: Type.Literal('ok'),
  service: Type.Literal('federation'),
  timestamp: Type.String({ format: 'date-time' }),
})
const ReadySchema = Type.Object({ status: Type.Enum(['ready', 'not-ready']), state: HubStateSchema })

/** What the API knows of its own health. */
export type OwnChecks = () => Readonly<Record<string, Check>>

export function healthRoutes(app: App, hub: LocalHub, ownChecks: OwnChecks): void {
  app.get(
    '/health',
    {
      schema: {
        tags: ['health'],
        summary: 'How this hub is',
        description: '503 unless it is ready and not unhealthy.',
        response: { 200: ref(HealthSchema), 503: ref(HealthSchema) },
      },
    },
    async (_request, reply) => {
      const health = withChecks(hub.views.health(hub.now()), ownChecks())
      return reply.code(health.state === 'ready' && health.status !== 'unhealthy' ? 200 : 503).send(health)
    },
  )
  app.get(
    '/api/fed/health',
    {
      schema: {
        tags: ['health'],
        summary: 'The three fields that the central service answered',
        response: { 200: OldSchema },
      },
    },
    async () => ({
      status: 'ok' as const,
      service: 'federation' as const,
      timestamp: new Date(hub.now().wall).toISOString(),
    }),
  )
  app.get(
    '/health/live',
    { schema: { tags: ['health'], summary: 'Whether the process turns', response: { 200: LiveSchema } } },
    async () => ({ status: 'alive' as const }),
  )
  app.get(
    '/health/ready',
    {
      schema: {
        tags: ['health'],
        summary: 'Whether requests may be sent here',
        response: { 200: ReadySchema, 503: ReadySchema },
      },
    },
    async (_request, reply) => {
      const { state } = hub.views.health(hub.now())
      const isReady = state === 'ready'
      return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ready' : 'not-ready', state })
    },
  )
}

function withChecks(health: Health, own: ReturnType<OwnChecks>): Health {
  const isWarned = Object.values(own).some((check) => check.status !== 'pass')
  const status = isWarned && health.status === 'healthy' ? 'degraded' : health.status
  return { ...health, status, checks: { ...health.checks, ...own } }
}
