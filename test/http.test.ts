// The HTTP API as its callers meet it: a real hub, asked over real connections.

import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { foreignness } from '../src/adapters/http/local.ts'
import { HeartbeatReplySchema } from '../src/hub/heartbeats.ts'
import {
  HealthSchema,
  MemberSchema,
  ProblemSchema,
  type Project,
  ProjectSchema,
  StatusSchema,
} from '../src/hub/shapes.ts'
import { type TestHub, testHub } from './hubs.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await testHub({ HUBMESH_LIMITS__BODY: '2 KiB' })
  await vi.waitFor(async () => expect((await get('/health/ready')).status).toBe(200), 5_000)
})
afterAll(() => hub.stop())

const json = { 'content-type': 'application/json' }
const get = (path: string, headers: Record<string, string> = {}) => fetch(hub.url + path, { headers })
const send = (request: `${string} ${string}`, body?: string, headers: Record<string, string> = json) => {
  const [method = '', path = ''] = request.split(' ')
  return fetch(hub.url + path, { method, ...(body === undefined ? {} : { body, headers }) })
}
const post = (path: string, body?: object) =>
  send(`POST ${path}`, body === undefined ? undefined : JSON.stringify(body))

/** The body, which must have the shape. */
async function shaped(response: Response, schema: TSchema): Promise<unknown> {
  const body: unknown = await response.json()
  expect([...Value.Errors(schema, body)]).toEqual([])
  return body
}

interface ProblemBody {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly requestId: string
  readonly errors?: readonly { readonly path: string; readonly message: string }[]
}

async function problem(response: Response): Promise<ProblemBody> {
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  const body = (await shaped(response, ProblemSchema)) as ProblemBody
  expect(body.status).toBe(response.status)
  return body
}

describe('a project', () => {
  it('is registered under slug or project_slug with 201 both times, is read, removed and revived', async () => {
    const first = await post('/api/fed/projects', { slug: 'atlas', name: 'Atlas', tags: ['maps'], colour: 'ignored' })
    expect(first.status).toBe(201)
    expect(await shaped(first, ProjectSchema)).toMatchObject({
      id: 'atlas',
      slug: 'atlas',
      name: 'Atlas',
      tags: ['maps'],
    })
    const second = await post('/api/fed/projects', { project_slug: 'atlas', name: 'Atlas 2' })
    expect(second.status).toBe(201)
    const read = (await shaped(await get('/api/fed/projects/atlas'), ProjectSchema)) as Project
    expect(read).toMatchObject({ name: 'Atlas 2', mesh_namespace: 'hub.atlas', status: 'offline' })
    expect(read).not.toHaveProperty('colour')

    expect((await send('DELETE /api/fed/projects/atlas')).status).toBe(204)
    const gone = await get('/api/fed/projects/atlas')
    expect(gone.status).toBe(404)
    expect((await problem(gone)).code).toBe('project-removed')
    expect((await post('/api/fed/projects', { slug: 'atlas', name: 'Atlas 3' })).status).toBe(201)
    expect((await get('/api/fed/projects/atlas')).status).toBe(200)
  })

  it('is online once it beats, also without a body, and lists can be filtered by that', async () => {
    await post('/api/fed/projects', { slug: 'beacon' })
    await post('/api/fed/projects', { slug: 'silent' })
    const beat = await post('/api/fed/projects/beacon/heartbeat')
    expect(beat.status).toBe(202)
    expect(await shaped(beat, HeartbeatReplySchema)).toEqual({ slug: 'beacon', status: 'online', next_within_s: 30 })
    const online = await shaped(await get('/api/fed/projects?status=online'), Type.Array(ProjectSchema))
    expect((online as Project[]).map((project) => project.slug)).toEqual(['beacon'])
    const all = await shaped(await get('/api/fed/projects'), Type.Array(ProjectSchema))
    expect((all as Project[]).map((project) => project.slug)).toEqual(expect.arrayContaining(['beacon', 'silent']))
  })

  it('that nobody knows cannot be read, removed or beaten for', async () => {
    for (const response of [
      await get('/api/fed/projects/nobody'),
      await send('DELETE /api/fed/projects/nobody'),
      await post('/api/fed/projects/nobody/heartbeat', {}),
    ]) {
      expect(response.status).toBe(404)
      expect((await problem(response)).code).toBe('unknown-project')
    }
  })
})

