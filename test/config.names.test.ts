// What older installations called things: their names keep working, and what cannot work says why.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Loaded, loadConfig } from '../src/config/load.ts'
import { describeMistakes } from '../src/config/mistake.ts'
import { meaningless, oldKeys, oldVariables } from '../src/config/names.ts'
import { readOwnProject } from '../src/config/ownproject.ts'
import { type Config, settings } from '../src/config/schema.ts'

const directory = mkdtempSync(join(tmpdir(), 'hubmesh-names-'))
afterAll(() => rmSync(directory, { recursive: true }))

let files = 0
function load(yaml: string, env: Record<string, string> = {}): Loaded {
  const path = join(directory, `${files++}.yaml`)
  writeFileSync(path, yaml)
  return loadConfig({ file: path, env: { HUBMESH_NODE__ID: 'a', ...env } })
}

function config(loaded: Loaded): Config {
  if (!loaded.ok) throw new Error(describeMistakes(loaded.mistakes))
  return loaded.config
}

describe('the old names', () => {
  it('stand for settings that there are, and for nothing that is one', () => {
    const paths = settings.map(({ path }) => path)
    const meant = [...Object.values(oldKeys).map(({ setting }) => setting), ...oldVariables.flatMap(Object.values)]
    expect(meant.filter((path) => !paths.includes(path))).toEqual([])
    expect([...Object.keys(oldKeys), ...Object.keys(meaningless)].filter((name) => paths.includes(name))).toEqual([])
  })

  it('of a tiered file are read as what they are called now', () => {
    const loaded = load(`
node: { id: global-hub-001, region: us-east, hub_tier: global }
network: { listen_port: 8180, gossip_port: 8181, membership_port: 8182, consensus_port: 8183 }
gossip: { interval: 1.0, fanout: 3, compression_enabled: false }
membership: { probe_interval: 2.0, suspicion_timeout: 30.0 }
consensus: { threshold: 0.6, proposal_timeout: 10.0 }
monitoring: { metrics_enabled: true, health_check_interval: 30.0 }
`)
    expect(config(loaded)).toMatchObject({
      network: { http_port: 8180, listen: ['127.0.0.1:8181'] },
      gossip: { compression: false, fanout: 3, interval: 1_000 },
      membership: { suspicion_multiplier: 15 },
    })
    expect(loaded.ok && loaded.notes.map(({ name }) => name)).toEqual([
      'network.membership_port',
      'network.consensus_port',
      'consensus',
      'monitoring.health_check_interval',
    ])
    expect(loaded.ok && loaded.origins.get('network.http_port')).toMatch(/yaml, network\.listen_port$/)
  })

  it('of a port is one everywhere only where everybody may connect', () => {
    expect(config(load('network: { gossip_port: 9 }\nfederation: { open: true }')).network.listen).toEqual([
      '0.0.0.0:9',
    ])
  })

  it('lose to the variables of today', () => {
    const env = { HUBMESH_NETWORK__HTTP_PORT: '3' }
    expect(config(load('network: { listen_port: 8180 }', env)).network.http_port).toBe(3)
  })

  it('that say something else than the new name in the same file are refused', () => {
    const loaded = load('network: { listen_port: 8180, http_port: 8280 }')
    expect(loaded.ok ? [] : loaded.mistakes).toMatchObject([{ path: 'network.http_port' }])
    expect(load('network: { listen_port: 8180, http_port: 8180 }').ok).toBe(true)
  })

  it('that hold secrets and disagree are named, and their values are not', () => {
    const lengthy = 'hidden-and-long-enough-to-be-one-of-them'
    for (const yaml of [
      `security: { authentication: { jwt_secret: ${lengthy}1 }, jwt: { secret: ${lengthy}2 } }`,
      'security: { authentication: { jwt_secret: hidden } }',
    ]) {
      const loaded = load(yaml)
      expect(loaded.ok ? [] : loaded.mistakes).toMatchObject([{ path: 'security.jwt.secret' }])
      expect(JSON.stringify(loaded)).not.toContain('hidden')
    }
    const keys = (role: string) => `{ name: ops, hash: "sha256:${'0'.repeat(64)}", role: ${role} }`
    const both = (role: string) =>
      load(`security: { api_keys: [${keys('viewer')}], authentication: { api_keys: [${keys(role)}] } }`)
    expect(both('viewer').ok).toBe(true)
    expect(both('admin').ok).toBe(false)
  })

  it('of switches that are no more are told with the reason', () => {
    const loaded = load('security: { authentication: { enabled: true, method: jwt }, tls_enabled: false }')
    expect(loaded.ok && loaded.notes.map(({ name }) => name)).toEqual([
      'security.authentication.enabled',
      'security.authentication.method',
      'security.tls_enabled',
    ])
  })

  it('with a value that cannot work are refused with the reason', () => {
    const loaded = load('membership: { probe_interval: 2.0, probe_timeout: 5.0, suspicion_timeout: soon }')
    expect(loaded.ok ? '' : describeMistakes(loaded.mistakes)).toMatch(
      /probe_timeout: 5s is more than half of membership\.probe_interval \(2s\)/,
    )
    expect(loaded.ok ? [] : loaded.mistakes.map(({ path }) => path)).toContain('membership.suspicion_multiplier')
  })

  it('that mean nothing are told with the reason, and their values are not', () => {
    const loaded = load('', { DATABASE_URL: 'postgres://me:secret@db', DB_PASSWORD: 'secret', GRAFANA_PORT: '3001' })
    expect(loaded.ok && loaded.notes.map(({ name }) => name)).toEqual(['DATABASE_URL', 'DB_PASSWORD', 'GRAFANA_PORT'])
    expect(JSON.stringify(loaded)).not.toContain('secret')
  })
})

describe('the project of a hub', () => {
  it('takes both variables', () => {
    expect(readOwnProject({ PROJECT_SLUG: 'atlas', HUB_URL: 'http://atlas:9001' })).toEqual({
      project: { slug: 'atlas', hub_url: 'http://atlas:9001' },
      mistakes: [],
      notes: [],
    })
    expect(readOwnProject({ PROJECT_SLUG: 'atlas' })).toMatchObject({ notes: [{ name: 'PROJECT_SLUG' }], mistakes: [] })
    expect(readOwnProject({ HUB_URL: 'http://atlas:9001', PROJECT_SLUG: '' })).toEqual({ notes: [], mistakes: [] })
  })

  it('is refused as a whole when one of them is wrong', () => {
    const { project, mistakes } = readOwnProject({ PROJECT_SLUG: 'At_las', HUB_URL: 'atlas:9001' })
    expect(project).toBeUndefined()
    expect(mistakes.map(({ path }) => path)).toEqual(['PROJECT_SLUG', 'HUB_URL'])
  })
})
