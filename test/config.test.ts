// What a person may write into a configuration, and what they are told when it is wrong.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type Loaded, loadConfig } from '../src/config/load.ts'
import { describeMistakes } from '../src/config/mistake.ts'
import { loadProjects } from '../src/config/projects.ts'
import { type Config, settings } from '../src/config/schema.ts'
import { commentedYaml, showConfig, showYaml } from '../src/config/show.ts'
import { formatDuration, formatSize, parseDuration, parseSize } from '../src/core/units.ts'

const directory = mkdtempSync(join(tmpdir(), 'hubmesh-config-'))
afterAll(() => rmSync(directory, { recursive: true }))

let files = 0
function file(text: string): string {
  const path = join(directory, `${files++}.yaml`)
  writeFileSync(path, text)
  return path
}

const variable = (name: string) => `\${${name}}`
const named = { HUBMESH_NODE__ID: 'a' }

function config(loaded: Loaded): Config {
  if (!loaded.ok) throw new Error(describeMistakes(loaded.mistakes))
  return loaded.config
}

function paths(loaded: Loaded): string[] {
  return loaded.ok ? [] : loaded.mistakes.map((mistake) => mistake.path)
}

function told(yaml: string, env: Record<string, string> = named): string {
  const loaded = loadConfig({ file: file(yaml), env })
  return loaded.ok ? '' : describeMistakes(loaded.mistakes)
}

/** Ten lines that stand for ten thousand million values. */
function yamlBomb(): string {
  const tens = (name: string) => Array.from({ length: 10 }, () => name).join(', ')
  return Array.from({ length: 10 }, (_, i) => `a${i}: &a${i} [${tens(i === 0 ? 'x' : `*a${i - 1}`)}]`).join('\n')
}

