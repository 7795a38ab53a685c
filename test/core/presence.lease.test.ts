// Leases as values: how old, how judged, how laid out in messages.

import { describe, expect, it } from 'vitest'
import {
  type Claim,
  compareClaims,
  type HomeFacts,
  isSameReport,
  type Lease,
  leaseState,
  nextAge,
  presenceOf,
  type Report,
} from '../../src/core/presence/lease.ts'
import { maxLeases, presenceKinds } from '../../src/core/presence/messages.ts'
import { coveringParts, flushInterval, inParts, othersByHome } from '../../src/core/presence/telling.ts'
import { hubId, slug, wallStart } from './kit.ts'

const times = { heartbeatIntervalMs: 30_000, staleThresholdMs: 90_000, homeGraceMs: 30_000 }
const fine: Report = { isDegraded: false, reasons: [] }

function lease(name: string, more: Partial<Lease> = {}): Lease {
  return { slug: slug(name), claim: [1, hubId('a')], rev: 1, state: 'fresh', beatAt: wallStart, report: fine, ...more }
}

describe('a lease', () => {
  it.each([
    [0, 'fresh', 60_000],
    [60_000, 'fresh', 60_000],
    [60_001, 'late', 90_000],
    [90_000, 'late', 90_000],
    [90_001, 'lapsed', undefined],
  ] as const)('whose last beat is %d ms old is %s', (ageMs, state, next) => {
    expect(leaseState(ageMs, times)).toBe(state)
    expect(nextAge(state, times)).toBe(next)
  })

  it('lapses without being late where the threshold is below two intervals', () => {
    const short = { heartbeatIntervalMs: 30_000, staleThresholdMs: 40_000 }
    expect([leaseState(40_000, short), leaseState(40_001, short)]).toEqual(['fresh', 'lapsed'])
    expect(nextAge('fresh', short)).toBe(40_000)
  })
})

describe('claims (P1)', () => {
  it('are ordered by time, then hub', () => {
    const claims: Claim[] = [
      [1, hubId('a')],
      [1, hubId('b')],
      [2, hubId('a')],
    ]
    expect(claims.toReversed().toSorted(compareClaims)).toEqual(claims)
  })
})

describe('the status of a project (P3)', () => {
  const alive: HomeFacts = { status: 'alive', isDegraded: false, lostForMs: 0, silentForMs: 0 }
  const degraded: Report = { isDegraded: true, reasons: ['disk'] }

  it.each([
    ['never beaten', undefined, alive, 'offline', ['no-heartbeat']],
    ['given up', lease('p', { state: 'gone' }), alive, 'offline', ['no-heartbeat']],
    ['lapsed', lease('p', { state: 'lapsed' }), alive, 'offline', ['heartbeat-stale']],
    ['fresh', lease('p'), alive, 'online', []],
    ['fresh, with old reasons', lease('p', { report: { isDegraded: false, reasons: ['disk'] } }), alive, 'online', []],
    ['late', lease('p', { state: 'late' }), alive, 'degraded', ['heartbeat-late']],
    ['degraded by its own word', lease('p', { report: degraded }), alive, 'degraded', ['disk']],
    [
      'degraded without a reason',
      lease('p', { report: { isDegraded: true, reasons: [] } }),
      alive,
      'degraded',
      ['self-reported'],
    ],
    [
      'all at once',
      lease('p', { state: 'late', report: degraded }),
      { ...alive, status: 'suspect' },
      'degraded',
      ['disk', 'heartbeat-late', 'home-suspect'],
    ],
    ['at a suspect home', lease('p'), { ...alive, status: 'suspect' }, 'degraded', ['home-suspect']],
    ['at a home just lost', lease('p'), { ...alive, status: 'dead', lostForMs: 29_999 }, 'degraded', ['home-lost']],
    ['at a home long lost', lease('p'), { ...alive, status: 'dead', lostForMs: 30_000 }, 'offline', ['home-lost']],
    ['at a home that left', lease('p'), { ...alive, status: 'left', lostForMs: 30_000 }, 'offline', ['home-lost']],
    [
      'at a home nobody knows',
      lease('p'),
      { ...alive, status: 'unknown', lostForMs: 30_000 },
      'offline',
      ['home-lost'],
    ],
    [
      'lapsed at a home just lost',
      lease('p', { state: 'lapsed' }),
      { ...alive, status: 'dead' },
      'offline',
      ['heartbeat-stale'],
    ],
    ['at a home that is strained', lease('p'), { ...alive, isDegraded: true }, 'degraded', ['home-degraded']],
    ['unheard of for as long as beats last', lease('p'), { ...alive, silentForMs: 90_000 }, 'online', []],
    ['unheard of for longer', lease('p'), { ...alive, silentForMs: 90_001 }, 'offline', ['home-silent']],
  ] as const)('%s', (...[, held, home, status, reasons]) => {
    expect(presenceOf(held, home, times)).toEqual({ status, reasons })
  })

  it('is offline at once without a grace', () => {
    const facts = { ...alive, status: 'dead' } as const
    expect(presenceOf(lease('p'), facts, { ...times, homeGraceMs: 0 }).status).toBe('offline')
  })
})

