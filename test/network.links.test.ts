// The links of real hubs under what the contract cannot play: garbage, crossed dials, peers that hang, ports in use.

import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { protocolsOf } from '../src/adapters/libp2p/protocols.ts'
import { dial, gossipReaches, linked, links, openHub } from './contracts/hubs.ts'
import { bareNode, RealWorld, sayHello, scene } from './network.world.ts'

vi.setConfig({ testTimeout: 30_000 })
const soon = 10_000
const protocols = protocolsOf('test')
const utf8 = (text: string) => new TextEncoder().encode(text)
const portIn = (address: string) => Number(/\/tcp\/(\d+)/.exec(address)?.[1])

/** A listener that accepts and says nothing. */
async function silentServer(): Promise<{ readonly port: number; close(): Promise<unknown> }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const close = () => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  }
  return { port: typeof address === 'object' ? (address?.port ?? 0) : 0, close }
}

describe('links', () => {
  it.concurrent(
    'count garbage on the peer port, drop it, and admit hubs afterwards',
    scene(async (world) => {
      const [a, b] = [await openHub(world, 'a'), await openHub(world, 'b')]
      for (const bytes of [
        utf8('GET / HTTP/1.1\r\nHost: hub\r\n\r\n'),
        Uint8Array.of(0x16, 3, 1),
        new Uint8Array(1024).fill(255),
      ]) {
        const socket = connect(portIn(a.addresses[0] ?? ''), '127.0.0.1', () => socket.end(bytes))
        socket.on('error', () => {})
        world.atEnd(() => socket.destroy())
      }
      await world.until(() => a.garbage.length === 3, soon)
      expect(a.garbage).toEqual(['handshake', 'handshake', 'handshake'])
      expect(world.stats('a').garbage).toEqual({ handshake: 3 })
      dial(b, a)
      await world.until(() => linked(a, b), soon)
    }),
  )

  it.concurrent(
    'count a garbage frame from an admitted peer, and stay up',
    scene(async (world) => {
      const a = await openHub(world, 'a')
      const peer = await bareNode({ dht: false })
      world.atEnd(() => peer.stop())
      const connection = await peer.dial(peer.address(a.addresses))
      await sayHello(connection, 'hi')
      const control = await connection.newStream(protocols.channels.control)
      control.send(Uint8Array.of(0, 0, 0, 3, 1, 2, 3))
      control.send(Uint8Array.of(255, 255, 255, 255, 1, 2, 3))
      await world.until(() => a.garbage.length > 0, soon)
      expect(a.garbage).toEqual(['oversized-frame'])
      expect(a.messages.map((message) => [...message.bytes])).toEqual([[1, 2, 3]])
      const again = await connection.newStream(protocols.channels.control)
      again.send(Uint8Array.of(0, 0, 0, 1, 9))
      await world.until(() => a.messages.length === 2, soon)
      expect(a.downs).toEqual([])
    }),
  )

  it.concurrent(
    'notice at the hello that a peer has restarted, though its old connection still looks open',
    scene(async (world) => {
      const a = await openHub(world, 'a')
      const peer = await bareNode({ dht: false })
      world.atEnd(() => peer.stop())
      const old = await peer.dial(peer.address(a.addresses))
      await sayHello(old, 'first life')
      await world.until(() => a.ups.length === 1, soon)
      await sayHello(await peer.dial(peer.address(a.addresses)), 'second life')
      await world.until(() => a.ups.length === 2, soon)
      expect(a.ups.map(({ hello }) => hello)).toEqual(['first life', 'second life'])
      expect(a.downs.map(({ reason }) => reason)).toEqual(['closed'])
      await world.until(() => old.status !== 'open' && world.stats('a').connections === 1, soon)
    }),
  )

  it.concurrent(
    'count a hello that makes no sense, and close',
    scene(async (world) => {
      const a = await openHub(world, 'a')
      const peer = await bareNode({ dht: false })
      world.atEnd(() => peer.stop())
      const connection = await peer.dial(peer.address(a.addresses))
      const stream = await connection.newStream(protocols.hello)
      stream.send(new Uint8Array(64).fill(255))
      await world.until(() => a.garbage.length > 0 && connection.status !== 'open', soon)
      expect([a.garbage, a.ups]).toEqual([['hello'], []])
    }),
  )

  it.concurrent(
    'give nothing to a peer that speaks before its hello, and close on it',
    scene(async (world) => {
      const a = await openHub(world, 'a')
      const peer = await bareNode({ dht: false })
      world.atEnd(() => peer.stop())
      const connection = await peer.dial(peer.address(a.addresses))
      const control = await connection.newStream(protocols.channels.control)
      control.send(Uint8Array.of(0, 0, 0, 1, 9))
      await world.until(() => a.garbage.length > 0 && connection.status !== 'open', soon)
      expect([a.garbage, a.messages, a.ups]).toEqual([['before-hello'], [], []])
    }),
  )

  it.concurrent(
    'become one connection when both ends dial at once, each of five times',
    scene(async (world) => {
      let crossed = 0
      for (let round = 0; round < 5; round++) {
        const [a, b] = [await openHub(world, `a${round}`), await openHub(world, `b${round}`)]
        dial(a, b)
        dial(b, a)
        await world.until(() => linked(a, b), soon)
        if (world.stats(a.name).connections > 1 || world.stats(b.name).connections > 1) crossed++
        await world.elapse(400)
        await world.until(() => world.stats(a.name).connections === 1 && world.stats(b.name).connections === 1, soon)
        await gossipReaches(world, { author: a, others: [b], withinMs: 2_000 })
        await gossipReaches(world, { author: b, others: [a], withinMs: 2_000 })
        expect([a.ups.length, b.ups.length, a.downs.length, b.downs.length]).toEqual([1, 1, 0, 0])
        await Promise.all([world.kill(a.name), world.kill(b.name)])
      }
      expect(crossed, 'rounds with two connections: none would prove nothing').toBeGreaterThan(0)
    }),
  )

  it.concurrent(
    'carry a control message past bulk that is waiting',
    scene(async (world) => {
      const [a, b] = [await openHub(world, 'a'), await openHub(world, 'b')]
      dial(a, b)
      await world.until(() => linked(a, b), soon)
      const started = performance.now()
      for (let i = 0; i < 12; i++) a.network.send(b.peer, 'bulk', new Uint8Array(200 * 1024))
      a.network.send(b.peer, 'control', utf8('quick'))
      await world.until(() => b.messages.length === 13, soon)
      expect(b.messages.findIndex((message) => message.bytes.length === 5)).toBeLessThan(3)
      // 150 bursts with a pause of 2 ms after each; timers may be a millisecond early.
      expect(performance.now() - started).toBeGreaterThan(150)
    }),
  )

  it.concurrent(
    'hold no more for a slow peer than the send queue admits',
    scene(
      async (world) => {
        const [a, b] = [await openHub(world, 'a'), await openHub(world, 'b')]
        dial(a, b)
        await world.until(() => linked(a, b), soon)
        for (let i = 0; i < 20; i++) a.network.send(b.peer, 'bulk', new Uint8Array(100 * 1024).fill(i))
        const { dropped } = world.stats('a')
        expect(dropped.bulk).toBeGreaterThan(10)
        await world.until(() => b.messages.length === 20 - dropped.bulk, soon)
        expect(b.messages.map((message) => message.bytes[0])).toEqual(b.messages.map((_, i) => i))
      },
      { limits: { links: 50, streamsPerPeer: 8, sendQueueBytes: 1024 * 1024 } },
    ),
  )

  it.concurrent(
    'tell why a peer was refused',
    scene(async (world) => {
      const a = await openHub(world, 'a')
      const b = await openHub(world, 'b', { admit: () => ({ ok: false, reason: 'another federation key' }) })
      dial(a, b)
      await world.until(() => a.failures.length > 0, soon)
      expect(Object.keys(world.stats('a').refusals)).toEqual(['another federation key'])
      await world.until(() => world.stats('a').connections === 0, soon)
    }),
  )

  it.concurrent(
    'do not form between two federations',
    scene(async (world) => {
      const a = await openHub(world, 'a')
      const other = new RealWorld({ federation: 'other' })
      world.atEnd(() => other.end())
      const b = await openHub(other, 'b')
      dial(a, b)
      await world.until(() => a.failures.length > 0, soon)
      expect([a.ups, b.ups]).toEqual([[], []])
    }),
  )
})

