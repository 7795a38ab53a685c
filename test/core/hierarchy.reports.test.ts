// What a hub owes the federation: reports of its pools, and when; and how what was lost is made up for.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Bulletin } from '../../src/core/hierarchy/bulletin.ts'
import { Ledger } from '../../src/core/hierarchy/ledger.ts'
import { inParts, maxReport, type Report, type Word } from '../../src/core/hierarchy/messages.ts'
import { Bench, published, reports, sent, statuses, word } from './hierarchy.bench.ts'
import { at, hubId, infoOf, peerOf, signed } from './kit.ts'

const myself = (incarnation: number, status: Word['status'] = 'alive'): Word =>
  signed({ info: infoOf('me', { tier: 'regional' }), incarnation, status })

describe('reporting', () => {
  it('is done by the relays, at once and whole, and by a local hub only where there is none', () => {
    const lone = new Bench()
    lone.member('z')
    lone.sees('far')
    expect(statuses(published(lone.pass(250)).flat())).toEqual([
      ['me', 'alive'],
      ['z', 'alive'],
    ])
    const relayed = new Bench()
    relayed.member('relay', 'alive', { tier: 'regional' })
    relayed.sees('far')
    expect(published(relayed.pass(60_000))).toEqual([])
    relayed.member('relay', 'dead', { tier: 'regional' })
    const [report] = reports(relayed.pass(250))
    expect(report?.whole).toBe(true)
    expect(statuses(report?.words ?? [])).toContainEqual(['relay', 'dead'])
  })

  it('tells a change within a fraction of a second, and only the change', () => {
    const bench = new Bench({ tier: 'regional' })
    bench.member('a')
    bench.sees('far')
    bench.pass(15_000)
    bench.member('b')
    expect(statuses(published(bench.pass(250)).flat())).toEqual([['b', 'alive']])
  })

  it('costs nothing while nothing changes', () => {
    const bench = new Bench({ tier: 'regional' })
    bench.member('a')
    bench.sees('far')
    bench.pass(1_000)
    const effects = bench.pass(3_600_000).filter((effect) => effect.type === 'publish')
    expect(effects).toEqual([])
  })

  it('is not done where everybody is of one region', () => {
    const bench = new Bench({ tier: 'regional' })
    for (const name of ['a', 'b']) bench.member(name)
    expect(published(bench.pass(60_000))).toEqual([])
  })

  it('is confirmed every interval by a stand-in, which no backbone watches', () => {
    const bench = new Bench()
    bench.member('z')
    bench.sees('far')
    bench.pass(1_000)
    const confirmations = reports(bench.pass(60_000))
    expect(confirmations.length).toBeGreaterThanOrEqual(5)
    for (const { words, stand } of confirmations) expect([words.length, stand?.count]).toEqual([0, 2])
  })

  it('is given up in so many words by a hub that reports no more', () => {
    const bench = new Bench({ tier: 'regional' })
    bench.sees('far')
    const relay = (name: string): void => {
      const info = infoOf(name, { tier: 'regional' })
      bench.member(name, 'alive', { tier: 'regional' })
      bench.step({ type: 'member', pool: 'backbone', member: signed({ info, incarnation: 1, status: 'alive' }) })
    }
    relay('l1')
    bench.pass(1_000)
    relay('l2')
    const [report] = reports(bench.pass(250))
    expect([report?.whole, report?.words, report?.stand?.count]).toEqual([true, [], 0])
    bench.member('l1', 'dead', { tier: 'regional' })
    expect(reports(bench.pass(250))[0]?.words.length).toBe(3)
  })

  it('says goodbye and then nothing', () => {
    const bench = new Bench({ tier: 'regional' })
    expect(statuses(published(bench.step({ type: 'leave', word: myself(7, 'left') })).flat())).toEqual([['me', 'left']])
    expect(bench.hierarchy.deadline()).toBe(Number.POSITIVE_INFINITY)
  })

  it('carries the incarnation that was raised', () => {
    const bench = new Bench({ tier: 'regional' })
    bench.sees('far')
    bench.pass(1_000)
    bench.step({ type: 'self', word: myself(99) })
    expect(published(bench.pass(300)).flat()[0]?.incarnation).toBe(99)
  })

  it('is cut into messages of bounded size', () => {
    const words = Array.from({ length: maxReport + 1 }, (_, i) => word(`h${i}`))
    expect(inParts(words).map((part) => part.length)).toEqual([50, 50, 1])
    expect(inParts([])).toEqual([])
  })
})

