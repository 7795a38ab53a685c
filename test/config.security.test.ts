// What is said of access: what is taken, what is refused before anything is opened, and that no secret is ever repeated.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../src/config/load.ts'
import { describeMistakes } from '../src/config/mistake.ts'
import type { Config } from '../src/config/schema.ts'
import { hashOfKey } from '../src/config/secrets.ts'
import { showConfig, showYaml } from '../src/config/show.ts'
import { hubmesh, killLeftovers } from './processes.ts'

const directory = mkdtempSync(join(tmpdir(), 'hubmesh-security-'))
afterAll(() => rmSync(directory, { recursive: true }))
afterAll(killLeftovers)

const secret = 'a-real-secret-of-more-than-32-letters'
const hash = hashOfKey('hmk_x')
const named = { HUBMESH_NODE__ID: 'a' }
const variable = (name: string) => `\${${name}}`

let files = 0
function file(text: string): string {
  const path = join(directory, `${files++}.yaml`)
  writeFileSync(path, text)
  return path
}

function load(yaml: string, env: Readonly<Record<string, string>> = {}) {
  return loadConfig({ file: file(yaml), env: { ...named, ...env } })
}

function config(yaml: string, env: Readonly<Record<string, string>> = {}): Config {
  const loaded = load(yaml, env)
  if (!loaded.ok) throw new Error(describeMistakes(loaded.mistakes))
  return loaded.config
}

function mistakes(yaml: string, env: Readonly<Record<string, string>> = {}): string {
  const loaded = load(yaml, env)
  return loaded.ok ? '' : describeMistakes(loaded.mistakes)
}

