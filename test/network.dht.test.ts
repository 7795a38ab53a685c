// Finding hubs through the DHT: deleting kad-dht fails these.

import { describe, expect, it, vi } from 'vitest'
import { linked, openHub } from './contracts/hubs.ts'
import { bareNode, scene } from './network.world.ts'
import { freePort } from './ports.ts'

vi.setConfig({ testTimeout: 30_000 })
const soon = 15_000

describe('kad-dht', () => {
  it.concurrent(
    'leads a hub with an empty address book to a hub that nobody named, past a rendezvous that is no hub',
    scene(
      async (world) => {
        const port = await freePort()
        const bootstrap = [`127.0.0.1:${port}`]
        const [a, b] = [
          await openHub(world, 'a', { options: { bootstrap } }),
          await openHub(world, 'b', { options: { bootstrap } }),
        ]
        // Later than the one look around that kad-dht itself takes after its start.
        await world.elapse(1_200)
        const rendezvous = await bareNode({ dht: true, port })
        world.atEnd(() => rendezvous.stop())
        await world.until(() => linked(a, b), soon)
        expect([a.ups.length, b.ups.length]).toEqual([1, 1])
        // The rendezvous stays usable and is no link.
        await world.elapse(300)
        expect(rendezvous.peers()).toEqual(expect.arrayContaining([a.peer, b.peer]))
        expect([world.stats('a').links, world.stats('b').links]).toEqual([1, 1])
      },
      { dht: 'server' },
    ),
  )

  it.concurrent(
    'finds the address of a hub that is known by its peer id alone',
    scene(async (world) => {
      const rendezvous = await bareNode({ dht: true })
      world.atEnd(() => rendezvous.stop())
      // Two clients: in nobody's routing table, so that no walk comes upon them.
      const options = { bootstrap: [rendezvous.listening] }
      const [a, b] = [await openHub(world, 'a', { options }), await openHub(world, 'b', { options })]
      await world.until(() => rendezvous.peers().length === 2, soon)
      await world.elapse(1_000)
      expect([a.ups, b.ups]).toEqual([[], []])
      b.network.connect({ peer: a.peer, addresses: [], eager: true })
      await world.until(() => linked(a, b), soon)
      expect(b.failures[0]).toEqual({ peer: a.peer, reason: 'no-address' })
    }),
  )
})
