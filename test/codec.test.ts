// The codec and the clock: what both the hub and the simulator build on.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../src/adapters/clock.ts'
import { cborCodec } from '../src/adapters/codec.ts'
import { maxFrameBytes } from '../src/core/wire.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)
const plain = fc.jsonValue({ maxDepth: 6 }).filter((value) => !JSON.stringify(value).includes('__proto__'))

describe('the codec', () => {
  it('gives back every plain value', () => {
    fc.assert(
      fc.property(plain, (value) => {
        // JSON first: CBOR keeps -0, JSON text does not.
        expect(JSON.stringify(cborCodec.decode(cborCodec.encode(value)))).toBe(JSON.stringify(value))
      }),
    )
  })

  it('gives back large numbers, long texts, wide maps and bytes', () => {
    const wide = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i]))
    const value = {
      big: Number.MAX_SAFE_INTEGER,
      low: -5_000_000_000,
      text: 'ü'.repeat(70_000),
      raw: bytes(1, 2),
      wide,
    }
    expect(cborCodec.decode(cborCodec.encode(value))).toEqual(value)
  })

  it('says the same value with the same bytes, whatever was encoded between', () => {
    const value = { kind: 'ping', body: { seq: 7, tags: ['a', 'b'] } }
    const first = cborCodec.encode(value)
    for (let i = 0; i < 300; i++) cborCodec.encode({ [`other${i}`]: i, kind: i })
    expect(cborCodec.encode(value)).toEqual(first)
    expect(first).toEqual(cborCodec.encode(structuredClone(value)))
  })

  it('keeps the bytes of an encoded value for itself', () => {
    const first = cborCodec.encode('first')
    const copy = first.slice()
    cborCodec.encode('x'.repeat(10_000))
    expect(first).toEqual(copy)
    expect(first.buffer.byteLength).toBe(first.length)
  })

  it('keeps what it read apart from what it reads next', () => {
    const value = { raw: bytes(1, 2, 3), text: 'x'.repeat(300), list: ['a', 'b'] }
    const read = cborCodec.decode(cborCodec.encode(value))
    cborCodec.decode(cborCodec.encode({ raw: bytes(9, 9, 9), text: 'y'.repeat(300), list: ['c', 'd'] }))
    expect(read).toEqual(value)
  })

  it('never throws on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        cborCodec.decode(noise)
      }),
      { numRuns: 2_000 },
    )
  })

  it('never throws on a valid message with one byte changed or cut', () => {
    fc.assert(
      fc.property(plain, fc.nat(), fc.nat(255), (value, where, other) => {
        const message = cborCodec.encode(value)
        const at = where % message.length
        cborCodec.decode(message.with(at, other))
        expect(cborCodec.decode(message.subarray(0, at))).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['nothing', bytes()],
    ['trailing bytes', bytes(0x01, 0x02)],
    ['an array that claims four billion items', bytes(0x9a, 0xff, 0xff, 0xff, 0xff)],
    ['nested arrays that each claim four billion', bytes(...Array(9).fill([0x9a, 0xff, 0xff, 0xff, 0xff]).flat())],
    ['a map that claims four billion entries', bytes(0xba, 0xff, 0xff, 0xff, 0xff)],
    ['a text longer than the message', bytes(0x7a, 0x00, 0xff, 0xff, 0xff, 0x61)],
    ['an eight-byte length', bytes(0x9b, 0, 0, 0, 0, 0, 0, 0, 0)],
    ['an indefinite array', bytes(0x9f, 0x01, 0xff)],
    ['a date tag', bytes(0xc1, 0x00)],
    ['a shared reference', bytes(0x82, 0xd8, 0x1c, 0x80, 0xd8, 0x1d, 0x00)],
    ['a record definition', bytes(0xd9, 0xdf, 0xff, 0x82, 0x00, 0x80)],
    ['an error object', bytes(0xd8, 0x1b, 0x82, 0x65, 0x45, 0x72, 0x72, 0x6f, 0x72, 0x61, 0x61)],
    ['a bundled string', bytes(0xd9, 0xdf, 0xf9, 0x82, 0x1a, 0, 0, 0, 0)],
    ['a big integer', bytes(0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ['a key that is no text', bytes(0xa1, 0x01, 0x02)],
    ['a map with an entry missing', bytes(0xa2, 0x61, 0x61, 0x01)],
    ['a key without a value', bytes(0xa1, 0x61, 0x61)],
    ['a reserved simple value', bytes(0xe0)],
    ['nesting without end', new Uint8Array(maxFrameBytes).fill(0x81)],
    ['nesting beyond the bound', bytes(...Array(33).fill(0x81), 0x01)],
  ])('refuses %s', (_, message) => {
    expect(cborCodec.decode(message)).toBeUndefined()
  })

  it('cannot be made to touch a prototype', () => {
    const message = bytes(0xa1, 0x69, ...new TextEncoder().encode('__proto__'), 0xa1, 0x61, 0x78, 0x01)
    const value = cborCodec.decode(message)
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })
})

describe('the clock', () => {
  const armed = (clock: ReturnType<typeof systemClock>, inMs: number) =>
    new Promise<number>((resolve) => {
      const at = clock.now().mono + inMs
      clock.arm(at, () => resolve(clock.now().mono - at))
    })

  it('wakes at the deadline, never before', async () => {
    const clock = systemClock()
    for (const inMs of [0, 0.4, 3.7, 11.2]) expect(await armed(clock, inMs)).toBeGreaterThanOrEqual(0)
  })

  it('wakes at once for a deadline that has passed, but not inside the call', async () => {
    const clock = systemClock()
    const order: string[] = []
    const woken = new Promise<void>((resolve) => {
      clock.arm(clock.now().mono - 1_000, () => {
        order.push('woken')
        resolve()
      })
    })
    order.push('armed')
    await woken
    expect(order).toEqual(['armed', 'woken'])
  })

  it('keeps one timer: a later call replaces it, and never disarms it', async () => {
    const clock = systemClock()
    let early = 0
    clock.arm(clock.now().mono + 1, () => early++)
    await armed(clock, 15)
    clock.arm(clock.now().mono + 1, () => early++)
    clock.arm(Number.POSITIVE_INFINITY, () => early++)
    await armed(systemClock(), 15)
    expect(early).toBe(0)
  })

  it('does not wake early for a deadline months away', async () => {
    const clock = systemClock()
    let woken = 0
    clock.arm(clock.now().mono + 2 ** 33, () => woken++)
    await armed(systemClock(), 20)
    clock.arm(Number.POSITIVE_INFINITY, () => {})
    expect(woken).toBe(0)
  })
})
