// Messages that travel compressed: what is packed, what is sent as it is, and what is refused that only looks packed.

import { randomBytes } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cborCodec, cborCodecOf } from '../src/adapters/codec.ts'
import { isPacked, plainBytesOf, weightOf, withPackedHead } from '../src/core/packed.ts'
import { maxFrameBytes } from '../src/core/wire.ts'

/** As a catalog's records are: much of each is in the next one, too. */
const records = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ key: `project-${i}`, hub_url: `https://hub.example.org/${i}`, seq: i }))
/** Half as long when it is packed. */
const noise = randomBytes(maxFrameBytes).toString('hex')
const wordOf = (bytes: number) => ({ word: noise.slice(0, bytes) })
const squeezed = (bytes: Uint8Array) => zstdCompressSync(bytes)

describe('a large message', () => {
  it('travels in less than half of its bytes, and is the same when it arrives', () => {
    fc.assert(
      fc.property(fc.integer({ min: 50, max: 2_000 }), fc.array(fc.jsonValue()), (count, more) => {
        const message = [records(count), JSON.parse(JSON.stringify(more))]
        const [plain, packed] = [cborCodec.encode(message), cborCodec.pack(message)]
        expect([isPacked(packed), plainBytesOf(packed)]).toEqual([true, plain.length])
        expect(cborCodec.decode(packed)).toEqual(cborCodec.decode(plain))
      }),
      { numRuns: 50 },
    )
    expect(cborCodec.pack(records(200)).length * 2).toBeLessThan(cborCodec.encode(records(200)).length)
  })

  it('is the same bytes each time, whatever was packed between', () => {
    const first = cborCodec.pack(records(300))
    for (let i = 0; i < 30; i++) cborCodec.pack(records(20 + i))
    expect(cborCodec.pack(records(300))).toEqual(first)
  })

  it('is said as it is where that is no longer', () => {
    const bytes = { bytes: new Uint8Array(randomBytes(20_000)) }
    expect(cborCodec.pack(bytes)).toEqual(cborCodec.encode(bytes))
  })

  it('beyond a frame is said as it is, so that whoever sends it sees how large it is', () => {
    expect(isPacked(cborCodec.pack(wordOf(maxFrameBytes - 100)))).toBe(true)
    expect(isPacked(cborCodec.pack(wordOf(maxFrameBytes)))).toBe(false)
  })

  it('is said as it is where a few bytes would unpack to very many', () => {
    const monotone = { word: 'x'.repeat(100_000) }
    expect(cborCodec.pack(monotone)).toEqual(cborCodec.encode(monotone))
  })

  it('is told of with what it was and what it became', () => {
    const told: (readonly [number, number])[] = []
    const codec = cborCodecOf({ isOn: true, packed: (before, after) => told.push([before, after]) })
    for (const message of [records(1), records(100)]) codec.pack(message)
    expect(told).toEqual([[cborCodec.encode(records(100)).length, cborCodec.pack(records(100)).length]])
  })
})

it('a message that fits one packet is said as it is', () => {
  expect(cborCodec.pack(wordOf(1_300))).toEqual(cborCodec.encode(wordOf(1_300)))
  expect(isPacked(cborCodec.pack(wordOf(1_400)))).toBe(true)
})

it('weighs what it is or what it becomes, whichever is more, whatever its head says', () => {
  expect(weightOf(withPackedHead(1, randomBytes(5_000)))).toBeGreaterThan(5_000)
  expect(weightOf(withPackedHead(5_000, randomBytes(100)))).toBe(5_000)
  expect(weightOf(cborCodec.encode(wordOf(100)))).toBe(cborCodec.encode(wordOf(100)).length)
})

it('what is stored is never packed', () => {
  expect(isPacked(cborCodec.encode(records(1_000)))).toBe(false)
})

it('with compression off nothing is packed, and what others packed is read', () => {
  const codec = cborCodecOf({ isOn: false })
  expect(codec.pack(records(1_000))).toEqual(codec.encode(records(1_000)))
  expect(codec.decode(cborCodec.pack(records(1_000)))).toEqual(records(1_000))
})

describe('what only looks packed', () => {
  const plain = cborCodec.encode(records(200))
  const zeros = new Uint8Array(64 * 1024 * 1024)

  it('is held to what it says: a bomb is refused before it is made', () => {
    const bomb = squeezed(zeros)
    expect(bomb.length).toBeLessThan(16 * 1024)
    for (const said of [1, plain.length, maxFrameBytes, maxFrameBytes + 1, zeros.length, 2 ** 32 - 1]) {
      expect(cborCodec.decode(withPackedHead(said, bomb))).toBeUndefined()
    }
    const { external, arrayBuffers } = process.memoryUsage()
    for (let i = 0; i < 200; i++) cborCodec.decode(withPackedHead(maxFrameBytes, bomb))
    const grown = process.memoryUsage()
    expect(grown.external + grown.arrayBuffers - external - arrayBuffers).toBeLessThan(zeros.length)
  })

  it.each([
    ['says that it is shorter', withPackedHead(plain.length - 1, squeezed(plain))],
    ['says that it is longer', withPackedHead(plain.length + 1, squeezed(plain))],
    ['says that it is nothing', withPackedHead(0, squeezed(new Uint8Array(0)))],
    ['is longer than a frame', withPackedHead(maxFrameBytes + 1, squeezed(new Uint8Array(maxFrameBytes + 1)))],
    ['is not compressed at all', withPackedHead(plain.length, plain)],
    ['is a few bytes for very many', withPackedHead(200_000, squeezed(new Uint8Array(200_000)))],
    ['is packed twice', withPackedHead(plain.length, squeezed(cborCodec.pack(records(200))))],
    ['is packed twice, and says how long that is', packedTwice()],
    ['is no value once it is unpacked', withPackedHead(3, squeezed(Uint8Array.of(1, 2, 3)))],
    ['is a head alone', withPackedHead(plain.length, new Uint8Array(0))],
    ['is a mark alone', Uint8Array.of(0xff)],
  ])('is refused when it %s', (_, message) => {
    expect(cborCodec.decode(message)).toBeUndefined()
  })

  it('is refused when it asks its reader for more memory than a frame', () => {
    const short = cborCodec.encode('short')
    const asking = (windowLog: number) => cborCodec.decode(withPackedHead(short.length, frameAsking(windowLog, short)))
    expect([10, 18, 19, 27, 31].map(asking)).toEqual(['short', 'short', undefined, undefined, undefined])
  })

  it('is refused wherever it is cut', () => {
    const packed = cborCodec.pack(records(200))
    for (let end = 0; end < packed.length; end++) expect(cborCodec.decode(packed.subarray(0, end))).toBeUndefined()
  })

  it('never throws with a byte changed', () => {
    const packed = cborCodec.pack(records(100))
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.nat(255), (at, other) => {
        cborCodec.decode(packed.with(at, other))
      }),
      { numRuns: 2_000 },
    )
  })
})

/** A frame of RFC 8878 with its content as it is, from a sender that looks so far back. */
function frameAsking(windowLog: number, content: Uint8Array): Uint8Array {
  const magic = [0x28, 0xb5, 0x2f, 0xfd]
  const lastBlock = (content.length << 3) | 1
  return Uint8Array.from([...magic, 0, (windowLog - 10) << 3, lastBlock & 255, lastBlock >> 8, 0, ...content])
}

function packedTwice(): Uint8Array {
  const once = cborCodec.pack(records(200))
  return withPackedHead(once.length, squeezed(once))
}
