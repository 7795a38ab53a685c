// How news travels in a pool: refutations, rumours, exchanges, goodbyes.

import { describe, expect, it } from 'vitest'
import { Rumors } from '../../src/core/membership/rumors.ts'
import { hubId, peerOf } from './kit.ts'
import { accusation, Bench, booted, sent, state } from './swim.bench.ts'

const one = { bytes: 1, count: 1 }
const all = { bytes: 10_000, count: 100 }

describe('speaking up', () => {
  it('raises the own incarnation above the word of suspicion or death', () => {
    for (const status of ['suspect', 'dead'] as const) {
      const bench = new Bench()
      const effects = bench.learn(state('me', status, booted + 5))
      expect(bench.swim.self().incarnation).toBe(booted + 6)
      expect(effects).toContainEqual({
        type: 'change',
        change: expect.objectContaining({ type: 'refuted', pool: 'p', word: state('me', 'alive', booted + 6) }),
      })
    }
  })

  it('is not needed against an older word, or one that says alive', () => {
    const bench = new Bench()
    expect(bench.learn(state('me', 'alive', booted))).toEqual([])
    const answers = sent(bench.learn(state('me', 'dead', booted - 1)), 'swim.gossip')
    expect(answers.map(({ to, body }) => [to, body.rumors])).toEqual([[peerOf('gossip'), [state('me')]]])
    expect(bench.swim.self().incarnation).toBe(booted)
  })

  it('makes the others take their suspicion back', () => {
    const bench = new Bench()
    bench.learn(state('a'), state('a', 'suspect'))
    bench.learn(state('a', 'alive', booted + 1))
    bench.pass(10_000)
    const changes = bench.swim.members().get(hubId('a'))
    expect(changes?.incarnation).toBe(booted + 1)
    expect(bench.status('a')).not.toBe('alive')
    bench.learn(state('a', 'alive', booted + 2))
    expect(bench.status('a')).toBe('alive')
  })
})

describe('rumours', () => {
  it('are told the least told first, each as often as the pool is large', () => {
    const rumors = new Rumors()
    rumors.tell(state('a'))
    expect(rumors.take(one, 2)).toEqual([state('a')])
    rumors.tell(state('b'))
    expect(rumors.take(one, 2)).toEqual([state('b')])
    // Each four times in a pool of two: three times more, and a third rumour would come first.
    for (let i = 0; i < 6; i++) expect(rumors.take(one, 2)).toHaveLength(1)
    expect(rumors.take(all, 2)).toEqual([])
    expect(rumors.size).toBe(0)
  })

  it('about one hub replace each other', () => {
    const rumors = new Rumors()
    rumors.tell(state('a'))
    rumors.tell(accusation('a'))
    expect(rumors.take(all, 2)).toEqual([accusation('a')])
  })

  it('travel on acknowledgements and between probes', () => {
    const bench = new Bench()
    bench.learn(state('a'))
    const ack = sent(bench.hear('a', { kind: 'swim.ping', body: { pool: 'p', seq: 7, rumors: [] } }), 'swim.ack')[0]
    expect(ack?.to).toBe(peerOf('a'))
    expect(ack?.body.seq).toBe(7)
    expect(ack?.body.rumors).toEqual(expect.arrayContaining([state('a'), state('me')]))
    expect(sent(bench.pass(1_500), 'swim.gossip').length).toBeGreaterThan(0)
  })

  it('of another pool are not heard', () => {
    const bench = new Bench()
    bench.hear('a', { kind: 'swim.gossip', body: { pool: 'other', rumors: [state('a')] } })
    expect(bench.status('a')).toBeUndefined()
  })
})

