// The shapes of what a hub answers, once: views build them, HTTP validates and documents them, the CLI prints them.

import type { Static } from 'typebox'
import { EpochSchema } from '../core/catalog/slice.ts'
import { hubIdPattern, slugPattern } from '../core/ids.ts'
import { Type } from '../core/schema.ts'
import { CoordinatesSchema, CountSchema, HubIdSchema, LabelsSchema, TierSchema } from '../core/wire.ts'

export const nullable = <S extends Parameters<typeof Type.Union>[0][number]>(schema: S) =>
  Type.Union([schema, Type.Null()])
export const Iso = Type.String({ format: 'date-time', description: 'ISO 8601, UTC, milliseconds' })

/**
 * Free text as people write it: no control characters, which terminals would obey, and no lone surrogates, which have no
 * UTF-8 and would read differently at other hubs.
 */
export const Text = (maxLength: number, minLength = 0) =>
  Type.String({ minLength, maxLength, pattern: '^[^\\p{Cc}\\p{Cs}]*$' })
export const HubUrl = Type.String({ pattern: '^https?://[^\\s/\\p{Cc}\\p{Cs}][^\\s\\p{Cc}\\p{Cs}]*$', maxLength: 500 })

/** What a backup says of itself (C19). */
export const BackupAboutSchema = Type.Object({
  hub: HubIdSchema,
  federation: Type.String(),
  version: Type.String(),
  takenAt: CountSchema,
  frontier: Type.Array(Type.Object({ hub: HubIdSchema, epoch: EpochSchema, seq: CountSchema })),
})

export const ProjectStatusSchema = Type.Enum(['online', 'degraded', 'offline'])
export type ProjectStatus = Static<typeof ProjectStatusSchema>

export const ProjectSchema = Type.Object(
  {
    id: Type.String({ description: 'The slug: a serial has no meaning without a centre' }),
    slug: Type.String({ pattern: slugPattern }),
    name: Type.String(),
    hub_url: nullable(Type.String()),
    mesh_namespace: Type.String(),
    status: ProjectStatusSchema,
    status_reasons: Type.Array(Type.String(), {
      description:
        'Why it is not online: no-heartbeat, heartbeat-stale, heartbeat-late, self-reported, home-suspect, home-degraded, ' +
        'home-lost, home-silent, or what the project says itself',
    }),
    tags: Type.Array(Type.String()),
    allow_fanout: Type.Array(Type.String()),
    home: nullable(Type.String({ description: 'The hub that its heartbeats reach' })),
    region: nullable(Type.String({ description: "The home's region" })),
    version: nullable(Type.String()),
    last_heartbeat_at: nullable(Iso),
    created_at: Iso,
    updated_at: Iso,
    revision: Type.String({ description: 'Changes with every change of the entry; equal on hubs that agree' }),
  },
  { $id: 'Project' },
)
export type Project = Static<typeof ProjectSchema>

/** What a caller may say about a project when registering it. `project_slug` is the old name of `slug`. */
export const RegistrationSchema = Type.Object(
  {
    slug: Type.Optional(Type.String({ pattern: slugPattern })),
    project_slug: Type.Optional(Type.String({ pattern: slugPattern })),
    name: Type.Optional(Text(200, 1)),
    hub_url: Type.Optional(HubUrl),
    mesh_namespace: Type.Optional(Text(100, 1)),
    tags: Type.Optional(Type.Array(Text(64, 1), { maxItems: 64 })),
    allow_fanout: Type.Optional(Type.Array(Text(100, 1), { maxItems: 100 })),
  },
  { $id: 'Registration' },
)
export type Registration = Static<typeof RegistrationSchema>

/** What may be changed of a project that is there. */
export const PatchSchema = Type.Object(
  {
    name: Type.Optional(Text(200, 1)),
    hub_url: Type.Optional(nullable(HubUrl)),
    mesh_namespace: Type.Optional(Text(100, 1)),
    tags: Type.Optional(Type.Array(Text(64, 1), { maxItems: 64 })),
    allow_fanout: Type.Optional(Type.Array(Text(100, 1), { maxItems: 100 })),
  },
  { $id: 'Patch' },
)
export type Patch = Static<typeof PatchSchema>

export const MemberStatusSchema = Type.Enum(['alive', 'suspect', 'dead', 'left'])
export type MemberStatus = Static<typeof MemberStatusSchema>

export const MemberSchema = Type.Object(
  {
    hub_id: Type.String(),
    peer_id: Type.String(),
    region: Type.String(),
    tier: TierSchema,
    status: MemberStatusSchema,
    draining: Type.Boolean(),
    degraded_reasons: Type.Array(Type.String()),
    incarnation: Type.Integer(),
    since: Iso,
    addresses: Type.Array(Type.String()),
    version: Type.String(),
    coordinates: nullable(CoordinatesSchema),
    rtt_ms: nullable(Type.Number()),
    parents: nullable(Type.Array(Type.String())),
    as_of: Iso,
  },
  { $id: 'Member' },
)
export type Member = Static<typeof MemberSchema>

