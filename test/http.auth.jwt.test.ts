// Tokens: which count, which do not, and what becomes of requests while the issuer's key set cannot be fetched.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { roleIn } from '../src/adapters/http/auth/tokens.ts'
import { type TestHub, testHub } from './hubs.ts'

const issuer = 'https://issuer.example'
const secret = 'only-for-this-test-0123456789-abcdefghij'
const nowS = () => Math.floor(Date.now() / 1_000)

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>

interface Token {
  readonly claims?: JWTPayload
  readonly alg?: string
  readonly kid?: string
  readonly key?: Uint8Array | KeyPair['privateKey']
}

/** A token that counts, but for what is said otherwise. */
function token({ claims = {}, alg = 'HS256', kid, key = Buffer.from(secret) }: Token = {}): Promise<string> {
  const usual = { iss: issuer, sub: 'ann', role: 'operator', iat: nowS(), exp: nowS() + 600 }
  const header = { alg, ...(kid === undefined ? {} : { kid }) }
  return new SignJWT({ ...usual, ...claims }).setProtectedHeader(header).sign(key)
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const ask = ({ url }: TestHub, bearer: string, method = 'GET') =>
  fetch(`${url}/api/fed/projects${method === 'DELETE' ? '/x' : ''}`, {
    method,
    headers: { authorization: `Bearer ${bearer}` },
  })
const told = async (response: Response) => (await response.json()) as { code: string; detail: string }

describe('a hub with a secret', () => {
  let hub: TestHub
  beforeAll(async () => {
    hub = await testHub({
      HUBMESH_NETWORK__HTTP_HOST: '127.0.0.1',
      HUBMESH_SECURITY__JWT__SECRET: secret,
      HUBMESH_SECURITY__JWT__ISSUER: issuer,
      HUBMESH_SECURITY__ROLES: 'readers=viewer,operator=operator,sre=admin',
    })
  })
  afterAll(() => hub.stop())

  it.each([
    ['as usual', {}, 200],
    ['with roles', { role: undefined, roles: ['other', 'readers'] }, 200],
    ['with a group', { role: undefined, groups: ['sre'] }, 200],
    ['from a clock that is a little ahead', { iat: nowS() + 3 }, 200],
    ['without iat', { iat: undefined }, 200],
    ['without a role that is known', { role: 'king' }, 403],
    ['with a role that objects have', { role: 'constructor' }, 403],
    ['that has expired', { exp: nowS() - 60 }, 401],
    ['without an end', { exp: undefined }, 401],
    ['not good yet', { nbf: nowS() + 600 }, 401],
    ['of another issuer', { iss: 'https://evil.example' }, 401],
    ['of no issuer', { iss: undefined }, 401],
    ['with too long a life', { exp: nowS() + 7_200 }, 401],
    ['with too long a life and no iat', { iat: undefined, exp: nowS() + 7_200 }, 401],
    ['from the future', { iat: nowS() + 3_000, exp: nowS() + 6_000 }, 401],
  ] as const)('takes a token %s (%j): %i', async (_, claims, status) => {
    expect((await ask(hub, await token({ claims: claims as JWTPayload }))).status).toBe(status)
  })

  it('takes none with another signature, none without one, and none of another algorithm', async () => {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true })
    const claims = encode({ iss: issuer, sub: 'eve', role: 'sre', exp: nowS() + 600 })
    const good = await token()
    for (const bad of [
      await token({ key: Buffer.from(`${secret}x`) }),
      await token({ alg: 'HS512', key: Buffer.from(secret) }),
      await token({ alg: 'RS256', key: privateKey }),
      `${encode({ alg: 'none' })}.${claims}.`,
      `${encode({ alg: 'None', typ: 'JWT' })}.${claims}.`,
      `${encode({ alg: 'HS256' })}.${claims}.`,
      `${good.split('.')[0]}.${claims}.${good.split('.')[2]}`,
      `${encode({ alg: 'HS256', crit: ['x'], x: 1 })}.${claims}.AAAA`,
      '..',
      'a.b.c',
    ]) {
      const response = await ask(hub, bad)
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toContain('Bearer')
      expect((await told(response)).code).toBe('unauthorized')
    }
  })

  it('says what is wrong with a token, and no longer takes one that ends', async () => {
    const why = async (claims: JWTPayload) => (await told(await ask(hub, await token({ claims })))).detail
    expect(await why({ exp: nowS() - 60 })).toBe('The token has expired')
    expect(await why({ iss: 'x' })).toBe('The token is not valid here: iss')
    expect(await why({ exp: nowS() + 7_200 })).toContain('security.jwt.token_expiry')
    // Verified before, it counts until it ends, and a moment for clocks that differ.
    const short = await token({ claims: { exp: nowS() - 3 } })
    expect((await ask(hub, short)).status).toBe(200)
    await vi.waitFor(async () => expect((await ask(hub, short)).status).toBe(401), { timeout: 5_000, interval: 200 })
  })

  it('names the subject in its log, and the token nowhere', async () => {
    const written = await token()
    await ask(hub, written, 'DELETE')
    await vi.waitFor(() =>
      expect(hub.lines).toContainEqual(
        expect.objectContaining({ by: 'token:ann', role: 'operator', operation: 'DELETE /api/fed/projects/:slug' }),
      ),
    )
    expect(JSON.stringify(hub.lines)).not.toContain(written.split('.')[2])
    expect(JSON.stringify(hub.lines)).not.toContain(secret)
  })
})