describe('joining, leaving and being forgotten', () => {
  it('compares tables with a greeted peer, tells one that differs everything, and answers in kind', () => {
    const bench = new Bench()
    bench.learn(state('a'), state('b'))
    const digests = sent(bench.step({ type: 'greet', peer: peerOf('c') }), 'swim.digest')
    expect(digests.map(({ to }) => to)).toEqual([peerOf('c')])
    const digest = digests[0]?.body.digest ?? ''
    expect(bench.hear('c', { kind: 'swim.digest', body: { pool: 'p', digest } })).toEqual([])
    const other = { pool: 'p', digest: 'another' }
    const greeting = sent(bench.hear('c', { kind: 'swim.digest', body: other }), 'swim.exchange')
    expect(greeting.map(({ to, body }) => [to, body.reply, body.members.map((each) => each.info.hub)])).toEqual([
      [peerOf('c'), true, ['me', 'a', 'b']],
    ])
    bench.pass(2_000)
    const body = { pool: 'p', reply: true, members: [state('c'), state('d')] }
    const answer = sent(bench.hear('c', { kind: 'swim.exchange', body }), 'swim.exchange')
    expect(answer.map(({ to, body }) => [to, body.reply])).toEqual([[peerOf('c'), false]])
    expect(bench.status('d')).toBe('alive')
  })

  it('compares tables with a random member every exchange interval', () => {
    const bench = new Bench()
    bench.learn(state('a'))
    const exchanges = sent(bench.pass(90_000, 'answered'), 'swim.digest')
    expect(exchanges.length).toBeGreaterThanOrEqual(3)
    expect(exchanges.length).toBeLessThanOrEqual(4)
  })

  it('cuts a large exchange into several, of which one asks for a reply', () => {
    const bench = new Bench()
    for (let i = 0; i < 450; i++) bench.learn(state(`h${i}`))
    const body = { pool: 'p', digest: 'another' }
    const parts = sent(bench.hear('c', { kind: 'swim.digest', body }), 'swim.exchange')
    expect(parts.map(({ body }) => [body.reply, body.members.length])).toEqual([
      [true, 200],
      [false, 200],
      [false, 51],
    ])
  })

  it('says goodbye to everyone present, and is silent afterwards', () => {
    const bench = new Bench()
    bench.learn(state('a'), state('b'), state('c'), state('c', 'dead'))
    const goodbyes = sent(bench.step({ type: 'leave', word: state('me', 'left') }), 'swim.gossip')
    expect(goodbyes.map(({ to }) => to).sort()).toEqual([peerOf('a'), peerOf('b')])
    expect(goodbyes[0]?.body.rumors).toEqual([state('me', 'left')])
    expect(bench.swim.deadline()).toBe(Number.POSITIVE_INFINITY)
    expect(bench.hear('a', { kind: 'swim.ping', body: { pool: 'p', seq: 1, rumors: [] } })).toEqual([])
  })

  it('does not probe who left, and takes it back with a higher incarnation', () => {
    const bench = new Bench()
    bench.learn(state('a'), state('a', 'left'))
    expect(sent(bench.pass(5_000), 'swim.ping')).toEqual([])
    bench.learn(state('a', 'alive', booted + 1))
    expect(bench.nextPing().name).toBe('a')
  })

  it('drops the dead after the retention, and says so', () => {
    const bench = new Bench({ deadRetentionMs: 60_000 })
    bench.learn(state('a'), state('a', 'dead'))
    bench.pass(59_000)
    expect(bench.status('a')).toBe('dead')
    const effects = bench.pass(2_000)
    expect(bench.status('a')).toBeUndefined()
    expect(effects).toContainEqual(
      expect.objectContaining({ change: expect.objectContaining({ type: 'member-dropped', pool: 'p' }) }),
    )
  })

  it('takes over an incarnation that its other pool raised', () => {
    const bench = new Bench()
    bench.step({ type: 'self', word: state('me', 'alive', booted + 9) })
    expect(bench.swim.self().incarnation).toBe(booted + 9)
    bench.step({ type: 'self', word: state('me', 'alive', booted + 3) })
    expect(bench.swim.self().incarnation).toBe(booted + 9)
  })
})