export const DirectoryEntrySchema = Type.Object(
  {
    hub_id: Type.String(),
    peer_id: nullable(Type.String()),
    region: nullable(Type.String()),
    tier: nullable(TierSchema),
    version: nullable(Type.String()),
    addresses: Type.Array(Type.String()),
    coordinates: nullable(CoordinatesSchema),
    labels: LabelsSchema,
    status: Type.Union([MemberStatusSchema, Type.Literal('unknown')], {
      description: 'As in /api/members; unknown: no member list has it any more',
    }),
    records: Type.Integer({ description: 'How many records of its slice are held here' }),
    provisional: Type.Boolean({
      description: 'Signed by the hub itself, and not yet confirmed by its slice, which has still to come',
    }),
    updated_at: nullable(Iso),
  },
  { $id: 'DirectoryEntry', description: 'What a hub says of itself is null where it has not said it' },
)
export type DirectoryEntry = Static<typeof DirectoryEntrySchema>

const ReachSchema = Type.Enum(['direct', 'through-others', 'unknown'])

export const WhySchema = Type.Object(
  {
    hub_id: Type.String(),
    status: MemberStatusSchema,
    incarnation: Type.Integer(),
    since: Iso,
    pools: Type.Array(Type.String(), { description: 'Pools in which this hub watches it; empty: others report it' }),
    accusations: Type.Array(
      Type.Object({
        by: Type.String(),
        pool: Type.String(),
        at: Iso,
        status: Type.Enum(['suspect', 'dead']),
        path: Type.Enum(['probe', 'refused', 'exchange'], {
          description: 'Nobody reached it; its port refused; a table that was compared said so',
        }),
        health: Type.Integer({ description: "The accuser's own score: 0 it hears well, 7 badly" }),
        rtt_ms: nullable(Type.Number({ description: "What the accuser's direct probes of it used to take" })),
        incarnation: Type.Integer(),
        outcome: Type.Enum(['open', 'refuted', 'confirmed']),
        discounted: Type.Boolean({ description: 'Whether the accuser was wrong so often that its word counts little' }),
      }),
      { description: 'Oldest first' },
    ),
    reachability: Type.Array(
      Type.Object({
        hub_id: Type.String(),
        reaches_it: ReachSchema,
        is_reached_by_it: ReachSchema,
        asymmetric: Type.Boolean({ description: 'One way is open and the other is not' }),
      }),
      { description: 'Every other hub of its pools: whether each hears the other directly' },
    ),
  },
  { $id: 'Why' },
)
export type Why = Static<typeof WhySchema>

export const ForgetSchema = Type.Object(
  {
    hubs: Type.Array(Type.String({ pattern: hubIdPattern }), { minItems: 1, maxItems: 1_000 }),
    with_data: Type.Optional(
      Type.Boolean({ description: 'Also what they alone wrote into the catalog; by default this hub takes it over' }),
    ),
  },
  { $id: 'Forget' },
)
export const ForgottenSchema = Type.Object({ forgotten: Type.Array(Type.String()) }, { $id: 'Forgotten' })

export const BackupRequestSchema = Type.Object(
  { identity: Type.Optional(Type.Boolean({ description: "Also the hub's key" })) },
  { $id: 'BackupRequest' },
)

const CheckSchema = Type.Object({ status: Type.Enum(['pass', 'warn', 'fail']), details: Type.String() })
export type Check = Static<typeof CheckSchema>

export const HubStateSchema = Type.Enum(['starting', 'ready', 'draining', 'drained', 'leaving'])

export const HealthSchema = Type.Object(
  {
    status: Type.Enum(['healthy', 'degraded', 'unhealthy']),
    service: Type.Literal('hubmesh'),
    hub_id: Type.String(),
    version: Type.String(),
    timestamp: Iso,
    uptime_s: Type.Number(),
    state: HubStateSchema,
    checks: Type.Record(Type.String(), CheckSchema),
  },
  { $id: 'Health' },
)
export type Health = Static<typeof HealthSchema>

export const ViewStateSchema = Type.Enum(['converged', 'lagging', 'partitioned'])
export type ViewState = Static<typeof ViewStateSchema>

export const StatusSchema = Type.Object(
  {
    hub_id: Type.String(),
    peer_id: Type.String(),
    federation: Type.String(),
    region: Type.String(),
    tier: TierSchema,
    state: HubStateSchema,
    view: Type.Object({
      state: ViewStateSchema,
      since: Iso,
      regions: Type.Record(
        Type.String(),
        Type.Object({
          as_of: Iso,
          hubs_alive: Type.Integer(),
          hubs_known: Type.Integer(),
          state: ViewStateSchema,
        }),
      ),
      digest: Type.String({ description: 'Fingerprint of the catalog: equal on hubs that hold the same slices' }),
      digests_alive: Type.Integer({
        description: 'Digests that hubs of the whole federation have and keep; more than 1: some miss what others hold',
      }),
    }),
    catalog: Type.Object({
      projects: Type.Integer(),
      records: Type.Integer(),
      slices: Type.Integer(),
      removals: Type.Integer(),
      seq: Type.Integer(),
    }),
    links: Type.Object({
      open: Type.Integer(),
      dialling: Type.Integer(),
      parents: Type.Array(Type.String()),
    }),
    version: Type.String(),
    uptime_s: Type.Number(),
  },
  { $id: 'Status' },
)
export type Status = Static<typeof StatusSchema>

export const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
    requestId: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  },
  { $id: 'Problem', description: 'RFC 9457' },
)
export type Problem = Static<typeof ProblemSchema>
