// What comes of comparing ledgers where words were lost: a hub that holds what its parents no longer do, or not yet.

import { describe, expect, it } from 'vitest'
import { Bulletin } from '../../src/core/hierarchy/bulletin.ts'
import type { Report } from '../../src/core/hierarchy/messages.ts'
import { Bench, reports, sent, word } from './hierarchy.bench.ts'
import { hubId, infoOf, peerOf, signed } from './kit.ts'

const relay = { ...word('relay', 'alive', 5), info: infoOf('relay', { tier: 'regional', region: 'south' }) }

function childOfP(): Bench {
  const child = new Bench()
  child.member('p', 'alive', { tier: 'regional' })
  child.step({ type: 'link-up', info: infoOf('p', { tier: 'regional' }) })
  return child
}

/** A child of `p` that holds the ledger of a relay. */
function withLedger(bulletin = new Bulletin(hubId('relay'), 5)) {
  const child = childOfP()
  const tell = (told: readonly Report[]) => told.flatMap((body) => child.hear('relay', { kind: 'tier.report', body }))
  tell(bulletin.update([relay, word('x')]))
  return { child, bulletin, tell }
}

describe('a ledger that was given up', () => {
  it('is told of to whom lists it still: else both would differ for ever', () => {
    const { child, bulletin, tell } = withLedger()
    tell(bulletin.update([]))
    const listed = { reporter: hubId('relay'), epoch: 5, seq: 1 }
    const body = { held: [listed], reply: true }
    const answer = child.hear('p', { kind: 'tier.ledgers', body })
    expect(sent(answer, 'tier.report')).toEqual(bulletin.whole().map((whole) => ({ to: peerOf('p'), body: whole })))
    expect(sent(answer, 'tier.request')).toEqual([])
    const later = { held: [{ ...listed, seq: 2 }], reply: false }
    expect(sent(child.hear('p', { kind: 'tier.ledgers', body: later }), 'tier.report')).toEqual([])
  })

  it('is told of by the very hub that gave it up, too', () => {
    const me = new Bench({ tier: 'regional' })
    me.sees('far')
    const join = (name: string): void => {
      const info = infoOf(name, { tier: 'regional' })
      me.member(name, 'alive', { tier: 'regional' })
      me.step({ type: 'member', pool: 'backbone', member: signed({ info, incarnation: 1, status: 'alive' }) })
    }
    join('l1')
    me.step({ type: 'link-up', info: infoOf('l1', { tier: 'regional' }) })
    me.pass(1_000)
    join('l2')
    const [given] = reports(me.pass(250))
    const body = { held: [{ reporter: hubId('me'), epoch: 7, seq: 1 }], reply: false }
    expect(given?.stand?.count).toBe(0)
    expect(sent(me.hear('l1', { kind: 'tier.ledgers', body }), 'tier.report')).toEqual([
      { to: peerOf('l1'), body: given },
    ])
  })
})

it('a parent that differs is asked again after an interval: lists get lost, and beliefs fade', () => {
  const child = childOfP()
  const answer = (digest: string) =>
    child.hear('p', { kind: 'tier.attached', body: { hub: hubId('p'), accepted: true, digest } })
  const askedIn = (ms: number) => sent(child.pass(ms), 'tier.attach').filter(({ to }) => to === peerOf('p'))
  const [question] = askedIn(1_500)
  answer(question?.body.digest ?? '')
  expect(askedIn(6_000)).toEqual([])
  answer('0123456789abcdef')
  expect(askedIn(5_000)).toHaveLength(1)
})
