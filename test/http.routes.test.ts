// The documentation of the API names what there is, and nothing else.

import { afterAll, beforeAll, expect, it } from 'vitest'
import { type TestHub, testHub } from './hubs.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await testHub({})
})
afterAll(() => hub.stop())

it('documents exactly the routes that it has, in OpenAPI 3.1, with a page for people', async () => {
  const document = (await (await fetch(`${hub.url}/openapi.json`)).json()) as {
    openapi: string
    paths: Record<string, Record<string, unknown>>
  }
  expect(document.openapi).toMatch(/^3\.1\./)
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(routes.sort()).toEqual([
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
  ])
  expect(await (await fetch(`${hub.url}/docs`)).text()).toContain('swagger-ui')
})
