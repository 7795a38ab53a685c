// Peers that lie while they compare (C11): it costs them more than this hub, and this hub nothing that is not counted.

import { describe, expect, it } from 'vitest'
import { marksOf } from '../../src/core/catalog/estimate.ts'
import { type CatalogMessage, maxSketchBytes, maxSlices } from '../../src/core/catalog/messages.ts'
import { sketchOf } from '../../src/core/catalog/sketch.ts'
import { Slice } from '../../src/core/catalog/slice.ts'
import { parse, seal } from '../../src/core/wire.ts'
import { Bench, changes, digestBody, epochOfB, partOf, record, runOfB, sends, wantOf } from './catalog.bench.ts'
import { unprovedHead } from './catalog.heads.ts'
import { kinds } from './catalog.kit.ts'
import { hubId } from './kit.ts'

const names = Array.from({ length: 100 }, (_, i) => `h${i}`)

/** A hub that holds a hundred slices beside its own, and a peer in the same roster that differs. */
function scene() {
  const slices = names.map((name) => {
    const slice = new Slice(hubId(name), { epoch: epochOfB, seq: 0 })
    slice.extend({ ...runOfB([0, 1], [record(`p-${name}`, 1)]), hub: hubId(name) })
    return slice
  })
  const bench = Bench.opened({ slices })
  const own = bench.catalog.replicas.digest()
  return { bench, own, other: own.slice(0, 10).split('').reverse().join('') + own.slice(10) }
}

const garbage = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 151 + 7) & 0xff)
const kindsOf = (effects: ReturnType<Bench['hear']>): string[] =>
  effects.flatMap((effect) => (effect.type === 'send' ? [effect.message.kind] : []))

describe('a peer whose summaries never tell anything', () => {
  it('is asked for the next longer one each time, in the end for its list, and counted', () => {
    const { bench, other } = scene()
    bench.link()
    const sketch = (length: number): CatalogMessage => ({
      kind: 'catalog.sketch',
      body: { digest: other, symbols: garbage(length) },
    })
    const short = bench.hear(sketch(16))
    expect([kindsOf(short), changes(short, 'dropped')]).toEqual([['catalog.doubt'], []])
    const long = bench.hear(sketch(200))
    expect(sends(long, 'catalog.doubt')).toMatchObject([{ marks: new Uint8Array(0) }])
    expect(changes(long, 'dropped')).toHaveLength(1)
    const seqs = bench.hear({ kind: 'catalog.seqs', body: { digest: other, seqs: [1, 2, 3] } })
    expect([kindsOf(seqs), changes(seqs, 'dropped').length]).toEqual([['catalog.versions'], 1])
    expect(bench.catalog.behind).toBe(0)
  })

  it('is not even read when nobody asked for so long a one', () => {
    const { bench, other } = scene()
    bench.link()
    for (let i = 0; i < 100; i++) {
      const effects = bench.hear({ kind: 'catalog.sketch', body: { digest: other, symbols: garbage(maxSketchBytes) } })
      expect([kindsOf(effects), changes(effects, 'dropped').length]).toEqual([[], 1])
    }
  })
})

