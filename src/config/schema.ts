// Every setting, once: its key, type, default, unit and meaning. The loader, the environment names, the flags, the
// commented file of `hubmesh init` and the documentation are all read from here; nothing else knows a default.

import type { Static, TSchema } from 'typebox'
import { type HubId, hubIdPattern, type Region, regionPattern, tiers } from '../core/ids.ts'
import { Type } from '../core/schema.ts'
import { type Labels, LabelsSchema } from '../core/wire.ts'
import { bridges } from './bridges.ts'
import { count, duration, KiB, list, MiB, presets, type SettingSchema, s, size } from './kinds.ts'
import { ranges, security } from './security.ts'

const node = Type.Object({
  id: Type.Unsafe<HubId>(
    Type.String({ pattern: hubIdPattern, description: "This hub's name, unique in the federation" }),
  ),
  region: Type.Unsafe<Region>(
    Type.String({
      pattern: regionPattern,
      default: 'default',
      description: 'All hubs of a region watch each other in one membership pool',
    }),
  ),
  hub_tier: Type.Enum(tiers, {
    default: 'local',
    description: 'global, regional or local: who relays for whom',
  }),
  coordinates: Type.Optional(
    Type.Object({
      latitude: Type.Number({ minimum: -90, maximum: 90, description: 'Degrees north' }),
      longitude: Type.Number({ minimum: -180, maximum: 180, description: 'Degrees east' }),
    }),
  ),
  labels: Type.Unsafe<Labels>({
    ...LabelsSchema,
    default: {},
    description: 'What is said of this hub: zone: a keeps its parents apart; other names are free',
  }),
  data_dir: Type.String({
    minLength: 1,
    default: './data',
    description: 'Where the key and the catalog are kept; one hub per directory',
  }),
  shutdown_timeout: duration('Longest orderly shutdown; after it the process exits with 1', { default: 30 * s }),
  join_grace: duration('A hub that finds nobody is ready after this long', { default: 10 * s, minimum: 0 }),
})

const network = Type.Object({
  http_host: Type.String({
    minLength: 1,
    derived: '127.0.0.1; 0.0.0.0 with security.api_keys or security.jwt',
    description: 'Where the HTTP API listens',
  }),
  http_port: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080, description: '0: the system chooses' }),
  listen: list('Where hubs connect to: host:port or multiaddr', { minItems: 1, default: ['127.0.0.1:8081'] }),
  announce: list('Addresses to tell other hubs instead of those listened on', { default: [] }),
  bootstrap: list('Hubs to ask first: host:port, DNS name with port, or multiaddr; no peer id needed', {
    default: [],
    hasUserinfo: true,
  }),
  parents: Type.Array(Type.Unsafe<HubId>(Type.String({ pattern: hubIdPattern })), {
    maxItems: 64,
    default: [],
    description: 'Hub ids preferred as parents, in order',
  }),
  max_regional_hubs: count('Regional hubs that a global hub takes as children', { default: 10 }),
  max_child_hubs: count('Local hubs that a regional or global hub takes as children', { default: 20 }),
  max_clusters: count('Projects registered at a local hub; above it the hub warns in /health', { default: 100 }),
  trusted_proxies: ranges('Proxies whose X-Forwarded-For is believed', []),
})

const federation = Type.Object({
  id: Type.String({
    pattern: hubIdPattern,
    default: 'hubmesh',
    description: 'Hubs with different federation ids refuse each other',
  }),
  open: Type.Boolean({
    default: false,
    description: 'true: every hub and every caller that reaches this one is trusted; needed to listen beyond loopback',
  }),
})

const gossip = Type.Object({
  interval: duration('Heartbeat of the gossip mesh', {
    byTier: { global: 2 * s, regional: 1 * s, local: 0.5 * s },
    minimum: 100,
  }),
  fanout: count('Neighbours to which a message is pushed, per topic', { default: 6, maximum: 64 }),
  strategy: Type.Enum(['hybrid', 'push', 'pull'], {
    default: 'hybrid',
    description:
      'push: writes are told, and compared only on new links and after gaps, so hubs may differ for long; pull: only ' +
      'compared; hybrid: both',
  }),
  max_message_size: size('Larger gossip messages are refused', 64 * KiB, 4 * KiB),
  compression: Type.Boolean({
    default: true,
    description: 'Whether large messages to other hubs are compressed; what others compressed is read either way',
  }),
})