describe('a bootstrap address', () => {
  it.concurrent(
    'needs no peer id, may be a name, and may answer late',
    scene(async (world) => {
      const { port, close } = await silentServer()
      await close()
      const { network, peer } = await world.network('late', { listen: [`127.0.0.1:${port}`] })
      network.close(() => {})
      const a = await openHub(world, 'a', { options: { bootstrap: [`localhost:${port}`] } })
      await world.elapse(600)
      const late = await openHub(world, 'late')
      expect(late.peer).toBe(peer)
      await world.until(() => linked(a, late), soon)
    }),
  )

  it.concurrent(
    'is dialled again when the hub behind it dies and returns',
    scene(async (world) => {
      const b = await openHub(world, 'b')
      const a = await openHub(world, 'a', { options: { bootstrap: [b.addresses[0] ?? ''] } })
      await world.until(() => linked(a, b), soon)
      await world.kill('b')
      await world.until(() => links(a, b) === 0, soon)
      const again = await openHub(world, 'b')
      await world.until(() => links(a, again) === 1, soon)
    }),
  )

  it.concurrent(
    'is left alone when the hub there ended the link and is known to live, unless there is no other link',
    scene(async (world) => {
      const b = await openHub(world, 'b')
      const a = await openHub(world, 'a', { options: { bootstrap: [b.addresses[0] ?? ''] } })
      a.living.add(b.peer)
      await world.until(() => linked(a, b), soon)
      b.network.release(a.peer)
      await world.until(() => a.ups.length === 2 && linked(a, b), soon)
      const c = await openHub(world, 'c')
      dial(a, c)
      await world.until(() => linked(a, c), soon)
      b.network.release(a.peer)
      await world.until(() => links(a, b) === 0, soon)
      await world.elapse(1_500)
      expect(a.ups.length).toBe(3)
    }),
  )
})

