// Frames, addresses and the address book: the parts of the network that need no network.

import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { asMultiaddr, dialable, worthTelling } from '../src/adapters/libp2p/addresses.ts'
import { Book } from '../src/adapters/libp2p/book.ts'
import { FrameReader, frame } from '../src/adapters/libp2p/framer.ts'
import { Stats } from '../src/adapters/libp2p/stats.ts'
import { backOff } from '../src/adapters/libp2p/timers.ts'
import type { Address, PeerId } from '../src/core/ids.ts'

const peer = '12D3KooWNXmbZxNqDJHoRBsfWSVhCTe69SDSRbb8eWnnLoG6YKHb' as PeerId
const other = '12D3KooWQ7vYkUvbHoFuHCeYrtvYHT9UqUqbGtaqJMJt7yq9xvVw' as PeerId

describe('frames', () => {
  it('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (messages, cuts) => {
          const out: Uint8Array[] = []
          const reader = new FrameReader(64, (message) => out.push(message))
          const bytes = new Uint8Array(Buffer.concat(messages.map(frame)))
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = cuts[i % cuts.length] ?? 1
            // One chunk in three is a list of arrays, as the muxer hands them over.
            const piece = bytes.subarray(at, at + size)
            expect(reader.push(i % 3 === 0 ? [piece.subarray(0, 1), piece.subarray(1)] : piece)).toBe(true)
            at += size
          }
          expect(out).toEqual(messages)
        },
      ),
    )
  })

  it('above the bound are refused before a byte of them is kept', () => {
    const out: Uint8Array[] = []
    const reader = new FrameReader(8, (message) => out.push(message))
    expect(reader.push(frame(new Uint8Array(8)))).toBe(true)
    expect(reader.push(frame(new Uint8Array(9)).subarray(0, 4))).toBe(false)
    expect(out).toEqual([new Uint8Array(8)])
  })
})

describe('an address', () => {
  it.each([
    ['10.0.0.7:8081', '/ip4/10.0.0.7/tcp/8081'],
    ['hub-a.example:8081', '/dns/hub-a.example/tcp/8081'],
    ['localhost:1', '/dns/localhost/tcp/1'],
    ['[::1]:8081', '/ip6/::1/tcp/8081'],
    ['/ip4/10.0.0.7/tcp/8081', '/ip4/10.0.0.7/tcp/8081'],
    [`/dns4/hub/tcp/1/p2p/${peer}`, `/dns4/hub/tcp/1/p2p/${peer}`],
  ])('may be written %s', (text, address) => {
    expect(asMultiaddr(text).toString()).toBe(address)
  })

  it.each(['', 'hub', 'hub:', ':80', 'http://hub:80', '::1:80', '10.0.0.7', '/ip4/nonsense'])(
    'may not be "%s"',
    (text) => {
      expect(() => asMultiaddr(text)).toThrow()
    },
  )

  it('that a peer tells is dialled only if it leads to that peer, and never throws', () => {
    const told = ['/ip4/1.2.3.4/tcp/1', 'nonsense', `/ip4/1.2.3.5/tcp/1/p2p/${other}`, `/ip4/1.2.3.6/tcp/1/p2p/${peer}`]
    expect(dialable(told, peer).map(String)).toEqual([
      `/ip4/1.2.3.4/tcp/1/p2p/${peer}`,
      `/ip4/1.2.3.6/tcp/1/p2p/${peer}`,
    ])
  })

  it('of the loopback is told to nobody when there is another', () => {
    const [loop, six, lan] = ['/ip4/127.0.0.1/tcp/1', '/ip6/::1/tcp/1', '/ip4/10.0.0.7/tcp/1'].map((text) =>
      multiaddr(text),
    )
    if (loop === undefined || six === undefined || lan === undefined) throw new Error('unreachable')
    expect(worthTelling([loop, lan, six])).toEqual([lan])
    expect(worthTelling([loop, six])).toEqual([loop, six])
  })
})

describe('the address book', () => {
  const at = (n: number) => `/ip4/10.0.0.${n}/tcp/1` as Address

  it('lists what was told before what was learned, and replaces only the former', () => {
    const book = new Book()
    book.tell(peer, [at(1), at(2)])
    book.learn(peer, [at(3), at(2)])
    expect(book.addresses(peer)).toEqual([at(1), at(2), at(3)])
    book.tell(peer, [at(4)])
    expect(book.addresses(peer)).toEqual([at(4), at(3), at(2)])
    expect(book.addresses(other)).toEqual([])
  })

  it('is bounded in addresses per peer and in peers', () => {
    const book = new Book()
    for (let i = 0; i < 50; i++) book.learn(peer, [at(i)])
    expect(book.addresses(peer)).toHaveLength(16)
    expect(book.addresses(peer)[0]).toBe(at(49))
    for (let i = 0; i < 10_000; i++) book.learn(`p${i}` as PeerId, [at(1)])
    expect(book.addresses(peer)).toEqual([])
    expect(book.addresses('p9999' as PeerId)).toEqual([at(1)])
  })
})

describe('back-off', () => {
  it('spreads over everything up to a bound that doubles to 10 s', () => {
    const most = (failures: number) => Math.max(...Array.from({ length: 2_000 }, () => backOff(failures)))
    expect(most(0)).toBeLessThanOrEqual(250)
    expect(most(3)).toBeLessThanOrEqual(2_000)
    expect(most(3)).toBeGreaterThan(1_500)
    expect(most(1_000)).toBeLessThanOrEqual(10_000)
    expect(most(1_000)).toBeGreaterThan(9_000)
  })
})

describe('counters', () => {
  it('of reasons that peers make up are bounded', () => {
    const stats = new Stats()
    for (let i = 0; i < 100; i++) stats.countRefusal(`reason ${i}`)
    stats.countRefusal('__proto__')
    expect(Object.keys(stats.refusals)).toHaveLength(33)
    expect(stats.refusals['other']).toBe(69)
  })
})
