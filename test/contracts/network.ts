// What every `Network` must do, real or simulated: written only against the port, so that what the hub relies on in
// production is what the simulator plays to it. Time and death belong to the world that is handed in.

import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { Channel } from '../../src/hub/ports.ts'
import { admissionCases } from './admission.ts'
import {
  type ContractHub,
  dial,
  gossipReaches,
  heard,
  linked,
  links,
  type NetworkWorld,
  openHub,
  realTimeBound,
  soon,
  utf8,
} from './hubs.ts'

/** Cases run side by side, each in a world of its own. */
export function networkContract(title: string, makeWorld: () => Promise<NetworkWorld>): void {
  const scene: Scene = (claim, play) =>
    it.concurrent(
      claim,
      async () => {
        const world = await makeWorld()
        try {
          await play(world)
        } finally {
          await world.end()
        }
      },
      realTimeBound,
    )
  describe(`${title} keeps the network contract`, () => {
    linkCases(scene)
    admissionCases(scene)
    lossCases(scene)
    releaseCases(scene)
    messageCases(scene)
    gossipCases(scene)
  })
}

type Scene = (claim: string, play: (world: NetworkWorld) => Promise<void>) => void

async function pair(world: NetworkWorld): Promise<[ContractHub, ContractHub]> {
  const [a, b] = [await openHub(world, 'a'), await openHub(world, 'b')]
  dial(a, b)
  await world.until(() => linked(a, b), soon)
  return [a, b]
}

function linkCases(scene: Scene): void {
  scene("tells both ends of a link once, with the other's hello and address", async (world) => {
    const [a, b] = await pair(world)
    expect(a.ups).toEqual([{ peer: b.peer, hello: 'hello from b', address: expect.stringContaining('/') }])
    expect(b.ups).toEqual([{ peer: a.peer, hello: 'hello from a', address: expect.stringContaining('/') }])
    expect([...a.downs, ...b.downs]).toEqual([])
  })

  scene('keeps exactly one link when both ends dial at once, and gossip flows both ways', async (world) => {
    const [a, b] = [await openHub(world, 'a'), await openHub(world, 'b')]
    dial(a, b)
    dial(b, a)
    await world.until(() => linked(a, b), soon)
    await world.elapse(1_000)
    expect([links(a, b), links(b, a)]).toEqual([1, 1])
    await gossipReaches(world, { author: a, others: [b] })
    await gossipReaches(world, { author: b, others: [a] })
    expect([a.ups.length, b.ups.length]).toEqual([1, 1])
  })

  scene('dials by itself when the peer that owns the dial does not', async (world) => {
    const [a, b] = [await openHub(world, 'a'), await openHub(world, 'b')]
    dial(a, b, false)
    await world.elapse(500)
    expect(links(a, b)).toBe(0)
    await world.until(() => linked(a, b), soon)
  })
}

function lossCases(scene: Scene): void {
  scene('tells that a link is down when the peer dies, and takes the peer back at its old address', async (world) => {
    const [a, b] = await pair(world)
    await world.kill('b')
    await world.until(() => links(a, b) === 0, soon)
    await world.until(() => a.failures.some((failure) => failure.reason === 'refused'), soon)
    const again = await openHub(world, 'b')
    expect(again.peer).toBe(b.peer)
    await world.until(() => links(a, again) === 1 && again.ups.length === 1, 3 * soon)
  })

  scene('does not dial a peer again that it was told to keep no longer', async (world) => {
    const [a, b] = await pair(world)
    a.network.disconnect(b.peer)
    await world.kill('b')
    await world.until(() => links(a, b) === 0, soon)
    const again = await openHub(world, 'b')
    await world.elapse(1_500)
    expect(again.ups).toEqual([])
  })

  scene('tears a link down at once when told to, and a kept peer comes back', async (world) => {
    const [a, b] = await pair(world)
    a.network.abort(b.peer)
    await world.until(() => a.downs.length === 1 && b.downs.length === 1, soon)
    expect(a.downs).toEqual([{ peer: b.peer, reason: 'aborted' }])
    await world.until(() => linked(a, b), soon)
    expect(a.ups.length).toBe(2)
  })
}

