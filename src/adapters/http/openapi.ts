// The documentation of the API, made of the schemas that validate it: OpenAPI 3.1 at /openapi.json.

import swagger from '@fastify/swagger'
import type { Static, TSchema } from 'typebox'
import { Type } from '../../core/schema.ts'
import { HubEventSchema, ProjectEventSchema, ResetEventSchema } from '../../hub/events.ts'
import { BatchReplySchema, HeartbeatReplySchema } from '../../hub/heartbeats.ts'
import { EchoedSchema, GossipStatsSchema, RegistrySchema, ResolvedSchema, TopologySchema } from '../../hub/landscape.ts'
import {
  BackupRequestSchema,
  DirectoryEntrySchema,
  ForgetSchema,
  ForgottenSchema,
  HealthSchema,
  MemberSchema,
  type Problem,
  ProblemSchema,
  ProjectSchema,
  StatusSchema,
  WhySchema,
} from '../../hub/shapes.ts'
import { needOf } from './auth/need.ts'
import type { App } from './options.ts'

const shared = [
  ProjectSchema,
  HeartbeatReplySchema,
  BatchReplySchema,
  MemberSchema,
  DirectoryEntrySchema,
  WhySchema,
  ResolvedSchema,
  TopologySchema,
  RegistrySchema,
  GossipStatsSchema,
  EchoedSchema,
  BackupRequestSchema,
  ForgetSchema,
  ForgottenSchema,
  HealthSchema,
  StatusSchema,
  ProjectEventSchema,
  HubEventSchema,
  ResetEventSchema,
  ProblemSchema,
]

/** A shared schema by its name, so that the documentation has it once. */
export function ref<S extends TSchema>(schema: S) {
  return Type.Unsafe<Static<S>>({ $ref: `${idOf(schema)}#` })
}

/** What a route's refusals look like. */
export const problem = {
  description: 'A problem (RFC 9457)',
  content: { 'application/problem+json': { schema: Type.Unsafe<Problem>({ $ref: 'Problem#' }) } },
}

/** Must run before the routes that it documents. */
export async function openapi(app: App, version: string): Promise<void> {
  for (const schema of shared) app.addSchema(schema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'HubMesh',
        version,
        description:
          'One hub of a federation. Errors are application/problem+json with a stable code. Unknown fields of a body are ' +
          'ignored; unknown query parameters are refused. /health and /metrics are open. For all else a hub with ' +
          'security.api_keys or security.jwt asks for a key or token: reading takes the role viewer, writing operator, ' +
          '/admin admin (401 unauthorized, 403 forbidden, 429 rate-limited). One without answers this machine alone.',
      },
      components: {
        securitySchemes: {
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        },
      },
    },
    transform: ({ schema, url, route }) => ({ schema: { ...schema, ...securityOf(route.method, url) }, url }),
    refResolver: { buildLocalReference: (json) => String(json['$id']) },
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}

/** Who may ask, where not everybody may: a key or a token. */
function securityOf(method: string | string[], route: string) {
  const needs = [method].flat().map((one) => needOf({ method: one, route, url: route }))
  return needs.includes('open') ? { security: [] } : { security: [{ apiKey: [] }, { bearer: [] }] }
}

function idOf(schema: TSchema): string {
  return '$id' in schema ? String(schema.$id) : ''
}