describe('a configuration', () => {
  it('with mistakes tells all of them at once, with their paths', () => {
    const loaded = loadConfig({
      file: file(`
node: { id: "two words", hub_tier: regionl, data_dirr: x }
membership: { probe_interval: 2s, probe_timeout: 5s }
network: { http_port: 99999 }
`),
      env: {},
    })
    expect(paths(loaded).sort()).toEqual([
      'membership.probe_timeout',
      'network.http_port',
      'node.data_dirr',
      'node.hub_tier',
      'node.id',
    ])
  })

  it('is read from the file, then old variables, then HUBMESH_ variables, then flags', () => {
    const yaml = file('{ node: { id: f, region: f, hub_tier: global }, monitoring: { log_level: debug } }')
    const env = {
      MPREG_NODE_ID: 'm',
      MPREG_REGION: 'm',
      MPREG_LOG_LEVEL: 'error',
      LOG_LEVEL: 'info',
      HUBMESH_NODE__REGION: 'h',
    }
    const flags = { 'node.region': { raw: 'g', from: '--region' } }
    const { node, monitoring } = config(loadConfig({ file: yaml, env, flags }))
    expect([node.id, node.region, node.hub_tier, monitoring.log_level]).toEqual(['m', 'g', 'global', 'error'])
    expect(config(loadConfig({ file: yaml, env })).node.region).toBe('h')
  })

  it('may be named by HUBMESH_CONFIG', () => {
    expect(config(loadConfig({ env: { HUBMESH_CONFIG: file('node: { id: x }') } })).node.id).toBe('x')
  })

  it('takes durations in seconds or with a unit, sizes in bytes or with a unit, lists as JSON or with commas', () => {
    const env = {
      ...named,
      HUBMESH_MEMBERSHIP__PROBE_INTERVAL: '0.5',
      HUBMESH_MEMBERSHIP__DEAD_RETENTION: '72h',
      HUBMESH_PRESENCE__FLUSH_INTERVAL: '500ms',
      HUBMESH_LIMITS__BODY: '64 KiB',
      HUBMESH_NETWORK__PARENTS: 'b, c',
      HUBMESH_NETWORK__BOOTSTRAP: '["x:1","y:2"]',
      HUBMESH_NODE__COORDINATES: '{"latitude": 52.5, "longitude": 13.4}',
    }
    const { membership, presence, limits, network, node } = config(loadConfig({ env }))
    expect(membership).toMatchObject({ preset: 'lan', probe_interval: 500, dead_retention: 259_200_000 })
    expect(presence.flush_interval).toBe(500)
    expect(limits.body).toBe(65_536)
    expect(network).toMatchObject({ parents: ['b', 'c'], bootstrap: ['x:1', 'y:2'] })
    expect(node.coordinates).toEqual({ latitude: 52.5, longitude: 13.4 })
  })

  it('takes labels as a mapping, as pairs or as JSON, and says what is no label', () => {
    const labels = { zone: 'eu-1a', rack: '3' }
    expect(
      config(loadConfig({ file: file('node: { labels: { zone: eu-1a, rack: 3 } }'), env: named })).node.labels,
    ).toEqual(labels)
    for (const text of ['zone=eu-1a, rack=3', '{"zone": "eu-1a", "rack": 3}']) {
      expect(config(loadConfig({ env: { ...named, HUBMESH_NODE__LABELS: text } })).node.labels).toEqual(labels)
    }
    for (const text of ['zone', 'a=b=c', '{"zone"', `zone=${'x'.repeat(64)}`, '=x', 'zone=']) {
      expect(paths(loadConfig({ env: { ...named, HUBMESH_NODE__LABELS: text } }))).toEqual(['node.labels'])
    }
  })

  it.each([
    ['global', 2_000, 2_000],
    ['regional', 1_000, 600],
    ['local', 500, 300],
  ] as const)('of tier %s beats and links as the old guides say, unless told otherwise', (tier, interval, links) => {
    const env = { ...named, HUBMESH_NODE__HUB_TIER: tier }
    expect(config(loadConfig({ env }))).toMatchObject({ gossip: { interval }, limits: { links } })
    const told = config(loadConfig({ env: { ...env, HUBMESH_GOSSIP__INTERVAL: '3s' } }))
    expect(told.gossip.interval).toBe(3_000)
  })

  it('fills in variables after parsing, so that their content is never YAML', () => {
    const yaml = file(`{ node: { id: '${variable('NAME')}', region: 'r-${variable('NAME')}' } }`)
    expect(config(loadConfig({ file: yaml, env: { NAME: 'x' } })).node).toMatchObject({ id: 'x', region: 'r-x' })
    expect(paths(loadConfig({ file: yaml, env: { NAME: 'x }, evil: { y: 1' } }))).toEqual(['node.id', 'node.region'])
    expect(told(`node: { id: '${variable('NOT_SET')}' }`, {})).toContain('set the variable NOT_SET')
  })

  it.each([
    ['names an anchor that is not there', 'node: { id: *nobody }', 'Unresolved alias'],
    ['contains itself', 'network: { listen: &a [*a, *a] }', 'it is nested more than 32 levels deep'],
    ['unfolds without end', yamlBomb(), 'Excessive alias count'],
  ])('that %s is refused, not followed', (_what, yaml, reason) => {
    expect(told(yaml)).toContain(`is no plain YAML: ${reason}`)
  })

  it('cannot be changed once it is loaded', () => {
    const loaded = config(loadConfig({ env: named }))
    expect(() => Object.assign(loaded.node, { id: 'b' })).toThrow(TypeError)
    expect(() => (loaded.network.listen as string[]).push('x')).toThrow(TypeError)
  })
})

