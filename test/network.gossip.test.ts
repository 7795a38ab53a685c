// Gossip among real hubs: deleting gossipsub fails these.

import { describe, expect, it, vi } from 'vitest'
import { withPackedHead } from '../src/core/packed.ts'
import { type ContractHub, dial, linked, openHub } from './contracts/hubs.ts'
import { bareNode, sayHello, scene } from './network.world.ts'

vi.setConfig({ testTimeout: 30_000 })
const soon = 10_000
const utf8 = (text: string) => new TextEncoder().encode(text)

describe('gossipsub', () => {
  it.concurrent(
    'brings a publication of every topic to a hub two links away',
    scene(async (world) => {
      const [a, b, c] = [await openHub(world, 'a'), await openHub(world, 'b'), await openHub(world, 'c')]
      dial(a, b)
      dial(c, b)
      await world.until(() => linked(a, b) && linked(c, b), soon)
      const said = ['catalog', 'presence', 'members'] as const
      await vi.waitFor(
        () => {
          for (const topic of said) a.network.publish(topic, utf8(`about ${topic}`))
          const heard = new Set(c.gossip.map(({ topic, author, text }) => `${topic} ${author} ${text}`))
          expect(heard).toEqual(new Set(said.map((topic) => `${topic} ${a.peer} about ${topic}`)))
        },
        { timeout: soon, interval: 200 },
      )
      expect(a.gossip).toEqual([])
      expect(world.stats('c').gossip.members.received).toBeGreaterThan(0)
    }),
  )

  it.concurrent(
    'delivers every message to twelve hubs behind one IP address',
    scene(async (world) => {
      const centre = await openHub(world, 'centre')
      const others: ContractHub[] = []
      for (let i = 0; i < 12; i++) others.push(await openHub(world, `hub${i}`))
      for (const hub of others) dial(hub, centre)
      await world.until(() => others.every((hub) => linked(hub, centre)), soon)
      expect(others.flatMap((hub) => hub.failures)).toEqual([])
      const reached = (word: string) => others.filter((hub) => hub.gossip.some(({ text }) => text === word)).length
      // The mesh takes some beats to form, and more than a second for a score to be taken down.
      await world.elapse(1_500)
      const words = Array.from({ length: 10 }, (_, i) => `word ${i}`)
      for (const word of words) centre.network.publish('presence', utf8(word))
      await world.until(() => words.every((word) => reached(word) === 12), soon)
      for (const [i, hub] of others.entries()) hub.network.publish('catalog', utf8(`from ${i}`))
      await world.until(() => others.every((hub) => hub.gossip.length === 21), soon)
    }),
  )

  it.concurrent(
    'refuses a publication above the bound',
    scene(async (world) => {
      const a = await openHub(world, 'a')
      a.network.publish('catalog', new Uint8Array(64 * 1024 + 1))
      a.network.publish('catalog', new Uint8Array(64 * 1024))
      expect(world.stats('a')).toMatchObject({ gossipOversized: 1, gossip: { catalog: { published: 1 } } })
    }),
  )

  it.concurrent(
    'holds what travels compressed to the same bound, at both ends',
    scene(async (world) => {
      const short = new Uint8Array(100)
      const [fits, exceeds] = [withPackedHead(64 * 1024, short), withPackedHead(64 * 1024 + 1, short)]
      const a = await openHub(world, 'a')
      a.network.publish('catalog', exceeds)
      a.network.publish('catalog', fits)
      expect(world.stats('a')).toMatchObject({ gossipOversized: 1, gossip: { catalog: { published: 1 } } })
      const peer = await bareNode({ dht: false })
      world.atEnd(() => peer.stop())
      await sayHello(await peer.dial(peer.address(a.addresses)), 'hi')
      peer.gossip.subscribe('/hubmesh/test/catalog/1')
      await vi.waitFor(
        async () => {
          await peer.gossip.publish('/hubmesh/test/catalog/1', exceeds)
          await peer.gossip.publish('/hubmesh/test/catalog/1', fits)
          expect(a.gossip.length).toBeGreaterThan(0)
          expect(a.garbage).toContain('oversized-gossip')
        },
        { timeout: soon, interval: 200 },
      )
    }),
  )

  it.concurrent(
    'carries nothing to or from a peer that is not admitted',
    scene(async (world) => {
      const a = await openHub(world, 'a', { admit: () => ({ ok: false, reason: 'nobody' }) })
      const stranger = await bareNode({ dht: true })
      world.atEnd(() => stranger.stop())
      const heard: string[] = []
      stranger.gossip.addEventListener('message', ({ detail }) => heard.push(detail.topic))
      stranger.gossip.subscribe('/hubmesh/test/catalog/1')
      // Kept for the DHT alone: the connection stays.
      await stranger.dial(stranger.address(a.addresses))
      await world.elapse(1_200)
      for (let i = 0; i < 5; i++) {
        await stranger.gossip.publish('/hubmesh/test/catalog/1', utf8('poison'))
        a.network.publish('catalog', utf8('secret'))
        await world.elapse(100)
      }
      expect([heard, a.gossip]).toEqual([[], []])
      expect(world.stats('a').connections).toBe(1)
    }),
  )
})
