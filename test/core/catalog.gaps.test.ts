// Deltas that came too early: which of them is next, and what room they take.

import { describe, expect, it } from 'vitest'
import { Gaps } from '../../src/core/catalog/gaps.ts'
import type { Run } from '../../src/core/catalog/slice.ts'
import { Bench, epochOfB, listBody, persists, record, runOfB, sends } from './catalog.bench.ts'
import { hubId } from './kit.ts'

const b = hubId('b')
const run = (from: number, to: number, epoch = epochOfB): Run => ({ hub: b, epoch, from, to, records: [] })
const here = (seq: number, epoch = epochOfB) => ({ epoch, seq })

describe('a delta aside', () => {
  it('is given out once, when the slice stands where it begins', () => {
    const gaps = new Gaps()
    gaps.keep(run(4, 6), 0)
    gaps.keep(run(2, 4), 0)
    expect(gaps.next(b, here(1))).toBeUndefined()
    expect(gaps.next(b, here(2))).toEqual(run(2, 4))
    expect(gaps.next(b, here(2))).toBeUndefined()
    expect(gaps.size).toBe(1)
    expect(gaps.next(b, here(4))).toEqual(run(4, 6))
    expect(gaps.size).toBe(0)
  })

  it('gives up its room when it is overtaken, by number or by epoch', () => {
    const gaps = new Gaps()
    for (let i = 0; i < 15; i++) gaps.keep(run(10 + i, 11 + i), 0)
    gaps.keep(run(90, 91), 0)
    gaps.keep(run(40, 41), 0)
    expect(gaps.next(b, here(30))).toBeUndefined()
    gaps.keep(run(40, 41), 0)
    expect(gaps.next(b, here(40))).toEqual(run(40, 41))
    expect(gaps.next(b, here(0, [2, 'bb']))).toBeUndefined()
    expect(gaps.size).toBe(0)
  })

  it('waits for its own epoch', () => {
    const gaps = new Gaps()
    gaps.keep(run(0, 2, [2, 'bb']), 0)
    expect(gaps.next(b, here(5))).toBeUndefined()
    expect(gaps.next(b, here(0, [2, 'bb']))).toEqual(run(0, 2, [2, 'bb']))
  })

  it('is dropped when nothing came for its hub since', () => {
    const gaps = new Gaps()
    gaps.keep(run(2, 4), 10)
    gaps.expire(10)
    expect(gaps.size).toBe(1)
    gaps.expire(11)
    expect(gaps.size).toBe(0)
  })
})

describe('a hub that joins', () => {
  it('does not take a delta that is no use to it for having caught up', () => {
    const bench = new Bench()
    bench.link()
    const effects = [...bench.delta(runOfB([7, 9], [record('p', 9)])), ...bench.delta(runOfB([3, 3], []))]
    expect(persists(effects, true)).toEqual([])
    expect(bench.catalog.behind).toBe(2)
    expect(persists(bench.hear(listBody([])), true)).toHaveLength(1)
  })

  it('asks the peer that is ahead at once, and nobody else', () => {
    const bench = Bench.opened()
    expect(sends(bench.delta(runOfB([7, 9], [record('p', 9)])), 'catalog.want')).toEqual([])
    bench.link()
    const wants = sends(bench.delta(runOfB([9, 11], [record('p', 11)])), 'catalog.want')
    expect(wants).toMatchObject([{ wants: [{ have: 0, to: 0, after: 0 }] }])
  })
})
