// Projects over HTTP as applications use them: pages, validators, guarded writes, and heartbeats in batches.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Project } from '../src/hub/shapes.ts'
import { type TestHub, testHub } from './hubs.ts'

const projects = '/api/fed/projects'
let hub: TestHub
beforeAll(async () => {
  hub = await testHub({ HUBMESH_LIMITS__BATCH: '3', HUBMESH_LIMITS__PAGE: '4' })
  await vi.waitFor(async () => expect((await send('GET', '/health/ready')).status).toBe(200), 5_000)
})
afterAll(() => hub.stop())

function send(method: string, path: string, said: { body?: unknown; headers?: Record<string, string> } = {}) {
  const { body, headers = {} } = said
  const typed = body === undefined ? headers : { 'content-type': 'application/json', ...headers }
  return fetch(hub.url + path, {
    method,
    headers: typed,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

async function project(response: Response): Promise<Project> {
  expect(response.ok, await response.clone().text()).toBe(true)
  return (await response.json()) as Project
}

async function code(response: Response): Promise<string> {
  return `${response.status} ${((await response.json()) as { code: string }).code}`
}

const register = async (slug: string, fields: object = {}) =>
  project(await send('POST', projects, { body: { slug, ...fields } }))

describe('a list', () => {
  it('is told in pages that a client follows by their links, with the total', async () => {
    for (const slug of ['page-1', 'page-2', 'page-3', 'page-4', 'page-5']) await register(slug, { tags: ['paged'] })
    const found: string[] = []
    for (let path: string | undefined = `${projects}?tag=paged&limit=2&sort=-slug`; path !== undefined; ) {
      const response = await send('GET', path)
      expect(response.headers.get('x-total-count')).toBe('5')
      found.push(...((await response.json()) as Project[]).map(({ slug }) => slug))
      path = /^<([^>]*)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1]
    }
    expect(found).toEqual(['page-5', 'page-4', 'page-3', 'page-2', 'page-1'])
    const whole = await send('GET', `${projects}?tag=paged`)
    expect(whole.headers.get('x-total-count')).toBeNull()
    expect(((await whole.json()) as Project[]).length).toBe(5)
  })

  it.each([
    ['limit=5', '400 invalid-request'],
    ['limit=0', '400 invalid-request'],
    ['limit=two', '400 invalid-request'],
    ['cursor=WyIiLCJhIl0', '400 invalid-request'],
    ['limit=2&cursor=nonsense', '400 invalid-cursor'],
    ['limit=2&cursor=WyIiLCJBIl0', '400 invalid-cursor'],
    ['limit=2&sort=name&cursor=WyIiLCJhIiwic2x1ZyJd', '400 invalid-cursor'],
    ['sort=colour', '400 invalid-request'],
    ['q=', '400 invalid-request'],
  ])('refuses %s', async (query, expected) => {
    expect(await code(await send('GET', `${projects}?${query}`))).toBe(expected)
  })

  it('is not sent again to who holds it, until more than a heartbeat changes', async () => {
    await register('held')
    await send('POST', `${projects}/held/heartbeat`)
    for (const path of [`${projects}?q=held`, `${projects}/held`]) {
      const etag = (await send('GET', path)).headers.get('etag') ?? ''
      const again = (tag: string) => send('GET', path, { headers: { 'if-none-match': tag } })
      await send('POST', `${projects}/held/heartbeat`)
      const held = await again(etag)
      expect([held.status, await held.text(), held.headers.get('etag')]).toEqual([304, '', etag])
      expect((await again(`"other", ${etag}`)).status).toBe(304)
      expect((await again('*')).status).toBe(304)
      expect((await again('"other"')).status).toBe(200)
      await send('PATCH', `${projects}/held`, { body: { name: `of ${path.length}` } })
      expect((await again(etag)).status).toBe(200)
    }
  })
})

describe('a write', () => {
  it('by PUT replaces all of a project, and says whether it is new', async () => {
    const put = (body: object) => send('PUT', `${projects}/put`, { body })
    const created = await put({ name: 'One', hub_url: 'http://one', tags: ['a'] })
    expect(created.status).toBe(201)
    expect(await project(created)).toMatchObject({ name: 'One', hub_url: 'http://one', tags: ['a'] })
    const replaced = await put({ tags: ['b'] })
    expect(replaced.status).toBe(200)
    expect(await project(replaced)).toMatchObject({
      name: 'put',
      hub_url: null,
      mesh_namespace: 'hub.put',
      tags: ['b'],
    })
    expect(await code(await put({ slug: 'other' }))).toBe('400 invalid-request')
  })

  it('by PATCH changes what it names, in a project that is there', async () => {
    await register('patched', { name: 'One', hub_url: 'http://one', tags: ['a'] })
    const patch = (slug: string, body: object) => send('PATCH', `${projects}/${slug}`, { body })
    expect(await project(await patch('patched', { hub_url: null }))).toMatchObject({
      name: 'One',
      hub_url: null,
      tags: ['a'],
    })
    expect(await code(await patch('never', { name: 'x' }))).toBe('404 unknown-project')
    await send('DELETE', `${projects}/patched`)
    expect(await code(await patch('patched', { name: 'x' }))).toBe('404 project-removed')
  })

  it('that is bound to a revision is taken over that one alone', async () => {
    const { revision } = await register('bound', { name: 'One' })
    const write = (method: string, tag: string) => {
      const body = method === 'DELETE' ? {} : { body: { name: tag } }
      return send(method, `${projects}/bound`, { ...body, headers: { 'if-match': tag } })
    }
    for (const method of ['PUT', 'PATCH', 'DELETE'])
      expect(await code(await write(method, '"0"'))).toBe('412 precondition-failed')
    const etag = (await send('GET', `${projects}/bound`)).headers.get('etag') ?? ''
    const second = await project(await write('PATCH', `"0", "${revision}"`))
    expect(await code(await write('PATCH', etag))).toBe('412 precondition-failed')
    expect(second.revision).not.toBe(revision)
    expect((await write('DELETE', `"${second.revision}"`)).status).toBe(204)
    expect(await code(await write('PUT', '*'))).toBe('412 precondition-failed')
  })

  it('of several that are bound to one revision is the only one', async () => {
    const { revision } = await register('raced')
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        send('PATCH', `${projects}/raced`, { body: { name: `n${n}` }, headers: { 'if-match': `"${revision}"` } }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(412)])
  })

  it('with a method that is not taken is told the right ones', async () => {
    const response = await send('POST', `${projects}/a`, { body: {} })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'DELETE, GET, HEAD, PATCH, PUT'])
  })

  it('with If-None-Match: * only makes what is not there', async () => {
    const put = () => send('PUT', `${projects}/once`, { body: {}, headers: { 'if-none-match': '*' } })
    expect((await put()).status).toBe(201)
    expect(await code(await put())).toBe('412 precondition-failed')
    const { revision } = await project(await send('GET', `${projects}/once`))
    const unless = { 'if-none-match': `"${revision}"` }
    expect(await code(await send('PUT', `${projects}/once`, { body: {}, headers: unless }))).toBe(
      '412 precondition-failed',
    )
    const post = (headers: Record<string, string>) => send('POST', projects, { body: { slug: 'once' }, headers })
    expect(await code(await post({ 'if-none-match': '*' }))).toBe('412 precondition-failed')
    expect(await code(await post({ 'if-match': '"0"' }))).toBe('412 precondition-failed')
    expect((await post({ 'if-match': `"${revision}"` })).status).toBe(201)
  })

  it('that wants to be the first is not, where a heartbeat of the same batch of time registers the project', async () => {
    for (let n = 0; n < 5; n++) {
      const beat = [{ slug: `race-${n}`, hub_url: 'http://race' }]
      const [beaten, put] = await Promise.all([
        send('POST', '/api/fed/heartbeats', { body: beat }),
        send('PUT', `${projects}/race-${n}`, { body: {}, headers: { 'if-none-match': '*' } }),
      ])
      expect([beaten.status, put.status === 412 || put.status === 201]).toEqual([200, true])
      if (put.status === 201) expect((await project(put)).hub_url).toBeNull()
    }
  })
})

