// A home that is about to end: its projects move to a sibling at once, or to whoever hears their next beat (P10).

import { describe, expect, it } from 'vitest'
import { presenceOf } from '../../src/core/presence/lease.ts'
import type { PresenceMessage } from '../../src/core/presence/messages.ts'
import { at, hubId, peerOf, slug, wallStart } from './kit.ts'
import { Bench, forwarded, ill, leaseOf, published, sentTo } from './presence.bench.ts'

/** A home with two projects that beat 20 s ago, and a sibling that knows of them. */
function siblings() {
  const home = Bench.settled()
  home.beat('p', ill)
  home.beat('q')
  const sibling = new Bench({ name: 'sibling', now: home.now })
  sibling.home('me')
  home.home('sibling')
  sibling.told(
    published(home.pass(0)).flatMap(({ leases }) => leases),
    { home: hubId('me'), rev: wallStart + 500 },
  )
  for (const [bench, other] of [
    [home, 'sibling'],
    [sibling, 'me'],
  ] as const) {
    bench.step({ type: 'greet', peer: peerOf(other), scope: 'own' })
    bench.pass(20_000)
  }
  return { home, sibling }
}

const given = (messages: readonly PresenceMessage[]) => messages.filter(({ kind }) => kind === 'presence.take')

describe('a home that hands over', () => {
  it('gives its projects to the sibling, which tells so, and they stay up', () => {
    const { home, sibling } = siblings()
    const [take, ...rest] = given(sentTo(home.step({ type: 'hand-over', to: hubId('sibling') }), 'sibling'))
    if (take === undefined) throw new Error('nothing was given')
    expect(rest).toEqual([])
    sibling.hear(take, 'me')
    expect(sibling.lease('p')).toMatchObject({ state: 'fresh', report: ill, beatAt: at(sibling.now - 20_000).wall })
    const [told] = published(sibling.pass(0), false)
    if (told === undefined || 'mark' in told) throw new Error('nothing was told')
    home.hear({ kind: 'presence.leases', body: told }, 'sibling')
    expect([home.homeOf('p'), home.homeOf('q')]).toEqual(['sibling', 'sibling'])
    expect(given(sentTo(home.pass(60_000), 'sibling'))).toEqual([])
  })

  it('passes on to the sibling what still beats at it', () => {
    const { home, sibling } = siblings()
    const [take] = given(sentTo(home.step({ type: 'hand-over', to: hubId('sibling') }), 'sibling'))
    if (take !== undefined) sibling.hear(take, 'me')
    const [told] = published(sibling.pass(0), false)
    if (told === undefined || 'mark' in told) throw new Error('nothing was told')
    home.hear({ kind: 'presence.leases', body: told }, 'sibling')
    expect(forwarded(home.beat('p'))).toMatchObject([{ home: 'sibling', slug: 'p' }])
  })

  it('gives again what was lost on the way, for half a minute, unless it stays', () => {
    const { home } = siblings()
    expect(given(sentTo(home.step({ type: 'hand-over', to: hubId('sibling') }), 'sibling'))).toHaveLength(1)
    expect(given(sentTo(home.pass(1_000), 'sibling'))).toHaveLength(1)
    expect(given(sentTo(home.pass(120_000), 'sibling'))).toHaveLength(28)
    home.step({ type: 'hand-over', to: hubId('sibling') })
    home.step({ type: 'hand-over', to: undefined })
    expect(given(sentTo(home.pass(60_000), 'sibling'))).toEqual([])
  })

  it('alone can give its projects away', () => {
    const { home, sibling } = siblings()
    const [take] = given(sentTo(home.step({ type: 'hand-over', to: hubId('sibling') }), 'sibling'))
    if (take === undefined) throw new Error('nothing was given')
    sibling.hear(take, 'thief')
    expect(sibling.homeOf('p')).toBe('me')
    const other = new Bench({ name: 'other', now: home.now })
    other.home('me')
    other.hear(take, 'me')
    expect(other.presence.leases().size).toBe(0)
  })
})

describe('a home that drains or has left', () => {
  it('loses a project to the hub that hears its next beat', () => {
    const bench = Bench.settled()
    bench.step({ type: 'home', hub: hubId('b'), peer: peerOf('b'), status: 'alive', isDraining: true })
    bench.told([leaseOf('p')])
    expect(forwarded(bench.beat('p'))).toEqual([])
    expect(bench.homeOf('p')).toBe('me')
    bench.home('c', 'left')
    bench.told([leaseOf('q', { claim: [wallStart, hubId('c')] })], { home: hubId('c') })
    bench.beat('q')
    expect(bench.presence.held(slug('q'))?.lease.claim[1]).toBe('me')
  })

  it('leaves projects degraded for the grace, then offline', () => {
    const times = { heartbeatIntervalMs: 30_000, staleThresholdMs: 90_000, homeGraceMs: 30_000 }
    const seen = (lostForMs: number) =>
      presenceOf(leaseOf('p'), { status: 'left', isDegraded: false, lostForMs, silentForMs: 0 }, times)
    expect(seen(29_999)).toEqual({ status: 'degraded', reasons: ['home-lost'] })
    expect(seen(30_000)).toEqual({ status: 'offline', reasons: ['home-lost'] })
  })
})