describe('a network', () => {
  it.concurrent(
    'says which port is taken instead of opening',
    scene(async (world) => {
      const { port, close } = await silentServer()
      world.atEnd(close)
      await expect(openHub(world, 'a', { options: { listen: [`127.0.0.1:${port}`] } })).rejects.toThrow(
        /EADDRINUSE.*\d/,
      )
    }),
  )

  it.concurrent(
    'keeps its peer store in a directory of its own, and says when another process holds it',
    scene(async (world) => {
      const directory = await mkdtemp(join(tmpdir(), 'hubmesh-'))
      world.atEnd(() => rm(directory, { recursive: true }))
      const options = { directory }
      const a = await openHub(world, 'a', { options })
      await expect(openHub(world, 'b', { options })).rejects.toThrow(/is locked by another process/)
      await world.kill('a')
      expect((await openHub(world, 'a')).peer).toBe(a.peer)
    }),
  )

  it.concurrent(
    'closes within seconds while a peer hangs',
    scene(async (world) => {
      const { port, close } = await silentServer()
      world.atEnd(close)
      const a = await openHub(world, 'a', { options: { bootstrap: [`127.0.0.1:${port}`] } })
      await world.until(() => world.stats('a').dialling === 1, soon)
      const started = performance.now()
      await world.kill('a')
      expect(performance.now() - started).toBeLessThan(5_000)
      expect(a.failures).toEqual([])
    }),
  )
})