describe('heartbeats in a batch', () => {
  const beat = (body: unknown) => send('POST', '/api/fed/heartbeats', { body })

  it('are each taken or refused for themselves', async () => {
    await register('beats-1')
    const response = await beat([
      { slug: 'beats-1', status: 'degraded' },
      { project_slug: 'beats-2', hub_url: 'http://two' },
      { slug: 'beats-3' },
    ])
    expect(await response.json()).toEqual({
      accepted: 2,
      rejected: 1,
      results: [
        { slug: 'beats-1', ok: true },
        { slug: 'beats-2', ok: true },
        { slug: 'beats-3', ok: false, code: 'unknown-project' },
      ],
    })
    const statuses = await Promise.all(
      ['beats-1', 'beats-2'].map(async (slug) => project(await send('GET', `${projects}/${slug}`))),
    )
    expect(statuses.map(({ status, hub_url }) => [status, hub_url])).toEqual([
      ['degraded', null],
      ['online', 'http://two'],
    ])
  })

  it('with a slug that is none, or two of them, say so in their place', async () => {
    const { results } = (await (await beat([{ slug: 'A' }, { slug: 'a', project_slug: 'b' }, {}])).json()) as {
      results: unknown[]
    }
    expect(results).toEqual([
      { slug: 'A', ok: false, code: 'invalid-slug' },
      { slug: 'a', ok: false, code: 'invalid-slug' },
      { slug: '', ok: false, code: 'invalid-slug' },
    ])
    expect(await (await beat([])).json()).toEqual({ accepted: 0, rejected: 0, results: [] })
  })

  it('are no more than limits.batch', async () => {
    expect(await code(await beat(Array(4).fill({ slug: 'a' })))).toBe('400 invalid-request')
    expect(await code(await beat(Array(10_001).fill(0)))).toBe('400 invalid-request')
    const { errors } = (await (await beat(Array(10_001).fill(0))).json()) as { errors?: unknown }
    expect(errors).toBeUndefined()
  })
})