describe('a peer that asks and asks', () => {
  it('gets one long sketch within two seconds, then one row of seqs, then nothing', () => {
    const { bench } = scene()
    const row = bench.catalog.replicas.roster.versions().map(([, , seq]) => seq)
    const marks = marksOf(row.map((seq, place) => (place < 3 ? seq + 1 : seq)))
    const answers = Array.from({ length: 5 }, () => bench.hear({ kind: 'catalog.doubt', body: { marks } }))
    expect(
      answers.map((effects) => [...kindsOf(effects), ...changes(effects, 'dropped').map(({ type }) => type)]),
    ).toEqual([['catalog.sketch'], ['catalog.seqs'], ['dropped'], ['dropped'], ['dropped']])
    const [sketch] = sends(answers[0] ?? [], 'catalog.sketch')
    expect(sketch?.symbols.length).toBeGreaterThan(sketchOf(row, 4).length)
    bench.now += 2_001
    expect(kindsOf(bench.hear({ kind: 'catalog.doubt', body: { marks } }))).toEqual(['catalog.sketch'])
  })

  it('without saying how much differs gets one row of seqs within two seconds', () => {
    const { bench } = scene()
    const marks = Uint8Array.from({ length: 9 }, () => 1)
    const answers = Array.from({ length: 20 }, () => bench.hear({ kind: 'catalog.doubt', body: { marks: garbage(0) } }))
    expect(answers.flatMap(kindsOf)).toEqual(['catalog.seqs'])
    expect(answers.flatMap((effects) => changes(effects, 'dropped'))).toHaveLength(19)
    expect(kindsOf(bench.hear({ kind: 'catalog.doubt', body: { marks } }))).toEqual([])
    bench.now += 2_001
    expect(kindsOf(bench.hear({ kind: 'catalog.doubt', body: { marks } }))).toEqual(['catalog.seqs'])
  })

  it('for a million slices is not understood, and for the most it may gets one message', () => {
    const { bench, own } = scene()
    const want = { hub: hubId('h0'), epoch: epochOfB, have: 0, to: 0, after: 0 }
    const million = seal('catalog.want', { wants: new Array(1_000_000).fill(want) })
    expect(parse(kinds, million)).toEqual({ ok: false, reason: 'malformed' })
    const places = new Array(1_000_000).fill(1)
    expect(parse(kinds, seal('catalog.ask', { roster: own.slice(10), at: places })).ok).toBe(false)
    const most = names.slice(0, maxSlices).map((name) => ({ ...want, hub: hubId(name) }))
    expect(kindsOf(bench.hear(wantOf(...most)))).toHaveLength(1)
  })

  it('for places that there are not, or of another roster, is compared with anew', () => {
    const { bench, own } = scene()
    const ask = (roster: string, ...at: number[]): string[] =>
      kindsOf(bench.hear({ kind: 'catalog.ask', body: { roster, at } }))
    expect(ask(own.slice(10), 3, 0)).toEqual(['catalog.part'])
    expect(ask(own.slice(10), 3_000, 0)).toEqual(['catalog.digest'])
    expect(ask('other', 3, 0)).toEqual(['catalog.digest'])
  })
})

describe('runs that nobody asked for', () => {
  it('are taken where they follow what is held, as deltas are, and nowhere else', () => {
    const { bench, own } = scene()
    const run = (from: number, to: number): CatalogMessage =>
      partOf({ ...runOfB([from, to], [record('q', to)]), hub: hubId('h0') })
    bench.hear(run(5, 6))
    expect(bench.seq('h0')).toBe(1)
    bench.hear({
      kind: 'catalog.runs',
      body: { roster: own.slice(10), at: [3, 0, 2 ** 52], records: [[record('q', 9)]], heads: [unprovedHead('h0')] },
    })
    expect(bench.has('q')).toBe(false)
    bench.hear(partOf({ ...runOfB([0, 9], [record('q', 9)]), hub: hubId('h0'), floor: 8 }))
    expect(bench.seq('h0')).toBe(1)
    bench.hear(run(1, 2))
    expect([bench.seq('h0'), bench.has('q')]).toEqual([2, true])
  })

  it('of the own slice are asked for as such, and never taken as they come (C3)', () => {
    const bench = Bench.opened()
    bench.link()
    const effects = bench.hear(partOf({ ...runOfB([0, 9], [record('q', 9)], [1, 'zzzz']), hub: hubId('me') }))
    expect(sends(effects, 'catalog.want')).toMatchObject([{ wants: [{ hub: 'me', have: 0 }] }])
    expect(bench.has('q')).toBe(false)
  })
})

it('a digest that differs is answered with a sketch in one roster, with names in another', () => {
  const { bench, other } = scene()
  expect(kindsOf(bench.hear(digestBody(other, true)))).toEqual(['catalog.sketch'])
  expect(kindsOf(bench.hear(digestBody('anything', true)))).toEqual(['catalog.versions'])
})