describe('a mistake', () => {
  it.each([
    ['node: { id: a }\ngosip: { interval: 1 }', 'did you mean gossip?'],
    ['node: { id: a, regoin: x }', 'did you mean node.region?'],
    ['http_port: 1', 'did you mean network.http_port?'],
    ['federation: { credential: x }', 'federation.credential: is not available in this version'],
    ['gossip: { batch_size: 10 }', 'gossip.batch_size: is not available in this version'],
    ['node: { hub_tier: golbal }', 'did you mean "global"?'],
    ['network: { http_port: 80a }', '"80a" is no number'],
    ['presence: { refresh: 5 parsecs }', 'write seconds, or a number with ms, s, m or h'],
    ['presence: { refresh: 0 }', '0 must be >= 100ms'],
    ['limits: { body: many }', 'write bytes, or a number with KiB, MiB or GiB'],
    ['monitoring: { metrics_enabled: maybe }', '"maybe" is neither true nor false'],
    ['node: { region: 7 }', 'put it in quotes'],
    ['network: 5', 'network: is no mapping'],
    ['network: { bootstrap: [nowhere] }', '"nowhere" is no address'],
    ['network: { listen: [/ip4/127.0.0.1/udp/8081] }', '"/ip4/127.0.0.1/udp/8081" is no address'],
    ['network: { listen: ["127.0.0.1:8080"] }', 'port 8080 is network.http_port already'],
    ['limits: { links: 3 }', '3 is too few for a local hub with its parents, children and pools: 4 are needed'],
    ['network: { parents: [a] }', 'a is this hub itself'],
    ['node: { coordinates: { latitude: 1 } }', 'node.coordinates.longitude: is not set'],
    ['presence: { stale_threshold: 30 }', 'is not longer than presence.heartbeat_interval'],
    ['catalog: { removal_retention: 719h }', 'is less than 10 times membership.dead_retention (72h)'],
    ['membership: { dead_retention: 73h }', 'was removed: at least 730h'],
    ['node: { id: a', 'is no YAML'],
    ['node: { id: a }\nnode: { id: b }', 'is no YAML'],
  ])('in %j says: %s', (yaml, message) => {
    expect(told(yaml)).toContain(message)
  })

  it.each([
    ['nats: { user: u, creds_file: /a }', 'bridges.nats.creds_file', 'two ways to be somebody'],
    ['nats: { password: p }', 'bridges.nats.password', 'is set without bridges.nats.user'],
  ])('is %s', (yaml, path, message) => {
    expect(told(`bridges: { ${yaml} }`)).toMatch(new RegExp(`${path}.*${message}`))
  })

  it('is told once, not again by the rules that read the value', () => {
    expect(paths(loadConfig({ file: file('presence: { refresh: soon }'), env: named }))).toEqual(['presence.refresh'])
  })

  it('in a name of a variable is found, but names that others set are left alone', () => {
    expect(paths(loadConfig({ env: { ...named, HUBMESH_NODE_REGION: 'x' } }))).toEqual(['HUBMESH_NODE_REGION'])
    expect(paths(loadConfig({ env: { ...named, HUBMESH_NODE__REGON: 'x' } }))).toEqual(['node.regon'])
    expect(loadConfig({ env: { ...named, HUBMESH_SERVICE_HOST: '10.0.0.1', HUBMESH_PORT: 'tcp://x' } }).ok).toBe(true)
  })

  it('is two old names that disagree', () => {
    const env = { ...named, SERVICE_PORT: '1', FEDERATION_PORT: '2' }
    expect(paths(loadConfig({ env }))).toEqual(['network.http_port'])
    expect(
      config(loadConfig({ env: { ...env, HUBMESH_NETWORK__HTTP_PORT: '3', FEDERATION_PORT: '1' } })).network,
    ).toMatchObject({
      http_port: 3,
    })
  })

  it('is to listen beyond this machine without saying that the federation is open', () => {
    const yaml = 'network: { http_host: 0.0.0.0, listen: ["/ip4/10.0.0.7/tcp/8081"] }'
    expect(paths(loadConfig({ file: file(yaml), env: named }))).toEqual(['network.http_host', 'network.listen'])
    expect(told(`${yaml}\nfederation: { open: true }`)).toBe('')
  })
})

