// The documentation as a browser meets it: the page, what it loads, and the document in both forms.

import Fastify from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parse } from 'yaml'
import * as events from '../src/hub/events.ts'
import * as shapes from '../src/hub/shapes.ts'
import { type TestHub, testHub } from './hubs.ts'

let hub: TestHub
beforeAll(async () => {
  hub = await testHub({})
})
afterAll(() => hub.stop())

const get = (path: string, init: RequestInit = {}) => fetch(hub.url + path, { redirect: 'manual', ...init })

it('serves the page with all that it loads', async () => {
  const page = await get('/docs')
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
  const loaded = [...(await page.text()).matchAll(/(?:src|href)="(?:\.\/)?([^"]*static\/[^"]+)"/g)]
  expect(loaded.length).toBeGreaterThan(4)
  for (const [, path = ''] of loaded) {
    const part = await get(path)
    const bytes = (await part.arrayBuffer()).byteLength
    expect([path, part.status, bytes]).toEqual([path, 200, Number(part.headers.get('content-length'))])
    expect(bytes).toBeGreaterThan(0)
  }
  expect(await (await get('/docs/static/swagger-initializer.js')).text()).toContain('/openapi.json')
})

it('answers for parts of it, and where it was moved', async () => {
  const path = '/docs/static/swagger-ui.css'
  const whole = await get(path)
  const length = whole.headers.get('content-length')
  const head = await get(path, { method: 'HEAD' })
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, length, ''])
  expect((await (await get(path, { headers: { range: 'bytes=0-9' } })).arrayBuffer()).byteLength).toBe(10)
  const moved = await get('/docs/static/index.html')
  expect([moved.status, moved.headers.get('location')]).toEqual([302, '/docs/'])
})

it('has the document as JSON and as YAML', async () => {
  const document = await (await get('/openapi.json')).json()
  expect(await (await get('/docs/json')).json()).toEqual(document)
  expect(parse(await (await get('/docs/yaml')).text())).toEqual(document)
})

it('refuses what is not part of it as a problem', async () => {
  for (const path of ['/docs/static/nothing.js', '/docs/static/..%2findex.js', '/docs/nothing'])
    expect((await get(path)).headers.get('content-type')).toContain('application/problem+json')
  expect((await get('/docs', { method: 'POST' })).headers.get('allow')).toBe('GET, HEAD')
})

it('is made of proper schemas', async () => {
  const named = Object.values({ ...shapes, ...events }).filter((one) => typeof one === 'object' && '$id' in one)
  expect(named.length).toBeGreaterThan(10)
  // As it comes, Fastify compares each with the schema of schemas.
  const judge = async (...schemas: object[]) => {
    const app = Fastify()
    for (const schema of [...named, ...schemas]) app.addSchema(schema)
    app.post('/', { schema: { body: {} } }, async () => '')
    await app.ready()
  }
  await judge()
  await expect(judge({ $id: 'Wrong', type: 'text' })).rejects.toThrow(/schema is invalid/)
})
