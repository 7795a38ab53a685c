// What users of HubMesh may rely on, table by table: paths, fields, settings with their defaults, and metrics. What is not
// listed here is not there, and what is listed is.

import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadConfig } from '../src/config/load.ts'
import { settings } from '../src/config/schema.ts'
import { type TestHub, testHub } from './hubs.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await testHub({})
  await vi.waitFor(async () => expect((await fetch(`${hub.url}/health/ready`)).status).toBe(200), 10_000)
}, 20_000)
afterAll(() => hub.stop())

const json = { 'content-type': 'application/json' }
const read = async (path: string) => (await (await fetch(hub.url + path)).json()) as Record<string, unknown>
const post = (path: string, body: object) =>
  fetch(hub.url + path, { method: 'POST', body: JSON.stringify(body), headers: json })

const routes = [
  'DELETE /api/fed/projects/{slug}',
  'GET /admin/debug/caches',
  'GET /admin/debug/gossip',
  'GET /admin/debug/queues',
  'GET /api/directory',
  'GET /api/fed/health',
  'GET /api/fed/projects',
  'GET /api/fed/projects/{slug}',
  'GET /api/fed/resolve',
  'GET /api/fed/watch',
  'GET /api/gossip/stats',
  'GET /api/members',
  'GET /api/members/{hub}/why',
  'GET /api/registry/status',
  'GET /api/status',
  'GET /api/topology',
  'GET /health',
  'GET /health/live',
  'GET /health/nats',
  'GET /health/ready',
  'GET /metrics',
  'PATCH /api/fed/projects/{slug}',
  'POST /admin/backup',
  'POST /admin/debug/heap',
  'POST /admin/forget',
  'POST /admin/log-level',
  'POST /api/fed/heartbeats',
  'POST /api/fed/projects',
  'POST /api/fed/projects/{slug}/heartbeat',
  'POST /api/gossip/test-message',
  'PUT /api/fed/projects/{slug}',
]

/** Setting → its default as a person writes it for a local hub; undefined where there is none. */
const defaults: Readonly<Record<string, unknown>> = {
  'node.id': 'a',
  'node.region': 'default',
  'node.hub_tier': 'local',
  'node.coordinates.latitude': undefined,
  'node.coordinates.longitude': undefined,
  'node.labels': {},
  'node.data_dir': './data',
  'node.shutdown_timeout': 30_000,
  'node.join_grace': 10_000,
  'network.http_host': '127.0.0.1',
  'network.http_port': 8080,
  'network.listen': ['127.0.0.1:8081'],
  'network.announce': [],
  'network.bootstrap': [],
  'network.parents': [],
  'network.max_regional_hubs': 10,
  'network.max_child_hubs': 20,
  'network.max_clusters': 100,
  'network.trusted_proxies': [],
  'federation.id': 'hubmesh',
  'federation.open': false,
  'gossip.interval': 500,
  'gossip.fanout': 6,
  'gossip.max_message_size': 65_536,
  'gossip.compression': true,
  'gossip.strategy': 'hybrid',
  'membership.preset': 'lan',
  'membership.probe_interval': 1_000,
  'membership.probe_timeout': undefined,
  'membership.indirect_probes': 3,
  'membership.suspicion_multiplier': 4,
  'membership.dead_retention': 72 * 3_600_000,
  'presence.heartbeat_interval': 30_000,
  'presence.stale_threshold': 90_000,
  'presence.flush_interval': 1_000,
  'presence.refresh': 30_000,
  'presence.home_grace': 30_000,
  'presence.unknown_projects': 'register',
  'catalog.projects_file': 'config/projects.yaml',
  'catalog.max_clock_drift': 30_000,
  'catalog.sync_interval': 10_000,
  'catalog.removal_retention': 30 * 24 * 3_600_000,
  'bridges.nats.url': undefined,
  'bridges.nats.user': undefined,
  'bridges.nats.password': undefined,
  'bridges.nats.creds_file': undefined,
  'bridges.nats.tls': false,
  'security.api_keys': [],
  'security.jwt.issuer': undefined,
  'security.jwt.secret': undefined,
  'security.jwt.secret_file': undefined,
  'security.jwt.jwks': undefined,
  'security.jwt.token_expiry': 3_600_000,
  'security.roles': { admin: 'admin', operator: 'operator', viewer: 'viewer' },
  'security.tls.cert_file': undefined,
  'security.tls.key_file': undefined,
  'security.tls.ca_file': undefined,
  'security.admin_host': undefined,
  'security.admin_trust': ['127.0.0.0/8'],
  'limits.body': 1_048_576,
  'limits.batch': 1_000,
  'limits.page': 1_000,
  'limits.request_rate': 1_000,
  'limits.links': 300,
  'limits.streams': 8,
  'limits.send_queue': 4 * 1_048_576,
  'limits.watchers': 1_000,
  'limits.projects': 100_000,
  'limits.slice': 20_000,
  'monitoring.metrics_enabled': true,
  'monitoring.metrics_port': undefined,
  'monitoring.log_level': 'info',
}

