// `hubmesh config lint` and `config migrate`: what a configuration amounts to, and what becomes of an old one.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { arithmeticOf } from '../src/cli/arithmetic.ts'
import { loadConfig } from '../src/config/load.ts'
import { migrate } from '../src/config/migrate.ts'
import { suspicionTimeout } from '../src/core/membership/suspicion.ts'
import { hubmesh, killLeftovers } from './processes.ts'

const directory = mkdtempSync(join(tmpdir(), 'hubmesh-migrate-'))
const within = 30_000
vi.setConfig({ testTimeout: within, hookTimeout: within })
afterAll(() => {
  killLeftovers()
  rmSync(directory, { recursive: true, force: true })
})

const run = (...args: string[]) => hubmesh(args, { cwd: directory }).ended

function file(name: string, text: string): string {
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}

const tiered = `
node: { id: global-hub-001, region: us-east, hub_tier: global }
network: { listen_port: 8180, gossip_port: 8181, membership_port: 8182 }
gossip: { interval: 1.0, compression_enabled: true, fanuot: 3 }
membership: { probe_interval: 2.0, probe_timeout: 5.0, suspicion_timeout: 30.0 }
monitoring: { health_check_interval: 30.0 }
`

describe.concurrent('config migrate', () => {
  it('turns a tiered file into one that is valid, with a line for everything that changed', async () => {
    const { code, out, err } = await run('config', 'migrate', file('tiered.yaml', tiered))
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const lines = [
      /^# {3}renamed +network\.listen_port: is network\.http_port/m,
      /^# {3}renamed +network\.gossip_port: is network\.listen; .+one port/m,
      /^# {3}no meaning here +network\.membership_port: /m,
      /^# {3}no meaning here +monitoring\.health_check_interval: /m,
      /^# {3}cannot work +membership\.probe_timeout: 5s is more than half of membership\.probe_interval \(2s\)/m,
      /^# {3}unknown +gossip\.fanuot: .+did you mean gossip\.fanout/m,
    ]
    for (const line of lines) expect(out).toMatch(line)
    const loaded = loadConfig({ file: file('new.yaml', out), env: {} })
    expect(loaded.ok && loaded.config).toMatchObject({
      node: { id: 'global-hub-001', region: 'us-east', hub_tier: 'global' },
      network: { http_port: 8180, listen: ['127.0.0.1:8181'] },
      gossip: { interval: 1_000, compression: true },
      membership: { probe_interval: 2_000, suspicion_multiplier: 15 },
    })
    expect(loaded.ok && loaded.notes).toEqual([])
  })

  it('writes a file where it is told to, and does not overwrite one', async () => {
    const old = file('again.yaml', tiered)
    const wrote = await run('config', 'migrate', old, '--out', 'out.yaml')
    expect(wrote).toMatchObject({ code: 0, out: expect.stringMatching(/^unknown(.|\n)+\nwrote out\.yaml\n$/) })
    expect(readFileSync(join(directory, 'out.yaml'), 'utf8')).toMatch(/^ {2}http_port: 8180$/m)
    expect(await run('config', 'migrate', old, '--out', 'out.yaml')).toMatchObject({ code: 1, out: '' })
  })

  it('says why a file cannot be read', async () => {
    const { code, err } = await run('config', 'migrate', 'gone.yaml')
    expect(code).toBe(1)
    expect(err).toMatch(/^hubmesh: gone\.yaml cannot be read/)
  })
})

