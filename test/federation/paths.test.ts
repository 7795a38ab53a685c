// Real hubs over paths that are broken, hostile or roundabout.

import { connect } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Member } from '../../src/hub/shapes.ts'
import { bareNode } from '../network.world.ts'
import { freePort } from '../ports.ts'
import { agree, soon } from './agreement.ts'
import { DroppingProxy, Federation } from './processes.ts'

vi.setConfig({ testTimeout: 90_000 })

const endings: (() => unknown)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function openFederation(): Promise<Federation> {
  const federation = await Federation.open()
  endings.push(() => federation.close())
  return federation
}

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