/** Names that dashboards of older installations know. */
const keptMetrics = [
  'heartbeat_total',
  'catalog_projects_by_status',
  'catalog_register_total',
  'catalog_lookup_total',
  'catalog_lookup_duration_seconds',
  'nats_publish_total',
  'gossip_publish_total',
  'federation_nodes_total',
  'federation_nodes_healthy',
  'gossip_message_latency_seconds',
  'membership_failures_total',
  'http_requests_total',
  'http_request_duration_seconds',
  'errors_total',
  'federation_entity_resolution_duration_seconds',
  'stale_projects_total',
  'federation_batched_queries_total',
  'federation_queries_total',
  'federation_batch_size',
  'federation_batch_effectiveness',
]

describe('the contract', () => {
  it('has these paths, in OpenAPI 3.1 that a public validator accepts, with a page for people', async () => {
    const document = await read('/openapi.json')
    const paths = Object.entries(document['paths'] as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    expect(paths.sort()).toEqual(routes)
    expect(document['openapi']).toMatch(/^3\.1\./)
    const { valid, errors } = await new Validator().validate(document)
    expect(errors ?? []).toEqual([])
    expect(valid).toBe(true)
    expect(await (await fetch(`${hub.url}/docs`)).text()).toContain('swagger-ui')
  })

  it('has these settings, with these defaults', () => {
    expect(settings.map(({ path }) => path).sort()).toEqual(Object.keys(defaults).sort())
    const loaded = loadConfig({ env: { HUBMESH_NODE__ID: 'a' } })
    const config: unknown = loaded.ok ? loaded.config : undefined
    const settingAt = (path: string): unknown =>
      path.split('.').reduce((node, key) => (node as Record<string, unknown> | undefined)?.[key], config)
    expect(Object.fromEntries(Object.keys(defaults).map((path) => [path, settingAt(path)]))).toEqual(defaults)
  })

  it('has the old metrics under their names, and new ones as hubmesh_*', async () => {
    const text = await (await fetch(`${hub.url}/metrics`)).text()
    const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map((match) => match[1] ?? '')
    expect(keptMetrics.filter((name) => !names.includes(name))).toEqual([])
    const others = names.filter((name) => !keptMetrics.includes(name) && !/^(hubmesh|process|nodejs)_/.test(name))
    expect(others).toEqual([])
  })

  it.each<[string, string[]]>([
    ['/health', ['status', 'service', 'hub_id', 'version', 'timestamp', 'uptime_s', 'state', 'checks']],
    ['/api/fed/health', ['status', 'service', 'timestamp']],
    ['/health/nats', ['status', 'url']],
    [
      '/api/status',
      ['hub_id', 'peer_id', 'federation', 'region', 'tier', 'state', 'view', 'catalog', 'links', 'version', 'uptime_s'],
    ],
    ['/api/fed/resolve?tag=x', ['instances', 'as_of']],
  ])('answers %s with these fields', async (path, fields) => {
    expect(Object.keys(await read(path)).sort()).toEqual(fields.toSorted())
  })

  it('answers a project, a member, heartbeats and a problem with these fields', async () => {
    const fields = (body: unknown): string[] => Object.keys(body as object).sort()
    const created = await (await post('/api/fed/projects', { slug: 'a' })).json()
    expect(fields(created)).toEqual(
      [
        ...['id', 'slug', 'name', 'hub_url', 'mesh_namespace', 'status', 'status_reasons', 'tags', 'allow_fanout'],
        ...['home', 'region', 'version', 'last_heartbeat_at', 'created_at', 'updated_at', 'revision'],
      ].sort(),
    )
    const [member] = (await (await fetch(`${hub.url}/api/members`)).json()) as unknown[]
    expect(fields(member)).toEqual(
      [
        ...['hub_id', 'peer_id', 'region', 'tier', 'status', 'draining', 'degraded_reasons', 'incarnation', 'since'],
        ...['addresses', 'version', 'coordinates', 'rtt_ms', 'parents', 'as_of'],
      ].sort(),
    )
    const beat = await post('/api/fed/projects/a/heartbeat', {})
    expect([beat.status, fields(await beat.json())]).toEqual([202, ['next_within_s', 'slug', 'status']])
    const batch = await post('/api/fed/heartbeats', [{ slug: 'a' }])
    expect([batch.status, fields(await batch.json())]).toEqual([200, ['accepted', 'rejected', 'results']])
    const problem = await fetch(`${hub.url}/api/fed/projects/never`)
    expect(fields(await problem.json())).toEqual(['code', 'detail', 'requestId', 'status', 'title', 'type'])
    expect(problem.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    const echo = await post('/api/gossip/test-message', {})
    expect(fields(await echo.json())).toEqual(['expected', 'id', 'missing', 'received', 'sent_at'])
  })
})
