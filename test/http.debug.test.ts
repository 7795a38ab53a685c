// What operators look at when a hub behaves oddly.

import { statSync } from 'node:fs'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type TestHub, testHub } from './hubs.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await testHub({ HUBMESH_MONITORING__LOG_LEVEL: 'info' })
  await vi.waitFor(async () => expect((await fetch(`${hub.url}/health/ready`)).status).toBe(200), 10_000)
}, 20_000)
afterAll(() => hub.stop())

const json = { 'content-type': 'application/json' }
const post = (path: string, body: object = {}) =>
  fetch(hub.url + path, { method: 'POST', body: JSON.stringify(body), headers: json })
const read = async (path: string) => (await (await fetch(hub.url + path)).json()) as Record<string, never>

it('logs more or less when it is told to', async () => {
  const debugLines = () => hub.lines.filter(({ level }) => level === 'debug').length
  await fetch(`${hub.url}/api/status`)
  expect(debugLines()).toBe(0)
  expect(await (await post('/admin/log-level', { level: 'debug' })).json()).toEqual({
    level: 'debug',
    previous: 'info',
  })
  await fetch(`${hub.url}/api/status`)
  await vi.waitFor(() => expect(debugLines()).toBeGreaterThan(0))
  expect(await (await post('/admin/log-level', { level: 'info' })).json()).toEqual({ level: 'info', previous: 'debug' })
  expect((await post('/admin/log-level', { level: 'loud' })).status).toBe(400)
})

it('says what waits, what is kept and whom gossip reaches', async () => {
  await post('/api/fed/projects', { slug: 'a' })
  await fetch(`${hub.url}/api/fed/projects`)
  expect(await read('/admin/debug/queues')).toMatchObject({
    network: { waiting: 0, links: 0 },
    catalog: { slices_behind: 0 },
    event_loop: { delay_ms: { p99: expect.any(Number) } },
  })
  expect(await read('/admin/debug/caches')).toMatchObject({ listing: { projects: 1, answers: 1 } })
  expect(await read('/admin/debug/gossip')).toMatchObject({ gossip: { catalog: { mesh: [], subscribers: 0 } } })
})

it('writes its heap where only its owner can read it', async () => {
  const { file, bytes } = (await (await post('/admin/debug/heap')).json()) as { file: string; bytes: number }
  expect(file.startsWith(hub.dataDir)).toBe(true)
  const { size, mode } = statSync(file)
  expect([size, mode & 0o777]).toEqual([bytes, 0o600])
}, 60_000)
