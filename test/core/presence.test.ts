// Presence as its users would put it: which projects are up, who says so, and what it costs to say.

import { describe, expect, it } from 'vitest'
import { maxLeases } from '../../src/core/presence/messages.ts'
import { never } from '../../src/core/time.ts'
import { at, hubId, slug, wallStart } from './kit.ts'
import { Bench, changes, fine, ill, leaseOf, published, refreshMs } from './presence.bench.ts'

const me = hubId('me')

describe('a beat', () => {
  it('makes the hub that hears it the home, and is told at once', () => {
    const bench = Bench.settled()
    const out = bench.beat('p', ill)
    expect(changes(out)).toEqual([
      { type: 'lease', slug: 'p' },
      { type: 'beaten', slug: 'p', as: 'home' },
    ])
    const { wall } = at(bench.now)
    expect(bench.lease('p')).toMatchObject({ claim: [wall, me], state: 'fresh', beatAt: wall, report: ill })
    const [told] = published(bench.pass(0))
    expect(told).toMatchObject({ home: me, leases: [bench.lease('p')] })
    expect(told?.covers).toBeUndefined()
    expect(told?.rev).toBeGreaterThanOrEqual(bench.lease('p')?.rev ?? 0)
  })

  it('that merely renews is told in the refresh alone, with its time', () => {
    const bench = Bench.settled({ hasOlder: true })
    bench.beat('p')
    const first = bench.lease('p')
    bench.pass(0)
    bench.now += 1_000
    expect(changes(bench.beat('p'))).toEqual([{ type: 'beaten', slug: 'p', as: 'home' }])
    expect(bench.lease('p')).toEqual({ ...first, beatAt: at(bench.now).wall })
    const { beatAt } = bench.lease('p') ?? {}
    const out = bench.pass(1.2 * refreshMs)
    expect(published(out, false)).toEqual([])
    expect(published(out, true)[0]).toMatchObject({ leases: [{ slug: 'p', beatAt }] })
  })

  it('that says something else is told with the next flush', () => {
    const bench = Bench.settled()
    bench.beat('p')
    bench.pass(0)
    bench.beat('p', ill)
    bench.beat('p', fine)
    bench.beat('p', ill)
    bench.beat('q')
    expect(published(bench.pass(999), false)).toEqual([])
    const [told] = published(bench.pass(1), false)
    expect(told?.leases.map((lease) => [lease.slug, lease.report.isDegraded])).toEqual([
      ['p', true],
      ['q', false],
    ])
  })

  it('that says something else is newer than all that was told before it, and no newer than what tells it', () => {
    const bench = Bench.settled()
    bench.beat('p')
    const [first] = published(bench.pass(0))
    bench.beat('p', ill)
    const [second] = published(bench.pass(1_000))
    expect(bench.lease('p')?.rev).toBe((first?.rev ?? 0) + 1)
    expect(second?.rev).toBe(bench.lease('p')?.rev)
    bench.beat('p', ill)
    expect(bench.presence.deadline()).toBeGreaterThan(bench.now)
  })

  it('beyond the limit of leases is not kept', () => {
    const bench = new Bench({ maxLeases: 1 })
    bench.beat('p')
    bench.beat('q')
    bench.told([leaseOf('r')])
    bench.told([leaseOf('s', { claim: [wallStart, me] })], { home: me })
    expect([...bench.presence.leases().keys()]).toEqual(['p'])
    expect(changes(bench.beat('p', ill))).toHaveLength(2)
  })
})

