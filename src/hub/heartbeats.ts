// The shapes of heartbeats, and of what is answered to them.

import type { Static } from 'typebox'
import { Type } from '../core/schema.ts'
import { HubUrl, ProjectStatusSchema, Text } from './shapes.ts'

const heartbeat = {
  status: Type.Optional(Type.Enum(['online', 'degraded'])),
  version: Type.Optional(Text(100)),
  hub_url: Type.Optional(HubUrl),
  mesh_namespace: Type.Optional(Text(100, 1)),
  timestamp: Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Number()])),
  degraded_reasons: Type.Optional(Type.Array(Text(100), { maxItems: 16 })),
}

export const HeartbeatSchema = Type.Object(heartbeat, { $id: 'Heartbeat' })
export type Heartbeat = Static<typeof HeartbeatSchema>

export const HeartbeatReplySchema = Type.Object(
  {
    slug: Type.String(),
    status: ProjectStatusSchema,
    next_within_s: Type.Number({ description: 'Send the next beat within this many seconds' }),
  },
  { $id: 'HeartbeatReply' },
)
export type HeartbeatReply = Static<typeof HeartbeatReplySchema>

export const BatchedHeartbeatSchema = Type.Object(
  { slug: Type.Optional(Type.String()), project_slug: Type.Optional(Type.String()), ...heartbeat },
  { $id: 'BatchedHeartbeat' },
)

const BatchResultSchema = Type.Object({
  slug: Type.String(),
  ok: Type.Boolean(),
  code: Type.Optional(Type.String({ description: 'As in problems' })),
})
export type BatchResult = Static<typeof BatchResultSchema>

export const BatchReplySchema = Type.Object(
  { accepted: Type.Integer(), rejected: Type.Integer(), results: Type.Array(BatchResultSchema) },
  { $id: 'BatchReply' },
)
