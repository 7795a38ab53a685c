// The promises of the README, on real processes: three hubs find each other, agree, and take back who was killed.

import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Member } from '../../src/hub/shapes.ts'
import { bareNode } from '../network.world.ts'
import { DroppingProxy, Federation, freePort, type HubProcess } from './processes.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const soon = { timeout: 30_000, interval: 100 }
const endings: (() => unknown)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function openFederation(): Promise<Federation> {
  const federation = await Federation.open()
  endings.push(() => federation.close())
  return federation
}

/** Waits until these hubs are healthy, see each other alive and hold the same catalog. */
async function agree(hubs: readonly HubProcess[]): Promise<void> {
  await expect.poll(() => Promise.all(hubs.map((hub) => hub.isHealthy())), soon).toEqual(hubs.map(() => true))
  const alive = hubs.map((hub) => `${hub.id} alive`).sort()
  for (const hub of hubs) await expect.poll(() => hub.beliefs(), soon).toEqual(expect.arrayContaining(alive))
  const digests = async (): Promise<number> => {
    const statuses = await Promise.all(hubs.map((hub) => hub.status()))
    return new Set(statuses.map((status) => status.view.digest)).size
  }
  await expect.poll(digests, soon).toBe(1)
}

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
    expect((await global.status()).view.state).toBe('converged')
  })
})

describe('a broken path', () => {
  it('between two hubs that both reach a third kills neither', async () => {
    const federation = await openFederation()
    const ports = { a: await freePort(), b: await freePort() }
    const proxies = { a: new DroppingProxy(ports.a), b: new DroppingProxy(ports.b) }
    endings.push(() => {
      for (const proxy of Object.values(proxies)) proxy.close()
    })
    const announce = { a: await proxies.a.listen(), b: await proxies.b.listen() }
    const c = await federation.add({ id: 'c' })
    const plan = (id: 'a' | 'b') => {
      return { id, p2pPort: ports[id], bootstrap: [c.p2p], announce: [`127.0.0.1:${announce[id]}`] }
    }
    // Both reach c directly; of each other they know only the announced address, which is the proxy.
    c.start()
    await expect.poll(() => c.isHealthy(), soon).toBe(true)
    const [a, b] = [await federation.add(plan('a')), await federation.add(plan('b'))]
    a.start()
    b.start()
    await agree([a, b, c])
    const linksOf = async (): Promise<number[]> =>
      Promise.all([a, b].map(async (hub) => (await hub.status()).links.open))
    await expect.poll(linksOf, soon).toEqual([2, 2])
    expect(proxies.a.passed + proxies.b.passed).toBeGreaterThan(0)

    proxies.a.cut()
    proxies.b.cut()
    const seen = new Set<string>()
    const until = Date.now() + 8_000
    while (Date.now() < until) {
      for (const hub of [a, b, c]) for (const belief of await hub.beliefs()) seen.add(belief)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(proxies.a.dropped + proxies.b.dropped).toBeGreaterThan(1_000)
    expect([...seen].filter((belief) => belief.endsWith(' dead'))).toEqual([])
    expect(await a.post('/api/fed/projects', { slug: 'around', name: 'Around' })).toBe(201)
    await expect.poll(async () => (await b.project('around')).name, soon).toBe('Around')
  })

  it('to the peer port, full of garbage, is counted and harms nothing', async () => {
    const federation = await openFederation()
    const hub = await federation.add({ id: 'a' })
    hub.start()
    await expect.poll(() => hub.isHealthy(), soon).toBe(true)
    for (let i = 0; i < 3; i++) {
      const socket = connect(Number(hub.p2p.split(':')[1]), '127.0.0.1')
      socket.on('error', () => socket.destroy())
      socket.end(Buffer.alloc(5_000, 0x2a + i))
    }
    const counted = async (): Promise<number> => {
      const text = await (await fetch(`${hub.http}/metrics`)).text()
      return Number(/^hubmesh_network_garbage_total\{[^}]*\} (\d+)/m.exec(text)?.[1] ?? 0)
    }
    await expect.poll(counted, soon).toBeGreaterThan(0)
    expect(await hub.isHealthy()).toBe(true)
    const mate = await federation.add({ id: 'b', bootstrap: [hub.p2p] })
    mate.start()
    await agree([hub, mate])
  })
})

describe('a hub whose address book is empty', () => {
  it('reaches through the DHT a hub that no rumour named', async () => {
    const rendezvous = await bareNode({ dht: true, federation: 'hubmesh' })
    endings.push(() => rendezvous.stop())
    const federation = await openFederation()
    const bootstrap = [rendezvous.listening]
    const a = await federation.add({ id: 'a', tier: 'regional', bootstrap })
    const b = await federation.add({ id: 'b', tier: 'regional', bootstrap })
    a.start()
    b.start()
    await agree([a, b])
    const [member] = (await a.get<Member[]>('/api/members')).filter((each) => each.hub_id === 'b')
    expect(member?.addresses).toEqual([`/ip4/127.0.0.1/tcp/${b.p2p.split(':')[1]}`])
  })
})