describe('without a beat', () => {
  it('a lease is late after two intervals and lapsed past the threshold, and both are told', () => {
    const bench = Bench.settled()
    bench.beat('p')
    bench.pass(60_000)
    expect(bench.lease('p')?.state).toBe('fresh')
    expect(published(bench.pass(1), false)).toMatchObject([{ leases: [{ state: 'late' }] }])
    bench.pass(29_999)
    expect(bench.lease('p')?.state).toBe('late')
    expect(published(bench.pass(1), false)).toMatchObject([{ leases: [{ state: 'lapsed' }] }])
    expect(published(bench.pass(300_000), false)).toEqual([])
  })

  it('counts from the last beat, and a beat makes it fresh again', () => {
    const bench = Bench.settled()
    bench.beat('p')
    bench.pass(50_000)
    bench.beat('p')
    bench.pass(60_000)
    expect(bench.lease('p')?.state).toBe('fresh')
    bench.pass(31_000)
    expect(bench.lease('p')?.state).toBe('lapsed')
    bench.beat('p')
    expect(bench.lease('p')?.state).toBe('fresh')
    expect(published(bench.pass(1_000), false)).toMatchObject([{ leases: [{ state: 'fresh' }] }])
  })
})

describe('what other homes tell', () => {
  it('is taken by claim, then by revision, in any order (P1)', () => {
    const older = leaseOf('p', { rev: 5, report: ill })
    const newer = leaseOf('p', { rev: 6 })
    const other = leaseOf('p', { rev: 1, claim: [wallStart, hubId('c')] })
    const inB = { home: hubId('b') }
    const inC = { home: hubId('c') }
    for (const [first, second, expected] of [
      [[older, inB], [newer, inB], newer],
      [[newer, inB], [older, inB], newer],
      [[newer, inB], [other, inC], other],
      [[other, inC], [newer, inB], other],
    ] as const) {
      const bench = Bench.settled()
      bench.home('b')
      bench.home('c')
      bench.told([first[0]], first[1])
      bench.told([second[0]], second[1])
      expect(bench.lease('p')).toEqual(expected)
    }
  })

  it('is a change only where it is news; the time it was heard is kept each time', () => {
    const bench = Bench.settled()
    expect(changes(bench.told([leaseOf('p')]))).toEqual([{ type: 'lease', slug: 'p' }])
    bench.now += 500
    expect(changes(bench.told([leaseOf('p', { beatAt: wallStart + 9 })]))).toEqual([])
    expect(bench.presence.held(slug('p'))).toMatchObject({ heardAt: bench.now, lease: { beatAt: wallStart + 9 } })
  })

  it('counts only about their own leases', () => {
    const bench = Bench.settled()
    bench.told([leaseOf('p', { claim: [wallStart, hubId('c')] })])
    expect(bench.lease('p')).toBeUndefined()
  })

  it('takes a project over from this hub by a higher claim, and this hub falls silent about it', () => {
    const bench = Bench.settled()
    bench.home('b')
    bench.beat('p')
    bench.told([leaseOf('p', { claim: [at(bench.now).wall + 1, hubId('b')] })])
    expect(bench.homeOf('p')).toBe('b')
    expect(published(bench.pass(2_000), false)).toEqual([])
  })

  it('is gone when it says so, and with the home that is dropped', () => {
    const bench = Bench.settled()
    bench.told([leaseOf('p'), leaseOf('q')])
    expect(changes(bench.told([leaseOf('p', { state: 'gone', rev: wallStart + 2 })]))).toEqual([
      { type: 'lease', slug: 'p' },
    ])
    expect(bench.lease('p')).toBeUndefined()
    expect(changes(bench.told([leaseOf('x', { state: 'gone' })]))).toEqual([])
    bench.step({ type: 'home-dropped', hub: hubId('b') })
    expect(bench.presence.leases().size).toBe(0)
  })

  it('is gone when a refresh of its range does not name it, unless it is newer (P6)', () => {
    const bench = Bench.settled()
    const rev = wallStart + 10
    const covers = { from: 'b', to: 'n' }
    bench.told([leaseOf('a'), leaseOf('b'), leaseOf('c'), leaseOf('d', { rev: rev + 1 }), leaseOf('n')])
    bench.told([leaseOf('e', { claim: [wallStart, hubId('c')] })], { home: hubId('c') })
    const out = bench.told([leaseOf('c')], { rev, covers })
    expect(changes(out)).toEqual([{ type: 'lease', slug: 'b' }])
    expect([...bench.presence.leases().keys()].sort()).toEqual(['a', 'c', 'd', 'e', 'n'])
  })
})

