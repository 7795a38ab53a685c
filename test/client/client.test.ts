// `HubMesh` of hubmesh/client, as programs beside a federation use it: real hubs, and servers that are none.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type HeartbeatReply, HubMesh, HubMeshError } from '../../src/client.ts'
import { type TestHub, testHub } from '../hubs.ts'
import { freePort } from '../ports.ts'
import { killLeftovers, launch, root } from '../processes.ts'

let hub: TestHub
const open: { close(): unknown }[] = []
beforeAll(async () => {
  hub = await testHub({ HUBMESH_PRESENCE__HEARTBEAT_INTERVAL: '200ms', HUBMESH_PRESENCE__STALE_THRESHOLD: '60s' })
  await vi.waitFor(async () => expect((await fetch(`${hub.url}/health/ready`)).status).toBe(200), 8_000)
})
afterAll(async () => {
  for (const one of open) await one.close()
  await hub.stop()
  killLeftovers()
})

/** A server that answers each request like this; undefined: never. */
async function server(
  answer: ((request: { url: string; headers: object }) => [status: number, body: string]) | undefined,
) {
  const asked: { url: string; method: string; key: unknown }[] = []
  const http: Server = createServer((request, response) => {
    const { url = '', method = '', headers } = request
    asked.push({ url, method, key: headers['x-api-key'] })
    const [status, body] = answer?.({ url, headers }) ?? [0, '']
    if (status > 0) response.writeHead(status, { location: 'http://127.0.0.1:9/' }).end(body)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  const close = () => {
    http.closeAllConnections()
    http.close()
  }
  open.push({ close })
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, asked }
}
const problem = (status: number, code: string): [number, string] => [
  status,
  JSON.stringify({ type: '', title: '', status, detail: `it is ${code}`, code, requestId: '1' }),
]
const failure = async (promise: Promise<unknown>): Promise<HubMeshError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof HubMeshError)) throw new Error(`no HubMeshError but ${String(error)}`)
  return error
}
const client = (options: ConstructorParameters<typeof HubMesh>[0] = {}) => {
  const made = new HubMesh({ hubs: hub.url, env: {}, ...options })
  open.push(made)
  return made
}
const reply: HeartbeatReply = { slug: 'a', status: 'online', next_within_s: 0.05 }

describe('projects', () => {
  it('are registered, listed, read, updated and removed', async () => {
    const mesh = client()
    expect(await mesh.register({ slug: 'atlas', tags: ['x'] })).toMatchObject({ slug: 'atlas', status: 'offline' })
    expect((await mesh.list()).map(({ slug }) => slug)).toEqual(['atlas'])
    expect(await mesh.list({ status: 'online' })).toEqual([])
    expect(await mesh.update('atlas', { name: 'Atlas' })).toMatchObject({ name: 'Atlas', tags: ['x'] })
    expect(await mesh.get('atlas')).toMatchObject({ name: 'Atlas' })
    expect(await mesh.beat('atlas')).toEqual({ slug: 'atlas', status: 'online', next_within_s: 0.2 })
    await mesh.remove('atlas')
    expect(await failure(mesh.get('atlas'))).toMatchObject({ code: 'project-removed', status: 404, hub: hub.url })
    expect(await failure(mesh.remove('atlas'))).toMatchObject({ code: 'project-removed' })
    expect(await failure(mesh.update('nobody', {}))).toMatchObject({ code: 'unknown-project' })
    expect(await failure(mesh.register({ slug: 'A b' }))).toMatchObject({ code: 'invalid-request', status: 400 })
  })
})

