// How independent accusers change the pace, and that they do nothing where they are switched off.

import { describe, expect, it } from 'vitest'
import type { Mechanisms } from '../../src/core/membership/protocol.ts'
import { accusation, Bench, state } from './swim.bench.ts'

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
