// Refreshes by marks (P6): who holds what the home holds is told so in brief, and who does not finds it out and asks.

import { describe, expect, it } from 'vitest'
import { cborCodec } from '../../src/adapters/codec.ts'
import type { Lease } from '../../src/core/presence/lease.ts'
import { maxSection } from '../../src/core/presence/messages.ts'
import { seal } from '../../src/core/wire.ts'
import { hubId, peerOf, slug } from './kit.ts'
import { Bench, changes, ill, published, refreshes, refreshMs, sentTo } from './presence.bench.ts'

const me = hubId('me')
const patient = 1_100

/** A home with two projects, and what it tells of them: leases, then a refresh some time later. */
function home(more = 0) {
  const bench = Bench.settled()
  bench.beat('p')
  bench.beat('q', ill)
  for (let i = 0; i < more; i++) bench.beat(`x${i}`)
  const told = published(bench.pass(0)).flatMap(({ leases }) => leases)
  const refresh = () => refreshes(bench.pass(1.1 * refreshMs))
  return { bench, told, refresh }
}

/** A hub named `other` that has heard these leases of the home `me`, and has a link to it if so said. */
function observer(told: Lease[], { isLinked = true, now = 200_000 } = {}): Bench {
  const bench = new Bench({ now, name: 'other' })
  bench.home('me')
  bench.told(told, { home: me, rev: Math.max(...told.map(({ rev }) => rev), 0) })
  if (isLinked) bench.step({ type: 'greet', peer: peerOf('me'), scope: 'own' })
  return bench
}

describe('a refresh by marks', () => {
  it('renews what is held as the home holds it, with the times of its beats', () => {
    const { bench, told, refresh } = home()
    const other = observer(told)
    bench.pass(20_000)
    bench.beat('p')
    const [body] = refresh()
    if (body === undefined) throw new Error('no refresh was told')
    other.now += 50_000
    expect(other.hear({ kind: 'presence.refresh', body }, 'me')).toEqual([])
    for (const name of ['p', 'q']) {
      expect(other.presence.held(slug(name))).toMatchObject({ heardAt: other.now, lease: bench.lease(name) })
    }
    expect(other.pass(5_000).filter(({ type }) => type === 'send')).toEqual([])
  })

  it('takes a few bytes a lease', () => {
    const [body] = home(98).refresh()
    const bytes = cborCodec.encode(seal('presence.refresh', body)).length
    expect(bytes).toBeLessThan(600)
  })

  it('carries what changed since the last flush', () => {
    const { bench } = home()
    const due = bench.presence.deadline()
    bench.pass(due - 1 - bench.now)
    bench.beat('r')
    bench.now = due
    const [body, ...rest] = refreshes(bench.step({ type: 'tick' }))
    expect([body?.leases.map((lease) => lease.slug), body?.count, rest]).toEqual([['r'], 3, []])
    expect(published(bench.pass(2_000))).toEqual([])
  })

  it('is in sections where there is much', () => {
    const [first, second] = home(maxSection).refresh()
    expect([first?.count, second?.count]).toEqual([maxSection, 2])
    expect(first?.covers.to).toBe(second?.covers.from)
    expect(second?.covers.to).toBe('~')
  })

  it('is told the old way as long as a hub that does not know it is there', () => {
    const { bench, refresh } = home()
    bench.home('older', 'suspect', true)
    expect([refresh(), published(bench.pass(1.1 * refreshMs), true).length]).toEqual([[], 1])
    bench.home('older', 'dead', true)
    expect(refresh().length).toBeGreaterThan(0)
    bench.step({ type: 'greet', peer: peerOf('x'), scope: 'own', isOlder: true })
    expect(refresh()).toEqual([])
    bench.step({ type: 'link-down', peer: peerOf('x') })
    expect(refresh().length).toBeGreaterThan(0)
  })
})

