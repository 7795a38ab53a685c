// When projects last beat is known after a restart of everything, and nothing is online for it (P8).

import { describe, expect, it } from 'vitest'
import type { LastBeat } from '../../src/core/presence/lease.ts'
import { minute } from '../../src/core/time.ts'
import { hubId, slug, wallStart } from './kit.ts'
import { Bench, fine, leaseOf, published, refreshMs } from './presence.bench.ts'

const me = hubId('me')
const noted: LastBeat = { claim: [wallStart - 90_000, me], beatAt: wallStart - 40_000 }
const lastBeats = new Map([[slug('p'), noted]])

const written = (bench: Bench, ms: number) =>
  bench
    .pass(ms)
    .flatMap((effect) => (effect.type === 'persist' ? [effect.batch.map(({ op, key }) => `${op} ${key}`)] : []))

describe('a checkpoint', () => {
  it('notes what beat since the last one, in one batch every five minutes that nobody waits for', () => {
    const bench = new Bench()
    bench.beat('p')
    bench.beat('q')
    expect(written(bench, 5 * minute)).toEqual([['put beat/p', 'put beat/q']])
    bench.beat('q')
    const out = bench.pass(5 * minute).filter((effect) => effect.type === 'persist')
    expect(out).toMatchObject([{ synced: false, batch: [{ key: 'beat/q', value: { claim: [wallStart, me] } }] }])
    expect(written(bench, 10 * minute)).toEqual([])
  })

  it('forgets projects that are removed, or that have another home', () => {
    const bench = new Bench({ lastBeats: new Map([...lastBeats, [slug('q'), noted]]) })
    bench.home('b')
    bench.step({ type: 'removed', slug: slug('p') })
    bench.told([leaseOf('q', { claim: [wallStart, hubId('b')] })])
    expect(written(bench, 5 * minute)).toEqual([['del beat/p', 'del beat/q']])
  })

  it('is taken when the hub leaves', () => {
    const bench = new Bench()
    bench.beat('p')
    const [effect] = bench.step({ type: 'leave' })
    expect(effect).toMatchObject({ type: 'persist', batch: [{ key: 'beat/p' }] })
  })
})

describe('what was noted', () => {
  it('has lapsed, however young it is, and is told so', () => {
    const bench = new Bench({ lastBeats })
    expect(bench.lease('p')).toMatchObject({ state: 'lapsed', beatAt: noted.beatAt, claim: noted.claim })
    const told = published(bench.pass(1.3 * refreshMs), true)
    expect(told[0]).toMatchObject({ count: 1 })
    expect(bench.lease('p')?.state).toBe('lapsed')
  })

  it('gives way to what peers remember, and to a beat', () => {
    const remembered = leaseOf('p', { claim: noted.claim, rev: wallStart - 50, beatAt: wallStart - 10_000 })
    const taught = new Bench({ lastBeats })
    taught.told([remembered], { home: me })
    expect(taught.lease('p')).toMatchObject({ state: 'fresh', beatAt: wallStart - 10_000 })
    taught.told([{ ...remembered, beatAt: 1 }], { home: me })
    expect(taught.lease('p')?.beatAt).toBe(wallStart - 10_000)
    const beaten = new Bench({ lastBeats })
    beaten.beat('p', fine)
    expect(beaten.lease('p')).toMatchObject({ state: 'fresh', claim: noted.claim })
    expect(published(beaten.pass(0), false)).toHaveLength(1)
  })

  it('gives way to another home that the project has found meanwhile', () => {
    const bench = new Bench({ lastBeats })
    bench.home('b')
    bench.told([leaseOf('p', { claim: [wallStart - 30_000, hubId('b')] })])
    expect(bench.homeOf('p')).toBe('b')
  })
})
