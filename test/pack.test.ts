// The package as npm would publish it: packed from this checkout, unpacked elsewhere beside the same dependencies, and run
// by the machine's own Node, also where that is too old for HubMesh itself.

import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { testHub } from './hubs.ts'
import { killLeftovers, launch, root } from './processes.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 })
const exec = promisify(execFile)
const directory = mkdtempSync(join(tmpdir(), 'hubmesh-pack-'))
const installed = join(directory, 'node_modules/hubmesh')
/** Without the Node that npm brought: what a person has who types `hubmesh`. */
const path = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((entry) => !entry.includes('node_modules'))
  .join(delimiter)

beforeAll(async () => {
  // A copy, so that building for the package does not disturb what else uses dist/.
  const copy = join(directory, 'checkout')
  mkdirSync(copy)
  for (const name of [
    'src',
    'bin',
    'config',
    'docs',
    'scripts',
    'package.json',
    'CHANGELOG.md',
    'LICENSE',
    'tsconfig.json',
    'tsconfig.build.json',
  ]) {
    cpSync(join(root, name), join(copy, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  await exec('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: copy })
  const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz')) ?? ''
  mkdirSync(installed, { recursive: true })
  await exec('tar', ['-xzf', join(directory, tarball), '-C', installed, '--strip-components=1'])
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== 'hubmesh') symlinkSync(join(root, 'node_modules', name), join(directory, 'node_modules', name))
  }
})
afterAll(() => {
  killLeftovers()
  rmSync(directory, { recursive: true, force: true })
})

const packed = (...args: string[]) =>
  launch('node', [join(installed, 'bin/hubmesh.mjs'), ...args], { cwd: directory, env: { PATH: path } })

it('runs from the package with whatever Node the machine has', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  expect(await packed('--version').ended).toMatchObject({ code: 0, out: `${version}\n` })
  writeFileSync(join(directory, 'good.yaml'), 'node: { id: a }')
  expect(await packed('config', 'validate', '--config', 'good.yaml').ended).toMatchObject({ code: 0 })
  writeFileSync(join(directory, 'bad.yaml'), 'node: { id: "a b" }')
  expect(await packed('config', 'validate', '--config', 'bad.yaml').ended).toMatchObject({ code: 2 })
})

it('starts a hub from the package, and a signal to the launcher ends it in order', async () => {
  const yaml = 'node: { id: a }\nnetwork: { http_port: 0, listen: ["127.0.0.1:0"] }\ngossip: { interval: 100ms }'
  writeFileSync(join(directory, 'hub.yaml'), yaml)
  const hub = packed('start', '--config', 'hub.yaml')
  await vi.waitFor(() => expect(hub.out()).toContain('this hub is ready'), 20_000)
  hub.child.kill('SIGTERM')
  const { code, out } = await hub.ended
  expect(code).toBe(0)
  expect(out).toContain('hub stopped')
})

it('has a client for other programs, with types, that needs nothing of a hub', async () => {
  writeFileSync(
    join(directory, 'program.mjs'),
    `import { watch, WatchRefused } from 'hubmesh/client'
for await (const event of watch({ url: 'http://127.0.0.1:9', onRetry: (error) => { throw error } })) console.log(event)`,
  )
  const { code, err } = await launch('node', ['program.mjs'], { cwd: directory, env: { PATH: path } }).ended
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('fetch failed') })
  const types = readFileSync(join(installed, 'dist/client.d.ts'), 'utf8')
  expect(types).toMatch(/export declare function watch\(options: WatchOptions\): AsyncGenerator<WatchedEvent, void>/)
})

it('brings an example that lists a hub and keeps it online until it is told to end', async () => {
  const hub = await testHub({ HUBMESH_PRESENCE__HEARTBEAT_INTERVAL: '300ms' })
  const env = { PATH: path, FEDERATION_URL: hub.url, PROJECT_SLUG: 'comet', HUB_URL: 'http://comet.example:3000' }
  const example = launch('node', [join(installed, 'docs/examples/heartbeat.mjs')], { cwd: directory, env })
  await vi.waitFor(() => expect(example.out()).toContain(`comet is online at ${hub.url}, next in 0.3 s`), 20_000)
  const project = await (await fetch(`${hub.url}/api/fed/projects/comet`)).json()
  expect(project).toMatchObject({ status: 'online', hub_url: 'http://comet.example:3000', tags: ['example'] })
  example.child.kill('SIGTERM')
  expect(await example.ended).toMatchObject({ code: 0 })
  await hub.stop()
})

it('needs nothing at run time that it does not name as a dependency', () => {
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
  const files = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.js'),
  )
  const imported = files.flatMap((name) =>
    [...readFileSync(join(installed, 'dist', name), 'utf8').matchAll(/\b(?:from|import) ['"]([^.'"][^'"]*)['"]/g)].map(
      ([, specifier = '']) =>
        specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/'),
    ),
  )
  const foreign = imported.filter((name) => !name.startsWith('node:') && !builtinModules.includes(name))
  expect(foreign.length).toBeGreaterThan(10)
  expect([...new Set(foreign)].filter((name) => !(name in dependencies))).toEqual([])
})