describe('reports', () => {
  it('are the same when nothing that is told differs', () => {
    const report: Report = { isDegraded: true, reasons: ['a', 'b'], version: '1' }
    expect(isSameReport(report, { ...report, reasons: ['a', 'b'] })).toBe(true)
    const others: Report[] = [
      { ...report, isDegraded: false },
      { ...report, reasons: ['b', 'a'] },
      { ...report, reasons: ['a'] },
      { ...report, reasons: ['a', 'b', 'c'] },
      { ...report, version: '2' },
      { isDegraded: true, reasons: ['a', 'b'] },
    ]
    for (const other of others) expect(isSameReport(report, other)).toBe(false)
  })
})

describe('leases in messages', () => {
  const many = Array.from({ length: 2 * maxLeases + 1 }, (_, i) => lease(`p${String(i).padStart(4, '0')}`))

  it('are in as few parts as a message bound allows', () => {
    expect(inParts([])).toEqual([])
    expect(inParts(many).map(({ length }) => length)).toEqual([maxLeases, maxLeases, 1])
  })

  it('cover every slug once, whatever their order (P6)', () => {
    const parts = coveringParts(many.toReversed())
    expect(parts.flatMap((part) => part.leases)).toEqual(many)
    for (const name of ['-', '0', 'p0000', 'p0199', 'p0200', 'p0200a', 'zzz', 'z'.repeat(50)]) {
      expect(parts.filter(({ covers }) => name >= covers.from && name < covers.to)).toHaveLength(1)
    }
    for (const { leases, covers } of parts) {
      for (const each of leases) expect(each.slug >= covers.from && each.slug < covers.to).toBe(true)
    }
    expect(coveringParts([])).toEqual([{ leases: [], covers: { from: '', to: '~' } }])
  })

  it('are sent as often as set, or as all homes together may', () => {
    expect([1, 10, 11, 300].map((alive) => flushInterval(1_000, alive))).toEqual([1_000, 1_000, 1_100, 30_000])
  })

  it('pass for what a peer may say', () => {
    const [leasesKind] = presenceKinds
    for (const part of coveringParts(many)) {
      expect(leasesKind?.check({ home: hubId('a'), rev: 1, ...part })).toBe(true)
    }
    expect(leasesKind?.check({ home: hubId('a'), rev: 1, leases: many })).toBe(false)
  })

  it('of others are told as theirs, never as complete', () => {
    const held = [lease('p', { rev: 4 }), lease('q', { rev: 7 }), lease('r', { claim: [1, hubId('b')] })]
    expect(othersByHome(held, hubId('b'))).toEqual([{ home: hubId('a'), rev: 7, leases: [held[0], held[1]] }])
  })
})
