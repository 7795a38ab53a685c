// A hub started the old way: variables and flags of the services it takes over from, as a real process.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { freePort } from './ports.ts'
import { hubmesh, killLeftovers } from './processes.ts'

const directory = mkdtempSync(join(tmpdir(), 'hubmesh-old-'))
const within = 30_000
vi.setConfig({ testTimeout: within, hookTimeout: within })
afterAll(() => {
  killLeftovers()
  rmSync(directory, { recursive: true, force: true })
})

it('registers its own project and beats for it, and has a line for each name without meaning', async () => {
  const port = await freePort()
  const env = {
    MPREG_NODE_ID: 'hub-old',
    SERVICE_PORT: String(port),
    HUBMESH_NETWORK__LISTEN: '127.0.0.1:0',
    PROJECT_SLUG: 'atlas',
    HUB_URL: 'http://atlas.example:9001',
    DATABASE_URL: 'postgresql://me:secret@db/fed',
  }
  const hub = hubmesh(['start', '--log-level', 'INFO', '--metrics-enabled'], { cwd: directory, env })
  const url = `http://127.0.0.1:${port}`
  await vi.waitFor(async () => {
    const answer = await fetch(`${url}/api/fed/projects/atlas`)
    expect(await answer.json()).toMatchObject({
      hub_url: 'http://atlas.example:9001',
      status: 'online',
      home: 'hub-old',
    })
  }, within)
  expect((await fetch(`${url}/metrics`)).status).toBe(200)
  const lines = hub.out().trim().split('\n')
  const told = lines.map((line) => JSON.parse(line)).filter(({ operation }) => operation === 'config')
  expect(told).toMatchObject([{ level: 'warn', name: 'DATABASE_URL', reason: expect.stringContaining('no database') }])
  expect(hub.out()).not.toContain('secret')
})

it('with a project that cannot be one ends with 2 before it opens anything', async () => {
  const env = { HUBMESH_NODE__ID: 'hub-wrong', PROJECT_SLUG: 'no slug', HUB_URL: 'http://x:1' }
  const { code, out, err } = await hubmesh(['start'], { cwd: directory, env }).ended
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain('PROJECT_SLUG')
})