describe('the words of a former reporter', () => {
  const stand = (seq: number, words: readonly Word[]): Report => {
    const bulletin = new Bulletin(hubId('r1'), 1)
    for (let i = 1; i < seq; i++) bulletin.update([word(`filler${i}`)])
    return bulletin.update(words)[0] as Report
  }

  it('lose at once to those of the present ones', () => {
    const bench = new Bench()
    bench.hear('r1', { kind: 'tier.report', body: stand(1, [up('r1'), word('x')]) })
    bench.report('r2', up('r2'), word('x'))
    bench.report('r2', word('x', 'dead'))
    expect(bench.foreign('x')).toBe('alive')
    bench.hear('r1', {
      kind: 'tier.report',
      body: { ...stand(1, [word('x')]), words: [], whole: true, stand: retired },
    })
    expect(bench.foreign('x')).toBe('dead')
  })

  const retired = { epoch: 1, seq: 2, count: 0, mark: '0000000000000000' }
  const up = (name: string): Word => ({ ...word(name), info: infoOf(name, { tier: 'regional', region: 'south' }) })
})

describe('what a hub missed', () => {
  /** A relay of the south that reports its pool, and what it publishes. */
  class Relay {
    readonly bulletin = new Bulletin(hubId('relay'), 5)
    readonly own: Word = { ...word('relay', 'alive', 5), info: infoOf('relay', { tier: 'regional', region: 'south' }) }
    owes(...words: Word[]): Report[] {
      return this.bulletin.update([this.own, ...words])
    }
  }
  const tell = (bench: Bench, told: readonly Report[]) =>
    told.flatMap((body) => bench.hear('relay', { kind: 'tier.report', body }))

  it('is noticed with the next report and fetched', () => {
    const bench = new Bench()
    const relay = new Relay()
    bench.step({ type: 'link-up', info: infoOf('p', { tier: 'regional' }) })
    tell(bench, relay.owes(word('x'), word('y')))
    relay.owes(word('x', 'dead'), word('y'))
    const asked = sent(tell(bench, relay.owes(word('x', 'dead'), word('y', 'suspect'))), 'tier.request')
    expect(asked).toEqual([{ to: peerOf('p'), body: { reporters: ['relay'] } }])
    expect([bench.foreign('x'), bench.foreign('y')]).toEqual(['alive', 'suspect'])
    for (const body of relay.bulletin.whole()) bench.hear('p', { kind: 'tier.report', body })
    expect([bench.foreign('x'), bench.foreign('y')]).toEqual(['dead', 'suspect'])
  })

  it('is asked for again elsewhere when who was asked lacks it too', () => {
    const bench = new Bench()
    const relay = new Relay()
    bench.step({ type: 'link-up', info: infoOf('p', { tier: 'regional' }) })
    bench.report('p', relay.own)
    relay.owes(word('x'))
    const [first] = sent(tell(bench, relay.owes(word('x', 'suspect'))), 'tier.request')
    expect(first?.to).toBe(peerOf('p'))
    bench.step({ type: 'link-up', info: relay.own.info })
    const asked = sent(bench.pass(2_500), 'tier.request')
    expect(asked).toEqual([{ to: peerOf('relay'), body: { reporters: ['relay'] } }])
    for (const body of relay.bulletin.whole()) bench.hear('relay', { kind: 'tier.report', body })
    expect(sent(bench.pass(2_500), 'tier.request')).toEqual([])
  })

  it('comes to light when a parent holds something else, and is fetched from it', () => {
    const child = new Bench()
    const relay = new Relay()
    child.member('p', 'alive', { tier: 'regional' })
    child.step({ type: 'link-up', info: infoOf('p', { tier: 'regional' }) })
    tell(child, relay.owes(word('x')))
    const parent = new Bench({ tier: 'regional' })
    parent.step({ type: 'link-up', info: infoOf('me') })
    parent.step({ type: 'member', pool: 'backbone', member: relay.own })
    tell(parent, relay.bulletin.whole())
    tell(parent, relay.owes(word('x', 'dead')))
    const attached = (): string => {
      const [answer] = sent(parent.hear('me', { kind: 'tier.attach', body: { hub: hubId('me') } }), 'tier.attached')
      return answer?.body.digest ?? ''
    }
    const body = { hub: hubId('p'), accepted: true, digest: attached() }
    const [list] = sent(child.hear('p', { kind: 'tier.attached', body }), 'tier.ledgers')
    expect(list?.body.held).toEqual([{ reporter: 'relay', epoch: 5, seq: 1 }])
    const [back] = sent(
      parent.hear('me', { kind: 'tier.ledgers', body: list?.body ?? { held: [], reply: false } }),
      'tier.ledgers',
    )
    const [request] = sent(
      child.hear('p', { kind: 'tier.ledgers', body: back?.body ?? { held: [], reply: true } }),
      'tier.request',
    )
    expect(request?.body.reporters).toEqual(['relay'])
    const whole = sent(
      parent.hear('me', { kind: 'tier.request', body: { reporters: [hubId('relay')] } }),
      'tier.report',
    )
    for (const { body: part } of whole) child.hear('p', { kind: 'tier.report', body: part })
    expect(child.foreign('x')).toBe('dead')
    const now = { ...body, digest: attached() }
    expect(sent(child.hear('p', { kind: 'tier.attached', body: now }), 'tier.ledgers')).toEqual([])
  })

  it('is nothing while a parent holds the same: what it vouches for does not fall silent', () => {
    const bench = new Bench()
    const relay = new Relay()
    bench.member('p', 'alive', { tier: 'regional' })
    bench.step({ type: 'link-up', info: infoOf('p', { tier: 'regional' }) })
    tell(bench, relay.owes(word('x')))
    bench.report('p', { ...word('p'), info: infoOf('p', { tier: 'regional' }) }, relay.own)
    for (let seconds = 0; seconds < 600; seconds++) {
      for (const { body } of sent(bench.pass(1_000), 'tier.attach')) {
        const answer = { hub: hubId('p'), accepted: true, digest: body.digest ?? '' }
        bench.hear('p', { kind: 'tier.attached', body: answer })
      }
    }
    expect([bench.foreign('relay'), bench.foreign('x')]).toEqual(['alive', 'alive'])
    bench.member('p', 'dead', { tier: 'regional' })
    bench.pass(50_000)
    expect([bench.foreign('relay'), bench.foreign('x')]).toEqual(['dead', 'dead'])
  })

  it('is known, whatever was lost, doubled or overtaken: who stands where the reporter stands holds the same', () => {
    const word3 = (hub: number, status: number, incarnation: number): Word =>
      word(`h${hub}`, (['alive', 'suspect', 'dead'] as const)[status] ?? 'alive', incarnation)
    const state = fc.array(fc.tuple(fc.nat(3), fc.nat(2), fc.nat(2)), { maxLength: 5 })
    const property = fc.property(fc.array(state, { maxLength: 12 }), fc.infiniteStream(fc.nat(9)), (states, dice) => {
      const bulletin = new Bulletin(hubId('r'), 1)
      const ledger = new Ledger(hubId('r'), at(0))
      const roll = (): number => dice.next().value ?? 0
      const wire: Report[] = []
      for (const each of states) {
        const words = new Map(each.map(([hub, ...rest]) => [hub, word3(hub, ...rest)]))
        for (const report of bulletin.update([...words.values()])) {
          if (roll() > 1) wire.push(report)
          if (roll() > 7) wire.push(report)
        }
        if (roll() > 7) wire.push(...bulletin.whole())
        while (wire.length > 0 && roll() > 3) ledger.take(wire.splice(roll() % wire.length, 1)[0] as Report, at(0))
        const [stand, truth] = [ledger.stand(), bulletin.stand()]
        if (stand !== undefined && stand.seq === truth?.seq) expect(stand.mark).toBe(markOf(ledger))
      }
      for (const report of bulletin.whole()) ledger.take(report, at(0))
      const told = bulletin.whole().flatMap(({ words }) => words)
      expect(textsOf([...ledger.words().values()].map((kept) => kept.word))).toEqual(textsOf(told))
      expect(ledger.stand()?.seq).toBe(bulletin.stand()?.seq)
    })
    fc.assert(property, { numRuns: 300, seed: 3 })
  })

  it('of a large federation is fetched a few ledgers at a time', () => {
    const bench = new Bench()
    bench.step({ type: 'link-up', info: infoOf('p', { tier: 'regional' }) })
    const held = Array.from({ length: 30 }, (_, i) => ({ reporter: hubId(`r${i}`), epoch: 1, seq: 1 }))
    const asked = sent(bench.hear('p', { kind: 'tier.ledgers', body: { held, reply: false } }), 'tier.request')
    expect(asked.map(({ body }) => body.reporters.length)).toEqual([8])
    const [first] = new Bulletin(hubId('r0'), 1).update([word('r0')])
    const next = sent(
      bench.hear('p', { kind: 'tier.report', body: { ...(first as Report), whole: true } }),
      'tier.request',
    )
    expect(next).toEqual([{ to: peerOf('p'), body: { reporters: ['r8'] } }])
  })
})

function markOf(ledger: Ledger): string {
  const again = new Bulletin(hubId('r'), 1)
  again.update([...ledger.words().values()].map((kept) => kept.word))
  return again.stand()?.mark ?? '0000000000000000'
}

function textsOf(words: readonly Word[]): string[] {
  return words.map(({ info, incarnation, status }) => `${info.hub} ${incarnation} ${status}`).sort()
}