describe('variables of a central service', () => {
  const told = [
    ['renamed', 'FEDERATION_PORT'],
    ['renamed', 'LOG_LEVEL'],
    ['meaningless', 'DB_PASSWORD'],
    ['kept', 'PROJECT_SLUG'],
    ['unknown', 'FOO'],
    ['missing', 'node.id'],
  ]

  it.each([
    ['a .env', 'DB_PASSWORD=hidden\nexport FEDERATION_PORT=8001\n# x\nLOG_LEVEL=warning\nPROJECT_SLUG=a\nFOO=1\n'],
    [
      'a compose file',
      'services: { db: { environment: [DB_PASSWORD=hidden] }, fed: { environment: { FEDERATION_PORT: 8001, LOG_LEVEL: warning, PROJECT_SLUG: a, FOO: 1 } } }',
    ],
    ['a mapping', 'DB_PASSWORD: hidden\nFEDERATION_PORT: 8001\nLOG_LEVEL: warning\nPROJECT_SLUG: a\nFOO: 1\n'],
  ])('are taken from %s, secrets left out', (_, text) => {
    const migrated = migrate(file('central', text))
    if (!migrated.ok) throw new Error(migrated.reason)
    const changes = migrated.changes.map(({ kind, name }) => [kind, name])
    expect(changes.toSorted()).toEqual(told.toSorted())
    expect(migrated.text).toMatch(/^ {2}http_port: 8001$/m)
    expect(migrated.text).toMatch(/^ {2}log_level: warn$/m)
    expect(migrated.text).not.toContain('hidden')
  })

  it('that hold secrets stay where they are, in whatever kind of file', () => {
    const reference = ['$', '{JWT}'].join('')
    const texts = [
      'NATS_URL=nats://me:hidden@broker:4222\nJWT_SECRET_KEY=hidden\nHUBMESH_NODE__ID=a\n',
      `node: { id: a }\nsecurity: { authentication: { enabled: true, jwt_secret: hidden-${'0123456789'.repeat(4)} } }`,
      `node: { id: a }\nsecurity: { authentication: { jwt_secret: '${reference}', token_expiry: 1800 } }`,
    ]
    const told = texts.map((text) => {
      const migrated = migrate(file('secret', text))
      if (!migrated.ok) throw new Error(migrated.reason)
      expect(JSON.stringify(migrated)).not.toContain('hidden')
      expect(migrated.changes.map(({ kind }) => kind)).not.toContain('refused')
      return migrated.text
    })
    expect(told[0]).toMatch(/^# {3}kept +bridges\.nats\.url: is left out; set HUBMESH_BRIDGES__NATS__URL/m)
    expect(told[1]).toMatch(/^# {3}kept +security\.jwt\.secret: is left out; set HUBMESH_SECURITY__JWT__SECRET/m)
    expect(told[2]).toContain(`    secret: "${reference}"`)
  })

  it('that a file fills in are filled in when a hub reads it, not before', () => {
    const reference = ['$', '{NAME}'].join('')
    const migrated = migrate(file('filled.yaml', `node:\n  id: a\n  data_dir: /data/${reference}\n`))
    expect(migrated.ok && migrated.text).toContain(`data_dir: "/data/${reference}"`)
  })
})

describe('config lint', () => {
  it('says what a configuration amounts to, and what is seldom meant', async () => {
    const config = file('lint.yaml', 'node: { id: a }\npresence: { stale_threshold: 45s }\nconsensus: { threshold: 1 }')
    const [people, json] = await Promise.all([
      run('config', 'lint', '--config', config, '--hubs', '50'),
      run('config', 'lint', '--config', config, '--json'),
    ])
    expect({ code: people.code, err: people.err }).toEqual({ code: 0, err: '' })
    expect(people.out).toMatch(/^consensus has no effect: /m)
    expect(people.out).toMatch(/^presence\.stale_threshold: 45s forgives one beat of 30s/m)
    expect(people.out).toMatch(/^IN A POOL OF 50/m)
    expect(JSON.parse(json.out)).toMatchObject({ valid: true, arithmetic: { hubs: 20, presence: { missed_beats: 1 } } })
  })

  it('ends with 2 and all mistakes of a configuration that is none, or for no number of hubs', async () => {
    const told = await Promise.all([
      run('config', 'lint', '--config', file('wrong.yaml', 'node: { id: "a b", hub_tier: x }')),
      run('config', 'lint', '--hubs', 'many'),
    ])
    expect(told).toMatchObject([
      { code: 2, out: '', err: expect.stringContaining('2 mistakes') },
      { code: 2, out: '' },
    ])
  })

  it('reckons with the formulae of the protocols', () => {
    const loaded = loadConfig({ env: { HUBMESH_NODE__ID: 'a', HUBMESH_MEMBERSHIP__PROBE_INTERVAL: '2s' } })
    if (!loaded.ok) throw new Error('the configuration is valid')
    const [two, many] = [arithmeticOf(loaded.config, 2), arithmeticOf(loaded.config, 200)]
    const shortest = suspicionTimeout(4, 200, 2_000)
    expect(many.detection.killed_ms).toBe(500)
    expect(many.detection.hung_ms - many.detection.first_probe_ms).toBe(Math.round(0.6 * shortest))
    expect(many.detection.hung_for_one_ms).toBe(many.detection.first_probe_ms + Math.round(6 * shortest))
    expect(two.detection).toMatchObject({ first_probe_ms: 2_000, hung_ms: 10_000, hung_for_one_ms: 10_000 })
    expect(two.traffic.bytes_per_s).toBeGreaterThan(100)
    expect(arithmeticOf(loaded.config, 1).traffic.bytes_per_s).toBe(0)
  })
})
