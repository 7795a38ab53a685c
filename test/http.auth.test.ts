// Who may do what over HTTP: real hubs with keys, asked over real connections.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { isForTrusted, type Need, needOf } from '../src/adapters/http/auth/need.ts'
import { blockOf, isTrusted, Ranges } from '../src/adapters/http/auth/trust.ts'
import { hashOfKey } from '../src/config/secrets.ts'
import { type TestHub, testHub } from './hubs.ts'
import { hubmesh, killLeftovers } from './processes.ts'

const keys = {
  reader: 'hmk_reader-0123456789abcdefghijklmnopqrstu',
  writer: 'hmk_writer-0123456789abcdefghijklmnopqrstu',
  next: 'hmk_next-0123456789abcdefghijklmnopqrstuvw',
  boss: 'hmk_boss-0123456789abcdefghijklmnopqrstuvw',
}
const entries = [
  { name: 'reader', hash: hashOfKey(keys.reader), role: 'viewer' },
  { name: 'writer', hash: hashOfKey(keys.writer), role: 'operator' },
  { name: 'writer-2', hash: hashOfKey(keys.next), role: 'operator' },
  { name: 'boss', hash: hashOfKey(keys.boss), role: 'admin' },
]
const secured = { HUBMESH_SECURITY__API_KEYS: JSON.stringify(entries), HUBMESH_NETWORK__HTTP_HOST: '127.0.0.1' }

let hub: TestHub
beforeAll(async () => {
  hub = await testHub(secured)
  await ready(hub)
})
afterAll(() => hub.stop())
afterAll(killLeftovers)

const ready = ({ url }: TestHub) =>
  vi.waitFor(async () => expect((await fetch(`${url}/health/ready`)).status).toBe(200), 5_000)

type Headers = Readonly<Record<string, string>>

function ask(request: string, headers: Headers = {}, { url }: { readonly url: string } = hub): Promise<Response> {
  const [method = '', path = ''] = request.split(' ')
  const isWrite = method !== 'GET' && method !== 'DELETE'
  const body = isWrite ? { body: '{"slug":"a","hubs":["nobody"]}' } : {}
  const type: Headers = isWrite ? { 'content-type': 'application/json' } : {}
  return fetch(url + path, { method, headers: { ...type, ...headers }, ...body })
}

const bearing = (key: string) => ({ 'x-api-key': key })
const codeOf = async (response: Response) => ((await response.json()) as { code?: string }).code

