// Reads that are answered before the router: what they answer is what the long way answers. A slash at the end of the path, or
// an empty query, leads the long way.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { hashOfKey } from '../src/config/secrets.ts'
import { type TestHub, testHub } from './hubs.ts'

const key = 'hmk_reader-0123456789abcdefghijklmnopqrstu'
const other = 'hmk_reader-0123456789abcdefghijklmnopqrstv'
const keys = [{ name: 'reader', hash: hashOfKey(key), role: 'viewer' }]
const one = '/api/fed/projects/reached'
const list = '/api/fed/projects'
type Headers = Readonly<Record<string, string>>

let hub: TestHub
let keyed: TestHub
beforeAll(async () => {
  hub = await testHub({})
  await register(hub)
  const secured = { HUBMESH_SECURITY__API_KEYS: JSON.stringify(keys), HUBMESH_LIMITS__REQUEST_RATE: '20' }
  keyed = await testHub({ ...secured, HUBMESH_NODE__ID: 'hub-k' })
})
afterAll(() => hub.stop())
afterAll(() => keyed.stop())

async function register({ url, driver }: TestHub): Promise<void> {
  await vi.waitFor(async () => expect((await fetch(`${url}/health/ready`)).status).toBe(200), 5_000)
  for (const slug of ['reached', 'second', 'third'].map((text) => text as never)) {
    const registration = { name: 'Überall', tags: ['x'] }
    await new Promise((resolve) => driver.call({ type: 'register', slug, registration }, resolve))
  }
}

const get = (path: string, headers: Headers = {}, { url }: { readonly url: string } = hub) =>
  fetch(url + path, { headers })

/** Without what differs from request to request. */
async function seen(response: Response) {
  const { date: _, 'x-as-of': asOf, ...headers } = Object.fromEntries(response.headers)
  expect(asOf).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  return { status: response.status, headers, body: await response.text() }
}

describe('the short way', () => {
  const id: Headers = { 'x-request-id': 'same' }
  it.each([
    { what: 'one project', path: one, longPath: `${one}/` },
    { what: 'a list', path: list, longPath: `${list}/` },
    { what: 'a page', path: `${list}?limit=2`, longPath: `${list}/?limit=2` },
    { what: 'a project that is held', path: one, longPath: `${one}/`, held: '*' },
    { what: 'a list that is held', path: list, longPath: `${list}/`, held: '*' },
    { what: 'a project of which another state is held', path: one, longPath: `${one}/`, held: 'W/"other"' },
  ])('answers $what as the long way does', async ({ path, longPath, held }) => {
    const headers: Headers = { ...id, ...(held === undefined ? {} : { 'if-none-match': held }) }
    await get(path)
    const long = await seen(await get(longPath, headers))
    expect(await seen(await get(path, headers))).toEqual(long)
    expect(long.headers).toMatchObject({ 'x-request-id': 'same', etag: expect.stringMatching(/^W\//) })
  })

  it('answers a list anew once something in it has changed, and with the tag that it then has', async () => {
    const before = await get(list)
    await new Promise((resolve) =>
      hub.driver.call({ type: 'register', slug: 'later' as never, registration: {} }, resolve),
    )
    const after = await get(list, { 'if-none-match': before.headers.get('etag') ?? '' })
    expect(after.status).toBe(200)
    expect(await after.text()).toContain('"slug":"later"')
  })

  it('gives each request an id of its own, logs it and counts it', async () => {
    const ids = await Promise.all([get(one), get(one)].map(async (got) => (await got).headers.get('x-request-id')))
    expect(new Set(ids).size).toBe(2)
    await vi.waitFor(() => expect(hub.lines.some((line) => line['request_id'] === ids[1])).toBe(true))
    const line = hub.lines.find(({ request_id: id }) => id === ids[0])
    expect(line).toMatchObject({ operation: 'GET /api/fed/projects/:slug', status: 200, level: 'debug' })
    const count = async () => Number(/^catalog_lookup_total (\d+)$/m.exec(await (await get('/metrics')).text())?.[1])
    const before = await count()
    await get(one)
    expect(await count()).toBe(before + 1)
  })

  it('refuses what the long way refuses: nobody, a wrong key after a right one, a page that came from elsewhere', async () => {
    await register(keyed)
    const status = async (headers: Headers, where: TestHub = keyed) => (await get(one, headers, where)).status
    expect(await status({ 'x-api-key': key })).toBe(200)
    expect(await status({ 'x-api-key': key })).toBe(200)
    expect(await status({ 'x-api-key': other })).toBe(401)
    expect(await status({})).toBe(401)
    expect(await status({ origin: 'http://elsewhere.example' }, hub)).toBe(403)
    expect(await status({ 'x-forwarded-for': '10.0.0.7' }, hub)).toBe(403)
    expect((await get('/api/fed/projects/nobody')).status).toBe(404)
  })

  it('counts against the rate of the caller', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 60 }, async () => (await get(one, { 'x-api-key': key }, keyed)).status),
    )
    expect(new Set(statuses)).toEqual(new Set([200, 429]))
  })
})
