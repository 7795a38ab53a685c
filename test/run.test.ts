// scripts/run as a person meets it, with one hub (the three real processes together have tests of their own).

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { freePorts } from './ports.ts'
import { killLeftovers, launch, type Running, root } from './processes.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 })
const data = mkdtempSync(join(tmpdir(), 'hubmesh-run-'))
let run: () => Running
let first: Running
let port: number

beforeAll(async () => {
  port = await freePorts(2, 1)
  const env = { HUBMESH_RUN_PORT: String(port), HUBMESH_RUN_DATA: data }
  run = () => launch(join(root, 'scripts/run'), ['--single'], { cwd: tmpdir(), env })
  first = run()
  await vi.waitFor(() => expect(first.out()).toMatch(/project ember: online/), 55_000)
})
afterAll(() => {
  killLeftovers()
  rmSync(data, { recursive: true, force: true })
})

it('says when all is well, where everything is, and what happens', () => {
  expect(first.out()).toMatch(/All hubs are healthy and all projects online after [\d.]+ s/)
  expect(first.out()).toContain(`http://127.0.0.1:${port}/docs`)
  expect(first.out()).toMatch(/hub hub-single: healthy/)
})

it('started twice says what is in the way', async () => {
  const { code, err } = await run().ended
  expect(code).toBe(1)
  expect(err).toMatch(/hub-single of hub-single is in use by process \d+/)
  expect(err).toContain(`port ${port} (HTTP of hub-single) is in use`)
  expect(err).toContain(`port ${port + 1} (peers of hub-single) is in use`)
})

it('leaves nothing running when it is ended', async () => {
  const hub = Number(/process (\d+)/.exec(first.out())?.[1])
  expect(() => process.kill(hub, 0)).not.toThrow()
  first.child.kill('SIGINT')
  // A terminal's Ctrl-C may be passed on by a parent as well.
  first.child.kill('SIGINT')
  expect(await first.ended).toMatchObject({ code: 0 })
  expect(() => process.kill(hub, 0)).toThrow('ESRCH')
  expect(readFileSync(join(data, 'hub-single/hub.log'), 'utf8')).toContain('hub stopped')
  await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow()
})
