// How a hub proves to NATS servers who it is, and they to it: real servers, real certificates, real credentials.

import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { nkeys } from '@nats-io/transport-node'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { type TestHub, testHub } from '../hubs.ts'
import { mayLeaveOut } from '../processes.ts'
import { isWithoutNats, killServers, NatsServer } from './server.ts'

const patience = 15_000
const directory = mkdtempSync(join(tmpdir(), 'hubmesh-nats-'))
afterAll(() => {
  killServers()
  rmSync(directory, { recursive: true, force: true })
})

const status = async (hub: TestHub) =>
  ((await (await fetch(`${hub.url}/health/nats`)).json()) as { readonly status: string }).status
const isConnected = (hub: TestHub) =>
  vi.waitFor(async () => expect(await status(hub)).toBe('connected'), { timeout: patience, interval: 100 })
const isToldAway = (hub: TestHub, why: RegExp) =>
  vi.waitFor(() => {
    const told = hub.lines.filter((line) => line['operation'] === 'nats').map((line) => JSON.stringify(line))
    expect(told).toContainEqual(expect.stringMatching(why))
  }, patience)

function file(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

interface Issuer {
  getPublicKey(): string
  sign(input: Uint8Array): Uint8Array
}

const base64url = (value: string | Uint8Array) => Buffer.from(value).toString('base64url')

/** A token as NATS has them: JSON that the issuer's key signs. */
function token(issuer: Issuer, sub: string, nats: object): string {
  const head = base64url(JSON.stringify({ typ: 'JWT', alg: 'ed25519-nkey' }))
  const said = { jti: randomUUID(), iat: 1_700_000_000, iss: issuer.getPublicKey(), name: 'mesh', sub, nats }
  const text = `${head}.${base64url(JSON.stringify(said))}`
  return `${text}.${base64url(issuer.sign(new TextEncoder().encode(text)))}`
}

describe.skipIf(isWithoutNats)('a hub', () => {
  it('is let in with a credentials file, which it reads when it is there', async () => {
    const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()]
    const version = 2
    const none = { subs: -1, data: -1, payload: -1 }
    const all = { imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }
    const accountToken = token(operator, account.getPublicKey(), {
      limits: { ...none, ...all },
      type: 'account',
      version,
    })
    const config = file(
      'operator.conf',
      `operator: ${token(operator, operator.getPublicKey(), { type: 'operator', version })}
resolver: MEMORY
resolver_preload: { ${account.getPublicKey()}: ${accountToken} }`,
    )
    const server = await NatsServer.make(['--config', config])
    await server.start()
    const credentials = join(directory, 'hub.creds')
    const env = { HUBMESH_BRIDGES__NATS__URL: server.url, HUBMESH_BRIDGES__NATS__CREDS_FILE: credentials }
    const hub = await testHub(env)
    await isToldAway(hub, /ENOENT/)
    const seed = new TextDecoder().decode(user.getSeed())
    file(
      'hub.creds',
      `-----BEGIN NATS USER JWT-----
${token(account, user.getPublicKey(), { ...none, type: 'user', version })}
------END NATS USER JWT------
-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`,
    )
    await isConnected(hub)
    expect(JSON.stringify(hub.lines)).not.toContain(seed)
    await hub.stop()
    await server.kill()
  })

  it('that may not listen is told so and asks again, until it may', async () => {
    const permitted = (subject: string) => `authorization { users = [
      { user: mesh, password: mesh, permissions: { subscribe: "${subject}" } } ] }`
    const config = file('permissions.conf', permitted('other.*'))
    const server = await NatsServer.make(['--config', config])
    await server.start()
    const url = `nats://mesh:mesh@127.0.0.1:${server.port}`
    const hub = await testHub({ HUBMESH_BRIDGES__NATS__URL: url })
    await isToldAway(hub, /permission/i)
    expect(hub.lines.filter((line) => line['operation'] === 'nats').length).toBeLessThan(6)
    file('permissions.conf', permitted('hub.presence.*'))
    await server.kill()
    await server.start()
    await isConnected(hub)
    await hub.stop()
    await server.kill()
  })

  it('that is let in no more says so once, and is back by itself when it is let in again', async () => {
    const log = file('server.log', '')
    const letIn = (password: string) => file('users.conf', `authorization { user: mesh, password: ${password} }`)
    const server = await NatsServer.make(['--config', letIn('first'), '--log', log])
    await server.start()
    const hub = await testHub({ HUBMESH_BRIDGES__NATS__URL: `nats://mesh:first@127.0.0.1:${server.port}` })
    await isConnected(hub)
    letIn('second')
    await server.kill()
    await server.start()
    await isToldAway(hub, /authorization violation/i)
    const refusals = () => readFileSync(log, 'utf8').match(/authentication error/g)?.length
    await vi.waitFor(() => expect(refusals()).toBeGreaterThan(2), patience)
    expect(hub.lines.filter(({ operation }) => operation === 'nats').map(({ level }) => level)).toEqual([
      'info',
      'warn',
      'warn',
    ])
    letIn('first')
    await server.kill()
    await server.start()
    await isConnected(hub)
    await hub.stop()
    await server.kill()
  })

  it('that wants TLS does without a server that has none', async () => {
    const server = await NatsServer.make()
    await server.start()
    const hub = await testHub({ HUBMESH_BRIDGES__NATS__URL: server.url, HUBMESH_BRIDGES__NATS__TLS: 'true' })
    await isToldAway(hub, /tls/i)
    expect(await status(hub)).toBe('disconnected')
    await hub.stop()
    await server.kill()
  })

  it.skipIf(mayLeaveOut('openssl', 'version'))('trusts a server by its certificate, and no other', async () => {
    const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert]
    expect(spawnSync('openssl', [...made, ...named]).status).toBe(0)
    const server = await NatsServer.make(['--tls', '--tlscert', cert, '--tlskey', key])
    await server.start()
    const hub = await testHub({ HUBMESH_BRIDGES__NATS__URL: `tls://localhost:${server.port}` })
    await isToldAway(hub, /certificate/i)
    expect(await status(hub)).toBe('disconnected')
    const usual = getCACertificates('default')
    setDefaultCACertificates([...usual, readFileSync(cert, 'utf8')])
    try {
      await isConnected(hub)
    } finally {
      setDefaultCACertificates(usual)
    }
    await hub.stop()
    await server.kill()
  })
})
