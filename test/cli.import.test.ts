// `hubmesh import` and `hubmesh diff`, as real processes: from a central service to a hub, and from hub to hub.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type TestHub, testHub } from './hubs.ts'
import { hubmesh, killLeftovers } from './processes.ts'

const within = 30_000
vi.setConfig({ testTimeout: within, hookTimeout: within })

/** As the central service lists them. */
const central = [
  {
    id: 1,
    slug: 'atlas',
    name: 'Atlas',
    hub_url: 'http://atlas:9001',
    mesh_namespace: 'hub.atlas',
    status: 'online',
    tags: ['b', 'a'],
    allow_fanout: [],
    last_heartbeat_at: '2025-11-18T12:00:00Z',
    created_at: '2025-11-01T12:00:00Z',
  },
  { id: 2, project_slug: 'borea', name: 'Borea', hub_url: null, mesh_namespace: 'hub.b', tags: [] },
]
const key = 'the-old-key'

let hub: TestHub
let other: TestHub
let old: Server
let listed: readonly object[] = central
let from = ''
/** Keys that reached where a redirect leads. */
const strayed: unknown[] = []
let astray: Server
let redirecting: Server
const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
beforeAll(async () => {
  hub = await testHub({})
  const [address = ''] = hub.driver.hub.info.addresses
  other = await testHub({ HUBMESH_NODE__ID: 'hub-b', HUBMESH_NETWORK__BOOTSTRAP: address })
  old = createServer((request, response) => {
    const isKnown = request.headers['x-api-key'] === key
    response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' })
    response.end(JSON.stringify(isKnown ? listed : { detail: 'Invalid API key' }))
  }).listen(0, '127.0.0.1')
  astray = createServer((request, response) => {
    strayed.push(request.headers['x-api-key'])
    response.end('[]')
  }).listen(0, '127.0.0.1')
  redirecting = createServer((_, response) => {
    response.writeHead(307, { location: `${urlOf(astray)}/elsewhere` }).end('moved')
  }).listen(0, '127.0.0.1')
  await Promise.all([old, astray, redirecting].map((server) => once(server, 'listening')))
  from = urlOf(old)
})
afterAll(async () => {
  killLeftovers()
  for (const server of [old, astray, redirecting]) server.close()
  await Promise.all([hub.stop(), other.stop()])
})

const run = (...args: string[]) => hubmesh(args, { env: { FEDERATION_API_KEY: key } }).ended
const bare = (...args: string[]) => run('import', '--from', from, '--url', hub.url, ...args)
const imported = (...args: string[]) => bare('--from-key', key, ...args)

describe('import', () => {
  it('does what it says it would do, and nothing the second time', async () => {
    const dry = await imported('--dry-run')
    expect(dry.code).toBe(0)
    expect(dry.out).toMatch(/^borea +created$/m)
    expect(await (await fetch(`${hub.url}/api/fed/projects`)).json()).toEqual([])
    expect(await imported()).toMatchObject({ code: 0, out: 'created 2, updated 0, unchanged 0, refused 0\n', err: '' })
    expect(await (await fetch(`${hub.url}/api/fed/projects/atlas`)).json()).toMatchObject({
      name: 'Atlas',
      hub_url: 'http://atlas:9001',
      mesh_namespace: 'hub.atlas',
      tags: ['a', 'b'],
      status: 'offline',
    })
    const { seq } = hub.driver.views.status(hub.driver.now()).catalog
    expect(JSON.parse((await imported('--json')).out)).toMatchObject({ created: 0, updated: 0, unchanged: 2 })
    expect(hub.driver.views.status(hub.driver.now()).catalog.seq).toBe(seq)
  })

  it('takes what it can, names the rest, and ends with 1', async () => {
    listed = [{ ...central[0], name: 'Atlas II' }, { slug: 'No Slug', name: 'x' }, { name: 'nameless' }]
    const { code, out } = await imported('--json')
    listed = central
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({
      created: 0,
      updated: 1,
      refused: 2,
      projects: [{ slug: 'atlas', outcome: 'updated' }, { slug: 'No Slug' }, { slug: '[2]', reason: 'it has no slug' }],
    })
  })

  it('leaves alone what was removed at the hub, until it is told to revive it', async () => {
    const borea = `${hub.url}/api/fed/projects/borea`
    expect((await fetch(borea, { method: 'DELETE' })).status).toBe(204)
    const dry = await imported('--dry-run')
    expect(dry.out).toMatch(/^borea +left +removed here/m)
    const { code, out } = await imported()
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^borea +left +removed here; --revive/m) })
    expect(out).toContain('created 0, updated 1, unchanged 0, left 1, refused 0\n')
    expect((await fetch(borea)).status).toBe(404)
    expect(JSON.parse((await imported('--revive', '--json')).out)).toMatchObject({ created: 1, unchanged: 1, left: 0 })
    expect((await fetch(borea)).status).toBe(200)
  })

  it('revives nothing that is removed while it runs', async () => {
    const borea = '/api/fed/projects/borea'
    const headers = { 'content-type': 'application/json' }
    const late = createServer(async ({ url = '', method = '' }, response) => {
      const said = method === 'GET' ? {} : { body: '{"slug":"borea","name":"B"}', headers }
      const answer = await fetch(hub.url + url, { method, ...said })
      const text = await answer.text()
      if (url === '/api/fed/projects' && method === 'GET') await fetch(hub.url + borea, { method: 'DELETE' })
      response.writeHead(answer.status, headers).end(text)
    }).listen(0, '127.0.0.1')
    await once(late, 'listening')
    listed = [{ slug: 'borea', name: 'B' }]
    const { out } = await imported('--url', urlOf(late), '--json')
    listed = central
    late.close()
    expect(JSON.parse(out)).toMatchObject({ updated: 0, left: 1 })
    expect((await fetch(hub.url + borea)).status).toBe(404)
    expect(await imported('--revive')).toMatchObject({ code: 0 })
  })

  it('lets the last of several with one slug win, and writes nothing the second time', async () => {
    listed = [{ slug: 'atlas', name: 'Atlas I' }, ...central, { slug: 'atlas', name: 'Atlas III' }]
    const [first, second] = [JSON.parse((await imported('--json')).out), JSON.parse((await imported('--json')).out)]
    listed = central
    expect(first).toMatchObject({ updated: 1, unchanged: 1 })
    expect(second).toMatchObject({ updated: 0, unchanged: 2 })
    expect(await (await fetch(`${hub.url}/api/fed/projects/atlas`)).json()).toMatchObject({ name: 'Atlas III' })
  })

  it('says when the old service wants another key, or is none', async () => {
    // The hub's key is not for the old service.
    expect(await bare()).toMatchObject({
      code: 1,
      err: expect.stringContaining('answers 401: pass --from-key'),
    })
    const hubItself = await run('import', '--from', 'http://127.0.0.1:9', '--url', hub.url)
    expect(hubItself).toMatchObject({ code: 1, err: expect.stringContaining('nothing answers at http://127.0.0.1:9') })
  })
})

