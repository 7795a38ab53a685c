// How fresh an answer is, over HTTP: two real hubs, each alone in its region.

import { Value } from 'typebox/value'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { ProblemSchema, type Status } from '../src/hub/shapes.ts'
import { type TestHub, testHub } from './hubs.ts'

const within = { timeout: 15_000, interval: 50 }
let a: TestHub
let b: TestHub
const get = (path: string) => fetch(a.url + path)
const projects = '/api/fed/projects'

beforeAll(async () => {
  a = await testHub({ HUBMESH_NODE__REGION: 'north', HUBMESH_CATALOG__SYNC_INTERVAL: '100ms' })
  const bootstrap = a.driver.hub.info.addresses[0] ?? ''
  const env = { HUBMESH_NODE__ID: 'hub-b', HUBMESH_NODE__REGION: 'south', HUBMESH_NETWORK__BOOTSTRAP: bootstrap }
  b = await testHub({ ...env, HUBMESH_CATALOG__SYNC_INTERVAL: '100ms' })
  await vi.waitFor(async () => {
    const { view } = (await (await get('/api/status')).json()) as Status
    expect(view).toMatchObject({ state: 'converged', regions: { south: { hubs_alive: 1 } }, digests_alive: 1 })
  }, within)
})
afterAll(() => Promise.all([a.stop(), b.stop()]))

it('says how fresh an answer is: the state of the view, and when the region heard of longest ago was', async () => {
  const shown = async () => (await get(projects)).headers.get('x-view')
  await expect.poll(shown, within).toBe('converged')
  const response = await get(projects)
  const asOf = Date.parse(response.headers.get('x-as-of') ?? '')
  const { view } = (await (await get('/api/status')).json()) as Status
  expect(asOf).toBeLessThanOrEqual(Date.parse(view.regions['north']?.as_of ?? ''))
  expect(Date.now() - asOf).toBeLessThan(30_000)
})

it('refuses what is older than the caller takes, for all projects and for one', async () => {
  await fetch(a.url + projects, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ slug: 'atlas' }),
  })
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
  await vi.waitFor(async () => {
    expect(await (await get('/metrics')).text()).toMatch(/^hubmesh_view_digests 1$/m)
  }, within)
})