describe('a hub with keys', () => {
  /** What each route answers to nobody, a viewer, an operator and an admin. */
  it.each([
    ['GET /health', 200, 200, 200, 200],
    ['GET /health/live', 200, 200, 200, 200],
    ['GET /metrics', 200, 200, 200, 200],
    ['GET /api/fed/projects', 401, 200, 200, 200],
    ['GET /api/status', 401, 200, 200, 200],
    ['GET /api/members/', 401, 200, 200, 200],
    ['GET /openapi.json', 401, 200, 200, 200],
    ['GET /docs', 401, 200, 200, 200],
    ['GET /api/nothing', 401, 404, 404, 404],
    ['POST /health', 405, 405, 405, 405],
    ['POST /api/fed/projects', 401, 403, 201, 201],
    ['POST /api/fed/projects/a/heartbeat', 401, 403, 202, 202],
    ['DELETE /api/fed/projects/b', 401, 403, 404, 404],
    ['POST /admin/forget', 401, 403, 403, 404],
    ['POST /%61dmin/forget', 401, 403, 403, 404],
    ['POST /admin/forget/', 401, 403, 403, 404],
    ['POST /api/../admin/forget', 401, 403, 403, 404],
    ['POST /health/..%2fadmin/forget', 404, 404, 404, 404],
    ['POST /admin/nothing', 401, 404, 404, 404],
  ] as const)('answers %s with %i, %i, %i, %i', async (request, ...expected) => {
    const callers = [{}, bearing(keys.reader), bearing(keys.writer), bearing(keys.boss)]
    const statuses = []
    for (const headers of callers) statuses.push((await ask(request, headers)).status)
    expect(statuses).toEqual(expected)
  })

  it.each([
    ['no key', {}, 'unauthorized'],
    ['an empty key', { 'x-api-key': '' }, 'unauthorized'],
    ['a wrong key', { 'x-api-key': `${keys.boss}x` }, 'unauthorized'],
    ['the hash of a key', { 'x-api-key': hashOfKey(keys.boss) }, 'unauthorized'],
    ['a key that is far too long', { 'x-api-key': 'x'.repeat(5_000) }, 'unauthorized'],
    ['a wrong key beside a right token', { 'x-api-key': 'x', authorization: `Bearer ${keys.boss}` }, 'unauthorized'],
    ['another scheme', { authorization: `Basic ${keys.boss}` }, 'unauthorized'],
    ['a token, where there are none', { authorization: 'Bearer a.b.c' }, 'unauthorized'],
  ] as const)('refuses %s, and says what it takes', async (_, headers, code) => {
    const response = await ask('GET /api/status', headers)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="hubmesh"')
    expect(response.headers.get('content-type')).toContain('application/problem+json')
    expect(await codeOf(response)).toBe(code)
  })

  it('takes a key as a bearer token, too, and two keys of one user while they change', async () => {
    for (const key of [keys.writer, keys.next]) {
      expect((await ask('POST /api/fed/projects', { authorization: `Bearer ${key}` })).status).toBe(201)
      expect((await ask('POST /api/fed/projects', { authorization: `bearer  ${key}` })).status).toBe(201)
      expect((await ask('POST /api/fed/projects', bearing(key))).status).toBe(201)
    }
  })

  it('says which role a call takes and which one the caller has', async () => {
    const response = await ask('POST /admin/forget', bearing(keys.writer))
    const { code, detail } = (await response.json()) as { code: string; detail: string }
    expect([code, detail]).toEqual(['forbidden', 'This takes the role admin; key:writer has operator'])
  })

  it('answers the command line that has a key, and tells the one that has none what it lacks', async () => {
    const status = ['status', '--json', '--url', hub.url]
    const { code, out } = await hubmesh(status, { env: { FEDERATION_API_KEY: keys.reader } }).ended
    expect([code, (JSON.parse(out) as { hub_id: string }).hub_id]).toEqual([0, 'hub-a'])
    const refused = await hubmesh(status).ended
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('answers 401: Send a key')])
  })

  it('documents what it takes', async () => {
    const document = (await (await ask('GET /openapi.json', bearing(keys.reader))).json()) as {
      components: { securitySchemes: object }
      paths: Record<string, Record<string, { security?: object[] }>>
    }
    expect(Object.keys(document.components.securitySchemes)).toEqual(['apiKey', 'bearer'])
    expect(document.paths['/health']?.['get']?.security).toEqual([])
    expect(document.paths['/api/status']?.['get']?.security).toEqual([{ apiKey: [] }, { bearer: [] }])
    expect(document.paths['/admin/backup']?.['post']?.security).toEqual([{ apiKey: [] }, { bearer: [] }])
  })

  it('logs who wrote, and who was refused an admin call at error, and counts that', async () => {
    const lineOf = (id: string) => hub.lines.find((line) => line['request_id'] === id)
    await ask('POST /api/fed/projects', { ...bearing(keys.writer), 'x-request-id': 'written' })
    await ask('POST /admin/forget', { ...bearing(keys.writer), 'x-request-id': 'refused' })
    await ask('POST /admin/forget', { 'x-request-id': 'nobody' })
    await ask('POST /admin/forget', { ...bearing(keys.boss), 'x-request-id': 'wrong' })
    await ask('GET /api/status', { ...bearing(keys.reader), 'x-request-id': 'read' })
    await vi.waitFor(() => expect(lineOf('read')).toBeDefined())
    const address = '127.0.0.1'
    expect(lineOf('written')).toMatchObject({
      ...{ level: 'info', operation: 'POST /api/fed/projects', audit: 'write', status: 201 },
      ...{ by: 'key:writer', role: 'operator', address, outcome: 'done' },
    })
    const refused = { level: 'error', operation: 'POST /admin/forget', audit: 'admin', outcome: 'refused', address }
    expect(lineOf('refused')).toMatchObject({ ...refused, by: 'key:writer', role: 'operator', status: 403 })
    expect(lineOf('nobody')).toMatchObject({ ...refused, by: 'nobody', status: 401 })
    expect(lineOf('wrong')).toMatchObject({ level: 'info', by: 'key:boss', outcome: 'rejected', status: 404 })
    expect(lineOf('read')).not.toHaveProperty('audit')
    const metrics = await (await ask('GET /metrics')).text()
    expect(metrics).toMatch(/^errors_total\{operation="admin"\} [1-9]/m)
    expect(metrics).toMatch(/^hubmesh_http_refusals_total\{status="401"\} [1-9]/m)
  })

  it('writes no key anywhere, neither a right nor a wrong one', async () => {
    await ask('GET /api/status', bearing('hmk_mistyped-key-of-somebody'))
    const told = JSON.stringify(hub.lines) + (await (await ask('GET /metrics')).text())
    expect(told).not.toMatch(/hmk_|sha256:/)
    expect(told).toContain('key:writer')
  })
})

