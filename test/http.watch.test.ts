// The watch stream as its clients meet it: real hubs over real connections.

import { connect } from 'node:net'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type WatchedEvent, WatchRefused, watch } from '../src/client.ts'
import { ResetEventSchema } from '../src/hub/events.ts'
import { type TestHub, testHub } from './hubs.ts'

let a: TestHub
let b: TestHub
beforeAll(async () => {
  a = await testHub({ HUBMESH_LIMITS__WATCHERS: '4' })
  const [address = ''] = a.driver.hub.info.addresses
  b = await testHub({ HUBMESH_NODE__ID: 'hub-b', HUBMESH_NETWORK__BOOTSTRAP: address })
  await vi.waitFor(async () => {
    expect((await fetch(`${a.url}/health/ready`)).status).toBe(200)
    expect((await fetch(`${b.url}/health/ready`)).status).toBe(200)
  }, 8_000)
})
afterAll(() => Promise.all([a.stop(), b.stop()]))

const register = (hub: TestHub, slug: string) =>
  fetch(`${hub.url}/api/fed/projects`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ slug }),
  })
const remove = (hub: TestHub, slug: string) => fetch(`${hub.url}/api/fed/projects/${slug}`, { method: 'DELETE' })
const digest = (hub: TestHub) => hub.driver.views.status(hub.driver.now()).view.digest
const agreed = () => vi.waitFor(() => expect(digest(a)).toBe(digest(b)), 8_000)
const watchersOf = async (hub: TestHub) =>
  /^hubmesh_watchers (\d+)$/m.exec(await (await fetch(`${hub.url}/metrics`)).text())?.[1]

/** What a hub tells, until it has told what is wanted. */
async function until(
  { url }: TestHub,
  since: string | undefined,
  isLast: (event: WatchedEvent) => boolean,
): Promise<WatchedEvent[]> {
  const told: WatchedEvent[] = []
  for await (const event of watch({ url, since, signal: AbortSignal.timeout(8_000) })) {
    told.push(event)
    if (isLast(event)) break
  }
  return told
}

const isCaughtUp = ({ event }: WatchedEvent): boolean => event === 'caught-up'
const cursorOf = (told: readonly WatchedEvent[]): string => told.at(-1)?.cursor ?? ''

/** `put atlas`, `remove atlas`: projects as they were told, by slug. */
function projectsIn(told: readonly WatchedEvent[]): string[] {
  const written = told.flatMap((one) =>
    one.event === 'project' && one.op !== 'status' ? [`${one.op} ${one.slug}`] : [],
  )
  return written.sort()
}

