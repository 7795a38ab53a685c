// What connections prove: a lost link, a refused dial. It makes haste, and never decides alone.

import { describe, expect, it } from 'vitest'
import type { SwimInput } from '../../src/core/membership/protocol.ts'
import { hubId, peerOf } from './kit.ts'
import { accusation, Bench, booted, sent, state } from './swim.bench.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f']

function pool(evidence = true): Bench {
  const bench = new Bench({ mechanisms: { evidence, dynamicSuspicion: true } })
  bench.learn(...names.map((name) => state(name)))
  return bench
}

const proof = (what: 'lost' | 'refused', name = 'a'): SwimInput => ({ type: 'evidence', peer: peerOf(name), what })
const refusedBy = (by: string) => accusation('a', { by, path: 'refused' })

/** Milliseconds until it is dead, to a hundredth of a second. */
function buriedAfter(bench: Bench): number {
  const from = bench.now
  while (bench.status('a') === 'suspect') bench.pass(10, 'answered')
  return bench.now - from
}

describe('a link that was lost', () => {
  it('makes this hub ask at once whether the other is still there', () => {
    const bench = pool()
    const pings = sent(bench.step(proof('lost')), 'swim.ping')
    expect(pings.map(({ to }) => to)).toEqual([peerOf('a')])
    expect(sent(pool(false).step(proof('lost')), 'swim.ping')).toEqual([])
  })

  it('accuses nobody: a hub that answers stays alive', () => {
    const bench = pool()
    const [ping] = sent(bench.step(proof('lost')), 'swim.ping')
    expect(bench.status('a')).toBe('alive')
    bench.ack('a', ping?.body.seq ?? 0)
    bench.pass(2_000, 'answered')
    expect(bench.status('a')).toBe('alive')
  })

  it('is found out about within one period when nobody answers', () => {
    const bench = pool()
    bench.step(proof('lost'))
    bench.pass(1_001)
    expect(bench.status('a')).toBe('suspect')
  })

  it('is not asked after twice at a time, nor with more than nine questions at once', () => {
    const bench = new Bench({ mechanisms: { evidence: true } })
    const many = Array.from({ length: 30 }, (_, i) => `m${i}`)
    bench.learn(...many.map((name) => state(name)))
    const asked = [...many, ...many].flatMap((name) => sent(bench.step(proof('lost', name)), 'swim.ping'))
    expect(asked.map(({ to }) => to)).toEqual(many.slice(0, 9).map(peerOf))
  })

  it('of a hub nobody here knows means nothing', () => {
    expect(pool().step(proof('lost', 'stranger'))).toEqual([])
    expect(pool().step(proof('refused', 'stranger'))).toEqual([])
  })
})

describe('a connection that was refused', () => {
  it('is an accusation of its own kind', () => {
    const bench = pool()
    bench.step(proof('refused'))
    expect(bench.swim.charges(hubId('a'))).toMatchObject([{ by: 'me', path: 'refused', status: 'suspect' }])
    const off = pool(false)
    off.step(proof('refused'))
    expect(off.status('a')).toBe('alive')
  })

  it('to one hub halves the shortest suspicion', () => {
    const bench = pool()
    bench.step(proof('refused'))
    expect(buriedAfter(bench)).toBe(2_000)
  })

  it('to the same hub again is the same refusal', () => {
    const bench = pool()
    bench.tell(refusedBy('b'))
    bench.tell(refusedBy('b'))
    expect(buriedAfter(bench)).toBe(2_000)
  })

  it('to two hubs leaves a quarter of an interval after the second', () => {
    const bench = pool()
    bench.step(proof('refused'))
    bench.pass(500, 'answered')
    bench.tell(refusedBy('b'))
    expect(bench.status('a')).toBe('suspect')
    expect(buriedAfter(bench)).toBe(250)
  })

  it('means no more than silence where evidence does not count', () => {
    const bench = pool(false)
    bench.tell(refusedBy('b'))
    bench.tell(refusedBy('c'))
    expect(buriedAfter(bench)).toBe(14_000)
  })

  it('to any number of hubs does not decide: whoever lives can still say so', () => {
    const bench = pool()
    const asked = ['b', 'c', 'd', 'e', 'f'].flatMap((by) => sent(bench.tell(refusedBy(by)), 'swim.ping'))
    bench.pass(240, 'answered')
    expect(bench.status('a')).toBe('suspect')
    bench.learn(state('a', 'alive', booted + 1))
    for (const { body } of asked) bench.ack('a', body.seq)
    bench.pass(30_000, 'answered')
    expect(bench.status('a')).toBe('alive')
  })

  it('is told to the others also by who has accused the hub of silence before', () => {
    const bench = pool()
    bench.tell(accusation('a', { by: 'me' }))
    bench.pass(3_000, 'answered')
    const told = bench
      .step(proof('refused'))
      .some((effect) => effect.type === 'change' && effect.change.type === 'accused')
    expect(told).toBe(true)
    const spoken = sent(bench.pass(500, 'answered'), 'swim.gossip').flatMap(({ body }) => body.rumors)
    expect(spoken).toContainEqual(expect.objectContaining({ accused: 'a', by: 'me', path: 'refused' }))
  })
})

describe('the wait for a direct answer', () => {
  /** Milliseconds from a ping to the call for help, after 30 round trips of 10 ms with everybody. */
  const waited = (rttTimeout: boolean): number => {
    const bench = new Bench({ mechanisms: { rttTimeout } })
    bench.learn(...names.slice(0, 3).map((name) => state(name)))
    for (let i = 0; i < 30; i++) {
      const { name, seq } = bench.nextPing()
      bench.now += 10
      bench.ack(name, seq)
    }
    bench.nextPing()
    const from = bench.now
    while (sent(bench.step({ type: 'tick' }), 'swim.ping-request').length === 0) bench.now = bench.swim.deadline()
    return bench.now - from
  }

  it('follows the measured round trips, and otherwise the setting', () => {
    expect([waited(true), waited(false)]).toEqual([200, 500])
  })
})
