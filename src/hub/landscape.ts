// The shapes of what a hub says of its surroundings: where calls should go, who is linked to whom, what it holds.

import type { Static } from 'typebox'
import { Type } from '../core/schema.ts'
import { TierSchema } from '../core/wire.ts'
import { Iso, MemberStatusSchema, nullable, ProjectStatusSchema, ViewStateSchema } from './shapes.ts'

export const ResolvedSchema = Type.Object(
  {
    instances: Type.Array(
      Type.Object({
        slug: Type.String(),
        hub_url: Type.String(),
        status: ProjectStatusSchema,
        region: nullable(Type.String()),
        rtt_ms: nullable(Type.Number({ description: 'From this hub to the home of the project' })),
        distance_km: nullable(Type.Number({ description: 'The same as the crow flies' })),
        reason: Type.String({
          description: 'What it stands by: rtt, distance or nearness-unknown, behind degraded and draining',
        }),
      }),
      { description: 'In the order in which to try them' },
    ),
    as_of: Iso,
  },
  { $id: 'Resolved' },
)
export type Resolved = Static<typeof ResolvedSchema>

const HubNames = Type.Array(Type.String())

export const TopologySchema = Type.Object(
  {
    hub_id: Type.String(),
    region: Type.String(),
    tier: TierSchema,
    parents: HubNames,
    children: HubNames,
    links: Type.Array(
      Type.Object({
        hub_id: Type.String(),
        region: Type.String(),
        tier: TierSchema,
        status: MemberStatusSchema,
        role: Type.Enum(['parent', 'child', 'pool', 'other'], { description: 'pool: the two watch each other' }),
        rtt_ms: nullable(Type.Number()),
      }),
      { description: 'Hubs that this one is linked to' },
    ),
    regions: Type.Array(
      Type.Object({
        region: Type.String(),
        state: ViewStateSchema,
        hubs: Type.Array(Type.Object({ hub_id: Type.String(), tier: TierSchema, status: MemberStatusSchema })),
      }),
    ),
  },
  { $id: 'Topology' },
)
export type Topology = Static<typeof TopologySchema>

export const RegistrySchema = Type.Object(
  {
    hub_id: Type.String(),
    digest: Type.String({ description: 'Equal on hubs that hold the same slices' }),
    digests_alive: Type.Integer(),
    projects: Type.Object({
      total: Type.Integer(),
      online: Type.Integer(),
      degraded: Type.Integer(),
      offline: Type.Integer(),
    }),
    slices: Type.Array(
      Type.Object({
        hub_id: Type.String({ description: 'Who writes it' }),
        epoch: Type.Integer(),
        seq: Type.Integer(),
        records: Type.Integer(),
        removals: Type.Integer(),
        behind: Type.Boolean({ description: 'Whether a peer is known to hold more of it' }),
      }),
    ),
  },
  { $id: 'Registry' },
)
export type Registry = Static<typeof RegistrySchema>

export const EchoedSchema = Type.Object(
  {
    id: Type.String(),
    sent_at: Iso,
    expected: Type.Integer({
      description: 'Hubs that should have heard it: all that are alive, or, of more than 64, those linked',
    }),
    received: Type.Array(
      Type.Object({ hub_id: Type.String(), latency_ms: Type.Number({ description: 'Until its answer was here' }) }),
      { description: 'In the order of their answers' },
    ),
    missing: HubNames,
  },
  { $id: 'Echoed' },
)
export type Echoed = Static<typeof EchoedSchema>

export const GossipStatsSchema = Type.Object(
  {
    topics: Type.Array(
      Type.Object({
        topic: Type.String(),
        published: Type.Integer({ description: 'Messages of this hub' }),
        received: Type.Integer({ description: 'Messages of others' }),
        mesh: HubNames,
        subscribers: Type.Integer({ description: 'Linked hubs that take the topic' }),
      }),
    ),
    oversized: Type.Integer({ description: 'Messages that were too large to be published' }),
    waiting: Type.Integer({ description: 'Messages that wait to be sent, over all peers' }),
    dropped: Type.Record(Type.String(), Type.Integer(), {
      description: 'Lost to full queues or missing links, by channel',
    }),
    garbage: Type.Record(Type.String(), Type.Integer(), {
      description: 'What peers sent and no protocol took, by reason',
    }),
  },
  { $id: 'GossipStats' },
)
export type GossipStats = Static<typeof GossipStatsSchema>
