// Real hubs, one of which has a clock that jumps.

import { type TSchema, Type } from 'typebox'
import { Value } from 'typebox/value'
import { afterAll, expect, it, vi } from 'vitest'
import { systemClock } from '../src/adapters/clock.ts'
import { hour, type Millis } from '../src/core/time.ts'
import type { Clock } from '../src/hub/ports.ts'
import { HealthSchema, MemberSchema } from '../src/hub/shapes.ts'
import { type TestHub, testHub } from './hubs.ts'

const within = { timeout: 15_000, interval: 50 }
const hubs: TestHub[] = []
afterAll(() => Promise.all(hubs.map((hub) => hub.stop())))

let wrongMs: Millis = 0
function wrongClock(): Clock {
  const { now, arm } = systemClock()
  const wrong = () => ({ mono: now().mono, wall: now().wall + wrongMs })
  return { now: wrong, arm }
}

it('says that its clock is wrong, refuses to write, is known as degraded, and recovers by itself', async () => {
  const a = await testHub({ HUBMESH_MEMBERSHIP__PRESET: 'local' })
  hubs.push(a)
  const address = a.driver.hub.info.addresses[0]?.replace(/\/p2p\/.*/, '') ?? ''
  const other = { HUBMESH_NODE__ID: 'hub-b', HUBMESH_NETWORK__BOOTSTRAP: address, HUBMESH_MEMBERSHIP__PRESET: 'local' }
  const b = await testHub(other, { clock: wrongClock() })
  hubs.push(b)
  const get = async <S extends TSchema>(hub: TestHub, path: string, schema: S) =>
    Value.Parse(schema, await (await fetch(`${hub.url}${path}`)).json())
  const post = async () => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ slug: 'atlas' })
    const answer = await fetch(`${b.url}/api/fed/projects`, { method: 'POST', headers, body })
    const { code } = Value.Parse(Type.Object({ code: Type.Optional(Type.String()) }), await answer.json())
    return { status: answer.status, code }
  }
  const degraded = async () =>
    (await get(a, '/api/members', Type.Array(MemberSchema))).find((one) => one.hub_id === 'hub-b')?.degraded_reasons
  await vi.waitFor(async () => expect([(await post()).status, await degraded()]).toEqual([201, []]), within)

  wrongMs = 2 * hour
  expect(await post()).toEqual({ status: 503, code: 'clock-drift' })
  await vi.waitFor(async () => {
    const health = await get(b, '/health', HealthSchema)
    expect(health).toMatchObject({ status: 'degraded', checks: { clock: { status: 'warn' } } })
    expect(health.checks['clock']?.details).toMatch(/ahead by 7200 s/)
    expect(await degraded()).toContain('clock')
  }, within)

  wrongMs = 0
  await vi.waitFor(async () => expect([(await post()).status, await degraded()]).toEqual([201, []]), within)
  expect(b.lines.map(({ msg }) => msg)).toContain('the clock can be relied on again')
})
