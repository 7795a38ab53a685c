// Heartbeats over NATS: real servers, real publishers, real hubs.

import type { NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Health, Project } from '../../src/hub/shapes.ts'
import { type TestHub, testHub } from '../hubs.ts'
import { freePort } from '../ports.ts'
import { isWithoutNats, killServers, NatsServer } from './server.ts'

const patience = 15_000
afterAll(killServers)
const get = async <T>(hub: TestHub, path: string) => (await (await fetch(hub.url + path)).json()) as T
const isReady = (hub: TestHub) =>
  vi.waitFor(async () => expect((await fetch(`${hub.url}/health/ready`)).status).toBe(200), patience)
const nats = (hub: TestHub) => get<{ status: string; url: string | null }>(hub, '/health/nats')
const isConnected = (hub: TestHub) =>
  vi.waitFor(async () => expect((await nats(hub)).status).toBe('connected'), patience)
const status = async (hub: TestHub, slug: string) => (await get<Project>(hub, `/api/fed/projects/${slug}`)).status

/** A figure of one hub; 0 where nothing was counted. */
async function figure(hub: TestHub, name: string): Promise<number> {
  const text = await (await fetch(`${hub.url}/metrics`)).text()
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.slice(name.length) ?? 0)
}
const outcome = (hub: TestHub, word: string) => figure(hub, `hubmesh_nats_beats_total{outcome="${word}"}`)

async function summed(hubs: readonly TestHub[], name: string): Promise<number> {
  return (await Promise.all(hubs.map((hub) => figure(hub, name)))).reduce((sum, one) => sum + one, 0)
}

describe.skipIf(isWithoutNats)('three hubs on one server', () => {
  const slugs = Array.from({ length: 8 }, (_, i) => `project-${i}`)
  let server: NatsServer
  let hubs: TestHub[]
  let publisher: NatsConnection
  let sent = 0

  beforeAll(async () => {
    server = await NatsServer.make()
    await server.start()
    const env = { HUBMESH_BRIDGES__NATS__URL: server.url, HUBMESH_PRESENCE__FLUSH_INTERVAL: '50ms' }
    const first = await testHub({ ...env, HUBMESH_NODE__ID: 'hub-1' })
    const [address = ''] = first.driver.hub.info.addresses
    const others = ['hub-2', 'hub-3'].map((id) =>
      testHub({ ...env, HUBMESH_NODE__ID: id, HUBMESH_NETWORK__BOOTSTRAP: address }),
    )
    hubs = [first, ...(await Promise.all(others))]
    await Promise.all(hubs.map(isReady))
    await Promise.all(hubs.map(isConnected))
    publisher = await server.publisher()
  })
  afterAll(async () => {
    await publisher?.close()
    await Promise.all((hubs ?? []).map((hub) => hub.stop()))
    await server?.kill()
  })

  function beat(slug: string): void {
    const hub_url = `http://${slug}.example:3000`
    const body = { project_slug: slug, mesh_namespace: `hub.${slug}`, hub_url, timestamp: new Date().toISOString() }
    publisher.publish(`hub.presence.${slug}`, JSON.stringify(body))
    sent++
  }
  const allAreOnline = () =>
    vi.waitFor(async () => {
      for (const hub of hubs) {
        const online = await get<Project[]>(hub, '/api/fed/projects?status=online')
        expect(online.map(({ slug }) => slug)).toEqual(slugs)
      }
    }, patience)
  const homes = async (hub: TestHub) =>
    (await get<Project[]>(hub, '/api/fed/projects')).map(({ slug, home }) => `${slug} at ${home}`)

  it('takes each beat once, and no home moves', async () => {
    for (const slug of slugs) beat(slug)
    await allAreOnline()
    const first = hubs[0] as TestHub
    const before = await homes(first)
    for (const hub of hubs) expect(await homes(hub)).toEqual(before)
    for (let round = 0; round < 20; round++) for (const slug of slugs) beat(slug)
    await publisher.flush()
    await vi.waitFor(async () => expect(await summed(hubs, 'heartbeat_total')).toBe(sent), patience)
    expect(await summed(hubs, 'nats_publish_total')).toBe(sent)
    expect(await summed(hubs, 'hubmesh_nats_beats_total{outcome="taken"}')).toBe(sent)
    expect((await Promise.all(hubs.map((hub) => figure(hub, 'nats_publish_total')))).filter((n) => n === 0)).toEqual([])
    for (const hub of hubs) expect(await homes(hub)).toEqual(before)
  })

  it('says that it is connected, and to where', async () => {
    for (const hub of hubs) {
      expect(await nats(hub)).toEqual({ status: 'connected', url: server.url })
      const { checks } = await get<Health>(hub, '/health')
      expect(checks['nats']).toEqual({ status: 'pass', details: `connected to ${server.url}` })
    }
  })

  it('goes on by itself when the server was killed and is back', async () => {
    await server.kill()
    const first = hubs[0] as TestHub
    await vi.waitFor(async () => expect((await nats(first)).status).toBe('disconnected'), patience)
    const health = await fetch(`${first.url}/health`)
    expect(health.status).toBe(200)
    expect(await health.json()).toMatchObject({ status: 'degraded', checks: { nats: { status: 'warn' } } })
    await server.start()
    await Promise.all(hubs.map(isConnected))
    await publisher.flush()
    const taken = await summed(hubs, 'heartbeat_total')
    for (const slug of slugs) beat(slug)
    await vi.waitFor(async () => expect(await summed(hubs, 'heartbeat_total')).toBe(taken + slugs.length), patience)
  })

  it('leaves what comes to the others when one stops', async () => {
    const [leaving, ...staying] = hubs as [TestHub, ...TestHub[]]
    const before = await summed(staying, 'nats_publish_total')
    await leaving.stop()
    for (let round = 0; round < 5; round++) for (const slug of slugs) beat(slug)
    await vi.waitFor(
      async () => expect(await summed(staying, 'nats_publish_total')).toBe(before + 5 * slugs.length),
      patience,
    )
  })
})

