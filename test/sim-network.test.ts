// The simulated network is what the real one is held to, and nothing that happens in it depends on anything but the seed.

import { describe, expect, it } from 'vitest'
import { Fabric } from '../simulations/engine/fabric.ts'
import { Machine } from '../simulations/engine/machine.ts'
import { Trace } from '../simulations/engine/trace.ts'
import { World } from '../simulations/engine/world.ts'
import type { Region } from '../src/core/ids.ts'
import { type NetworkWorld, openHub } from './contracts/hubs.ts'
import { namesakeContract } from './contracts/namesakes.ts'
import { networkContract } from './contracts/network.ts'

function simulated(seed: number, lines: string[] = []) {
  const world = new World(seed, new Trace((line) => lines.push(line)))
  const fabric = new Fabric(world, { sent: () => {} })
  const machines = new Map<string, Machine>()
  const machine = (name: string): Machine => {
    const plan = { index: machines.size, name, region: 'r' as Region, bootstrap: [], skewMs: 0 }
    const found = machines.get(name) ?? new Machine(fabric, plan)
    machines.set(name, found)
    return found
  }
  const contractWorld: NetworkWorld = {
    network: async (name) => ({ peer: machine(name).peer, network: machine(name).start().network }),
    until: async (claim, ms) => {
      const deadline = world.now + ms
      while (!claim()) {
        if (world.now >= deadline) throw new Error(`not within ${ms} ms`)
        world.run(world.now + 1)
      }
    },
    elapse: async (ms) => world.run(world.now + ms),
    kill: async (name) => machine(name).crash(),
    end: async () => {},
  }
  return { world, fabric, machine, contractWorld, lines }
}

networkContract('The simulated network', async () => simulated(1).contractWorld)
namesakeContract('The simulated network', async () => simulated(1).contractWorld)

const utf8 = (text: string) => new TextEncoder().encode(text)

async function linkedPair(seed = 1, lines: string[] = []) {
  const sim = simulated(seed, lines)
  const a = await openHub(sim.contractWorld, 'a')
  const b = await openHub(sim.contractWorld, 'b')
  a.network.connect({ peer: b.peer, addresses: b.addresses, eager: true })
  sim.world.run(1_000)
  const toB = (text: string) => a.network.send(b.peer, 'control', utf8(text))
  return { ...sim, a, b, toB }
}

describe('a simulated cut', () => {
  it('is silence: links stay up, messages vanish, and later ones arrive when it heals', async () => {
    const { world, fabric, machine, a, b, toB } = await linkedPair()
    fabric.weather.split([[machine('a')], [machine('b')]])
    toB('into the void')
    world.run(60_000)
    expect([a.downs, b.downs, b.messages]).toEqual([[], [], []])
    fabric.weather.clear()
    toB('hello again')
    world.run(61_000)
    expect(b.messages.length).toBe(1)
  })

  it('can be one-way', async () => {
    const { world, fabric, machine, a, b, toB } = await linkedPair()
    fabric.weather.cut(machine('a'), machine('b'))
    toB('lost')
    b.network.send(a.peer, 'control', utf8('heard'))
    world.run(2_000)
    expect([a.messages.length, b.messages.length]).toEqual([1, 0])
  })

  it('hides a reset until it heals', async () => {
    const { world, fabric, machine, a, b } = await linkedPair()
    fabric.weather.split([[machine('a')], [machine('b')]])
    a.network.disconnect(b.peer)
    a.network.abort(b.peer)
    world.run(60_000)
    expect([a.downs.length, b.downs.length]).toEqual([1, 0])
    fabric.weather.clear()
    world.run(63_000)
    expect(b.downs).toEqual([{ peer: a.peer, reason: 'closed' }])
  })

  it('ends a link after a quarter of an hour of talking into it', async () => {
    const { world, fabric, machine, a, toB } = await linkedPair()
    fabric.weather.split([[machine('a')], [machine('b')]])
    for (let minutes = 0; minutes < 14; minutes++) {
      toB('anyone?')
      world.run(world.now + 60_000)
    }
    expect(a.downs).toEqual([])
    for (let minutes = 0; minutes < 3; minutes++) {
      toB('anyone?')
      world.run(world.now + 60_000)
    }
    expect(a.downs[0]?.reason).toBe('silent')
  })

  it('makes a dial time out after five seconds, where a dead process refuses at once', async () => {
    const { world, fabric, machine, a, b } = await linkedPair()
    machine('b').crash()
    world.run(1_500)
    expect(a.failures[0]).toEqual({ peer: b.peer, reason: 'refused' })
    a.failures.length = 0
    fabric.weather.split([[machine('a')], [machine('b')]])
    world.run(10_000)
    expect(a.failures.at(-1)?.reason).toBe('timeout')
  })
})

