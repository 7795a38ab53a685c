// Where callers should go, and what this hub says of its surroundings.

import { refuse } from '../../core/errors.ts'
import { Type } from '../../core/schema.ts'
import { type Millis, second } from '../../core/time.ts'
import { parseDuration } from '../../core/units.ts'
import type { LocalHub } from '../../hub/calls.ts'
import { EchoedSchema, GossipStatsSchema, RegistrySchema, ResolvedSchema, TopologySchema } from '../../hub/landscape.ts'
import { ask } from './entries.ts'
import { problem, ref } from './openapi.ts'
import type { App, HttpOptions } from './options.ts'
import { Refused } from './problems.ts'

const WaitSchema = Type.String({ pattern: '^\\d{1,9}(\\.\\d{1,3})?(ms|s|m)?$' })
const maxWaitMs: Millis = 30 * second

type Parts = Pick<HttpOptions, 'hub' | 'network'>

export function surroundingRoutes(app: App, { hub, network }: Parts): void {
  resolve(app, hub)
  app.get(
    '/api/topology',
    {
      schema: {
        tags: ['hub'],
        summary: 'Who is linked to whom, as far as this hub knows',
        description: 'Its parents, children and links, and all hubs by region.',
        response: { 200: ref(TopologySchema) },
      },
    },
    async () => hub.views.topology(hub.now()),
  )
  app.get(
    '/api/registry/status',
    {
      schema: {
        tags: ['hub'],
        summary: 'What this hub holds of the catalog, by the hubs that wrote it',
        response: { 200: ref(RegistrySchema) },
      },
    },
    async () => hub.views.registry(hub.now()),
  )
  app.get(
    '/api/gossip/stats',
    {
      schema: {
        tags: ['hub'],
        summary: 'What this hub published and heard, and over whom',
        response: { 200: ref(GossipStatsSchema) },
      },
    },
    async () => {
      const { gossip, oversized, waiting, dropped, garbage } = network()
      const nameOf = new Map(hub.views.members(hub.now()).map((member) => [member.peer_id, member.hub_id]))
      const topics = Object.entries(gossip).map(([topic, { mesh, ...figures }]) => ({
        topic,
        ...figures,
        mesh: mesh.map((peer) => nameOf.get(peer) ?? peer).sort(),
      }))
      return { topics, oversized, waiting, dropped: { ...dropped }, garbage: { ...garbage } }
    },
  )
  testMessage(app, hub)
}

function testMessage(app: App, hub: LocalHub): void {
  app.post(
    '/api/gossip/test-message',
    {
      schema: {
        tags: ['hub'],
        summary: 'Publish a message and see who hears it, and when',
        description: 'Answered once all have, or after `wait` (5s unless said, 30s at most).',
        querystring: Type.Object({ wait: Type.Optional(WaitSchema) }, { additionalProperties: false }),
        response: { 200: ref(EchoedSchema), 400: problem, 429: problem, 503: problem },
      },
    },
    async ({ query }) => {
      const waitMs = Math.min(maxWaitMs, parseDuration(query.wait ?? '5s') ?? maxWaitMs)
      return (await ask(hub, { type: 'echo', waitMs }, 'echoed')).echo
    },
  )
}

function resolve(app: App, hub: LocalHub): void {
  const text = Type.Optional(Type.String({ minLength: 1, maxLength: 100 }))
  app.get(
    '/api/fed/resolve',
    {
      schema: {
        tags: ['projects'],
        summary: 'Where to go: live instances, in the order in which to try them',
        description:
          'By `slug`, `tag` or `namespace`; what is given must all hold. Online before degraded, then by the round trip from ' +
          'this hub to the home of each, one that is measured before one that is not, then by distance; hubs that drain come ' +
          'last. Only projects that are up and have a `hub_url`.',
        querystring: Type.Object({ slug: text, tag: text, namespace: text }, { additionalProperties: false }),
        response: { 200: ref(ResolvedSchema), 400: problem, 503: problem },
      },
    },
    async ({ query }) => {
      if (Object.keys(query).length === 0) {
        throw new Refused(refuse('invalid-request', 'Say what to resolve: slug, tag or namespace'))
      }
      const now = hub.now()
      const { asOf } = hub.views.freshness(now)
      return { instances: hub.listing.resolve(query, now), as_of: new Date(asOf).toISOString() }
    },
  )
}