describe('a bad request', () => {
  const projects = '/api/fed/projects'
  it.each([
    ['that is no JSON', 400, 'malformed-json', () => send(`POST ${projects}`, '{"slug":')],
    ['with a poisoned prototype', 400, 'malformed-json', () => send(`POST ${projects}`, '{"__proto__":{"slug":"a"}}')],
    ['without a body', 400, 'invalid-request', () => post(projects)],
    ['with half a character', 400, 'invalid-request', () => send(`POST ${projects}`, '{"slug":"a","name":"\\ud800"}')],
    ['with a control character', 400, 'invalid-request', () => post(projects, { slug: 'a', name: 'a\u001b[2J' })],
    ['with a URL of no host', 400, 'invalid-request', () => post(projects, { slug: 'a', hub_url: 'http://' })],
    ['with a list as its body', 400, 'invalid-request', () => send(`POST ${projects}`, '[]')],
    ['without a slug', 400, 'invalid-request', () => post(projects, { name: 'x' })],
    ['with two slugs', 400, 'invalid-request', () => post(projects, { slug: 'a', project_slug: 'b' })],
    ['with a number as a name', 400, 'invalid-request', () => post(projects, { slug: 'a', name: 5 })],
    ['with a filter that is not known', 400, 'invalid-request', () => get(`${projects}?colour=x`)],
    ['with a status that is none', 400, 'invalid-request', () => get(`${projects}?status=up`)],
    ['with a slug that is none', 400, 'invalid-slug', () => get(`${projects}/A_b`)],
    ['with a slug that is far too long', 400, 'invalid-slug', () => get(`${projects}/${'a'.repeat(300)}`)],
    ['with a broken path', 400, 'invalid-request', () => get(`${projects}/%zz`)],
    ['larger than limits.body', 413, 'body-too-large', () => post(projects, { slug: 'a', name: 'x'.repeat(3_000) })],
    [
      'of another type',
      415,
      'unsupported-media-type',
      () => send(`POST ${projects}`, 'slug=a', { 'content-type': 'text/plain' }),
    ],
    ['for a path that is not there', 404, 'not-found', () => get('/api/nothing')],
    ['with a method that is not taken', 405, 'method-not-allowed', () => send(`PUT ${projects}`, '{}')],
  ] as const)('%s gets problem %i %s', async (...row) => {
    const [, status, code, ask] = row
    const response = await ask()
    expect(response.status).toBe(status)
    const body = await problem(response)
    expect(body.code).toBe(code)
    expect(response.headers.get('x-request-id')).toBe(body.requestId)
  })

  it('is told everything that is wrong with it at once', async () => {
    const body = await problem(await post(projects, { slug: 'A', name: 5, hub_url: 'ftp://x', tags: ['', 7] }))
    expect(body.errors?.map(({ path }) => path).sort()).toEqual(['hub_url', 'name', 'slug', 'tags.0', 'tags.1'])
  })

  it('that is no HTTP at all is answered and harms nobody', async () => {
    const { port } = new URL(hub.url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.end('\x00\x01 garbage\r\n\r\n')
    const answer = (await socket.setEncoding('utf8').toArray()).join('')
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('"code":"invalid-request"')
    expect((await get('/health/live')).status).toBe(200)
  })
})

describe('without credentials', () => {
  it.each([
    ['a request from this machine', {}, true],
    ['a page of this hub', { origin: 'http://{host}' }, true],
    ['a page of another site', { origin: 'http://evil.example' }, false],
    ['a page that hides its site', { origin: 'null' }, false],
    ['a page on another port of this machine', { origin: 'http://127.0.0.1:1' }, false],
    ['a name that was rebound to this machine', { host: 'evil.example' }, false],
    ['a proxy on this machine', { 'x-forwarded-for': '10.0.0.1' }, false],
    ['another proxy on this machine', { forwarded: 'for=10.0.0.1' }, false],
    ['nginx on this machine', { 'x-real-ip': '10.0.0.1' }, false],
    ['a cache on this machine', { via: '1.1 cache' }, false],
    ['a tunnel of Cloudflare', { 'cf-connecting-ip': '10.0.0.1' }, false],
  ] as const)('%s (%j) is answered: %s', async (_, headers, isAnswered) => {
    const { host, port } = new URL(hub.url)
    const given = Object.fromEntries(Object.entries(headers).map(([key, text]) => [key, text.replace('{host}', host)]))
    const status = (path: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const options = { host: '127.0.0.1', port, path, headers: given }
        httpRequest(options, (response) => resolve(response.resume().statusCode))
          .on('error', reject)
          .end()
      })
    expect(await status('/api/members')).toBe(isAnswered ? 200 : 403)
    expect(await status('/health')).toBe(200)
    expect(await status('/metrics')).toBe(200)
  })

  it('only loopback peers with a loopback host count as this machine', () => {
    const host = 'localhost:8080'
    expect(foreignness({ ip: '127.0.0.1', headers: { host } })).toBeUndefined()
    expect(foreignness({ ip: '::ffff:127.0.0.1', headers: { host: '[::1]:8080' } })).toBeUndefined()
    expect(foreignness({ ip: '10.0.0.7', headers: { host } })).toContain('10.0.0.7')
    expect(foreignness({ ip: '127.0.0.1', headers: { host: '127.0.0.1.evil.example' } })).toContain('Host')
    expect(foreignness({ ip: '127.0.0.1', headers: {} })).toContain('Host')
    expect(foreignness({ ip: undefined, headers: { host } })).toBeDefined()
  })
})

