// How fresh an answer is, over HTTP: two real hubs, each alone in its region.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { systemClock } from '../src/adapters/clock.ts'
import { hour } from '../src/core/time.ts'
import type { Clock } from '../src/hub/ports.ts'
import { ProblemSchema, type Status } from '../src/hub/shapes.ts'
import { type TestHub, testHub } from './hubs.ts'

const within = { timeout: 15_000, interval: 50 }
const sync = { HUBMESH_CATALOG__SYNC_INTERVAL: '100ms' }
const home = mkdtempSync(join(tmpdir(), 'hubmesh-apart-'))
const hubs: TestHub[] = []
let a: TestHub
const get = (path: string) => fetch(a.url + path)
const projects = '/api/fed/projects'

async function start(env: Readonly<Record<string, string>>, clock: Clock = systemClock()): Promise<TestHub> {
  const hub = await testHub({ ...sync, ...env }, { clock })
  hubs.push(hub)
  return hub
}

function register(hub: TestHub, slug: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(hub.url + projects, { method: 'POST', headers, body: JSON.stringify({ slug }) })
}

/** The address of the hub that the others join. */
const bootstrap = () => ({ HUBMESH_NETWORK__BOOTSTRAP: a.driver.hub.info.addresses[0] ?? '' })

beforeAll(async () => {
  a = await start({ HUBMESH_NODE__REGION: 'north' })
  await start({ HUBMESH_NODE__ID: 'hub-b', HUBMESH_NODE__REGION: 'south', ...bootstrap() })
  await vi.waitFor(async () => {
    const { view } = (await (await get('/api/status')).json()) as Status
    expect(view).toMatchObject({ state: 'converged', regions: { south: { hubs_alive: 1 } }, digests_alive: 1 })
  }, within)
})
afterAll(async () => {
  await Promise.all(hubs.map((hub) => hub.stop()))
  rmSync(home, { recursive: true, force: true })
})

it('says how fresh an answer is: the state of the view, and when the region heard of longest ago was', async () => {
  const response = await vi.waitFor(async () => {
    const answer = await get(projects)
    expect(answer.headers.get('x-view')).toBe('converged')
    return answer
  }, within)
  const asOf = Date.parse(response.headers.get('x-as-of') ?? '')
  const { view } = (await (await get('/api/status')).json()) as Status
  expect(asOf).toBeLessThanOrEqual(Date.parse(view.regions['north']?.as_of ?? ''))
  expect(Date.now() - asOf).toBeLessThan(30_000)
})

it('refuses what is older than the caller takes, for all projects and for one', async () => {
  await register(a, 'atlas')
  for (const path of [projects, `${projects}/atlas`]) {
    for (const fresh of ['3600', '60m', '1h', '3600000ms']) {
      expect((await get(`${path}?max_staleness=${fresh}`)).status).toBe(200)
    }
    // What another region is like is told every few seconds: sooner or later it was a moment ago.
    await vi.waitFor(async () => {
      const stale = await get(`${path}?max_staleness=0ms`)
      const body = await stale.json()
      expect([stale.status, stale.headers.get('retry-after'), [...Value.Errors(ProblemSchema, body)]]).toEqual([
        503,
        '1',
        [],
      ])
      expect(body).toMatchObject({
        code: 'too-stale',
        detail: expect.stringMatching(/Region south .* ago, more than 0ms/),
      })
    }, within)
    for (const wrong of ['soon', '-1', '1d', '', '1&unknown=1']) {
      expect((await get(`${path}?max_staleness=${wrong}`)).status).toBe(400)
    }
  }
})

it('shows a split view as a metric', async () => {
  const digests = async () => /^hubmesh_view_digests (.*)$/m.exec(await (await get('/metrics')).text())?.[1]
  await vi.waitFor(async () => expect(await digests()).toBe('1'), within)
  const { now, arm } = systemClock()
  const early = { now: () => ({ mono: now().mono, wall: now().wall + 2 * hour }), arm }
  const apart = { HUBMESH_NODE__ID: 'hub-c', HUBMESH_NODE__REGION: 'south', HUBMESH_NODE__DATA_DIR: home }
  const alone = await start(apart, early)
  await vi.waitFor(async () => expect((await register(alone, 'apart')).status).toBe(201), within)
  await alone.stop()
  // Nobody takes what bears a time hours ahead: it stays in a state of its own.
  await start({ ...apart, ...bootstrap() }, early)
  await vi.waitFor(async () => expect(await digests()).toBe('2'), within)
})
