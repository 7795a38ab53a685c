// The promises of the README, on real processes: three hubs find each other, agree, and take back who was killed.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { agree, soon } from './agreement.ts'
import { Federation, type HubProcess } from './processes.ts'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 })

describe('three hubs: global, regional and local', () => {
  let federation: Federation
  let hubs: [global: HubProcess, regional: HubProcess, local: HubProcess]

  beforeAll(async () => {
    federation = await Federation.open()
    const global = await federation.add({ id: 'g', tier: 'global', region: 'world' })
    const regional = await federation.add({ id: 'r', tier: 'regional', bootstrap: [global.p2p] })
    hubs = [global, regional, await federation.add({ id: 'l', bootstrap: [regional.p2p, global.p2p] })]
    for (const hub of hubs) hub.start()
  })

  afterAll(() => federation.close())

  it('agree on projects registered at any of them, also after kill -9 of every hub', async () => {
    await agree(hubs)
    for (const hub of hubs) expect(await hub.post('/api/fed/projects', { slug: `p-${hub.id}`, name: hub.id })).toBe(201)
    for (const hub of hubs) {
      for (const other of hubs) {
        await expect.poll(async () => (await hub.project(`p-${other.id}`)).name, soon).toBe(other.id)
      }
    }
    expect(await hubs[0].post('/api/fed/projects', { slug: 'last-word', name: 'Last' })).toBe(201)
    await Promise.all(hubs.map((hub) => hub.end('SIGKILL')))
    for (const hub of hubs) hub.start()
    await agree(hubs)
    for (const hub of hubs) {
      for (const slug of ['p-g', 'p-r', 'p-l', 'last-word']) expect((await hub.project(slug)).slug).toBe(slug)
    }
  })

  it('show a killed hub dead and its projects not online, and take it back by themselves', async () => {
    const [global, regional, local] = hubs
    expect(await regional.post('/api/fed/projects/p-r/heartbeat')).toBe(202)
    for (const hub of [global, local]) {
      await expect.poll(async () => (await hub.project('p-r')).status, soon).toBe('online')
    }
    await regional.end('SIGKILL')
    for (const hub of [global, local]) {
      await expect.poll(() => hub.beliefs(), soon).toContain('r dead')
      expect((await hub.project('p-r')).status).not.toBe('online')
    }
    expect(await local.post('/api/fed/projects', { slug: 'meanwhile', name: 'Meanwhile' })).toBe(201)
    regional.start()
    await agree(hubs)
    expect((await regional.project('meanwhile')).name).toBe('Meanwhile')
  })

  it('show two killed at once dead to the third, and take both back', async () => {
    const [global, regional, local] = hubs
    await Promise.all([global.end('SIGKILL'), regional.end('SIGKILL')])
    for (const belief of ['g dead', 'r dead']) await expect.poll(() => local.beliefs(), soon).toContain(belief)
    expect((await local.status()).view.state).toBe('partitioned')
    expect(await local.post('/api/fed/projects', { slug: 'alone', name: 'Alone' })).toBe(201)
    global.start()
    regional.start()
    await agree(hubs)
    for (const hub of hubs) expect((await hub.project('alone')).name).toBe('Alone')
  })

  it('know a hub that was told to stop as left, not as dead', async () => {
    const [global, regional, local] = hubs
    expect(await local.end('SIGTERM')).toBe(0)
    for (const hub of [global, regional]) await expect.poll(() => hub.beliefs(), soon).toContain('l left')
    await expect.poll(async () => (await global.status()).view.state, soon).toBe('converged')
  })
})
