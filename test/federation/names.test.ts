// Two hubs with one name, as real processes: the one that came later goes, and says which hub it met.

import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { agree, soon } from './agreement.ts'
import { Federation, type HubProcess } from './processes.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let federation: Federation
let elsewhere: Federation
let first: HubProcess
let neighbour: HubProcess

beforeAll(async () => {
  federation = await Federation.open()
  elsewhere = await Federation.open()
  first = await federation.add({ id: 'twin' })
  neighbour = await federation.add({ id: 'neighbour', bootstrap: [first.p2p] })
  first.start()
  neighbour.start()
})
afterAll(() => Promise.all([federation.close(), elsewhere.close()]))

it('a hub started under a name that is taken ends with 1, also when it only met a neighbour of the other', async () => {
  await agree([first, neighbour])
  await expect.poll(async () => (await first.status()).uptime_s, soon).toBeGreaterThan(2)
  const later = await elsewhere.add({ id: 'twin', bootstrap: [neighbour.p2p] })
  later.start()
  await expect.poll(() => later.isRunning, soon).toBe(false)
  expect(await later.end('SIGKILL')).toBe(1)
  const conflict = later.log.split('\n').find((line) => line.includes('"operation":"conflict"')) ?? ''
  expect(conflict).toContain('another hub named twin was up before this one: give this one another node.id')
  expect(conflict).toContain(first.p2p.split(':')[1])
  expect(first.isRunning).toBe(true)
  expect(await first.isHealthy()).toBe(true)
  // Not `agree`: a slice of that name signed by another key is left alone, and shown as such, for a minute (C10).
  await expect.poll(() => neighbour.beliefs(), soon).toEqual(['neighbour alive', 'twin alive'])
  expect((await neighbour.status()).view.digest).toBe((await first.status()).view.digest)
})
