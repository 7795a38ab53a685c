// Presence over new links, and after a restart: nobody waits for the next refresh, nobody is called gone by mistake.

import { describe, expect, it } from 'vitest'
import { hubId, peerOf, wallStart } from './kit.ts'
import { Bench, fine, ill, leaseOf, published, refreshMs, sent } from './presence.bench.ts'

const me = hubId('me')

describe('greeting a new link of an older hub', () => {
  function known(): Bench {
    const bench = Bench.settled()
    bench.beat('p')
    bench.pass(0)
    bench.told([leaseOf('q')])
    return bench
  }

  it('tells this hub’s own leases, all of them', () => {
    const out = known().step({ type: 'greet', peer: peerOf('b'), scope: 'own', isOlder: true })
    expect(sent(out)).toMatchObject([{ home: me, leases: [{ slug: 'p' }], covers: { from: '', to: '~' } }])
  })

  it('tells a newcomer also those of others, as they told them', () => {
    const [own, others, ...rest] = sent(known().step({ type: 'greet', peer: peerOf('b'), scope: 'all', isOlder: true }))
    expect([own?.home, others, rest]).toEqual([me, { home: hubId('b'), rev: wallStart, leases: [leaseOf('q')] }, []])
  })

  it('tells nothing where there is nothing', () => {
    expect(Bench.settled().step({ type: 'greet', peer: peerOf('b'), scope: 'all', isOlder: true })).toEqual([])
  })

  it('is followed by what changes soon after, directly (P7)', () => {
    const bench = known()
    bench.step({ type: 'greet', peer: peerOf('b'), scope: 'own', isOlder: true })
    bench.beat('p', ill)
    const out = bench.pass(1_000)
    expect([published(out, false).length, sent(out).length]).toEqual([1, 1])
    bench.pass(10_000)
    bench.beat('p', fine)
    expect(sent(bench.pass(1_000))).toEqual([])
  })
})

describe('a home that restarted (P5)', () => {
  const mine = leaseOf('p', { claim: [wallStart - 5_000, me], rev: wallStart - 100 })

  it('takes its leases back, as old as they are, and says so', () => {
    const bench = new Bench({ now: 40_000 })
    bench.told([mine], { home: me })
    expect(bench.lease('p')).toMatchObject({ claim: mine.claim, state: 'fresh', beatAt: wallStart })
    expect(bench.lease('p')?.rev).toBeGreaterThan(mine.rev)
    expect(published(bench.pass(0), false)).toMatchObject([{ leases: [{ slug: 'p', state: 'fresh' }] }])
    bench.pass(20_001)
    expect(bench.lease('p')?.state).toBe('late')
  })

  it('does not call its projects gone before its peers have told it of them', () => {
    for (let seed = 0; seed < 20; seed++) {
      const bench = new Bench({ seed })
      expect(published(bench.pass(refreshMs - 1))).toEqual([])
      expect(published(bench.pass(0.3 * refreshMs))).toHaveLength(1)
    }
  })

  it('takes back nothing that it knows better, that is gone, that is of others, or later on', () => {
    const bench = new Bench()
    bench.beat('p', ill)
    bench.told([mine, leaseOf('q', { claim: mine.claim, state: 'gone' }), leaseOf('r')], { home: me })
    expect(bench.lease('p')?.report).toEqual(ill)
    bench.pass(refreshMs + 1)
    bench.told([leaseOf('s', { claim: mine.claim })], { home: me })
    expect([...bench.presence.leases().keys()]).toEqual(['p'])
  })
})
