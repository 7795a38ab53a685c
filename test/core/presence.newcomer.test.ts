// What a hub that comes new learns of all the others' leases: by marks first, then what it lacks, a piece at a time.

import { describe, expect, it } from 'vitest'
import type { Lease } from '../../src/core/presence/lease.ts'
import { maxLeases, maxSection, type PresenceMessage } from '../../src/core/presence/messages.ts'
import { hubId, peerOf, slug, wallStart } from './kit.ts'
import { Bench, fine, sentTo } from './presence.bench.ts'

const homes = 30
const each = 500

/** A hub that holds the leases of thirty homes. */
function elder(): Bench {
  const bench = new Bench({ name: 'elder', maxLeases: 100_000 })
  for (let h = 0; h < homes; h++) {
    const home = hubId(`h${h}`)
    const leases = Array.from({ length: each }, (_, i): Lease => {
      return { slug: slug(`h${h}-${i}`), claim: [wallStart, home], rev: 1, state: 'fresh', beatAt: 0, report: fine }
    })
    for (let from = 0; from < each; from += maxLeases) {
      bench.told(leases.slice(from, from + maxLeases), { home, rev: 1 })
    }
  }
  return bench
}

/** Lets the two talk over their link until neither has anything to say; answers the leases sent at once, at most. */
function talk(old: Bench, young: Bench, first: readonly PresenceMessage[]): number {
  let most = 0
  let toYoung = [...first]
  for (let round = 0; round < 100 && toYoung.length > 0; round++) {
    const said = toYoung.flatMap((message) => sentTo(young.hear(message, 'elder'), 'elder'))
    said.push(...sentTo(young.pass(10), 'elder'))
    toYoung = said.flatMap((message) => sentTo(old.hear(message, 'young'), 'young'))
    const leases = toYoung.map(({ body }) => ('leases' in body ? body.leases.length : 0))
    most = Math.max(
      most,
      leases.reduce((sum, count) => sum + count, 0),
    )
  }
  return most
}

describe('a newcomer', () => {
  it('holds everything soon, and never asked for more than a link takes', () => {
    const old = elder()
    const young = new Bench({ name: 'young', maxLeases: 100_000 })
    young.step({ type: 'greet', peer: peerOf('elder'), scope: 'own' })
    const greeting = sentTo(old.step({ type: 'greet', peer: peerOf('young'), scope: 'all' }), 'young')
    expect(greeting.map(({ kind }) => kind)).toEqual(['presence.marks'])
    const most = talk(old, young, greeting)
    expect(young.presence.leases().size).toBe(homes * each)
    expect(most).toBeLessThanOrEqual(2 * maxSection + each)
    expect(young.pass(10_000).filter(({ type }) => type === 'send')).toEqual([])
  })

  it('asks one of those who greet it for each home, and another when that one does not answer', () => {
    const old = elder()
    const young = new Bench({ name: 'young', maxLeases: 100_000 })
    for (const peer of ['elder', 'second']) {
      young.step({ type: 'greet', peer: peerOf(peer), scope: 'own' })
      const [marks] = sentTo(old.step({ type: 'greet', peer: peerOf('young'), scope: 'all' }), 'young')
      if (marks !== undefined) young.hear(marks, peer)
    }
    const out = young.pass(0)
    const asked = (name: string, from = out) => sentTo(from, name).filter(({ kind }) => kind === 'presence.want').length
    expect([asked('elder'), asked('second')]).toEqual([0, 1])
    const later = young.pass(3_000)
    expect(asked('elder', later)).toBeGreaterThan(0)
  })

  it('does not take what a peer does not hold for what a home does not hold', () => {
    const young = new Bench({ name: 'young' })
    young.home('b')
    const lease = (name: string): Lease => {
      return { slug: slug(name), claim: [wallStart, hubId('b')], rev: 5, state: 'fresh', beatAt: 0, report: fine }
    }
    young.told([lease('p')], { rev: 5 })
    const old = new Bench({ name: 'elder' })
    old.told([lease('q')], { rev: 6 })
    young.step({ type: 'greet', peer: peerOf('elder'), scope: 'own' })
    talk(old, young, sentTo(old.step({ type: 'greet', peer: peerOf('young'), scope: 'all' }), 'young'))
    expect([...young.presence.leases().keys()].sort()).toEqual(['p', 'q'])
  })

  it('that was there before takes its own leases back (P5)', () => {
    const old = new Bench({ name: 'elder' })
    const mine: Lease = {
      ...{ slug: slug('p'), claim: [wallStart - 5_000, hubId('young')], rev: wallStart - 100 },
      ...{ state: 'fresh', beatAt: wallStart, report: fine },
    }
    old.told([mine], { home: hubId('young'), rev: wallStart - 50 })
    const young = new Bench({ name: 'young', now: 20_000 })
    talk(old, young, sentTo(old.step({ type: 'greet', peer: peerOf('young'), scope: 'all' }), 'young'))
    expect(young.lease('p')).toMatchObject({ claim: mine.claim, state: 'fresh' })
  })
})
