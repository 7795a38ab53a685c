// The command line, as real processes.

import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { age, table } from '../src/cli/table.ts'
import { freePorts } from './ports.ts'
import { hubmesh, killLeftovers, type Running } from './processes.ts'

const directory = mkdtempSync(join(tmpdir(), 'hubmesh-cli-'))
const within = 60_000
vi.setConfig({ testTimeout: within, hookTimeout: within })
afterAll(() => {
  killLeftovers()
  rmSync(directory, { recursive: true, force: true })
})

const run = (...args: string[]) => hubmesh(args, { cwd: directory }).ended

function file(name: string, text: string): string {
  writeFileSync(join(directory, name), text)
  return name
}

describe.concurrent('a command', () => {
  it('that does not exist is wrong usage', async () => {
    const { code, err } = await run('strat')
    expect(code).toBe(2)
    expect(err).toContain('Did you mean start?')
  })

  it('tells the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    expect(await run('--version')).toMatchObject({ code: 0, out: `${version}\n` })
  })

  it('that asks a hub says where none answers', async () => {
    const { code, err } = await run('status', '--url', 'http://127.0.0.1:9')
    expect(code).toBe(1)
    expect(err).toContain('no hub answers at http://127.0.0.1:9/')
  })

  it('that asks a hub says that something else answers there', async () => {
    const stranger = createHttpServer((_request, response) => response.end('{"hello":1}')).listen(0, '127.0.0.1')
    await once(stranger, 'listening')
    const url = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`
    const told = await Promise.all(
      ['status', 'members', 'projects --json'].map((c) => run(...c.split(' '), '--url', url)),
    )
    stranger.close()
    for (const { code, out, err } of told) {
      expect({ code, out }).toEqual({ code: 1, out: '' })
      expect(err).toBe(`hubmesh: ${url}/ answers, but not as a hub does: pass the --url of a hub\n`)
    }
  })

  it('that meets a file where a directory belongs says so in one line', async () => {
    const path = file('in-the-way', '')
    const told = await Promise.all([
      run('key', 'show', '--data-dir', path),
      run('init', `${path}/a.yaml`, '--node-id', 'a'),
    ])
    for (const { code, err } of told) {
      expect(code).toBe(1)
      expect(err).toMatch(/^hubmesh: .*in-the-way.* cannot be (read|written): .*\n$/)
    }
  })
})

describe.concurrent('a configuration with five mistakes', () => {
  const config = `
node: { id: "two words", hub_tier: regionl, data_dir: five }
membership: { probe_interval: 2, probe_timeout: 5 }
network: { http_port: 99999, listn: ["127.0.0.1:1"] }
`
  const paths = ['node.id', 'node.hub_tier', 'membership.probe_timeout', 'network.http_port', 'network.listn']

  it('ends start with 2 and all of them, before anything is opened', async () => {
    const { code, out, err } = await run('start', '--config', file('five.yaml', config))
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toContain('5 mistakes')
    for (const path of paths) expect(err).toContain(`  ${path}: `)
    expect(existsSync(join(directory, 'five'))).toBe(false)
  })

  it('is told by config validate, to scripts as JSON', async () => {
    const { code, out } = await run('config', 'validate', '--json', '--config', file('six.yaml', config))
    expect(code).toBe(2)
    const { valid, mistakes } = JSON.parse(out)
    expect(valid).toBe(false)
    expect(mistakes.map((mistake: { path: string }) => mistake.path).sort()).toEqual([...paths].sort())
  })
})

describe.concurrent('config', () => {
  it('init writes a file that is valid, and does not overwrite one', async () => {
    const wrote = await run('init', 'made.yaml', '--node-id', 'hub-a', '--region', 'eu', '--bootstrap', 'x:1,y:2')
    expect(wrote).toMatchObject({ code: 0, err: '' })
    expect(readFileSync(join(directory, 'made.yaml'), 'utf8')).toMatch(/^ {2}region: eu$/m)
    const again = await run('init', 'made.yaml', '--node-id', 'hub-b')
    expect(again.code).toBe(1)
    expect(again.err).toContain('--force')
    expect(readFileSync(join(directory, 'made.yaml'), 'utf8')).toContain('id: hub-a')
    expect(await run('config', 'validate', '--config', 'made.yaml')).toMatchObject({ code: 0 })
  })

  it('init writes nothing when a flag is wrong', async () => {
    const { code, err } = await run('init', 'never.yaml', '--node-id', 'a b', '--hub-tier', 'top')
    expect(code).toBe(2)
    expect(err).toContain('--node-id')
    expect(err).toContain('--hub-tier')
    expect(existsSync(join(directory, 'never.yaml'))).toBe(false)
  })

  it('show says who set each value', async () => {
    const config = file('shown.yaml', 'node: { id: shown }')
    const { out } = await hubmesh(['config', 'show', '--json', '--config', config], {
      cwd: directory,
      env: { HUBMESH_NODE__REGION: 'eu' },
    }).ended
    const shown = JSON.parse(out)
    expect(shown).toContainEqual({ path: 'node.id', value: 'shown', from: 'shown.yaml' })
    expect(shown).toContainEqual({ path: 'node.region', value: 'eu', from: 'HUBMESH_NODE__REGION' })
    expect(shown).toContainEqual({ path: 'presence.stale_threshold', value: '90s', from: 'default' })
  })

  it('validate looks into the projects file, too', async () => {
    file('wrong-projects.yaml', 'projects: [{ slug: A_b }, { name: nameless }]')
    const config = file('p.yaml', 'node: { id: a }\ncatalog: { projects_file: wrong-projects.yaml }')
    const { code, err } = await run('config', 'validate', '--config', config)
    expect(code).toBe(2)
    expect(err).toContain('projects[0].slug')
    expect(err).toContain('projects[1].slug')
  })
})

describe('a started hub', () => {
  let hub: Running
  let port: number
  let config: string

  beforeAll(async () => {
    port = await freePorts(2, 1)
    file('projects.yaml', 'projects: [{ slug: atlas, name: Atlas }]')
    config = file(
      'hub.yaml',
      `
node: { id: hub-a, region: eu, data_dir: held }
network: { http_port: ${port}, listen: ["127.0.0.1:${port + 1}"] }
gossip: { interval: 100ms }
catalog: { projects_file: projects.yaml }
`,
    )
    hub = hubmesh(['start', '--config', config], { cwd: directory })
    await vi.waitFor(() => expect(hub.out()).toContain('the projects file is in the catalog'), within)
  })

  it('answers status, members, projects and key show, for people and for scripts', async () => {
    const asked = ['status', 'status --json', 'members', 'projects', 'projects --json', 'key show --json', 'directory']
    const told = await Promise.all(asked.map((command) => run(...command.split(' '), '--config', config)))
    expect(told.map(({ code, err }) => ({ code, err }))).toEqual(told.map(() => ({ code: 0, err: '' })))
    const [status, statusJson, members, projects, projectsJson, keyJson, directory] = told.map(({ out }) => out)
    expect(status).toMatch(/^hub +hub-a \(local, region eu/m)
    expect(JSON.parse(statusJson ?? '')).toMatchObject({ hub_id: 'hub-a', state: 'ready' })
    expect(members).toMatch(/^HUB +TIER +REGION +STATUS/)
    expect(members).toMatch(/^hub-a +local +eu +alive/m)
    expect(directory).toMatch(/^HUB +TIER +REGION +STATUS +RECORDS/)
    expect(directory).toMatch(/^hub-a +local +eu +alive +2 /m)
    expect(projects).toMatch(/^atlas +offline/m)
    expect(JSON.parse(projectsJson ?? '')).toMatchObject([{ slug: 'atlas', name: 'Atlas' }])
    expect(JSON.parse(keyJson ?? '')).toMatchObject({ peer_id: JSON.parse(statusJson ?? '').peer_id })
  })

  it('holds its data directory: a second one ends with 75 and names directory and holder', async () => {
    const { code, out } = await run('start', '--config', config)
    expect(code).toBe(75)
    expect(out).toContain(`the data directory held is in use by process ${hub.child.pid}`)
  })

  it('that finds its HTTP port taken ends with 1, and has neither joined nor written anything', async () => {
    const taken = createServer()
    const http = await new Promise<number>((resolve) =>
      taken.listen(0, '127.0.0.1', () => {
        const address = taken.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      }),
    )
    const { code, out } = await hubmesh(['start', '--config', config, '--node-id', 'hub-b'], {
      cwd: directory,
      env: {
        HUBMESH_NODE__DATA_DIR: 'other',
        HUBMESH_NETWORK__HTTP_PORT: String(http),
        HUBMESH_NETWORK__LISTEN: '127.0.0.1:0',
      },
    }).ended
    taken.close()
    expect(code).toBe(1)
    expect(out).toContain(`port ${http} on 127.0.0.1 is in use`)
    expect(out).not.toContain('"operation":"state"')
  })

  it('that does not end in time ends with 1; it listened where, and logged what, it was told', async () => {
    const env = {
      HUBMESH_NODE__ID: 'hub-slow',
      HUBMESH_NODE__DATA_DIR: 'slow',
      HUBMESH_NODE__SHUTDOWN_TIMEOUT: '1ms',
      HUBMESH_NETWORK__HTTP_HOST: '127.0.0.2',
      HUBMESH_NETWORK__HTTP_PORT: '0',
      HUBMESH_NETWORK__LISTEN: '127.0.0.1:0',
      HUBMESH_MONITORING__LOG_LEVEL: 'debug',
    }
    const slow = hubmesh(['start'], { cwd: directory, env })
    await vi.waitFor(() => expect(slow.out()).toContain('"msg":"hub started"'), within)
    const [url = ''] = /http:\/\/127\.0\.0\.2:\d+/.exec(slow.out()) ?? []
    expect((await fetch(`${url}/health/live`)).status).toBe(200)
    await vi.waitFor(() => expect(slow.out()).toContain('"operation":"GET /health/live"'))
    slow.child.kill('SIGTERM')
    const { code, out } = await slow.ended
    expect(code).toBe(1)
    expect(out).toContain('the hub did not stop in time')
  })

  it('with a key that others may read is refused', async () => {
    const key = join(directory, 'held/identity.key')
    chmodSync(key, 0o640)
    const { code, err } = await run('key', 'show', '--config', config)
    chmodSync(key, 0o600)
    expect(code).toBe(1)
    expect(err).toContain('chmod 600 held/identity.key')
  })

  it('prints nothing but log lines, and ends in order on a signal', async () => {
    hub.child.kill('SIGTERM')
    // A terminal, npm or the launcher may pass on the same signal again.
    hub.child.kill('SIGTERM')
    const { code, out, err } = await hub.ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    for (const line of lines) {
      expect(line).toMatchObject({
        level: expect.stringMatching(/^(debug|info|warn|error)$/),
        timestamp: expect.stringMatching(/Z$/),
        msg: expect.any(String),
        hub_id: 'hub-a',
      })
    }
    expect(lines.at(-1)).toMatchObject({ msg: 'hub stopped' })
    expect(existsSync(join(directory, 'held/hub.pid'))).toBe(false)
  })
})

describe('the text for people', () => {
  it('has aligned columns without trailing spaces', () => {
    expect(
      table(
        ['A', 'BB'],
        [
          ['long', 'x'],
          ['s', ''],
        ],
      ),
    ).toBe('A     BB\nlong  x\ns')
  })

  it('says ages in the unit that fits', () => {
    const ago = (seconds: number) => age(new Date(1_000_000_000_000 - seconds * 1_000).toISOString(), 1_000_000_000_000)
    expect([ago(0), ago(90), ago(600), ago(7_300), age(null, 0)]).toEqual(['0 s', '90 s', '10 min', '2 h', '-'])
  })
})
