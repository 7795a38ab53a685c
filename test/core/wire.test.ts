// The edges of the core: what is taken from the wire, hashes, randomness, names, problems.

import fc from 'fast-check'
import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { assert as claim, InvariantViolation, refuse } from '../../src/core/errors.ts'
import { canonical, hashOf } from '../../src/core/hash.ts'
import { asSlug, compareText } from '../../src/core/ids.ts'
import { Random } from '../../src/core/random.ts'
import { HubInfoSchema, isPlain, kind, maxDepth, open, parse, seal, wireVersion } from '../../src/core/wire.ts'
import { openMessage, speakerOf } from '../../src/hub/inbox.ts'
import { infoOf } from './kit.ts'

const pingKind = kind('test.ping', Type.Object({ seq: Type.Integer() }))
const kinds = new Map([[pingKind.kind, pingKind]])

describe('a message', () => {
  it('survives the envelope, unknown fields included', () => {
    const parsed = parse(kinds, { ...seal('test.ping', { seq: 1, later: 'kept' }), more: true })
    expect(parsed).toEqual({ ok: true, value: { kind: 'test.ping', body: { seq: 1, later: 'kept' } } })
  })

  it.each([
    ['nothing', undefined, 'malformed'],
    ['text', 'hello', 'malformed'],
    ['no kind', { v: wireVersion, body: {} }, 'malformed'],
    ['another version', { v: wireVersion + 1, kind: 'test.ping', body: { seq: 1 } }, 'version'],
    ['an unknown kind', { v: wireVersion, kind: 'test.pong', body: { seq: 1 } }, 'unknown-kind'],
    ['a body that is wrong', { v: wireVersion, kind: 'test.ping', body: { seq: 'one' } }, 'malformed'],
    ['a kind that is too long', { v: wireVersion, kind: 'x'.repeat(41), body: {} }, 'malformed'],
  ])('that is %s is refused for its reason', (_, value, reason) => {
    expect(parse(kinds, value)).toEqual({ ok: false, reason })
  })

  it('never throws, whatever a peer sends', () => {
    const bodies = fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withMap: true })
    const known = fc.constantFrom('swim.ping', 'tier.report', 'presence.leases', 'catalog.delta', 'catalog.part', 'x')
    fc.assert(
      fc.property(known, bodies, (name, body) => {
        expect(typeof openMessage({ v: wireVersion, kind: name, body }).ok).toBe('boolean')
        expect(typeof openMessage(body).ok).toBe('boolean')
      }),
      { seed: 7, numRuns: 2_000 },
    )
  })

  it('speaks for a hub only where it is published in its name', () => {
    const head = { peer: 'p', horizon: 0, root: 'r', signature: 's' }
    const opened = (name: string, body: unknown) => {
      const result = openMessage(seal(name, body))
      return result.ok ? [result.letter.feature, speakerOf(result.letter)] : result.reason
    }
    expect(opened('tier.report', { reporter: 'a', words: [] })).toEqual(['hierarchy', 'a'])
    expect(opened('presence.leases', { home: 'a', rev: 1, leases: [] })).toEqual(['presence', 'a'])
    expect(opened('catalog.delta', { hub: 'a', epoch: [1, 'n'], from: 0, to: 1, records: [], head })).toEqual([
      'catalog',
      'a',
    ])
    expect(opened('swim.ping', { pool: 'p', seq: 1, rumors: [] })).toEqual(['membership', undefined])
  })

  it('opens only as an envelope of this version', () => {
    expect(open(seal('a', 1))).toEqual({ ok: true, value: { v: wireVersion, kind: 'a', body: 1 } })
  })
})

describe('plain data', () => {
  it.each([
    [null, true],
    ['text', true],
    [true, true],
    [1.5, true],
    [[1, ['a']], true],
    [{ a: { b: null } }, true],
    [undefined, false],
    ['\u{1F701}', true],
    ['half a letter: \ud800', false],
    [{ '\udc00': 1 }, false],
    [Number.NaN, false],
    [Number.POSITIVE_INFINITY, false],
    [1n, false],
    [new Date(0), false],
    [new Map(), false],
    [[undefined], false],
    [{ a: () => 1 }, false],
  ])('%o: %j', (value, expected) => {
    expect(isPlain(value)).toBe(expected)
  })

  it('is bounded in depth', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])
    expect(isPlain(nested(maxDepth))).toBe(true)
    expect(isPlain(nested(maxDepth + 1))).toBe(false)
  })
})

