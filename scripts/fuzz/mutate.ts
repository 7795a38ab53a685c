// Broken messages, made from sound ones: bytes that are flipped, cut, doubled or spliced, and values in which one thing is
// another than it should be. The former find holes in decoders, the latter get past them and find holes in what comes next.

import { zstdCompressSync } from 'node:zlib'
import { cborCodec } from '../../src/adapters/codec.ts'
import { withPackedHead } from '../../src/core/packed.ts'
import type { Random } from '../../src/core/random.ts'

/** Longest frame that is made: the framer drops larger ones unread. */
const maxBytes = 256 * 1024
/** Bytes that mean something to CBOR or JSON: heads of items, the largest lengths, quotes, brackets and braces. */
const tellingBytes = [
  0x00, 0x1f, 0x22, 0x3b, 0x5a, 0x5b, 0x5d, 0x7a, 0x7b, 0x7d, 0x80, 0x9a, 0x9f, 0xa0, 0xba, 0xbf, 0xc0, 0xd9, 0xf7,
  0xfb, 0xff,
]

const strangeValues: readonly unknown[] = [
  null,
  true,
  '',
  '__proto__',
  'constructor',
  '\u0000',
  '\ud800',
  'x'.repeat(513),
  'a/b',
  '~',
  '!',
  0,
  -0,
  -1,
  0.5,
  1e308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 32,
  Number.MAX_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER - 1,
  -Number.MAX_SAFE_INTEGER,
  2 ** 53,
  1_767_225_600_000,
  [],
  [[]],
  {},
  { toString: 1 },
  { hasOwnProperty: null },
  new Uint8Array([1, 2, 3]),
  Array.from({ length: 300 }, (_, i) => i),
  [[[[[[[[[['deep']]]]]]]]]],
]

/** That a packed frame may say it has. */
const lengths: readonly number[] = [0, 1, 1_400, maxBytes, maxBytes + 1, 2 ** 31, 2 ** 32 - 1]

const strangeNames = strangeValues.filter((value) => typeof value === 'string')

/** A frame made from one of the seeds. */
export function mutated(random: Random, seeds: readonly Uint8Array[]): Uint8Array {
  const seed = random.pick(seeds) ?? new Uint8Array()
  const frame = random.chance(0.5) ? mutatedValue(random, seed, seeds) : mutatedBytes(random, seed, seeds)
  return (random.chance(0.2) ? packed(random, frame, seeds) : frame).subarray(0, maxBytes)
}

/** Compressed, with the truth about its length or not, sound or not. */
function packed(random: Random, frame: Uint8Array, seeds: readonly Uint8Array[]): Uint8Array {
  const said = random.chance(0.8) ? frame.length : (random.pick(lengths) ?? 0)
  const bytes = withPackedHead(said, zstdCompressSync(frame))
  return random.chance(0.7) ? bytes : mutateOnce(random, bytes, seeds)
}

export function mutatedBytes(random: Random, seed: Uint8Array, seeds: readonly Uint8Array[]): Uint8Array {
  let bytes = Uint8Array.from(seed)
  for (let times = 1 + random.below(3); times > 0; times--) bytes = mutateOnce(random, bytes, seeds)
  return bytes
}

function mutateOnce(random: Random, bytes: Uint8Array, seeds: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const at = random.below(bytes.length + 1)
  const to = Math.min(bytes.length, at + 1 + random.below(16))
  const telling = random.pick(tellingBytes) ?? 0
  switch (random.below(7)) {
    case 0:
      return flipped(bytes, at, 1 << random.below(8))
    case 1:
      return replaced(bytes, [at, at + 1], [telling])
    case 2:
      return replaced(bytes, [at, at], [telling, random.below(256), random.below(256)])
    case 3:
      return replaced(bytes, [at, to], [])
    case 4:
      return replaced(bytes, [at, at], bytes.subarray(at, to))
    case 5:
      return Uint8Array.from(bytes.subarray(0, at))
    default: {
      const other = random.pick(seeds) ?? bytes
      return replaced(bytes, [at, bytes.length], other.subarray(random.below(other.length)))
    }
  }
}

function flipped(bytes: Uint8Array, at: number, bits: number): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bytes)
  if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ bits
  return copy
}

function replaced(
  bytes: Uint8Array,
  [from, to]: readonly [number, number],
  by: ArrayLike<number>,
): Uint8Array<ArrayBuffer> {
  const rest = bytes.subarray(Math.min(to, bytes.length))
  const copy = new Uint8Array(from + by.length + rest.length)
  copy.set(bytes.subarray(0, from))
  copy.set(by, from)
  copy.set(rest, from + by.length)
  return copy
}

/** The seed with one of its values replaced, dropped, doubled or taken from another seed. */
function mutatedValue(random: Random, seed: Uint8Array, seeds: readonly Uint8Array[]): Uint8Array {
  const value = cborCodec.decode(seed)
  const donor = cborCodec.decode(random.pick(seeds) ?? seed)
  return cborCodec.encode(alter(value, { random, donor }))
}

interface Surgery {
  readonly random: Random
  readonly donor: unknown
}

function alter(value: unknown, surgery: Surgery): unknown {
  const { random, donor } = surgery
  const isDeeper = typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && random.chance(0.85)
  if (!isDeeper) return random.chance(0.8) ? random.pick(strangeValues) : partOf(random, donor)
  if (Array.isArray(value)) return alterList(value, surgery)
  const entries = Object.entries(value)
  const at = random.below(entries.length)
  const [key = 'key', held] = entries[at] ?? []
  const others = entries.filter((_, index) => index !== at)
  const fate = random.real()
  if (fate < 0.06) return Object.fromEntries(others)
  if (fate < 0.1) return Object.fromEntries([...others, [random.pick(strangeNames) ?? '', held]])
  return Object.fromEntries(entries.map((entry, index) => (index === at ? [key, alter(held, surgery)] : entry)))
}

function alterList(list: readonly unknown[], surgery: Surgery): unknown[] {
  const { random } = surgery
  const at = random.below(list.length)
  const fate = random.real()
  if (fate < 0.06) return list.filter((_, index) => index !== at)
  if (fate < 0.12) return [...list, list[at]]
  if (fate < 0.14) return random.shuffle(list)
  return list.map((item, index) => (index === at ? alter(item, surgery) : item))
}

/** Some value inside of another message. */
function partOf(random: Random, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random.chance(0.3)) return value
  const inner = random.pick(Object.values(value))
  return inner === undefined ? value : partOf(random, inner)
}