it('hands no key to where a redirect leads, and says where that is', async () => {
  const url = urlOf(redirecting)
  const says = { code: 1, err: expect.stringContaining(`redirect to ${urlOf(astray)}/elsewhere`) }
  const asked = [['status'], ['forget', '--dead'], ['watch'], ['import', '--from', from, '--from-key', key]]
  const ended = await Promise.all([
    ...asked.map((args) => run(...args, '--url', url)),
    run('import', '--from', url, '--from-key', key, '--url', hub.url),
  ])
  for (const one of ended) expect(one).toMatchObject(says)
  const { out } = await run('doctor', '--url', url)
  expect(out).toContain(`redirect to ${urlOf(astray)}/elsewhere`)
  expect(strayed).toEqual([])
})

it('shows a hub the key that FEDERATION_API_KEY holds', async () => {
  const asked = ['status', '--url', from]
  expect((await run(...asked)).err).toContain('answers, but not as a hub does')
  expect((await hubmesh(asked).ended).err).toContain('answers 401: Invalid API key')
})

describe('diff', () => {
  it('ends with 0 where two hubs hold the same', async () => {
    const digest = (one: TestHub) => one.driver.views.status(one.driver.now()).view.digest
    await vi.waitFor(() => expect(digest(other)).toBe(digest(hub)), within)
    const { code, out } = await run('diff', hub.url, other.url)
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^hub-a and hub-b hold the same: 2 projects/) })
  })

  it('ends with 1 and names what differs', async () => {
    const apart = await testHub({ HUBMESH_NODE__ID: 'hub-c' })
    const body = JSON.stringify({ slug: 'atlas', name: 'Another' })
    const headers = { 'content-type': 'application/json' }
    const register = () => fetch(`${apart.url}/api/fed/projects`, { method: 'POST', headers, body })
    await vi.waitFor(async () => expect((await register()).status).toBe(201), within)
    const [json, people] = await Promise.all([
      run('diff', hub.url, apart.url, '--json'),
      run('diff', hub.url, apart.url),
    ])
    await apart.stop()
    expect(json.code).toBe(1)
    const { same, differences } = JSON.parse(json.out)
    expect(same).toBe(false)
    expect(differences).toContainEqual(
      expect.objectContaining({
        kind: 'project',
        name: 'atlas',
        where: 'both',
        fields: expect.objectContaining({ name: ['Atlas III', 'Another'] }),
      }),
    )
    expect(differences).toContainEqual({ kind: 'project', name: 'borea', where: 'a', fields: {} })
    expect(differences).toContainEqual({ kind: 'slice', name: 'hub-c', where: 'b', fields: {} })
    expect(people.code).toBe(1)
    expect(people.out).toMatch(/^project +borea +only at hub-a$/m)
  })
})