describe('the text of a configuration', () => {
  it('written by init is a valid configuration with the same values as none', () => {
    const written = loadConfig({ file: file(commentedYaml({ 'node.id': 'a' }, 'local')), env: {} })
    expect(config(written)).toEqual(config(loadConfig({ env: named })))
  })

  it('written by init keeps every default when all its comments are removed', () => {
    const text = commentedYaml({ 'node.id': 'a' }, 'local')
    const keys = settings
      .filter(({ schema }) => 'default' in schema || 'byTier' in schema)
      .map(({ path }) => path.split('.').at(-1))
    const isSetting = (line: string) => keys.includes(/^ *# ([a-z_]+): /.exec(line)?.[1])
    const bare = text.split('\n').map((line) => (isSetting(line) ? line.replace('# ', '') : line))
    const loaded = loadConfig({ file: file(bare.join('\n')), env: {} })
    expect(config(loaded)).toEqual(config(loadConfig({ env: named })))
    expect(loaded.ok ? loaded.origins.size : 0).toBe(keys.length + 1)
  })

  it('as shown says who set each value, and reads back as the same configuration', () => {
    const loaded = loadConfig({ env: { ...named, HUBMESH_LIMITS__BODY: '2 MiB' } })
    const text = showYaml(showConfig(config(loaded), loaded.ok ? loaded.origins : new Map()))
    expect(text).toMatch(/ {2}body: 2 MiB +# HUBMESH_LIMITS__BODY\n/)
    expect(config(loadConfig({ file: file(text), env: {} }))).toEqual(config(loaded))
  })

  it('repeats no secret, neither as shown nor in a mistake', () => {
    const url = 'nats://mesh:hush@a:4222,nats://b:4222'
    const env = { ...named, NATS_URL: url, HUBMESH_BRIDGES__NATS__USER: 'u', HUBMESH_BRIDGES__NATS__PASSWORD: 'hush' }
    const loaded = loadConfig({ env })
    expect(config(loaded).bridges.nats).toEqual({ url, user: 'u', password: 'hush', tls: false })
    const text = showYaml(showConfig(config(loaded), loaded.ok ? loaded.origins : new Map()))
    expect(text).toMatch(/ url: "?nats:\/\/a:4222,nats:\/\/b:4222"? +# NATS_URL\n/)
    expect(text).toMatch(/ password: \(secret\) /)
    const wrong = `bridges: { nats: { url: "http://mesh:hush@a", password: [hush] } }`
    expect(`${text}${told(wrong)}`).not.toContain('hush')
    expect(told(wrong)).toMatch(/bridges.nats.url.*bridges.nats.password/s)
  })

  it('has units that read back', () => {
    for (const ms of [1, 500, 1_000, 90_000, 60_000, 5_400_000]) expect(parseDuration(formatDuration(ms))).toBe(ms)
    for (const bytes of [1, 1_000, 65_536, 1_048_576]) expect(parseSize(formatSize(bytes))).toBe(bytes)
    expect(formatDuration(259_200_000)).toBe('72h')
  })
})

describe('the projects file', () => {
  it('names projects under their slug or its old name', () => {
    const yaml = file('projects: [{ slug: a, name: A, tags: [x] }, { project_slug: b, hub_url: "http://b" }]')
    expect(loadProjects(yaml, {}, false)).toEqual({
      ok: true,
      entries: [
        { slug: 'a', name: 'A', tags: ['x'] },
        { slug: 'b', hub_url: 'http://b' },
      ],
    })
  })

  it('with mistakes tells all of them with their paths', () => {
    const yaml = file(`projects:
  - { slug: A_b }
  - { name: nameless }
  - { slug: c, hub_ulr: "http://c" }
  - { slug: c, hub_url: "ftp://c" }
  - 5`)
    const loaded = loadProjects(yaml, {}, false)
    expect(loaded.ok ? [] : loaded.mistakes.map((mistake) => mistake.path)).toEqual([
      'projects[0].slug',
      'projects[1].slug',
      'projects[2].hub_ulr',
      'projects[3].hub_url',
      'projects[4]',
      'projects[3].slug',
    ])
    expect(loaded.ok ? [] : loaded.mistakes.map(({ from }) => from?.replace(/.*:/, ''))).toEqual([
      ...['2', '3', '4', '5', '6', '5'],
    ])
  })

  it('may be missing only where nobody named it', () => {
    expect(loadProjects('/nowhere/projects.yaml', {}, true)).toEqual({ ok: true })
    expect(loadProjects('/nowhere/projects.yaml', {}, false).ok).toBe(false)
    expect(loadProjects('', {}, false)).toEqual({ ok: true })
    expect(loadProjects(file('projects:'), {}, false)).toEqual({ ok: true, entries: [] })
    expect(loadProjects(file('# nothing yet'), {}, false)).toEqual({ ok: true })
  })
})
