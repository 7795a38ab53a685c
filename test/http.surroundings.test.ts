// What a hub says of its surroundings, over HTTP, between two real hubs.

import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import {
  type Echoed,
  EchoedSchema,
  type GossipStats,
  GossipStatsSchema,
  type Registry,
  RegistrySchema,
  type Resolved,
  ResolvedSchema,
  type Topology,
  TopologySchema,
} from '../src/hub/landscape.ts'
import { type TestHub, testHub } from './hubs.ts'

let one: TestHub
let other: TestHub
beforeAll(async () => {
  one = await testHub({ HUBMESH_NODE__ID: 'one', HUBMESH_NODE__HUB_TIER: 'regional' })
  const [address = ''] = one.driver.hub.info.addresses
  other = await testHub({ HUBMESH_NODE__ID: 'other', HUBMESH_NETWORK__BOOTSTRAP: address })
  await vi.waitFor(async () => expect((await topology(other)).parents).toEqual(['one']), 20_000)
}, 30_000)
afterAll(async () => {
  await Promise.all([one?.stop(), other?.stop()])
})

async function shaped<T>(hub: TestHub, path: string, schema: TSchema): Promise<T> {
  const response = await fetch(hub.url + path)
  const body: unknown = await response.json()
  expect([response.status, ...Value.Errors(schema, body)]).toEqual([200])
  return body as T
}

const topology = (hub: TestHub) => shaped<Topology>(hub, '/api/topology', TopologySchema)

it('says who is linked to whom', async () => {
  expect((await topology(other)).links).toMatchObject([
    { hub_id: 'one', role: 'parent', status: 'alive', tier: 'regional' },
  ])
  await vi.waitFor(async () => expect((await topology(one)).children).toEqual(['other']), 10_000)
  expect((await topology(one)).regions).toEqual([
    {
      region: 'default',
      state: 'converged',
      hubs: [
        { hub_id: 'one', tier: 'regional', status: 'alive' },
        { hub_id: 'other', tier: 'local', status: 'alive' },
      ],
    },
  ])
})

it('says what it holds, by who wrote it, and resolves a project to its home', async () => {
  const post = (path: string, body: object) =>
    fetch(one.url + path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
  await post('/api/fed/projects', { slug: 'a', hub_url: 'http://a', tags: ['x'] })
  await post('/api/fed/projects/a/heartbeat', {})
  const resolved = () => shaped<Resolved>(other, '/api/fed/resolve?tag=x', ResolvedSchema)
  await vi.waitFor(async () => expect((await resolved()).instances.map(({ slug }) => slug)).toEqual(['a']), 10_000)
  const { projects, slices, digest } = await shaped<Registry>(other, '/api/registry/status', RegistrySchema)
  expect(projects).toEqual({ total: 1, online: 1, degraded: 0, offline: 0 })
  expect(slices.map(({ hub_id, behind }) => [hub_id, behind])).toEqual([
    ['one', false],
    ['other', false],
  ])
  expect((await shaped<Registry>(one, '/api/registry/status', RegistrySchema)).digest).toBe(digest)
  expect((await fetch(`${one.url}/api/fed/resolve`)).status).toBe(400)
})

it('says what it published and over whom', async () => {
  const stats = () => shaped<GossipStats>(one, '/api/gossip/stats', GossipStatsSchema)
  await vi.waitFor(async () => {
    const catalog = (await stats()).topics.find(({ topic }) => topic === 'catalog')
    expect(catalog).toMatchObject({ mesh: ['other'], subscribers: 1 })
    expect(catalog?.published).toBeGreaterThan(0)
  }, 10_000)
})

it('publishes a test message and says who heard it', async () => {
  const ask = async (wait: string) => {
    const response = await fetch(`${one.url}/api/gossip/test-message?wait=${wait}`, { method: 'POST' })
    const body: unknown = await response.json()
    expect([response.status, ...Value.Errors(EchoedSchema, body)]).toEqual([200])
    return body as Echoed
  }
  expect(await ask('10s')).toMatchObject({ expected: 1, received: [{ hub_id: 'other' }], missing: [] })
})

it('answers the old health check with its three fields', async () => {
  const body = (await (await fetch(`${one.url}/api/fed/health`)).json()) as { timestamp: string }
  expect(body).toEqual({ status: 'ok', service: 'federation', timestamp: expect.any(String) })
  expect(Date.parse(body.timestamp)).not.toBeNaN()
})