const membership = Type.Object({
  preset: Type.Enum(presets, {
    default: 'lan',
    description: 'lan, wan (slow or lossy lines) or local (one machine): the defaults of the four settings below',
  }),
  probe_interval: duration('Each hub probes one other per interval', {
    byPreset: { lan: 1 * s, wan: 5 * s, local: 1 * s },
    minimum: 50,
  }),
  probe_timeout: Type.Optional(
    duration('Wait for an answer before others are asked to probe', {
      derived: 'from measured round trips, at most half of membership.probe_interval',
      minimum: 10,
    }),
  ),
  indirect_probes: count('Hubs asked to probe one that did not answer', {
    byPreset: { lan: 3, wan: 3, local: 1 },
    maximum: 16,
  }),
  suspicion_multiplier: count('Longer suspicion before a death is declared', {
    byPreset: { lan: 4, wan: 6, local: 3 },
    maximum: 100,
  }),
  dead_retention: duration('How long the dead are remembered and dialled', { default: 72 * 3600 * s }),
})

const presence = Type.Object({
  heartbeat_interval: duration('How often a project is expected to beat', { default: 30 * s }),
  stale_threshold: duration('A project is offline when its last beat is older', { default: 90 * s }),
  flush_interval: duration('At most one presence message per interval', { default: 1 * s, minimum: 10 }),
  refresh: duration('All leases are told anew this often', { default: 30 * s, minimum: 100 }),
  home_grace: duration("Projects stay degraded this long after their home's death; 0: offline at once", {
    default: 30 * s,
    minimum: 0,
  }),
  unknown_projects: Type.Enum(['register', 'reject'], {
    default: 'register',
    description: 'A beat for an unknown slug: register it when the beat carries hub_url, or reject it',
  }),
})

const catalog = Type.Object({
  projects_file: Type.String({
    default: 'config/projects.yaml',
    description:
      'Projects that this hub registers, at start and when the file changes; empty: none. The default may be missing',
  }),
  max_clock_drift: duration("Writes stamped further ahead of this hub's clock are refused", { default: 30 * s }),
  sync_interval: duration('How often the catalog is compared with a peer', { default: 10 * s, minimum: 100 }),
  removal_retention: duration('Removals are kept this long; a hub that was away longer announces its entries anew', {
    default: 30 * 24 * 3600 * s,
  }),
})

const limits = Type.Object({
  body: size('Largest HTTP body', 1 * MiB, 1 * KiB),
  batch: count('Heartbeats in one request', { default: 1_000, maximum: 10_000 }),
  page: count('Projects on one page', { default: 1_000, maximum: 100_000 }),
  links: count('Links to other hubs; a few more for seconds, while newcomers are introduced', {
    byTier: { global: 2_000, regional: 600, local: 300 },
  }),
  streams: count('Inbound streams per peer and protocol', { default: 8, maximum: 1_024 }),
  send_queue: size('Bytes that may wait for one peer', 4 * MiB, 256 * KiB),
  request_rate: count('Requests a second of one key, or of one address without', { default: 1_000 }),
  watchers: count('Clients that may watch at the same time', { default: 1_000 }),
  projects: count('Most projects in the catalog', { default: 100_000 }),
  slice: count('Most records that one hub may write', { default: 20_000 }),
})

const monitoring = Type.Object({
  metrics_enabled: Type.Boolean({ default: true, description: 'Whether /metrics answers' }),
  metrics_port: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 65_535,
      description: 'Port of a listener for /metrics alone, beside that of network.http_port; left out: none',
    }),
  ),
  log_level: Type.Enum(['debug', 'info', 'warn', 'error'], { default: 'info', description: 'Least level logged' }),
})

export const ConfigSchema = Type.Object({
  node,
  network,
  federation,
  gossip,
  membership,
  presence,
  catalog,
  bridges,
  security,
  limits,
  monitoring,
})

/** A checked configuration: durations in milliseconds, sizes in bytes. */
export type Config = Static<typeof ConfigSchema>

/** One leaf of the schema. */
export interface Setting {
  /** `membership.probe_interval` */
  readonly path: string
  /** `HUBMESH_MEMBERSHIP__PROBE_INTERVAL` */
  readonly variable: string
  readonly schema: SettingSchema
}

/** Every setting, in the order of the sections. */
export const settings: readonly Setting[] = leaves(ConfigSchema.properties, '')

function leaves(properties: Readonly<Record<string, TSchema>>, prefix: string): Setting[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const path = `${prefix}${key}`
    if ('properties' in schema) return leaves(schema.properties as Record<string, TSchema>, `${path}.`)
    const variable = `HUBMESH_${path.toUpperCase().replaceAll('.', '__')}`
    return [{ path, variable, schema: schema as SettingSchema }]
  })
}