describe('how often somebody may ask', () => {
  it('is limited per key and per address without one, and told with Retry-After', async () => {
    const other = await testHub({ ...secured, HUBMESH_LIMITS__REQUEST_RATE: '20' })
    const flood = async (request: string, headers: Headers) => {
      const answers = await Promise.all(Array.from({ length: 60 }, () => ask(request, headers, other)))
      return answers.filter(({ status }) => status === 429)
    }
    try {
      const limited = await flood('GET /api/status', bearing(keys.reader))
      expect(limited.length).toBeGreaterThan(0)
      expect(limited[0]?.headers.get('retry-after')).toBe('1')
      expect(await codeOf(limited[0] as Response)).toBe('rate-limited')
      // Another key, and those without, have buckets of their own.
      expect((await ask('GET /api/status', bearing(keys.writer), other)).status).toBe(200)
      expect((await ask('GET /health/live', {}, other)).status).toBe(200)
      expect((await flood('GET /health/live', {})).length).toBeGreaterThan(0)
      expect((await ask('GET /api/status', bearing(keys.boss), other)).status).toBe(200)
    } finally {
      await other.stop()
    }
  })

  it('is not counted on a machine that asks itself, without credentials', async () => {
    const other = await testHub({ HUBMESH_LIMITS__REQUEST_RATE: '5' })
    try {
      const paths = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? 'GET /health/live' : 'GET /api/status'))
      const statuses = await Promise.all(paths.map(async (path) => (await ask(path, {}, other)).status))
      expect(statuses).not.toContain(429)
    } finally {
      await other.stop()
    }
  })

  it('with wrong keys is limited per address, and no key that was right before suffers', async () => {
    const other = await testHub(secured)
    try {
      expect((await ask('GET /api/status', bearing(keys.reader), other)).status).toBe(200)
      const statuses = await Promise.all(
        Array.from(
          { length: 200 },
          async (_, i) => (await ask('GET /api/status', bearing(`wrong-${i}`), other)).status,
        ),
      )
      expect(new Set(statuses)).toEqual(new Set([401, 429]))
      expect(statuses.filter((status) => status === 401).length).toBeLessThan(250)
      expect((await ask('GET /api/status', bearing(keys.reader), other)).status).toBe(200)
    } finally {
      await other.stop()
    }
  })
})