describe.skipIf(isWithoutNats)('a hub', () => {
  it('starts while the server is away, and takes beats once it is there', async () => {
    const server = await NatsServer.make()
    const hub = await testHub({ NATS_URL: server.url })
    await isReady(hub)
    expect(await nats(hub)).toEqual({ status: 'disconnected', url: server.url })
    await server.start()
    await isConnected(hub)
    const publisher = await server.publisher()
    publisher.publish('hub.presence.late', JSON.stringify({ hub_url: 'http://late:1' }))
    await vi.waitFor(async () => expect(await status(hub, 'late')).toBe('online'), patience)
    await publisher.close()
    await hub.stop()
    await server.kill()
  })

  it('counts and drops what is no heartbeat, and goes on', async () => {
    const server = await NatsServer.make()
    await server.start()
    const hub = await testHub({ HUBMESH_BRIDGES__NATS__URL: server.url })
    await isReady(hub)
    await isConnected(hub)
    const publisher = await server.publisher()
    const wrong: readonly (readonly [slug: string, body: string | Uint8Array])[] = [
      ['no_slug', '{}'],
      ['a', 'not json'],
      ['a', '[]'],
      ['a', '"text"'],
      ['a', new Uint8Array([0xff, 0xfe])],
      ['a', '{"project_slug":"another"}'],
      ['a', '{"project_slug":7}'],
      ['a', '{"hub_url":"no url"}'],
      ['a', `{"version":"${'x'.repeat(20_000)}"}`],
    ]
    for (const [slug, body] of wrong) publisher.publish(`hub.presence.${slug}`, body)
    // Known only once it says where it is; a message without a body is a beat of whom its subject names.
    publisher.publish('hub.presence.plain')
    await vi.waitFor(async () => expect(await outcome(hub, 'refused')).toBe(1), patience)
    publisher.publish('hub.presence.plain', '{"hub_url":"http://plain:1","mesh_namespace":null,"status":"ACTIVE"}')
    await vi.waitFor(async () => expect(await status(hub, 'plain')).toBe('online'), patience)
    publisher.publish('hub.presence.plain')
    publisher.publish('hub.presence.plain', '{"project_slug":"PLAIN","status":"degraded","extra":[1]}')
    await vi.waitFor(async () => expect(await status(hub, 'plain')).toBe('degraded'), patience)
    expect(await outcome(hub, 'malformed')).toBe(wrong.length)
    expect(await outcome(hub, 'refused')).toBe(1)
    expect(await outcome(hub, 'taken')).toBe(3)
    expect(await figure(hub, 'nats_publish_total')).toBe(wrong.length + 4)
    await publisher.close()
    await hub.stop()
    await server.kill()
  })

  it('takes or drops each of more beats than it can keep, and answers others meanwhile', async () => {
    const server = await NatsServer.make()
    await server.start()
    const hub = await testHub({ HUBMESH_BRIDGES__NATS__URL: server.url, HUBMESH_MONITORING__LOG_LEVEL: 'info' })
    await isReady(hub)
    await isConnected(hub)
    const publisher = await server.publisher()
    publisher.publish('hub.presence.eager', '{"hub_url":"http://eager:1"}')
    await vi.waitFor(async () => expect(await status(hub, 'eager')).toBe('online'), patience)
    for (let i = 0; i < 20_000; i++) publisher.publish('hub.presence.eager')
    await publisher.flush()
    expect((await fetch(`${hub.url}/health/live`)).status).toBe(200)
    await vi.waitFor(async () => expect(await figure(hub, 'nats_publish_total')).toBe(20_001), patience)
    const both = async () => (await outcome(hub, 'taken')) + (await outcome(hub, 'dropped'))
    await vi.waitFor(async () => expect(await both()).toBe(20_001), patience)
    await publisher.close()
    await hub.stop()
    await server.kill()
  })

  it('registers nobody where unknown projects are rejected', async () => {
    const server = await NatsServer.make()
    await server.start()
    const env = { HUBMESH_BRIDGES__NATS__URL: server.url, HUBMESH_PRESENCE__UNKNOWN_PROJECTS: 'reject' }
    const hub = await testHub(env)
    await isReady(hub)
    await isConnected(hub)
    const publisher = await server.publisher()
    publisher.publish('hub.presence.stranger', '{"hub_url":"http://stranger:1"}')
    await vi.waitFor(async () => expect(await outcome(hub, 'refused')).toBe(1), patience)
    expect(await get(hub, '/api/fed/projects')).toEqual([])
    await publisher.close()
    await hub.stop()
    await server.kill()
  })

  it.each([
    ['a user and a password', ['--user', 'mesh', '--pass', 'p@ss'], { USER: 'mesh', PASSWORD: 'p@ss' }, ''],
    ['a user and a password in the url', ['--user', 'mesh', '--pass', 'p@ss'], {}, 'mesh:p%40ss@'],
    ['a token in the url', ['--auth', 's3cret'], {}, 's3cret@'],
  ] as const)('is let in with %s, and tells nobody', async (...row) => {
    const [, args, settings, userinfo] = row
    const server = await NatsServer.make(args)
    await server.start()
    const url = `nats://${userinfo}127.0.0.1:${server.port}`
    const set = Object.entries(settings).map(([key, value]) => [`HUBMESH_BRIDGES__NATS__${key}`, value])
    const hub = await testHub({ HUBMESH_BRIDGES__NATS__URL: url, ...Object.fromEntries(set) })
    await isConnected(hub)
    expect(await nats(hub)).toEqual({ status: 'connected', url: server.url })
    const told = `${JSON.stringify(await get(hub, '/health'))}${JSON.stringify(hub.lines)}`
    expect(told).not.toMatch(/p@ss|p%40ss|s3cret/)
    await hub.stop()
    await server.kill()
  })

  it('tries on where it is not let in, and without a bridge says so', async () => {
    const server = await NatsServer.make(['--user', 'mesh', '--pass', 'right'])
    await server.start()
    const url = { HUBMESH_BRIDGES__NATS__URL: server.url, HUBMESH_BRIDGES__NATS__USER: 'mesh' }
    const hub = await testHub({ ...url, HUBMESH_BRIDGES__NATS__PASSWORD: 'wrong' })
    await vi.waitFor(() => expect(hub.lines).toContainEqual(expect.objectContaining({ operation: 'nats' })), patience)
    expect((await nats(hub)).status).toBe('disconnected')
    const port = await freePort()
    await hub.stop()
    await server.kill()
    const other = await testHub({ HUBMESH_NETWORK__HTTP_PORT: String(port) })
    expect(await nats(other)).toEqual({ status: 'disabled', url: null })
    expect((await get<Health>(other, '/health')).checks).not.toHaveProperty('nats')
    await other.stop()
  })
})
