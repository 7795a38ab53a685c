// Names that are not settings of this version: what older installations called things, and what the contract promises for
// later. All are known here, so that none is silently ignored; `hubmesh config migrate` and docs/MIGRATION.md tell the same.

import { parseDuration } from '../core/units.ts'
import { settings } from './schema.ts'

/** Old environment variable → setting. The first group outranks the second; HUBMESH_ outranks both. */
export const oldVariables: readonly Readonly<Record<string, string>>[] = [
  {
    MPREG_NODE_ID: 'node.id',
    MPREG_REGION: 'node.region',
    MPREG_HUB_TIER: 'node.hub_tier',
    MPREG_LOG_LEVEL: 'monitoring.log_level',
    MPREG_METRICS_ENABLED: 'monitoring.metrics_enabled',
    MPREG_MAX_REGIONAL_HUBS: 'network.max_regional_hubs',
    MPREG_MAX_CHILD_HUBS: 'network.max_child_hubs',
    MPREG_MAX_CLUSTERS: 'network.max_clusters',
  },
  {
    FEDERATION_PORT: 'network.http_port',
    SERVICE_PORT: 'network.http_port',
    HEARTBEAT_INTERVAL: 'presence.heartbeat_interval',
    HEARTBEAT_STALE_THRESHOLD_SECONDS: 'presence.stale_threshold',
    LOG_LEVEL: 'monitoring.log_level',
    NATS_URL: 'bridges.nats.url',
    FEDERATION_API_KEYS: 'security.api_keys',
    JWT_SECRET_KEY: 'security.jwt.secret',
  },
]

/** Where the configuration file may be named, in order. */
export const fileVariables = ['HUBMESH_CONFIG', 'MPREG_CONFIG_PATH'] as const

/** What a file says: its key → its value. */
export type Said = ReadonlyMap<string, unknown>

/** What an old key of a file stands for. */
export interface OldKey {
  readonly setting: string
  /** Its value as the setting takes it, where that is not the same; what the setting does not take, it refuses. */
  readonly turn?: (raw: unknown, said: Said) => unknown
  /** What is different, where that is more than the name. */
  readonly why?: string
}

/** Old key of a configuration file → setting. */
export const oldKeys: Readonly<Record<string, OldKey>> = {
  'network.listen_port': { setting: 'network.http_port', why: 'this port is that of the HTTP API' },
  'network.gossip_port': {
    setting: 'network.listen',
    turn: listenOn,
    why: 'hubs speak all their protocols over one port, and an address goes with it',
  },
  'membership.suspicion_timeout': {
    setting: 'membership.suspicion_multiplier',
    turn: multiplierOf,
    why: 'a suspicion lasts so many probe intervals, and longer in pools of more than 10',
  },
  'gossip.compression_enabled': { setting: 'gossip.compression' },
  'security.authentication.api_keys': {
    setting: 'security.api_keys',
    why: 'each has a name, a hash and a role; hubmesh api-key new makes one',
  },
  'security.authentication.issuer': { setting: 'security.jwt.issuer' },
  'security.authentication.jwt_issuer': { setting: 'security.jwt.issuer' },
  'security.authentication.jwt_secret': { setting: 'security.jwt.secret' },
  'security.authentication.jwks_url': { setting: 'security.jwt.jwks' },
  'security.authentication.token_expiry': { setting: 'security.jwt.token_expiry' },
  'security.authorization.roles': {
    setting: 'security.roles',
    why: 'what a claim makes of its bearer: viewer, operator or admin',
  },
  'security.tls_cert': { setting: 'security.tls.cert_file' },
  'security.tls_key': { setting: 'security.tls.key_file' },
  'security.tls_ca': { setting: 'security.tls.ca_file' },
}

const noDatabase = 'there is no database: each hub keeps the catalog itself, in node.data_dir'
const onePort = 'hubs speak all their protocols over the one port of network.listen'
const noVotes = 'hubs agree without voting; votes come with a later version'
const withCredentials = 'callers prove who they are as soon as there are security.api_keys or security.jwt'
const elsewhere = 'it is a setting of what was deployed beside the service, not of a hub'

/** Variables, keys and whole sections that mean nothing to a hub, and why. Each gets a line at start. */
export const meaningless: Readonly<Record<string, string>> = {
  DATABASE_URL: noDatabase,
  DB_PASSWORD: noDatabase,
  POSTGRES_PORT: noDatabase,
  HEARTBEAT_STALE_CHECK_INTERVAL_SECONDS: 'a status is worked out when it is asked for: nothing is checked in rounds',
  NATS_PORT: elsewhere,
  NATS_HTTP_PORT: elsewhere,
  PROMETHEUS_PORT: elsewhere,
  GRAFANA_PORT: elsewhere,
  GRAFANA_PASSWORD: elsewhere,
  'network.membership_port': onePort,
  'network.consensus_port': onePort,
  'monitoring.health_check_interval': 'health is worked out when it is asked for: nothing is checked in rounds',
  consensus: noVotes,
  'security.authentication.enabled': withCredentials,
  'security.authentication.method': withCredentials,
  'security.authorization.enabled': withCredentials,
  'security.tls_enabled': 'the API speaks TLS as soon as there is a security.tls.cert_file',
}

/** Why the name, or the section above it, means nothing; undefined for every other name. */
export function meaninglessness(name: string): string | undefined {
  return prefixesOf(name)
    .map((prefix) => meaningless[prefix])
    .find((reason) => reason !== undefined)
}

/** A project that this hub registers and beats for: a service that stood for one project had these two. */
export const ownProject = { slug: 'PROJECT_SLUG', url: 'HUB_URL' } as const

/** Keys (or whole sections) that a later version brings. */
const later: ReadonlySet<string> = new Set(['federation.credential', 'federation.trust', 'gossip.batch_size'])

/** Whether the path, or a section above it, is announced for a later version. */
export function isLater(path: string): boolean {
  return prefixesOf(path).some((prefix) => later.has(prefix))
}

/** `a.b.c` → `a`, `a.b`, `a.b.c`. */
function prefixesOf(path: string): string[] {
  return path.split('.').map((_, i, parts) => parts.slice(0, i + 1).join('.'))
}

/** Where everybody who connects is trusted or proves who he is, everywhere; otherwise on this machine alone. */
function listenOn(port: unknown, said: Said): unknown {
  const isExposed = said.get('federation.open') === true || said.has('federation.credential')
  return [`${isExposed ? '0.0.0.0' : '127.0.0.1'}:${port}`]
}

/** A time in probe intervals, at least one. */
function multiplierOf(timeout: unknown, said: Said): unknown {
  const preset = said.get('membership.preset') === 'wan' ? 'wan' : 'lan'
  const usual = settings.find(({ path }) => path === 'membership.probe_interval')?.schema.byPreset?.[preset]
  const intervalMs = parseDuration(said.get('membership.probe_interval')) ?? usual
  const timeoutMs = parseDuration(timeout)
  if (intervalMs === undefined || timeoutMs === undefined) return timeout
  return Math.max(1, Math.round(timeoutMs / intervalMs))
}