describe('addresses', () => {
  it.each([
    ['GET', '/admin/drain', 'admin', true],
    ['POST', '/admin/drain', 'admin', true],
    ['POST', '/admin/undrain', 'admin', true],
    ['POST', '/admin/shutdown', 'admin', true],
    ['POST', '/admin/forget', 'admin', false],
    ['POST', '/admin/drain/:x', 'admin', false],
    ['GET', '/administrators', 'viewer', false],
    ['PATCH', '/api/fed/projects/:slug', 'operator', false],
    ['HEAD', '/api/status', 'viewer', false],
    ['GET', '/healthy', 'viewer', false],
    ['GET', '/api/fed/health', 'viewer', false],
  ] as const)('%s %s takes %s, and a trusted one may do it without a key: %s', (...row) => {
    const [method, route, need, may] = row
    expect(needOf({ method, route, url: route })).toBe(need satisfies Need)
    expect(isForTrusted(route)).toBe(may)
  })

  const ranges = new Ranges(['127.0.0.0/8', '10.1.0.0/16', 'fd00::/8', '::1'])
  it.each([
    ['127.0.0.1', {}, true],
    ['::ffff:127.9.0.1', {}, true],
    ['10.1.2.3', {}, true],
    ['10.2.2.3', {}, false],
    ['fd12::7', {}, true],
    ['::1', {}, true],
    [undefined, {}, false],
    ['nonsense', {}, false],
    ['127.0.0.1', { 'x-forwarded-for': '10.1.0.1' }, false],
    ['127.0.0.1', { forwarded: 'for=10.1.0.1' }, false],
    ['127.0.0.1', { via: '1.1 proxy' }, false],
    ['127.0.0.1', { origin: 'http://127.0.0.1' }, false],
    ['127.0.0.1', { 'sec-fetch-site': 'cross-site' }, false],
  ] as const)('%s with %j is trusted: %s', (ip, headers, is) => {
    expect(isTrusted(ranges, { ip, socketIp: ip, headers })).toBe(is)
  })

  it('behind a proxy that is believed are trusted as themselves', () => {
    const headers = { 'x-forwarded-for': 'x' }
    expect(isTrusted(ranges, { ip: '10.1.0.9', socketIp: '127.0.0.1', headers })).toBe(true)
    expect(isTrusted(ranges, { ip: '8.8.8.8', socketIp: '127.0.0.1', headers })).toBe(false)
  })

  it('of IPv6 are counted by their /64', () => {
    expect(blockOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2')
    expect(blockOf('2001:db8::6')).toBe('2001:db8:0:0')
    expect(blockOf('::1')).toBe('0:0:0:0')
    expect(blockOf('::ffff:10.0.0.7')).toBe('::ffff:10.0.0.7')
    expect(blockOf('10.0.0.7')).toBe('10.0.0.7')
    expect(blockOf('x'.repeat(1_000))).toBe('unknown')
  })

  it.each([
    ['believed', '127.0.0.0/8', '203.0.113.7'],
    ['not believed', '10.0.0.0/8', '127.0.0.1'],
  ])('that a proxy names are %s where network.trusted_proxies is %s', async (_, ranges, address) => {
    const other = await testHub({ ...secured, HUBMESH_NETWORK__TRUSTED_PROXIES: ranges })
    try {
      const headers = { ...bearing(keys.writer), 'x-forwarded-for': '1.2.3.4, 203.0.113.7', 'x-request-id': 'via' }
      await ask('POST /api/fed/projects', headers, other)
      const line = await vi.waitFor(() => {
        const found = other.lines.find((one) => one['request_id'] === 'via')
        expect(found).toBeDefined()
        return found
      })
      expect(line?.['address']).toBe(address)
    } finally {
      await other.stop()
    }
  })

  it('of admins may be a listener of their own', async () => {
    const other = await testHub({ ...secured, HUBMESH_SECURITY__ADMIN_HOST: '127.0.0.1:0' })
    try {
      await ready(other)
      const listening = other.lines.find((line) => line['operation'] === 'admin') as { listener: { port: number } }
      const admin = { url: `http://127.0.0.1:${listening.listener.port}` }
      expect((await ask('POST /admin/forget', bearing(keys.boss), admin)).status).toBe(404)
      expect(await codeOf(await ask('POST /admin/forget', bearing(keys.boss), admin))).toBe('unknown-hub')
      expect(await codeOf(await ask('POST /admin/forget', {}, admin))).toBe('unauthorized')
      expect(await codeOf(await ask('POST /admin/forget', bearing(keys.boss), other))).toBe('not-found')
      expect(await codeOf(await ask('GET /api/status', bearing(keys.boss), admin))).toBe('not-found')
      expect((await ask('GET /api/status', bearing(keys.boss), other)).status).toBe(200)
    } finally {
      await other.stop()
    }
  })
})