describe('a hub', () => {
  it('says how it is, what it is and whom it knows', async () => {
    const health = await shaped(await get('/health'), HealthSchema)
    expect(health).toMatchObject({ status: 'healthy', service: 'hubmesh', hub_id: 'hub-a', state: 'ready' })
    expect(await (await get('/health/live')).json()).toEqual({ status: 'alive' })
    expect(await (await get('/health/ready')).json()).toEqual({ status: 'ready', state: 'ready' })
    expect(await shaped(await get('/api/status'), StatusSchema)).toMatchObject({ hub_id: 'hub-a', state: 'ready' })
    expect(await shaped(await get('/api/members'), Type.Array(MemberSchema))).toMatchObject([{ hub_id: 'hub-a' }])
  })

  it('takes over the id of a request where it is harmless, and makes one otherwise', async () => {
    expect((await get('/health', { 'x-request-id': 'abc-1' })).headers.get('x-request-id')).toBe('abc-1')
    expect((await get('/health', { 'x-request-id': 'a b"c' })).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('logs requests as JSON lines with their id, operation and duration', async () => {
    await get('/api/members', { 'x-request-id': 'logged-1' })
    await vi.waitFor(() => expect(hub.lines.find((line) => line['request_id'] === 'logged-1')).toBeDefined())
    expect(hub.lines.find((line) => line['request_id'] === 'logged-1')).toEqual({
      level: 'debug',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      hub_id: 'hub-a',
      request_id: 'logged-1',
      operation: 'GET /api/members',
      status: 200,
      duration_ms: expect.any(Number),
      msg: 'request answered',
    })
  })

  it('counts what it does, without naming hubs, peers or projects', async () => {
    await post('/api/fed/projects', { slug: 'tallied' })
    await post('/api/fed/projects/tallied/heartbeat')
    await get('/api/fed/projects/tallied')
    const text = await (await get('/metrics')).text()
    for (const line of [
      /^http_requests_total\{route="\/api\/fed\/projects",status="201"\} [1-9]/m,
      /^http_request_duration_seconds_count\{route="\/api\/fed\/projects"\} [1-9]/m,
      /^catalog_register_total [1-9]/m,
      /^catalog_lookup_total [1-9]/m,
      /^heartbeat_total [1-9]/m,
      /^catalog_projects_by_status\{status="online"\} [1-9]/m,
      /^hubmesh_view_projects\{status="online"\} [1-9]/m,
      /^federation_nodes_total 1$/m,
      /^federation_nodes_healthy 1$/m,
      /^membership_failures_total 0$/m,
      /^gossip_publish_total\{topic="presence"\} \d/m,
      /^process_resident_memory_bytes \d/m,
    ]) {
      expect(text).toMatch(line)
    }
    expect(text).not.toMatch(/tallied|hub-a|12D3Koo/)
  })
})

describe('the end of a hub', () => {
  it('does not wait for clients that keep their connections', async () => {
    const other = await testHub({ HUBMESH_NODE__ID: 'hub-b' })
    await vi.waitFor(async () => expect((await fetch(`${other.url}/health/ready`)).status).toBe(200), 5_000)
    const started = performance.now()
    await other.stop()
    expect(performance.now() - started).toBeLessThan(1_900)
    await expect(fetch(`${other.url}/health/live`)).rejects.toThrow()
  })

  it('without metrics has no /metrics', async () => {
    const other = await testHub({ HUBMESH_NODE__ID: 'hub-c', HUBMESH_MONITORING__METRICS_ENABLED: 'false' })
    const { status } = await fetch(`${other.url}/metrics`)
    await other.stop()
    expect(status).toBe(404)
  })
})