describe('access', () => {
  it('is for this machine alone by default, and there is no secret that nobody chose', () => {
    const { security, network } = config('')
    expect(security).toEqual({
      api_keys: [],
      jwt: { token_expiry: 3_600_000 },
      roles: { viewer: 'viewer', operator: 'operator', admin: 'admin' },
      admin_trust: ['127.0.0.0/8'],
    })
    expect(network).toMatchObject({ http_host: '127.0.0.1', trusted_proxies: [] })
  })

  it('with credentials is for all machines, unless it is told otherwise', () => {
    const keys = `security: { api_keys: [{ name: ops, hash: "${hash}", role: viewer }] }`
    expect(config(keys).network.http_host).toBe('0.0.0.0')
    expect(config(`security: { jwt: { secret: ${secret} } }`).network.http_host).toBe('0.0.0.0')
    expect(config(`${keys}\nnetwork: { http_host: 127.0.0.1 }`).network.http_host).toBe('127.0.0.1')
    expect(config(`${keys}\nnetwork: { http_host: 10.0.0.7 }`).network.http_host).toBe('10.0.0.7')
    expect(mistakes('network: { http_host: 10.0.0.7 }')).toContain('set security.api_keys or security.jwt')
  })

  it('takes secrets from variables and from files of their own', () => {
    const path = file(`${secret}\n`)
    expect(config(`security: { jwt: { secret_file: ${path} } }`).security.jwt.secret).toBe(secret)
    expect(config(`security: { jwt: { secret: "${variable('S')}" } }`, { S: secret }).security.jwt.secret).toBe(secret)
    const env = { HUBMESH_SECURITY__JWT__SECRET_FILE: path }
    expect(config('', env).security.jwt.secret).toBe(secret)
    expect(mistakes(`security: { jwt: { secret: ${secret} } }`, env)).toContain('remove one of them')
    expect(mistakes('security: { jwt: { secret_file: /nowhere/secret } }')).toContain('cannot be read')
  })

  it('takes keys as JSON, and those of older installations as they are', () => {
    const entry = { name: 'ops', hash, role: 'admin' }
    expect(config('', { HUBMESH_SECURITY__API_KEYS: JSON.stringify([entry]) }).security.api_keys).toEqual([entry])
    for (const keys of [
      '["hmk_x-of-some-length", "old-key-of-somebody"]',
      'hmk_x-of-some-length, old-key-of-somebody',
    ]) {
      expect(config('', { FEDERATION_API_KEYS: keys }).security.api_keys).toEqual([
        { name: 'federation-1', hash: hashOfKey('hmk_x-of-some-length'), role: 'operator' },
        { name: 'federation-2', hash: hashOfKey('old-key-of-somebody'), role: 'operator' },
      ])
    }
    expect(config('', { JWT_SECRET_KEY: secret }).security.jwt.secret).toBe(secret)
    expect(config('', { FEDERATION_API_KEYS: '', JWT_SECRET_KEY: '' }).network.http_host).toBe('127.0.0.1')
  })

  it.each([
    ['null', 'is no list of keys'],
    ['{"ops":"hmk_of-some-length"}', 'is no list of keys'],
    ['"hmk_of-some-length"', 'is no list of keys'],
    ['["hmk_of-some-length", 7]', 'is no list of keys'],
    ['["hmk_of-some-length"', 'is no list of keys'],
    ['1234567890123456', 'is no list of keys'],
    ['changeme', 'key 1 is the placeholder of an example'],
    ['["hmk_of-some-length", "change-me-in-production"]', 'key 2 is the placeholder of an example'],
    ['your-api-key-goes-here', 'key 1 is the placeholder of an example'],
    ['hmk_fifteen-let', 'key 1 has fewer than 16 characters'],
    ['hmk_of-some-length,', 'key 2 has fewer than 16 characters'],
  ])('refuses %s as keys of an older installation: %s', (keys, message) => {
    const text = mistakes('', { FEDERATION_API_KEYS: keys })
    expect(text).toContain(`security.api_keys: ${message} (FEDERATION_API_KEYS)`)
    expect(text).not.toMatch(/hmk_|ops|changeme|1234/)
  })

  it('takes the old keys of files', () => {
    const old = `security:
  authentication: { enabled: true, jwt_secret: ${secret}, token_expiry: 1800 }
  authorization: { enabled: true, roles: { sre: admin } }
  tls_enabled: true
  tls_cert: a.crt
  tls_key: a.key`
    expect(config(old).security).toMatchObject({
      jwt: { secret, token_expiry: 1_800_000 },
      roles: { sre: 'admin' },
      tls: { cert_file: 'a.crt', key_file: 'a.key' },
    })
    expect(mistakes('security: { tls_enabled: true }')).toContain('set security.tls.cert_file')
    expect(mistakes('security: { tls_enabled: false }')).toBe('')
  })

  it.each([
    ['api_keys: [hmk_bare-key]', 'hubmesh api-key new makes one'],
    ['api_keys: hmk_bare-key', 'hubmesh api-key new makes one'],
    ['api_keys: [{ name: a, hash: hmk_bare-key, role: viewer }]', 'entry 1: hash'],
    [`api_keys: [{ name: a, hash: "${hash}", role: king }]`, 'entry 1: role'],
    [`api_keys: [{ name: a, hash: "${hash}" }]`, 'entry 1'],
    [`api_keys: [{ name: a, hash: "${hash}", role: admin, key: hmk_bare-key }]`, 'entry 1'],
    [
      `api_keys: [{ name: a, hash: "${hash}", role: admin }, { name: b, hash: "${hash}", role: admin }]`,
      'two keys have the same hash',
    ],
    [
      `api_keys: [{ name: a, hash: "${hash}", role: admin }, { name: a, hash: "${hashOfKey('y')}", role: admin }]`,
      'two keys have the same name',
    ],
    ['jwt: { secret: hmk_too-short }', 'security.jwt.secret: must not have fewer than 32 characters'],
    ['jwt: { secret: hmk_your-secret-key-change-in-production }', 'is the placeholder of an example'],
    [`jwt: { secret: ${secret}, jwks: "https://x/keys", issuer: x }`, 'remove the other'],
    ['jwt: { jwks: "https://x/keys" }', 'security.jwt.issuer: is not set'],
    ['jwt: { jwks: "http://x/keys", issuer: x }', 'use https'],
    ['jwt: { jwks: "https://u:hmk_p@x/keys", issuer: x }', 'without a user or password'],
    ['tls: { cert_file: a }', 'set both, or none'],
    ['tls: { ca_file: a }', 'set both, or none'],
    ['roles: { sre: king }', 'security.roles'],
    ['admin_host: nowhere', '"nowhere" is no address'],
    ['admin_host: "0.0.0.0:8090"', 'no caller can prove who it is'],
    ['admin_host: "127.0.0.1:8080"', 'port 8080 is network.http_port already'],
    ['admin_trust: [10.0.0.0/33]', '"10.0.0.0/33" is no range'],
    ['admin_trust: [localhost]', '"localhost" is no range'],
  ])('said as %j is refused: %s', (said, message) => {
    const text = mistakes(`security: { ${said} }`)
    expect(text).toContain(message)
    expect(text).not.toContain('hmk_')
  })

  it('repeats no secret, not where two old names disagree, and not where it is shown', () => {
    const loaded = load(
      `security: { jwt: { secret: ${secret} }, api_keys: [{ name: a, hash: "${hash}", role: admin }] }`,
    )
    if (!loaded.ok) throw new Error(describeMistakes(loaded.mistakes))
    const text = showYaml(showConfig(loaded.config, loaded.origins))
    expect(text).not.toContain(secret)
    expect(text).toContain('secret: (secret)')
    expect(text).toContain(hash)
    expect(mistakes('', { FEDERATION_API_KEYS: '["hmk_x", 7]' })).not.toContain('hmk_x')
    expect(mistakes('', { FEDERATION_API_KEYS: '["hmk_x", 7]' })).toContain('security.api_keys')
  })
})

describe('hubmesh api-key new', () => {
  it('tells a key once, and the line that lets it in', async () => {
    const { out, code } = await hubmesh(['api-key', 'new', '--name', 'ops', '--role', 'operator', '--json']).ended
    expect(code).toBe(0)
    const made = JSON.parse(out) as { key: string; hash: string; config: string; role: string }
    expect(made.key).toMatch(/^hmk_[A-Za-z0-9_-]{43}$/)
    expect(made.hash).toBe(hashOfKey(made.key))
    const loaded = config(`security:\n  api_keys:\n    ${made.config}`)
    expect(loaded.security.api_keys).toEqual([{ name: 'ops', hash: made.hash, role: 'operator' }])
    const text = (await hubmesh(['api-key', 'new', '--name', 'ops', '--role', 'viewer']).ended).out
    expect(text).not.toContain(made.key)
    expect(text).toMatch(/^key {5}hmk_/)
  })

  it.each([
    [['api-key', 'new'], '--name'],
    [['api-key', 'new', '--name', 'a b'], 'is no name'],
    [['api-key', 'new', '--name', 'a', '--role', 'king'], 'viewer, operator, admin'],
  ])('%j is wrong usage', async (args, message) => {
    const { code, err } = await hubmesh(args).ended
    expect(code).toBe(2)
    expect(err).toContain(message)
  })
})