describe('a hub that holds something else than the home', () => {
  const missing = () => {
    const { bench, told, refresh } = home()
    const [body] = refresh()
    if (body === undefined) throw new Error('no refresh was told')
    return { bench, told, body }
  }

  it('asks the home, and holds the same afterwards', () => {
    const { bench, told, body } = missing()
    const other = observer(told.slice(1))
    other.hear({ kind: 'presence.refresh', body }, 'me')
    const [question] = sentTo(other.pass(patient), 'me')
    if (question === undefined) throw new Error('nothing was asked')
    expect(question.kind).toBe('presence.want')
    for (const message of sentTo(bench.hear(question, 'other'), 'other')) other.hear(message, 'me')
    expect([other.lease('p'), other.lease('q')]).toEqual([bench.lease('p'), bench.lease('q')])
    expect(other.pass(60_000).filter(({ type }) => type === 'send')).toEqual([])
  })

  it('drops what the home does not hold', () => {
    const { bench, told, body } = missing()
    const [first] = told
    if (first === undefined) throw new Error('nothing was told')
    const other = observer([...told, { ...first, slug: slug('gone') }])
    other.hear({ kind: 'presence.refresh', body }, 'me')
    const [question] = sentTo(other.pass(patient), 'me')
    if (question === undefined) throw new Error('nothing was asked')
    for (const message of sentTo(bench.hear(question, 'other'), 'other')) other.hear(message, 'me')
    expect([...other.presence.leases().keys()].sort()).toEqual(['p', 'q'])
    const empty = { ...body, mark: '0'.repeat(16), count: 0, ages: new Uint8Array(), leases: [], rev: body.rev + 100 }
    other.hear({ kind: 'presence.refresh', body: empty }, 'me')
    expect(other.presence.leases().size).toBe(0)
  })

  it('asks another peer where the home is not linked, and that one answers only with what the mark is of', () => {
    const { told, body } = missing()
    const other = observer(told.slice(1), { isLinked: false })
    other.step({ type: 'greet', peer: peerOf('b'), scope: 'own' })
    other.hear({ kind: 'presence.refresh', body }, 'me')
    const [question] = sentTo(other.pass(patient), 'b')
    if (question === undefined) throw new Error('nothing was asked')
    const knowing = observer(told)
    const ignorant = observer(told.slice(0, 1))
    expect(sentTo(ignorant.hear(question, 'other'), 'other')).toMatchObject([
      { kind: 'presence.marks', body: { sections: [{ home: 'me', count: 1 }] } },
    ])
    const [answer] = sentTo(knowing.hear(question, 'other'), 'other')
    expect(answer).toMatchObject({ kind: 'presence.leases', body: { home: 'me', rev: body.rev } })
    if (answer !== undefined) other.hear(answer, 'b')
    expect(other.presence.leases().size).toBe(2)
  })

  it('asks no more than six times for one refresh, and nobody where nobody is linked', () => {
    const { told, body } = missing()
    const other = observer(told.slice(1))
    other.hear({ kind: 'presence.refresh', body }, 'me')
    expect(sentTo(other.pass(60_000), 'me')).toHaveLength(6)
    const alone = observer(told.slice(1), { isLinked: false })
    alone.hear({ kind: 'presence.refresh', body }, 'me')
    expect(alone.pass(60_000).filter(({ type }) => type === 'send')).toEqual([])
  })

  it('does not ask when a refresh was only overtaken by a change, or the change comes late', () => {
    const { bench, told, body } = missing()
    bench.beat('q', ill)
    bench.beat('p', ill)
    const [later] = published(bench.pass(1_000), false)
    if (later === undefined || 'mark' in later) throw new Error('no change was told')
    const other = observer(told)
    other.hear({ kind: 'presence.leases', body: later }, 'me')
    other.hear({ kind: 'presence.refresh', body }, 'me')
    expect(sentTo(other.pass(5_000), 'me')).toEqual([])
    const tardy = observer(told)
    const [next] = refreshes(bench.pass(1.1 * refreshMs))
    if (next === undefined) throw new Error('no refresh was told')
    tardy.hear({ kind: 'presence.refresh', body: next }, 'me')
    tardy.pass(400)
    tardy.hear({ kind: 'presence.leases', body: later }, 'me')
    expect(sentTo(tardy.pass(5_000), 'me')).toEqual([])
  })

  it('says that a project which was silent is heard again', () => {
    const { told, body } = missing()
    const other = observer(told)
    other.pass(90_001)
    const heard = changes(other.hear({ kind: 'presence.refresh', body }, 'me'))
    expect(heard).toEqual([
      { type: 'lease', slug: 'p' },
      { type: 'lease', slug: 'q' },
    ])
  })
})

describe('leases with long reasons', () => {
  it('are told in messages that gossip takes', () => {
    const bench = Bench.settled()
    const reasons = Array.from({ length: 16 }, () => 'ü'.repeat(100))
    for (let i = 0; i < 60; i++) bench.beat(`p${i}`, { isDegraded: true, reasons })
    const told = published(bench.pass(0))
    expect(told.flatMap(({ leases }) => leases)).toHaveLength(60)
    for (const body of told) expect(cborCodec.encode(seal('presence.leases', body)).length).toBeLessThan(65_536)
  })
})
