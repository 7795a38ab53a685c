// What a message costs on the wire: the sockets' writes are counted, each of which is a packet.

import { Socket } from 'node:net'
import type { MessageStream } from '@libp2p/interface'
import { yamux } from '@libp2p/yamux'
import { describe, expect, it, vi } from 'vitest'
import { withRareUpdates } from '../src/adapters/libp2p/thrift.ts'
import { dial, linked, openHub } from './contracts/hubs.ts'
import { scene } from './network.world.ts'

vi.setConfig({ testTimeout: 30_000 })
const soon = 10_000
const rounds = 60

describe('a short message', () => {
  it(
    'is one packet, and none comes back for it',
    scene(async (world) => {
      const [a, b] = [await openHub(world, 'a'), await openHub(world, 'b')]
      dial(a, b)
      await world.until(() => linked(a, b), soon)
      a.network.send(b.peer, 'control', new Uint8Array(50))
      await world.until(() => b.messages.length === 1, soon)
      // What follows a new link (identify, gossip's first words) has been said by then.
      await world.elapse(1_500)
      const writes = vi.spyOn(Socket.prototype, 'write')
      try {
        for (let i = 2; i <= rounds + 1; i++) {
          a.network.send(b.peer, 'control', new Uint8Array(50))
          await world.until(() => b.messages.length === i, soon)
        }
        expect(writes.mock.calls.length).toBeGreaterThanOrEqual(rounds)
        // Libp2p by itself needs four each.
        expect(writes.mock.calls.length).toBeLessThan(1.5 * rounds)
      } finally {
        writes.mockRestore()
      }
    }),
  )

  it(
    'is not the limit: windows are renewed before they are used up',
    scene(async (world) => {
      const [a, b] = [await openHub(world, 'a'), await openHub(world, 'b')]
      dial(a, b)
      await world.until(() => linked(a, b), soon)
      for (let i = 0; i < 40; i++) a.network.send(b.peer, 'bulk', new Uint8Array(60_000).fill(i))
      await world.until(() => b.messages.length === 40, soon)
      expect(b.messages.map(({ bytes }) => bytes[0])).toEqual(Array.from({ length: 40 }, (_, i) => i))
    }),
  )
})

describe('a stream', () => {
  it('whose connection goes while it opens is aborted, and nothing is thrown into the void', async () => {
    const send = (): boolean => {
      throw new Error('closed')
    }
    const quiet = (): void => {}
    const log = Object.assign(quiet, { enabled: false, error: quiet, trace: quiet, newScope: (): unknown => log })
    const parts = { send, log, direction: 'outbound', addEventListener: quiet }
    const gone: MessageStream = Object.assign(Object.create(null), parts)
    const muxer = withRareUpdates(yamux({ enableKeepAlive: false }))().createStreamMuxer(gone)
    const thrown: unknown[] = []
    const hear = (error: unknown): void => void thrown.push(error)
    process.prependListener('uncaughtException', hear)
    const stream = await muxer.createStream()
    await new Promise((resolve) => setImmediate(resolve))
    process.removeListener('uncaughtException', hear)
    expect(thrown).toEqual([])
    expect(stream.status).toBe('aborted')
  })
})