describe('the stream', () => {
  it('is server-sent events with the shapes of the contract: what is there first, then what changes', async () => {
    await register(a, 'atlas')
    const ending = new AbortController()
    const response = await fetch(`${a.url}/api/fed/watch`, { signal: ending.signal })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    let text = ''
    const reading = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    const more = async (what: RegExp) => {
      while (!what.test(text)) text += (await reading?.read())?.value ?? ''
    }
    await more(/^: caught-up 1~\S+\n\n/m)
    expect(text).toMatch(
      /^event: project\nid: 1~[\w.~-]+\ndata: {"op":"put","slug":"atlas","revision":"[0-9a-f]{16}","value":{"id":"atlas",.*}}\n\n/m,
    )
    expect(text).toMatch(
      /^event: hub\nid: 1~[\w.~-]+\ndata: {"op":"put","hub_id":"hub-b","revision":"\d+","value":{"hub_id":"hub-b",.*}}\n\n/m,
    )
    await fetch(`${a.url}/api/fed/projects/atlas/heartbeat`, { method: 'POST' })
    await more(/"op":"status","slug":"atlas".*"status":"online"/)
    await remove(a, 'atlas')
    await more(/^data: {"op":"remove","slug":"atlas","revision":null,"value":null}\n\n/m)
    ending.abort()
  })

  it('goes on at another hub of the federation, with the removals since', async () => {
    for (const slug of ['kept', 'lost']) await register(a, slug)
    await agreed()
    const seen = await until(a, undefined, isCaughtUp)
    expect(projectsIn(seen)).toEqual(expect.arrayContaining(['put kept', 'put lost']))
    await remove(b, 'lost')
    await register(a, 'late')
    await agreed()
    const rest = await until(b, cursorOf(seen), isCaughtUp)
    expect(rest.some(({ event }) => event === 'reset')).toBe(false)
    expect(projectsIn(rest)).toEqual(['put late', 'remove lost'])
    expect(rest.flatMap((one) => (one.event === 'hub' ? [one.hub_id] : [])).sort()).toEqual(['hub-a', 'hub-b'])
    expect(projectsIn(await until(a, cursorOf(rest), isCaughtUp))).toEqual([])
  })

  it('says reset where the cursor is of another epoch of a hub that nobody knows or too far on, and tells that part again', async () => {
    await register(a, 'twice')
    await register(a, 'gone')
    await remove(a, 'gone')
    await agreed()
    const seen = cursorOf(await until(a, undefined, isCaughtUp))
    const early = await until(a, seen.replace(/(~hub-a~)\w{7}/, '$10000000'), isCaughtUp)
    expect(early[0]).toMatchObject({ event: 'reset', scope: 'all', hub_id: 'hub-a', reason: 'epoch' })
    expect(Value.Check(ResetEventSchema, early[0])).toBe(true)
    expect(projectsIn(early)).toEqual(expect.arrayContaining(['put twice', 'remove gone']))
    const ahead = await until(a, seen.replace(/(~hub-a~\w{7}~)\w+/, '$1zzz'), isCaughtUp)
    expect(ahead[0]).toMatchObject({ event: 'reset', scope: 'hub', hub_id: 'hub-a', reason: 'ahead' })
    expect(projectsIn(ahead)).toEqual(expect.arrayContaining(['put twice', 'remove gone']))
    const strange = await until(a, `${seen}~nobody~0000000~1`, isCaughtUp)
    expect(strange[0]).toMatchObject({ event: 'reset', scope: 'all', hub_id: 'nobody', reason: 'unknown' })
    expect(projectsIn(strange)).toEqual(expect.arrayContaining(['put twice', 'remove gone']))
  })

  it('takes the cursor of the header before that of the address', async () => {
    const seen = cursorOf(await until(a, undefined, isCaughtUp))
    const response = await fetch(`${a.url}/api/fed/watch?since=nonsense`, { headers: { 'last-event-id': seen } })
    expect(response.status).toBe(200)
    await response.body?.cancel()
  })

  it.each([
    ['a cursor that is none', '?since=1~x', {}, 400, 'invalid-cursor'],
    ['such a header', '', { 'last-event-id': 'x' }, 400, 'invalid-cursor'],
    ['a parameter that is not known', '?from=1', {}, 400, 'invalid-request'],
  ] as const)('refuses %s', async (...row) => {
    const [, query, headers, status, code] = row
    const response = await fetch(`${a.url}/api/fed/watch${query}`, { headers })
    expect(response.headers.get('content-type')).toContain('application/problem+json')
    expect(await response.json()).toMatchObject({ status, code })
  })

  it('is not there for HEAD, which would never end', async () => {
    expect((await fetch(`${a.url}/api/fed/watch`, { method: 'HEAD' })).status).toBe(405)
  })

  it('is given to limits.watchers clients and counted; who leaves makes room', async () => {
    await vi.waitFor(async () => expect(await watchersOf(a)).toBe('0'))
    const open = await Promise.all(Array.from({ length: 4 }, () => fetch(`${a.url}/api/fed/watch`)))
    const refused = await fetch(`${a.url}/api/fed/watch`)
    expect(refused.status).toBe(429)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await refused.json()).toMatchObject({
      code: 'limit-reached',
      detail: expect.stringContaining('limits.watchers'),
    })
    expect(await watchersOf(a)).toBe('4')
    await Promise.all(open.map((response) => response.body?.cancel()))
    await vi.waitFor(async () => expect(await watchersOf(a)).toBe('0'))
    const text = await (await fetch(`${a.url}/metrics`)).text()
    expect(text).toMatch(/^hubmesh_watch_events_total\{event="project"\} [1-9]/m)
    expect(text).toMatch(/^hubmesh_watch_events_total\{event="reset"\} [1-9]/m)
  })

  it('ends when the hub stops, which does not wait for it, nor for a client that reads nothing', async () => {
    const c = await testHub({ HUBMESH_NODE__ID: 'hub-c' })
    await vi.waitFor(async () => expect((await fetch(`${c.url}/health/ready`)).status).toBe(200), 5_000)
    const response = await fetch(`${c.url}/api/fed/watch`)
    const { hostname, port } = new URL(c.url)
    const idle = connect(Number(port), hostname).pause()
    idle.write(`GET /api/fed/watch HTTP/1.1\r\nhost: ${hostname}:${port}\r\n\r\n`)
    await vi.waitFor(async () => expect(await watchersOf(c)).toBe('2'))
    const started = performance.now()
    await Promise.all([c.stop(), response.text()])
    expect(performance.now() - started).toBeLessThan(1_900)
    idle.destroy()
  })
})

describe('a client', () => {
  it('goes on by itself with the hub that comes after the one that went', async () => {
    const first = await testHub({ HUBMESH_NODE__ID: 'hub-d' })
    await vi.waitFor(async () => expect((await register(first, 'before')).status).toBe(201), 5_000)
    const url = first.url
    const ending = new AbortController()
    const retries: string[] = []
    const told: WatchedEvent[] = []
    const onRetry = (error: Error) => retries.push(error.message)
    const watching = (async () => {
      for await (const event of watch({ url, signal: ending.signal, onRetry })) told.push(event)
    })()
    await vi.waitFor(() => expect(told.some(isCaughtUp)).toBe(true))
    await first.stop()
    const again = { HUBMESH_NODE__ID: 'hub-d', HUBMESH_NETWORK__HTTP_PORT: new URL(url).port }
    const second = await testHub(again)
    await vi.waitFor(() => expect(told.filter(isCaughtUp)).toHaveLength(2), 8_000)
    expect(retries.length).toBeGreaterThan(0)
    // Its disk is gone, and with it what the client was told of; it may be asked before it has opened its slice anew.
    const reset = { scope: 'all', reason: expect.stringMatching(/^(epoch|unknown)$/) }
    expect(told.find(({ event }) => event === 'reset')).toMatchObject(reset)
    ending.abort()
    await watching
    await second.stop()
  })

  it('is told what a hub refuses for good, and does not ask again', async () => {
    const error = await until(a, 'nonsense', isCaughtUp).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(WatchRefused)
    expect(error).toMatchObject({ status: 400, code: 'invalid-cursor' })
  })
})