function releaseCases(scene: Scene): void {
  scene('ends a link in order when it is released: what was sent arrives, and nobody dials again', async (world) => {
    const [a, b] = await pair(world)
    a.network.disconnect(b.peer)
    a.network.send(b.peer, 'control', utf8('farewell'))
    await world.until(() => heard(b, a).length === 1, soon)
    a.network.release(b.peer)
    await world.until(() => a.downs.length === 1 && b.downs.length === 1, soon)
    expect([a.downs, b.downs]).toEqual([[{ peer: b.peer, reason: 'released' }], [{ peer: a.peer, reason: 'closed' }]])
    await world.elapse(1_500)
    expect([a.ups.length, b.ups.length]).toEqual([1, 1])
  })

  scene('does not release a peer that is kept, nor one that is not linked', async (world) => {
    const [a, b] = await pair(world)
    a.network.release(b.peer)
    b.network.release('nobody' as PeerId)
    await world.elapse(500)
    expect([a.downs, b.downs]).toEqual([[], []])
    expect(linked(a, b)).toBe(true)
  })
}

const channelNames: readonly Channel[] = ['control', 'bulk']

function messageCases(scene: Scene): void {
  scene('carries messages in order and whole, both ways, large ones on the bulk channel', async (world) => {
    const [a, b] = await pair(world)
    const large = new Uint8Array(200 * 1024).map((_, i) => (i * 31) % 251)
    const said = Array.from({ length: 100 }, (_, i) => `message ${i}`)
    for (const word of said) a.network.send(b.peer, 'control', utf8(word))
    for (const word of said) b.network.send(a.peer, 'control', utf8(word))
    await world.until(() => heard(b, a).length === 100 && heard(a, b).length === 100, soon)
    expect([heard(b, a), heard(a, b)]).toEqual([said, said])
    a.network.send(b.peer, 'bulk', large)
    a.network.send(b.peer, 'bulk', utf8('after the large one'))
    await world.until(() => b.messages.length === 102, soon)
    expect(b.messages[100]?.bytes).toEqual(large)
    expect(heard(b, a)[101]).toBe('after the large one')
    expect([...a.garbage, ...b.garbage]).toEqual([])
  })

  for (const channel of channelNames)
    scene(`delivers what is sent on ${channel} in the moment a link comes up`, async (world) => {
      const [a, b] = [await openHub(world, 'a'), await openHub(world, 'b')]
      dial(a, b)
      await world.until(() => links(a, b) === 1, soon)
      a.network.send(b.peer, channel, utf8('at once'))
      await world.until(() => b.messages.length === 1, soon)
      expect(heard(b, a)).toEqual(['at once'])
    })

  scene('drops what is sent to a peer without a link, quietly', async (world) => {
    const [a, b] = [await openHub(world, 'a'), await openHub(world, 'b')]
    a.network.send(b.peer, 'control', utf8('lost'))
    dial(a, b)
    await world.until(() => linked(a, b), soon)
    a.network.send(b.peer, 'control', utf8('found'))
    await world.until(() => b.messages.length > 0, soon)
    expect(heard(b, a)).toEqual(['found'])
  })
}

function gossipCases(scene: Scene): void {
  scene('carries gossip to every other hub, through neighbours too, and not to its author', async (world) => {
    const [a, b, c] = [await openHub(world, 'a'), await openHub(world, 'b'), await openHub(world, 'c')]
    dial(a, b)
    dial(c, b)
    await world.until(() => linked(a, b) && linked(b, c), soon)
    await gossipReaches(world, { author: a, others: [b, c] })
    await gossipReaches(world, { author: b, others: [a, c] })
    for (const hub of [a, b, c]) expect(hub.gossip.filter((g) => g.author === hub.peer)).toEqual([])
    expect(c.gossip[0]).toMatchObject({ topic: 'catalog', author: a.peer })
  })

  scene('takes a publication while nobody listens', async (world) => {
    const a = await openHub(world, 'a')
    a.network.publish('members', utf8('anyone?'))
    await world.elapse(50)
    expect([a.gossip, a.garbage]).toEqual([[], []])
  })
}
