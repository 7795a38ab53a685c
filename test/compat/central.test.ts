// What users of a central federation service have: its publishers, and its curl lines. They meet a hub instead, and change nothing.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Project } from '../../src/hub/shapes.ts'
import { type TestHub, testHub } from '../hubs.ts'
import { isWithoutNats, killServers, NatsServer } from '../nats/server.ts'
import { killLeftovers, launch, mayLeaveOut } from '../processes.ts'

const patience = 15_000
const isReady = (hub: TestHub) =>
  vi.waitFor(async () => expect((await fetch(`${hub.url}/health/ready`)).status).toBe(200), patience)
const project = async (hub: TestHub, slug: string) =>
  (await (await fetch(`${hub.url}/api/fed/projects/${slug}`)).json()) as Project

describe.skipIf(isWithoutNats)('a publisher of the central service', () => {
  let server: NatsServer
  let hub: TestHub
  beforeAll(async () => {
    server = await NatsServer.make()
    await server.start()
    // Thirty times as fast as it used to be.
    const pace = { HEARTBEAT_INTERVAL: '1', HEARTBEAT_STALE_THRESHOLD_SECONDS: '3', HUBMESH_PRESENCE__REFRESH: '1s' }
    hub = await testHub({ NATS_URL: server.url, ...pace })
    await isReady(hub)
    await post(hub, {
      project_slug: 'commandcenter',
      name: 'Main CommandCenter',
      hub_url: 'http://localhost:9001',
      mesh_namespace: 'hub.commandcenter',
      tags: ['primary', 'production'],
      allow_fanout: ['hub.projecta', 'hub.projectb'],
    })
    await vi.waitFor(async () => {
      const health = await (await fetch(`${hub.url}/health/nats`)).json()
      expect(health).toEqual({ status: 'connected', url: server.url })
    }, patience)
  })
  afterAll(async () => {
    await hub?.stop()
    killServers()
  })

  /** Beats as the old backend does until it is stopped. */
  async function publisher(body: Readonly<Record<string, unknown>>): Promise<() => Promise<void>> {
    const connection = await server.publisher()
    const beat = () => {
      const said = JSON.stringify({ ...body, timestamp: new Date().toISOString() })
      connection.publish(`hub.presence.${body['project_slug']}`, said)
    }
    beat()
    const timer = setInterval(beat, 1_000)
    return () => {
      clearInterval(timer)
      return connection.close()
    }
  }

  it('keeps a registered project online for as long as it beats, and brings it back', async () => {
    expect(await project(hub, 'commandcenter')).toMatchObject({ status: 'offline', last_heartbeat_at: null })
    const body = {
      project_slug: 'commandcenter',
      hub_url: 'http://localhost:9001',
      mesh_namespace: 'hub.commandcenter',
      version: '0.9.0',
    }
    const stop = await publisher(body)
    const isOnline = () =>
      vi.waitFor(async () => {
        expect(await project(hub, 'commandcenter')).toMatchObject({ status: 'online', version: '0.9.0' })
      }, patience)
    await isOnline()
    const first = (await project(hub, 'commandcenter')).last_heartbeat_at ?? ''
    await vi.waitFor(async () => {
      expect((await project(hub, 'commandcenter')).last_heartbeat_at?.localeCompare(first)).toBe(1)
    }, patience)
    await stop()
    await vi.waitFor(async () => expect((await project(hub, 'commandcenter')).status).toBe('offline'), patience)
    const stopAgain = await publisher(body)
    await isOnline()
    await stopAgain()
    expect(await project(hub, 'commandcenter')).toMatchObject({
      name: 'Main CommandCenter',
      tags: ['primary', 'production'],
    })
  })

  it('that nobody has registered, and that says where it is, is listed as online', async () => {
    const stop = await publisher({
      project_slug: 'veria',
      status: 'online',
      hub_url: 'http://127.0.0.1:8082',
      mesh_namespace: 'hub.veria',
      uptime: 17,
    })
    await vi.waitFor(async () => {
      const online = (await (await fetch(`${hub.url}/api/fed/projects?status=online`)).json()) as Project[]
      expect(online.map(({ slug }) => slug)).toContain('veria')
    }, patience)
    expect(await project(hub, 'veria')).toMatchObject({ hub_url: 'http://127.0.0.1:8082', mesh_namespace: 'hub.veria' })
    await stop()
  })
})