it('the highest role that a token claims counts', () => {
  const granted = { a: 'viewer', b: 'admin', c: 'operator' } as const
  expect(roleIn({ roles: ['a', 'c'], groups: 'b' }, granted)).toBe('admin')
  expect(roleIn({ roles: 7, role: null, groups: [{}] }, granted)).toBeUndefined()
  expect(roleIn({}, granted)).toBeUndefined()
})

describe('a hub with a key set', () => {
  let first: KeyPair
  let second: KeyPair
  let served: unknown = {}
  let issuing: Server | undefined
  let port = 0
  let hub: TestHub
  let jti = 0

  async function issue(): Promise<void> {
    const server = createServer((_, response) => response.end(JSON.stringify(served)))
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
    issuing = server
  }

  async function fail(): Promise<void> {
    const server = issuing
    issuing = undefined
    server?.closeAllConnections()
    await new Promise((resolve) => server?.close(resolve))
  }

  const health = async () =>
    (await (await fetch(`${hub.url}/health`)).json()) as { status: string; checks: { tokens: { status: string } } }
  const isThere = (status: string) =>
    vi.waitFor(async () => expect((await health()).checks.tokens.status).toBe(status), 9_000)
  const signed = ({ privateKey }: KeyPair, kid: string, alg = 'RS256') =>
    token({ key: privateKey, kid, alg, claims: { jti: `${jti++}` } })

  beforeAll(async () => {
    first = await generateKeyPair('RS256', { extractable: true })
    second = await generateKeyPair('RS256', { extractable: true })
    served = { keys: [{ ...(await exportJWK(first.publicKey)), kid: 'one', alg: 'RS256' }] }
    // Begun and ended to have a port; at its start the hub finds nobody there.
    await issue()
    await fail()
    hub = await testHub({
      HUBMESH_NETWORK__HTTP_HOST: '127.0.0.1',
      HUBMESH_SECURITY__JWT__JWKS: `http://127.0.0.1:${port}/keys`,
      HUBMESH_SECURITY__JWT__ISSUER: issuer,
    })
  })
  afterAll(async () => {
    await fail()
    await hub.stop()
  })

  it('answers 503 while it has no keys, says so, and takes tokens once it has', async () => {
    await isThere('warn')
    const response = await ask(hub, await signed(first, 'one'))
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('1')
    expect((await told(response)).code).toBe('keys-unavailable')
    await issue()
    await isThere('pass')
    expect((await ask(hub, await signed(first, 'one'))).status).toBe(200)
  })

  it('takes no token that is signed with a public key as if it were a secret, or by a key it does not have', async () => {
    const [jwk] = (served as { keys: { n: string }[] }).keys
    expect((await ask(hub, await token({ key: Buffer.from(jwk?.n ?? ''), kid: 'one' }))).status).toBe(401)
    expect((await ask(hub, await token({ key: Buffer.from(JSON.stringify(jwk)), kid: 'one' }))).status).toBe(401)
    expect((await ask(hub, await signed(second, 'one'))).status).toBe(401)
    expect((await ask(hub, await signed(second, 'two'))).status).toBe(401)
  })

  it('goes on with the keys it has while the set cannot be fetched, and refuses none that may be new', async () => {
    await fail()
    const server = createServer((_, response) => response.writeHead(500).end('<p>oops</p>'))
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    // Not before the cooldown does an unknown key make the hub ask; then it meets the failure.
    await vi.waitFor(async () => expect((await ask(hub, await signed(second, 'two'))).status).toBe(503), {
      timeout: 20_000,
      interval: 500,
    })
    expect((await health()).status).toBe('degraded')
    expect((await ask(hub, await signed(first, 'one'))).status).toBe(200)
    expect((await ask(hub, await signed(second, 'one'))).status).toBe(401)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    served = { keys: [{ ...(await exportJWK(second.publicKey)), kid: 'two', alg: 'RS256' }] }
    await issue()
    await isThere('pass')
    expect((await ask(hub, await signed(second, 'two'))).status).toBe(200)
    expect((await ask(hub, await signed(first, 'one'))).status).toBe(401)
    const turns = hub.lines.filter((line) => line['operation'] === 'tokens').map((line) => line['level'])
    expect(turns).toEqual(['warn', 'info', 'warn', 'info'])
  })
})
