// Names that are not settings of this version: what older installations called things, and what the contract promises for
// later. Both are known here, so that neither is silently ignored.

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

/** Old key of a file → setting. */
export const oldKeys: Readonly<Record<string, string>> = {
  'security.authentication.api_keys': 'security.api_keys',
  'security.authentication.issuer': 'security.jwt.issuer',
  'security.authentication.jwt_issuer': 'security.jwt.issuer',
  'security.authentication.jwt_secret': 'security.jwt.secret',
  'security.authentication.jwks_url': 'security.jwt.jwks',
  'security.authentication.token_expiry': 'security.jwt.token_expiry',
  'security.authorization.roles': 'security.roles',
  'security.tls_cert': 'security.tls.cert_file',
  'security.tls_key': 'security.tls.key_file',
  'security.tls_ca': 'security.tls.ca_file',
}

/** Old keys of a file that say nothing which the settings do not say by themselves. */
export const idleKeys: ReadonlySet<string> = new Set([
  'security.authentication.enabled',
  'security.authentication.method',
  'security.authorization.enabled',
  'security.tls_enabled',
])

/** Where the configuration file may be named, in order. */
export const fileVariables = ['HUBMESH_CONFIG', 'MPREG_CONFIG_PATH'] as const

/** Keys (or whole sections) that a later version brings. */
const later: ReadonlySet<string> = new Set([
  'federation.credential',
  'federation.trust',
  'gossip.strategy',
  'gossip.batch_size',
  'monitoring.metrics_port',
])

/** Whether the path, or a section above it, is announced for a later version. */
export function isLater(path: string): boolean {
  const parts = path.split('.')
  return parts.some((_, i) => later.has(parts.slice(0, i + 1).join('.')))
}
