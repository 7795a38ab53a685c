// How poor health and independent accusers change the pace, and that they do nothing where they are switched off.

import { describe, expect, it } from 'vitest'
import type { Mechanisms } from '../../src/core/membership/protocol.ts'
import { accusation, Bench, sent, state } from './swim.bench.ts'

/** A hub whose first probe failed, with no helper heard: its score is 3. */
function inPoorHealth(mechanisms: Partial<Mechanisms>): Bench {
  const bench = new Bench({ mechanisms })
  bench.learn(...['a', 'b', 'c', 'd', 'e', 'f'].map((name) => state(name)))
  bench.nextPing()
  bench.pass(999)
  return bench
}

describe('poor health', () => {
  it('waits longer for an answer, and asks nobody else meanwhile', () => {
    const bench = inPoorHealth({ localHealth: true })
    bench.nextPing()
    expect(bench.swim.score).toBe(3)
    expect(sent(bench.pass(3_999), 'swim.ping')).toEqual([])
    expect(sent(bench.pass(2), 'swim.ping')).toHaveLength(1)
  })

  it('goes on at the usual pace as soon as it is answered', () => {
    const bench = inPoorHealth({ localHealth: true })
    const { name, seq } = bench.nextPing()
    bench.pass(2_500)
    bench.ack(name, seq)
    expect(sent(bench.pass(0, 'answered'), 'swim.ping')).toHaveLength(1)
    expect(sent(bench.pass(3_000, 'answered'), 'swim.ping').length).toBe(3)
  })

  it('is nothing to plain SWIM: a ping a period', () => {
    const bench = inPoorHealth({})
    bench.nextPing()
    expect(sent(bench.pass(4_000), 'swim.ping')).toHaveLength(4)
  })
})

describe('a further accuser', () => {
  const passedOn = (mechanisms: Partial<Mechanisms>): string[] => {
    const bench = new Bench({ mechanisms })
    bench.learn(...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map((name) => state(name)))
    return ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].filter((by) =>
      bench.tell(accusation('a', { by })).some(({ type }) => type === 'change'),
    )
  }

  it('is told of up to the third after the first, who make the suspicion shortest', () => {
    expect(passedOn({ dynamicSuspicion: true })).toEqual(['b', 'c', 'd', 'e'])
  })

  it('is told of up to the sixth where so many make it shorter still', () => {
    expect(passedOn({ dynamicSuspicion: true, evidence: true })).toEqual(['b', 'c', 'd', 'e', 'f', 'g'])
  })

  it('is no news to plain SWIM', () => {
    expect(passedOn({})).toEqual(['b'])
  })
})