describe.skipIf(mayLeaveOut('curl', '--version'))('the curl lines of the old guides', () => {
  let hub: TestHub
  beforeAll(async () => {
    hub = await testHub({})
    await isReady(hub)
  })
  afterAll(async () => {
    killLeftovers()
    await hub.stop()
  })

  /** The status and the body of `curl ARGUMENTS $URL/PATH`. */
  async function curl(path: string, ...args: readonly string[]): Promise<{ status: number; body: unknown }> {
    const every = ['--silent', '--write-out', '\n%{http_code}', '--header', 'X-API-Key: old-key']
    const { out } = await launch('curl', [...every, ...args, `${hub.url}${path}`]).ended
    const [status = '', ...lines] = out.split('\n').reverse()
    const text = lines.reverse().join('\n')
    return { status: Number(status), body: text === '' ? undefined : JSON.parse(text) }
  }
  const json = ['--header', 'Content-Type: application/json', '--data'] as const

  it('register with project_slug, list, get, beat and delete', async () => {
    const said = {
      project_slug: 'newproject',
      name: 'New Project',
      hub_url: 'http://localhost:9003',
      mesh_namespace: 'hub.newproject',
      tags: ['python', 'fastapi'],
    }
    const { project_slug: slug, ...rest } = said
    // Tags are a set: they are answered in one order, whoever wrote them in which.
    const shown = { id: slug, slug, ...rest, tags: ['fastapi', 'python'] }
    const path = '/api/fed/projects'
    expect(await curl(path, '-X', 'POST', ...json, JSON.stringify(said))).toMatchObject({ status: 201, body: shown })
    expect(await curl(path, '-X', 'POST', ...json, JSON.stringify(said))).toMatchObject({ status: 201, body: shown })
    expect(await curl(path)).toMatchObject({ status: 200, body: [{ ...shown, status: 'offline' }] })
    expect(await curl(`${path}?status=online`)).toEqual({ status: 200, body: [] })
    expect(await curl(`${path}/newproject/heartbeat`, '-X', 'POST')).toMatchObject({ status: 202 })
    const beat = JSON.stringify({ ...said, status: 'online', timestamp: '2025-11-18T12:00:00Z' })
    expect(await curl(`${path}/newproject/heartbeat`, '-X', 'POST', ...json, beat)).toMatchObject({ status: 202 })
    expect(await curl(`${path}?status=online`)).toMatchObject({ status: 200, body: [{ slug }] })
    expect(await curl(`${path}/newproject`)).toMatchObject({ status: 200, body: { ...shown, status: 'online' } })
    expect(await curl(`${path}?status=away`)).toMatchObject({ status: 400 })
    expect(await curl(`${path}/nobody`)).toMatchObject({ status: 404 })
    expect(await curl(`${path}/newproject`, '-X', 'DELETE')).toEqual({ status: 204, body: undefined })
    expect(await curl(`${path}/newproject`)).toMatchObject({ status: 404 })
    expect(await curl(path)).toEqual({ status: 200, body: [] })
  })

  it('register under slug as well, and ask how the service and its broker are', async () => {
    const said = JSON.stringify({ slug: 'commandcenter', name: 'CommandCenter', hub_url: 'http://localhost:8000' })
    expect(await curl('/api/fed/projects', '-X', 'POST', ...json, said)).toMatchObject({ status: 201 })
    expect(await curl('/health')).toMatchObject({ status: 200, body: { status: 'healthy' } })
    expect(await curl('/health/nats')).toEqual({ status: 200, body: { status: 'disabled', url: null } })
  })
})

async function post(hub: TestHub, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: JSON.stringify(body) }
  expect((await fetch(`${hub.url}/api/fed/projects`, init)).status).toBe(201)
}
