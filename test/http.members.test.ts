// Members over HTTP, as an operator meets them: why one is believed dead, and forgetting those that are gone for good.

import { Value } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { HubId } from '../src/core/ids.ts'
import { type Member, ProblemSchema, type Why, WhySchema } from '../src/hub/shapes.ts'
import { type TestHub, testHub } from './hubs.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })
const patience = { timeout: 15_000, interval: 50 }

let hub: TestHub
let other: TestHub
const headers = { 'content-type': 'application/json' }
const get = (path: string) => fetch(hub.url + path)
const forget = (body: unknown) =>
  fetch(`${hub.url}/admin/forget`, { method: 'POST', headers, body: JSON.stringify(body) })
const members = async (): Promise<string[]> => {
  const all = (await (await get('/api/members')).json()) as Member[]
  return all.map(({ hub_id, status }) => `${hub_id} ${status}`)
}

async function problem(response: Response): Promise<unknown> {
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  const body: unknown = await response.json()
  expect([...Value.Errors(ProblemSchema, body)]).toEqual([])
  return body
}

beforeAll(async () => {
  hub = await testHub({})
  const [address = ''] = hub.driver.hub.info.addresses
  const env = { HUBMESH_NODE__ID: 'hub-b', HUBMESH_NETWORK__BOOTSTRAP: address }
  other = await testHub(env)
  await vi.waitFor(async () => expect(await members()).toContain('hub-b alive'), patience)
})
afterAll(() => Promise.all([hub.stop(), other.stop()]))

describe('why', () => {
  it('a hub is what it is, with who reaches it', async () => {
    const asked = async (): Promise<Why> => {
      const response = await get('/api/members/hub-b/why')
      expect(response.status).toBe(200)
      return (await response.json()) as Why
    }
    // A hub is known by introduction before its pool has met it.
    await vi.waitFor(async () => expect((await asked()).pools).toEqual(['region/default']), patience)
    const why = await asked()
    expect([...Value.Errors(WhySchema, why)]).toEqual([])
    expect(why).toMatchObject({ hub_id: 'hub-b', status: 'alive', accusations: [] })
    expect(why.reachability).toEqual([
      { hub_id: 'hub-a', reaches_it: 'direct', is_reached_by_it: 'direct', asymmetric: false },
    ])
  })

  it('nobody is called so has a code, and a name that none can have another', async () => {
    const unknown = await get('/api/members/nobody/why')
    expect(unknown.status).toBe(404)
    expect(await problem(unknown)).toMatchObject({ code: 'unknown-hub' })
    const impossible = await get('/api/members/two%20words/why')
    expect(impossible.status).toBe(400)
    await problem(impossible)
  })
})

describe('forgetting', () => {
  it.each([{}, { hubs: [] }, { hubs: ['two words'] }, { hubs: 'hub-b' }])('%j is a bad request', async (body) => {
    const response = await forget(body)
    expect(response.status).toBe(400)
    await problem(response)
  })

  it('a hub that nobody knows, or that lives, is refused', async () => {
    const unknown = await forget({ hubs: ['nobody'] })
    expect(unknown.status).toBe(404)
    expect(await problem(unknown)).toMatchObject({ code: 'unknown-hub' })
    const alive = await forget({ hubs: ['hub-b'] })
    expect(alive.status).toBe(409)
    expect(await problem(alive)).toMatchObject({ code: 'hub-alive', detail: expect.stringContaining('hub-b is alive') })
    expect(await members()).toContain('hub-b alive')
  })

  it('a hub that has left is done with: it is listed no more, and what it registered stays', async () => {
    const registration = { method: 'POST', headers, body: JSON.stringify({ slug: 'legacy', name: 'Legacy' }) }
    expect((await fetch(`${other.url}/api/fed/projects`, registration)).status).toBe(201)
    await vi.waitFor(async () => expect((await get('/api/fed/projects/legacy')).status).toBe(200), patience)
    await other.stop()
    await vi.waitFor(async () => expect(await members()).toContain('hub-b left'), patience)
    const response = await forget({ hubs: ['hub-b', 'hub-b'] })
    expect([response.status, await response.json()]).toEqual([200, { forgotten: ['hub-b'] }])
    expect(await members()).toEqual(['hub-a alive'])
    expect(hub.driver.hub.catalog.replicas.slice('hub-b' as HubId)).toBeUndefined()
    expect(await (await get('/api/fed/projects/legacy')).json()).toMatchObject({ name: 'Legacy' })
    expect((await get('/api/members/hub-b/why')).status).toBe(404)
    expect((await forget({ hubs: ['hub-b'] })).status).toBe(404)
  })

  it('and why are in the description of the API, with every status they answer', async () => {
    const { paths } = (await (await get('/openapi.json')).json()) as {
      paths: Record<string, Record<string, { responses: object }>>
    }
    expect(Object.keys(paths['/api/members/{hub}/why']?.['get']?.responses ?? {})).toEqual(['200', '400', '404'])
    const statuses = Object.keys(paths['/admin/forget']?.['post']?.responses ?? {})
    expect(statuses).toEqual(['200', '400', '404', '409', '429', '503'])
  })
})