describe('a hub as it describes itself', () => {
  const check = kind('hub', HubInfoSchema).check
  it.each([
    ['a sound one', {}, true],
    ['an id with a slash', { hub: 'a/b' }, false],
    ['an id that is too long', { hub: 'a'.repeat(64) }, false],
    ['an unknown tier', { tier: 'galactic' }, false],
    ['too many addresses', { addresses: Array(17).fill('/x') }, false],
    ['coordinates beyond the pole', { coordinates: { latitude: 91, longitude: 0 } }, false],
    ['labels', { labels: { zone: 'eu-1a', 'rack/row': '3' } }, true],
    ['too many labels', { labels: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`l${i}`, 'x'])) }, false],
    ['a label without a name', { labels: { '': 'x' } }, false],
    ['a label with too long a name', { labels: { ['l'.repeat(64)]: 'x' } }, false],
    ['a label with too long a value', { labels: { zone: 'x'.repeat(64) } }, false],
    ['a label that is no text', { labels: { zone: 1 } }, false],
    ['coordinates', { coordinates: { latitude: -90, longitude: 180 } }, true],
  ])('with %s', (_, change, expected) => {
    expect(check({ ...infoOf('a'), ...change })).toBe(expected)
  })
})

describe('hashes', () => {
  it('tell lists apart that read alike when joined', () => {
    expect(hashOf(['ab', 'c'])).not.toBe(hashOf(['a', 'bc']))
    expect(hashOf(['a', 1])).toBe(hashOf(['a', '1']))
    expect(hashOf([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })

  it('do not depend on the order of keys', () => {
    expect(canonical({ b: [1, null], a: 'x' })).toBe('{"a":"x","b":[1,null]}')
    expect(canonical({ a: 'x', b: [1, null] })).toBe(canonical({ b: [1, null], a: 'x' }))
  })

  it('are of text as JSON has it', () => {
    const sorted = (_: string, held: unknown): unknown =>
      typeof held !== 'object' || held === null || Array.isArray(held)
        ? held
        : Object.fromEntries(Object.entries(held).sort(([a], [b]) => compareText(a, b)))
    // Objects put names that are numbers first.
    const name = fc.string({ unit: 'binary' }).filter((text) => !/^\d+$/.test(text) && text !== '__proto__')
    const leaf = fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.integer(), fc.boolean(), fc.constant(null))
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 2 },
        leaf,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(name, tie('value'), { maxKeys: 4 }),
      ),
    }))
    fc.assert(
      fc.property(value, (held) => {
        expect(canonical(held)).toBe(JSON.stringify(held, sorted))
      }),
    )
  })
})

describe('randomness', () => {
  it('is the same for the same seed, and other for another', () => {
    const draw = (seed: number): number[] => {
      const random = new Random(seed)
      return Array.from({ length: 20 }, () => random.below(1_000))
    }
    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
  })

  it('stays in its bounds', () => {
    const random = new Random(1)
    for (let i = 0; i < 2_000; i++) {
      expect(random.below(3)).toBeLessThan(3)
      expect(random.below(3)).toBeGreaterThanOrEqual(0)
      const real = random.real()
      expect(real >= 0 && real < 1).toBe(true)
    }
    expect([random.below(0), random.below(1)]).toEqual([0, 0])
    expect(random.pick([])).toBeUndefined()
    expect([random.chance(0), random.chance(1)]).toEqual([false, true])
  })

  it('samples different items, and shuffles without losing any', () => {
    const random = new Random(5)
    const items = [1, 2, 3, 4, 5, 6]
    expect([...random.shuffle(items)].sort()).toEqual(items)
    expect(new Set(random.sample(items, 4)).size).toBe(4)
    expect(random.sample(items, 99)).toHaveLength(6)
    const firsts = new Set(Array.from({ length: 200 }, () => random.shuffle(items)[0]))
    expect(firsts.size).toBe(6)
  })
})

describe('names and problems', () => {
  it.each([
    ['alpha-1', true],
    ['a'.repeat(50), true],
    ['', false],
    ['a'.repeat(51), false],
    ['Alpha', false],
    ['a_b', false],
  ])('%j is a slug: %j', (text, expected) => {
    expect(asSlug(text) !== undefined).toBe(expected)
  })

  it('texts sort by code unit', () => {
    expect(['b', 'a', 'B', 'a'].sort(compareText)).toEqual(['B', 'a', 'a', 'b'])
    expect(compareText('a', 'a')).toBe(0)
  })

  it('a broken invariant names its number', () => {
    expect(() => claim(false, 'C9', 'two copies differ')).toThrowError(InvariantViolation)
    expect(() => claim(false, 'C9', 'two copies differ')).toThrow('invariant C9 does not hold: two copies differ')
    expect(() => claim(true, 'C9', '')).not.toThrow()
    expect(refuse('not-found', 'x')).toEqual({ ok: false, code: 'not-found', detail: 'x' })
  })
})
