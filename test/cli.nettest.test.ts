// `hubmesh net-test`, as a real process against real hubs and against what is no hub: each thing that can be wrong is named.

import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../src/adapters/clock.ts'
import { stepsTo } from '../src/cli/nettest.ts'
import type { Step } from '../src/cli/steps.ts'
import { loadConfig } from '../src/config/load.ts'
import { type TestHub, testHub } from './hubs.ts'
import { freePort } from './ports.ts'
import { hubmesh, killLeftovers } from './processes.ts'

const within = 30_000
vi.setConfig({ testTimeout: within, hookTimeout: within })

let hub: TestHub
let late: TestHub
beforeAll(async () => {
  const system = systemClock()
  const now = () => ({ ...system.now(), wall: system.now().wall + 3_600_000 })
  hub = await testHub({})
  late = await testHub({ HUBMESH_FEDERATION__ID: 'other' }, { clock: { ...system, now } })
})
afterAll(async () => {
  killLeftovers()
  await Promise.all([hub.stop(), late.stop()])
})

/** As a hub of this federation takes them. */
async function tried(address: string, federation = 'hubmesh', timeoutMs = 10_000): Promise<readonly Step[]> {
  const loaded = loadConfig({ env: { HUBMESH_NODE__ID: 'me', HUBMESH_FEDERATION__ID: federation } })
  if (!loaded.ok) throw new Error('the configuration is valid')
  return (await stepsTo(address, { config: loaded.config, timeoutMs })).all
}

function portOf({ driver }: TestHub): string {
  const [address = ''] = driver.hub.info.addresses
  return /tcp\/(\d+)/.exec(address)?.[1] ?? ''
}

const failed = (steps: readonly Step[]) => steps.find(({ status }) => status === 'failed')

describe('net-test', () => {
  it('finds nothing wrong with a hub, says who it is, and leaves no trace in its members', async () => {
    const { code, out, err } = await hubmesh(['net-test', `localhost:${portOf(hub)}`]).ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const steps = out
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(/ +/).slice(0, 2).join(' '))
    expect(steps).toEqual(['resolve ok', 'connect ok', 'noise ok', 'protocols ok', 'rtt ok', 'hello ok', 'clock ok'])
    expect(out).toMatch(/hello .*hub-a \(local, region default/)
    expect(hub.driver.views.members(hub.driver.now()).map(({ hub_id }) => hub_id)).toEqual(['hub-a'])
  })

  it('names a hub of another federation', async () => {
    expect(failed(await tried(`127.0.0.1:${portOf(late)}`))).toMatchObject({
      name: 'protocols',
      detail: expect.stringContaining('federation other'),
    })
  })

  it('names a clock that is wrong', async () => {
    expect(failed(await tried(`127.0.0.1:${portOf(late)}`, 'other'))).toMatchObject({
      name: 'clock',
      detail: expect.stringMatching(/^it is 3\d{6} ms ahead/),
    })
  })

  it('names a port where nobody listens, and ends with 1', async () => {
    const { code, out, err } = await hubmesh(['net-test', `127.0.0.1:${await freePort()}`, '--json']).ended
    expect({ code, err }).toEqual({ code: 1, err: '' })
    const { ok, steps } = JSON.parse(out)
    expect(ok).toBe(false)
    expect(failed(steps)).toMatchObject({ name: 'connect', detail: expect.stringContaining('ECONNREFUSED') })
    const states = steps.map(({ status }: Step) => status)
    expect(states).toEqual(['ok', 'failed', ...Array(5).fill('skipped')])
  })

  it('names a name without an address', async () => {
    expect(failed(await tried('nobody.invalid:8081'))).toMatchObject({ name: 'resolve', hint: expect.any(String) })
  })

  it('says that a hub has another key than the address names', async () => {
    const other = late.driver.hub.info.peer
    expect(failed(await tried(`/ip4/127.0.0.1/tcp/${portOf(hub)}/p2p/${other}`))).toMatchObject({ name: 'noise' })
  })

  it('says that the HTTP port is no port for hubs', async () => {
    const http = createHttpServer((_, response) => response.end()).listen(0, '127.0.0.1')
    await once(http, 'listening')
    const told = await tried(`127.0.0.1:${(http.address() as AddressInfo).port}`)
    http.close()
    expect(failed(told)).toMatchObject({ name: 'noise', hint: expect.stringContaining('network.listen') })
  })

  it('ends in time where something takes the connection and says nothing', async () => {
    const mute = createServer().listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const told = await tried(`127.0.0.1:${(mute.address() as AddressInfo).port}`, 'hubmesh', 500)
    mute.close()
    expect(failed(told)).toMatchObject({ name: 'noise' })
  })

  it.each([
    ['no address', ['nowhere']],
    ['a time that is none', ['127.0.0.1:1', '--timeout', 'long']],
  ])('with %s is wrong usage', async (_, args) => {
    expect(await hubmesh(['net-test', ...args]).ended).toMatchObject({ code: 2, out: '' })
  })
})