describe('what a home tells', () => {
  it('is one message a flush interval while things change', () => {
    const bench = Bench.settled()
    const out = []
    for (let i = 0; i < 100; i++) {
      bench.beat(`p${i}`)
      out.push(...bench.pass(100))
    }
    expect(published(out, false).length).toBeLessThanOrEqual(11)
    const told = published(out).flatMap(({ leases }) => leases.map((lease) => lease.slug))
    expect(new Set(told).size).toBeGreaterThan(85)
  })

  it('is less often in a large federation: ten messages a second by all homes together', () => {
    const bench = Bench.settled()
    for (let i = 0; i < 49; i++) bench.home(`h${i}`)
    bench.home('dead', 'dead')
    bench.beat('p')
    bench.pass(0)
    bench.beat('q')
    expect(published(bench.pass(4_999), false)).toEqual([])
    expect(published(bench.pass(1), false)).toHaveLength(1)
  })

  it('is everything every refresh while an older hub is there, and then no change is told beside it', () => {
    const bench = Bench.settled({ hasOlder: true })
    bench.beat('p')
    bench.pass(0)
    const due = bench.presence.deadline()
    bench.pass(due - 1 - bench.now)
    bench.beat('q')
    bench.now = due
    const told = published(bench.step({ type: 'tick' }))
    expect(told.map(({ leases }) => leases.map((lease) => lease.slug))).toEqual([['p', 'q']])
    expect(published(bench.pass(2_000))).toEqual([])
  })

  it('is in parts when there is much', () => {
    const bench = Bench.settled({ hasOlder: true })
    for (let i = 0; i < maxLeases + 1; i++) bench.beat(`p${i}`)
    const told = published(bench.pass(0))
    expect(told.map(({ leases }) => leases.length)).toEqual([maxLeases, 1])
    const refreshed = published(bench.pass(1.2 * refreshMs), true)
    expect(refreshed.map(({ leases }) => leases.length)).toEqual([maxLeases, 1])
    expect(refreshed[0]?.covers?.to).toBe(refreshed[1]?.covers?.from)
  })

  it('is that it holds nothing, three times, when others may believe otherwise (P6)', () => {
    const bench = new Bench()
    const empty = published(bench.pass(8 * refreshMs))
    expect(empty).toMatchObject(Array.from({ length: 3 }, () => ({ leases: [], covers: { from: '', to: '~' } })))
    bench.beat('p')
    bench.pass(0)
    bench.step({ type: 'removed', slug: slug('p') })
    const after = published(bench.pass(8 * refreshMs))
    expect(after.map(({ leases }) => leases.map(({ state }) => state))).toEqual([['gone'], [], [], []])
  })

  it('is that a removed project is gone, and then nothing more of it', () => {
    const bench = Bench.settled()
    bench.beat('p')
    bench.pass(1_000)
    expect(changes(bench.step({ type: 'removed', slug: slug('p') }))).toEqual([{ type: 'lease', slug: 'p' }])
    expect(published(bench.pass(0), false)).toMatchObject([{ leases: [{ slug: 'p', state: 'gone' }] }])
    expect(bench.lease('p')).toBeUndefined()
    bench.told([leaseOf('q')])
    bench.step({ type: 'removed', slug: slug('q') })
    expect([bench.lease('q'), published(bench.pass(2_000), false)]).toEqual([undefined, []])
  })

  it('ends when it leaves', () => {
    const bench = Bench.settled()
    bench.beat('p')
    bench.step({ type: 'leave' })
    expect(bench.presence.deadline()).toBe(never)
    expect(bench.step({ type: 'tick' })).toEqual([])
  })
})
