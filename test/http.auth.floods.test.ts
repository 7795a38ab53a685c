// What floods of wrong, new and unverifiable credentials do to others, and to the log.

import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify from 'fastify'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { refuseEarly } from '../src/adapters/http/requests.ts'
import { hashOfKey } from '../src/config/secrets.ts'
import { type TestHub, testHub } from './hubs.ts'

const secret = 'only-for-this-test-0123456789-abcdefghij'
const keys = { reader: 'hmk_reader-0123456789', writer: 'hmk_writer-0123456789' }
const entries = [
  { name: 'reader', hash: hashOfKey(keys.reader), role: 'viewer' },
  { name: 'writer', hash: hashOfKey(keys.writer), role: 'operator' },
]
const host = { HUBMESH_NETWORK__HTTP_HOST: '127.0.0.1' }
const nowS = () => Math.floor(Date.now() / 1_000)

let tokens = 0
function token(key: Parameters<SignJWT['sign']>[0] = Buffer.from(secret), alg = 'HS256', exp = nowS() + 600) {
  const claims = { iss: 'issuer', sub: 'ann', role: 'operator', jti: `${tokens++}`, exp }
  return new SignJWT(claims).setProtectedHeader({ alg }).sign(key)
}

const statusOf = async ({ url }: TestHub, key: string) =>
  (await fetch(`${url}/api/status`, { headers: { authorization: `Bearer ${key}` } })).status
const times = <T>(count: number, make: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => make(i)))
const count = (statuses: readonly number[], status: number) => statuses.filter((one) => one === status).length

describe('a hub with keys and a secret', () => {
  let hub: TestHub
  beforeAll(async () => {
    hub = await testHub({
      ...host,
      HUBMESH_SECURITY__API_KEYS: JSON.stringify(entries),
      HUBMESH_SECURITY__JWT__SECRET: secret,
    })
  })
  afterAll(() => hub.stop())

  it('lets a new token in however many requests come with it at once', async () => {
    const good = await token()
    // In one write: the last has come before the first is verified.
    const socket = connect(Number(new URL(hub.url).port), '127.0.0.1')
    const request = `GET /api/fed/projects HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${good}\r\n\r\n`
    socket.write(request.repeat(200))
    let answers = ''
    socket.on('data', (chunk) => {
      answers += chunk
    })
    const statuses = () => [...answers.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => Number(status))
    await vi.waitFor(() => expect(statuses()).toHaveLength(200), 5_000)
    socket.destroy()
    expect(new Set(statuses())).toEqual(new Set([200]))
  })

  it('lets new keys and tokens in behind an address of which wrong ones come', async () => {
    const good = await token()
    const wrong = await times(200, () => token(Buffer.from(`${secret}x`)))
    expect(count(await times(200, (i) => statusOf(hub, wrong[i] ?? '')), 429)).toBeGreaterThan(0)
    expect(await times(40, (i) => statusOf(hub, `wrong-${i}`))).toContain(429)
    expect(await statusOf(hub, keys.reader)).toBe(200)
    expect(await statusOf(hub, good)).toBe(200)
  })

  it('ends a stream with the token that it was begun with', async () => {
    const short = await token(undefined, undefined, nowS() - 3)
    const headers = { authorization: `Bearer ${short}` }
    const response = await fetch(`${hub.url}/api/fed/watch`, { headers })
    expect(response.status).toBe(200)
    expect(await response.text()).toContain(': caught-up')
    expect((await fetch(`${hub.url}/api/fed/watch`, { headers })).status).toBe(401)
  })

  it('writes few lines on many refusals, says how many it left out, and hides no known caller', async () => {
    const begun = performance.now()
    const forget = async (headers: Readonly<Record<string, string>> = {}) => {
      const all = { 'content-type': 'application/json', ...headers }
      return (await fetch(`${hub.url}/admin/forget`, { method: 'POST', headers: all, body: '{}' })).status
    }
    const refused = await times(500, () => forget())
    expect(count(refused, 401)).toBe(500)
    expect(await forget({ 'x-api-key': keys.writer, 'x-request-id': 'known' })).toBe(403)
    const lines = () => hub.lines.filter((line) => line['audit'] === 'admin' && line['by'] === 'nobody')
    let asked = 500
    const last = await vi.waitFor(async () => {
      await forget()
      asked++
      const found = lines().findLast((line) => 'left_out' in line)
      expect(found).toBeDefined()
      return found
    }, 5_000)
    const seconds = (performance.now() - begun) / 1_000
    expect(last?.['level']).toBe('error')
    expect(lines().length).toBeLessThanOrEqual(11 + seconds * 10)
    const told = lines().reduce((sum, line) => sum + 1 + Number(line['left_out'] ?? 0), 0)
    expect(told).toBeLessThanOrEqual(asked)
    // What was left out since the last line is told with the next one.
    expect(told).toBeGreaterThan(lines().length)
    expect(hub.lines).toContainEqual(expect.objectContaining({ request_id: 'known', audit: 'admin', by: 'key:writer' }))
  })
})

it('what is refused for its rate gets no line', async () => {
  const hub = await testHub({
    ...host,
    HUBMESH_SECURITY__JWT__SECRET: secret,
    HUBMESH_LIMITS__REQUEST_RATE: '5',
  })
  try {
    const flood = await times(20, async () => (await fetch(`${hub.url}/admin/forget`, { method: 'POST' })).status)
    expect(flood).toContain(429)
    await vi.waitFor(() => expect(hub.lines.some((line) => line['status'] === 429)).toBe(true))
    expect(hub.lines.filter((line) => line['status'] === 429 && 'audit' in line)).toEqual([])
  } finally {
    await hub.stop()
  }
})

it('only so many tokens of one address are verified at once, and few are told that keys are away', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), alg: 'ES256' }
  const release: (() => void)[] = []
  const issuer = createServer((_, response) => {
    release.push(() => response.end(JSON.stringify({ keys: [jwk] })))
  })
  await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
  const { port } = issuer.address() as AddressInfo
  const good = await times(400, () => token(privateKey, 'ES256'))
  const hub = await testHub({
    ...host,
    HUBMESH_SECURITY__JWT__JWKS: `http://127.0.0.1:${port}/keys`,
    HUBMESH_SECURITY__JWT__ISSUER: 'issuer',
    HUBMESH_LIMITS__REQUEST_RATE: '50',
  })
  try {
    const statuses: number[] = []
    const asking = times(400, async (i) => statuses.push(await statusOf(hub, good[i] ?? '')))
    // 256, and what the address may still get wrong.
    await vi.waitFor(() => expect(count(statuses, 429)).toBe(44), 2_500)
    // The issuer goes, and so do the attempts that wait for it.
    issuer.closeAllConnections()
    await new Promise((resolve) => issuer.close(resolve))
    await asking
    expect(count(statuses, 503)).toBeGreaterThan(0)
    expect(count(statuses, 429)).toBeGreaterThan(44 + 100)
  } finally {
    issuer.closeAllConnections()
    await hub.stop()
  }
})

it.each(['/api/status', '/%61pi/status', '/api/none'])(
  '%s waits for the start, however it is spelled',
  async (path) => {
    const app = fastify().withTypeProvider<TypeBoxTypeProvider>()
    refuseEarly(app, { hasStarted: () => false })
    app.setErrorHandler((error: { readonly code?: string }, _request, reply) => reply.code(503).send(error.code))
    app.get('/api/status', () => 'answered')
    expect((await app.inject(path)).statusCode).toBe(503)
  },
)