describe('a bad simulated line', () => {
  it('loses about the share of the messages it is told to, and doubles others', async () => {
    const { world, fabric, b, toB } = await linkedPair()
    fabric.weather.loss = 0.2
    for (let i = 0; i < 1_000; i++) toB('x')
    world.run(2_000)
    expect(b.messages.length).toBeGreaterThan(750)
    expect(b.messages.length).toBeLessThan(850)
    fabric.weather.loss = 0
    fabric.weather.duplication = 0.5
    b.messages.length = 0
    for (let i = 0; i < 1_000; i++) toB('x')
    world.run(3_000)
    expect(b.messages.length).toBeGreaterThan(1_400)
    expect(b.messages.length).toBeLessThan(1_600)
  })

  it('drops a frame that is larger than a receiver takes', async () => {
    const { world, a, b } = await linkedPair()
    a.network.send(b.peer, 'bulk', new Uint8Array(256 * 1024 + 1))
    world.run(2_000)
    expect([b.messages, b.garbage]).toEqual([[], ['oversized']])
  })

  it('queues no more than four megabytes for a peer', async () => {
    const { world, a, b } = await linkedPair()
    for (let i = 0; i < 100; i++) a.network.send(b.peer, 'bulk', new Uint8Array(100_000))
    world.run(10_000)
    expect(b.messages.length).toBeGreaterThan(40)
    expect(b.messages.length).toBeLessThan(45)
  })
})

describe('a long simulated line', () => {
  it('drops nothing for being long: what is under way waits at nobody', async () => {
    const { world, fabric, machine, b, toB } = await linkedPair()
    fabric.weather.delayAt(machine('a'), 2_500)
    toB('first')
    fabric.weather.delayAt(machine('a'), 0)
    for (let i = 0; i < 100; i++) toB('x')
    world.run(5_000)
    expect(b.messages.length).toBe(101)
  })
})

describe('a simulated process', () => {
  it('that is frozen loses no link and gets everything when it thaws', async () => {
    const { world, machine, a, b, toB } = await linkedPair()
    machine('b').freeze(5_000)
    toB('wake up')
    world.run(5_900)
    expect([a.downs, b.messages]).toEqual([[], []])
    world.run(6_100)
    expect(b.messages.length).toBe(1)
  })

  it('is found through a bootstrap address, without its key being known', async () => {
    const { fabric, world, contractWorld } = simulated(1)
    const b = await openHub(contractWorld, 'b')
    const plan = { index: 1, name: 'c', region: 'r' as Region, bootstrap: b.addresses, skewMs: 0 }
    const c = new Machine(fabric, plan)
    const ups: string[] = []
    const nothing = () => {}
    c.start().network.open(
      {
        hello: () => utf8('hello from c'),
        admit: () => ({ ok: true, hub: 'b' as never }),
        isPresent: () => false,
        linkUp: (peer) => ups.push(peer),
        linkDown: nothing,
        dialFailed: nothing,
        message: nothing,
        gossip: nothing,
        garbage: nothing,
      },
      nothing,
      nothing,
    )
    world.run(1_000)
    expect(ups).toEqual([b.peer])
    expect(b.ups[0]?.peer).toBe(c.peer)
  })
})

describe('the seed', () => {
  async function story(seed: number): Promise<string> {
    const lines: string[] = []
    const { world, fabric, machine, b, toB } = await linkedPair(seed, lines)
    fabric.weather.loss = 0.3
    for (let i = 0; i < 50; i++) toB(`word ${i}`)
    world.run(2_000)
    machine('a').crash()
    b.network.publish('members', utf8('a is gone'))
    world.run(40_000)
    return `${lines.join('\n')}\n${world.trace.hash}`
  }

  it('decides everything: the same one gives the same history, byte for byte', async () => {
    expect(await story(7)).toBe(await story(7))
  })

  it('matters: another one gives another history', async () => {
    expect(await story(7)).not.toBe(await story(8))
  })
})
