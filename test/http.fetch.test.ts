// `fetch=1`: the home is asked when what is known of it is older than the caller takes. Two real hubs.

import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { slug } from './core/kit.ts'
import { type TestHub, testHub } from './hubs.ts'

const within = { timeout: 15_000, interval: 50 }
const projects = '/api/fed/projects'
let a: TestHub
let b: TestHub
const get = (path: string) => fetch(a.url + path)
const beatIn = (text: string) => (JSON.parse(text) as { last_heartbeat_at: string }).last_heartbeat_at

/** A counter of hub a. */
const count = async (name: string) => {
  const [, figure] = new RegExp(`^${name} (.*)$`, 'm').exec(await (await get('/metrics')).text()) ?? []
  return Number(figure)
}

function post(hub: TestHub, path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(hub.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
}

beforeAll(async () => {
  a = await testHub({ HUBMESH_NODE__HUB_TIER: 'regional' })
  const bootstrap = { HUBMESH_NETWORK__BOOTSTRAP: a.driver.hub.info.addresses[0] ?? '' }
  b = await testHub({ HUBMESH_NODE__ID: 'hub-b', HUBMESH_NODE__HUB_TIER: 'regional', ...bootstrap })
  await vi.waitFor(() => expect(a.driver.hub.links.size).toBe(1), within)
  await vi.waitFor(async () => {
    for (const name of ['p', 'q']) expect((await post(b, projects, { slug: name })).status).toBe(201)
  }, within)
  for (const name of ['p', 'q']) await post(b, `${projects}/${name}/heartbeat`, {})
  await vi.waitFor(() => {
    for (const name of ['p', 'q']) expect(a.driver.hub.presence.held(slug(name))?.lease.state).toBe('fresh')
    expect(a.driver.listing.read(slug('p'), a.driver.now())).toBeDefined()
  }, within)
})
afterAll(async () => {
  await Promise.all([a, b].map((hub) => hub.stop()))
})

it('answers what the home knows at that moment', async () => {
  const before = beatIn(await (await get(`${projects}/p`)).text())
  await post(b, `${projects}/p/heartbeat`, {})
  expect(beatIn(await (await get(`${projects}/p`)).text())).toBe(before)
  const answer = await get(`${projects}/p?max_staleness=0s&fetch=1`)
  expect(answer.status).toBe(200)
  const exact = (await (await fetch(`${b.url}${projects}/p`)).json()) as { last_heartbeat_at: string }
  expect(beatIn(await answer.text())).toBe(exact.last_heartbeat_at)
  expect(exact.last_heartbeat_at > before).toBe(true)
})

it('asks a home once for what several callers want to know together', async () => {
  const before = [await count('federation_queries_total'), await count('federation_batched_queries_total')]
  const answers = await Promise.all([
    get(`${projects}?limit=10&max_staleness=0s&fetch=1`),
    ...['p', 'q', 'p'].map((name) => get(`${projects}/${name}?max_staleness=0s&fetch=1`)),
  ])
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  const after = [await count('federation_queries_total'), await count('federation_batched_queries_total')]
  const [queries, messages] = after.map((figure, index) => figure - (before[index] ?? 0))
  expect(messages).toBeGreaterThanOrEqual(1)
  expect(queries).toBeGreaterThanOrEqual(2)
  expect(await count('federation_batch_size_count')).toBe(after[1])
})

it('does not ask where that is not needed, and says what does not go together', async () => {
  const before = await count('federation_batched_queries_total')
  expect((await get(`${projects}/p?max_staleness=1h&fetch=1`)).status).toBe(200)
  expect(await count('federation_batched_queries_total')).toBe(before)
  expect((await get(`${projects}/p?fetch=1`)).status).toBe(400)
  expect((await get(`${projects}?max_staleness=1s&fetch=1`)).status).toBe(400)
  expect((await get(`${projects}/p?max_staleness=1s&fetch=2`)).status).toBe(400)
})

it('answers 503 home-unreachable where the home says nothing', async () => {
  b.driver.halt()
  const answer = await get(`${projects}/p?max_staleness=0s&fetch=1`)
  expect(answer.status).toBe(503)
  expect(await answer.json()).toMatchObject({ code: 'home-unreachable' })
})