describe('several hubs', () => {
  it('are tried in turn, and the one that works is stayed with', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`
    const silent = await server(undefined)
    const leaving = await server(() => problem(503, 'leaving'))
    const stranger = await server(() => [200, '<html>'])
    const mesh = client({ hubs: [nobody, silent.url, leaving.url, stranger.url, hub.url], timeoutMs: 1_500 })
    await mesh.register({ slug: 'ember' })
    expect(mesh.hub).toBe(hub.url)
    await mesh.get('ember')
    expect([silent, leaving, stranger].map(({ asked }) => asked.length)).toEqual([1, 1, 1])
    expect(await failure(client({ hubs: [nobody] }).list())).toMatchObject({ code: 'unreachable', status: undefined })
    expect(await failure(client({ hubs: [silent.url], timeoutMs: 100 }).list())).toMatchObject({ code: 'timeout' })
    expect(await failure(client({ hubs: [leaving.url, stranger.url] }).list())).toMatchObject({ code: 'no-hub' })
  })

  it('are not tried with what another would refuse as well', async () => {
    const refusing = await server(() => problem(403, 'forbidden'))
    const mesh = client({ hubs: [refusing.url, hub.url] })
    expect(await failure(mesh.list())).toMatchObject({ code: 'forbidden', hub: refusing.url })
    expect(mesh.hub).toBe(refusing.url)
  })

  it('may each have removed a project of which the first did not say so in time', async () => {
    const mesh = client()
    await mesh.register({ slug: 'twice' })
    await mesh.remove('twice')
    const silent = await server(undefined)
    await client({ hubs: [silent.url, hub.url], timeoutMs: 1_000 }).remove('twice')
  })
})

describe('the surroundings', () => {
  it('name the hubs and the key, and switch all of it off', async () => {
    const first = await server(() => [200, '[]'])
    const env = {
      FEDERATION_URL: ` ${first.url}/mesh/ ,${hub.url}`,
      FEDERATION_API_KEY: 'k1',
      FEDERATION_ENABLED: 'TRUE',
    }
    const mesh = new HubMesh({ env })
    expect(await mesh.list({ q: 'a b' })).toEqual([])
    expect(first.asked).toEqual([{ url: '/mesh/api/fed/projects?q=a+b', method: 'GET', key: 'k1' }])
    expect(new HubMesh({ env: {} }).hub).toBe('http://localhost:8080')
    expect(() => new HubMesh({ env: { FEDERATION_URL: 'ftp://a' } })).toThrow(TypeError)
    const off = new HubMesh({ env: { ...env, FEDERATION_ENABLED: 'False' } })
    expect(await failure(off.list())).toMatchObject({ code: 'disabled' })
    await off.heartbeat('a').ended
    expect(first.asked).toHaveLength(1)
  })

  it('are given the key by nobody else: a redirection is not followed', async () => {
    const elsewhere = await server(() => [302, ''])
    const mesh = client({ hubs: elsewhere.url, apiKey: 'k1' })
    expect(await failure(mesh.list())).toMatchObject({ code: 'unreachable' })
  })
})

describe('a heartbeat', () => {
  it('registers a project that nobody knows, keeps it online, and stops', async () => {
    const mesh = client()
    const beats: HeartbeatReply[] = []
    const said = vi.fn(() => ({ version: '7' }))
    const registration = { name: 'Comet', hub_url: 'http://comet:1' }
    const pulse = mesh.heartbeat('comet', { registration, beat: said, onBeat: (beat) => beats.push(beat) })
    await vi.waitFor(() => expect(beats.length).toBeGreaterThan(3), 8_000)
    expect(await mesh.get('comet')).toMatchObject({ name: 'Comet', status: 'online', version: '7' })
    pulse.stop()
    await pulse.ended
    const count = said.mock.calls.length
    await mesh.remove('comet')
    // Who removed it meant it.
    const errors: Error[] = []
    const again = mesh.heartbeat('comet', { registration, onError: (error) => errors.push(error) })
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(1), 8_000)
    expect(errors[0]).toMatchObject({ code: 'project-removed' })
    expect(said.mock.calls.length).toBe(count)
    again.stop()
    await again.ended
  })

  it('goes on through failures, also of those that it tells, and begins to pause longer', async () => {
    let isUp = false
    const hub = await server(() => (isUp ? [202, JSON.stringify(reply)] : problem(500, 'internal')))
    const pauses: number[] = []
    let beats = 0
    const mesh = client({ hubs: hub.url })
    const pulse = mesh.heartbeat('a', {
      onError(_, pauseMs) {
        pauses.push(pauseMs)
        isUp = pauses.length === 2
        throw new Error('a listener fails')
      },
      onBeat() {
        beats++
        throw new Error('a listener fails')
      },
    })
    await vi.waitFor(() => expect(beats).toBeGreaterThan(2), 8_000)
    expect(pauses).toHaveLength(2)
    expect(pauses.map((ms, i) => ms >= 250 * 2 ** i && ms <= 500 * 2 ** i)).toEqual([true, true])
    await mesh.close()
    await pulse.ended
  })

  it.each(['close', 'signal', 'signal of the client'] as const)(
    'ends at once by %s, also in the middle',
    async (how) => {
      const ending = new AbortController()
      const { url, asked } = await server(undefined)
      const mesh = client({
        hubs: url,
        timeoutMs: 100_000,
        ...(how === 'signal of the client' ? { signal: ending.signal } : {}),
      })
      const onError = vi.fn()
      const pulse = mesh.heartbeat('a', { onError, ...(how === 'signal' ? { signal: ending.signal } : {}) })
      await vi.waitFor(() => expect(asked).toHaveLength(1))
      if (how === 'close') await mesh.close()
      else ending.abort()
      await pulse.ended
      expect(onError).not.toHaveBeenCalled()
      if (how !== 'signal') expect(await failure(mesh.list())).toMatchObject({ code: 'closed' })
    },
  )

  it.each(['close', 'stop'] as const)('ends by %s while the program itself does not say what to beat', async (how) => {
    const mesh = client()
    const said = vi.fn(() => new Promise<never>(() => undefined))
    const onError = vi.fn()
    const pulse = mesh.heartbeat('a', { beat: said, onError })
    expect(said).toHaveBeenCalledTimes(1)
    if (how === 'close') await mesh.close()
    else pulse.stop()
    await pulse.ended
    expect(onError).not.toHaveBeenCalled()
  })

  it('tells of a program that does not say in time what to beat, and asks it again', async () => {
    const { url, asked } = await server(() => [202, JSON.stringify(reply)])
    const errors: Error[] = []
    let calls = 0
    const beat = () => (++calls === 2 ? new Promise<never>(() => undefined) : {})
    const pulse = client({ hubs: url }).heartbeat('a', { beat, onError: (error) => errors.push(error) })
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(1), 8_000)
    expect(errors.map(({ message }) => message)).toEqual(['the beat function did not answer within 50 ms'])
    pulse.stop()
    await pulse.ended
  })

  it('keeps no process alive that does not want it', async () => {
    const program = (keepsAlive: boolean) => `
      const { HubMesh } = await import('${root}/src/client.ts')
      const mesh = new HubMesh({ hubs: '${hub.url}' })
      const onBeat = () => { console.log('beaten'); setTimeout(() => process.exit(7), 700).unref() }
      mesh.heartbeat('dawn', { beat: { hub_url: 'http://d:1' }, keepsAlive: ${keepsAlive}, onBeat })`
    const run = (keepsAlive: boolean) =>
      launch(process.execPath, ['--input-type=module', '--eval', program(keepsAlive)]).ended
    const [ending, staying] = await Promise.all([run(false), run(true)])
    expect(ending).toMatchObject({ code: 0, out: 'beaten\n' })
    expect(staying).toMatchObject({ code: 7, out: expect.stringMatching(/^(beaten\n){2,}$/) })
  })
})
