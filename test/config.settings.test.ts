// Every setting changes something: what it is turned into, or what the named test of its effect observes.

import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect, it } from 'vitest'
import { loadConfig } from '../src/config/load.ts'
import { type Config, type Setting, settings } from '../src/config/schema.ts'
import { settingsOf } from '../src/config/settings.ts'
import type { PeerId } from '../src/core/ids.ts'
import { httpOptionsOf, natsSettingsOf, networkOptionsOf } from '../src/hubmesh.ts'

const privateKey = await generateKeyPair('Ed25519')

/** Settings that the composition and `start` use themselves, and where their effect is tested. */
const usedDirectly = new Map([
  ['node.shutdown_timeout', 'cli.test.ts'],
  ['network.http_host', 'cli.test.ts'],
  ['network.http_port', 'cli.test.ts'],
  ['federation.open', 'config.test.ts (listening beyond this machine)'],
  ['gossip.compression', 'compression.test.ts'],
  ['catalog.projects_file', 'cli.test.ts'],
  ['monitoring.log_level', 'cli.test.ts'],
  ['monitoring.metrics_port', 'http.metrics.test.ts'],
  ['security.jwt.secret_file', 'config.security.test.ts'],
])

/** Settings that mean something only beside others. */
const companions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'security.jwt.issuer': { HUBMESH_SECURITY__JWT__SECRET: 'a secret that is long enough for HS256' },
  'security.jwt.token_expiry': { HUBMESH_SECURITY__JWT__SECRET: 'a secret that is long enough for HS256' },
  'security.jwt.jwks': { HUBMESH_SECURITY__JWT__ISSUER: 'https://issuer.example' },
  'security.tls.cert_file': { HUBMESH_SECURITY__TLS__KEY_FILE: 'k', HUBMESH_SECURITY__TLS__CERT_FILE: 'c' },
  'security.tls.key_file': { HUBMESH_SECURITY__TLS__KEY_FILE: 'k', HUBMESH_SECURITY__TLS__CERT_FILE: 'c' },
  'security.tls.ca_file': { HUBMESH_SECURITY__TLS__KEY_FILE: 'k', HUBMESH_SECURITY__TLS__CERT_FILE: 'c' },
}

/** What is fit for the setting, where that is more than a type: the rules between settings judge it as well. */
const fitting: Readonly<Record<string, string>> = {
  'security.api_keys': JSON.stringify([{ name: 'ops', hash: `sha256:${'0'.repeat(64)}`, role: 'viewer' }]),
  'security.jwt.secret': 'a secret that is long enough for HS256',
  'security.jwt.jwks': 'https://issuer.example/keys',
  'security.roles': 'sre=admin',
  'security.admin_host': '127.0.0.1:8090',
  'security.admin_trust': '10.0.0.0/8',
  'network.trusted_proxies': '10.0.0.0/8',
  'membership.probe_timeout': '123ms',
  'presence.flush_interval': '2s',
  'catalog.removal_retention': '720.5h',
}

/** A valid value other than the default. */
function otherValue({ path, schema }: Setting): string {
  if (path in fitting) return fitting[path] ?? ''
  if (schema.enum !== undefined) return schema.enum.find((word) => word !== schema.default) ?? ''
  if (schema.type === 'boolean') return String(schema.default !== true)
  if (schema.unit === 'duration') return '34567ms'
  if (schema.unit === 'size') return '512 KiB'
  if (schema.type === 'number' || schema.type === 'integer') return '7'
  if (path === 'network.parents') return 'other'
  if (schema.type === 'object') return 'zone=a'
  return schema.type === 'array' ? '127.0.0.1:4321' : 'other'
}

function config(env: Record<string, string>): Config {
  const loaded = loadConfig({ env: { HUBMESH_NODE__ID: 'a', ...env } })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.mistakes))
  return loaded.config
}

function told(one: Config): string {
  const { privateKey: _, ...network } = networkOptionsOf(one, { privateKey })
  return JSON.stringify([
    settingsOf({ config: one, peer: 'p' as PeerId, version: '1', seed: 1 }),
    network,
    httpOptionsOf(one),
    natsSettingsOf(one),
  ])
}

/** Settings that go only with others. */
const needed: readonly (readonly [path: string, env: Record<string, string>])[] = [
  ['node.coordinates.', { HUBMESH_NODE__COORDINATES__LATITUDE: '1', HUBMESH_NODE__COORDINATES__LONGITUDE: '1' }],
  ['bridges.nats.password', { HUBMESH_BRIDGES__NATS__USER: 'somebody' }],
]

it.each(settings.filter(({ path }) => !usedDirectly.has(path)))('$path reaches the part that acts on it', (setting) => {
  const usual = needed.find(([path]) => setting.path.startsWith(path))?.[1] ?? companions[setting.path] ?? {}
  expect(told(config({ ...usual, [setting.variable]: otherValue(setting) }))).not.toBe(told(config(usual)))
})

it('names only settings as used directly', () => {
  const paths = settings.map(({ path }) => path)
  expect([...usedDirectly.keys()].filter((path) => !paths.includes(path))).toEqual([])
})
