// A hub that hears badly doubts itself before it doubts others: local health, nacks, and loops that stood still.

import { describe, expect, it } from 'vitest'
import type { Mechanisms } from '../../src/core/membership/protocol.ts'
import { hubId, peerOf } from './kit.ts'
import { accusation, Bench, sent, state } from './swim.bench.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f']

function pool(mechanisms: Partial<Mechanisms>): Bench {
  const bench = new Bench({ mechanisms })
  bench.learn(...names.map((name) => state(name)))
  return bench
}

describe('a hub that nobody answers', () => {
  const probesIn = (bench: Bench): number => sent(bench.pass(8_000), 'swim.ping').length

  it('probes slower and slower, and a hub without the mechanism does not', () => {
    expect(probesIn(pool({}))).toBe(8)
    expect(probesIn(pool({ localHealth: true }))).toBeLessThanOrEqual(3)
  })

  it('waits longer for an answer before it accuses, and asks others as soon as ever', () => {
    const waits = (localHealth: boolean): number => {
      const bench = pool({ localHealth })
      bench.step({ type: 'strain', score: 3 })
      const asked = bench.nextPing()
      const from = bench.now
      while (sent(bench.step({ type: 'tick' }), 'swim.ping-request').length === 0) bench.now = bench.swim.deadline()
      expect(bench.now - from).toBe(500)
      while (bench.status(asked.name) === 'alive') {
        bench.now = bench.swim.deadline()
        bench.step({ type: 'tick' })
      }
      return bench.now - from
    }
    expect([waits(false), waits(true)]).toEqual([1_000, 4_000])
  })

  it('is well again after as many answers as it had missed', () => {
    const bench = pool({ localHealth: true })
    bench.nextPing()
    let asked = bench.nextPing()
    expect(bench.swim.score).toBe(3)
    for (const better of [2, 1, 0, 0]) {
      bench.ack(asked.name, asked.seq)
      expect(bench.swim.score).toBe(better)
      asked = bench.nextPing()
    }
  })

  it('thinks better of itself when the helpers say that they heard nothing either', () => {
    const scoreAfter = (nacks: number): number => {
      const bench = pool({ localHealth: true })
      const { name, seq } = bench.nextPing()
      const asked = sent(bench.pass(600), 'swim.ping-request')
      expect(asked).toHaveLength(3)
      for (const { to } of asked.slice(0, nacks)) {
        bench.hear(to.slice(5), { kind: 'swim.nack', body: { pool: 'p', seq, rumors: [] } })
      }
      bench.pass(401)
      expect(bench.status(name)).toBe('suspect')
      return bench.swim.score
    }
    expect([0, 1, 2, 3].map(scoreAfter)).toEqual([3, 2, 1, 0])
  })

  it('says in its accusations how well it hears', () => {
    const bench = pool({ localHealth: true })
    bench.step({ type: 'strain', score: 5 })
    bench.pass(20_000)
    const charges = names.flatMap((name) => bench.swim.charges(hubId(name)))
    expect(charges.length).toBeGreaterThan(0)
    expect(charges.every(({ health }) => health >= 5)).toBe(true)
  })
})

describe('a helper', () => {
  const errand = { pool: 'p', seq: 41, target: hubId('b'), rumors: [] }
  const nacks = (mechanisms: Partial<Mechanisms>, isAnswered: boolean): unknown[] => {
    const bench = pool(mechanisms)
    const ping = sent(bench.hear('a', { kind: 'swim.ping-request', body: errand }), 'swim.ping')[0]
    if (isAnswered) bench.ack('b', ping?.body.seq ?? 0)
    return sent(bench.pass(1_900), 'swim.nack').map(({ to, body }) => [to, body.seq])
  }

  it('says once that it did not reach the target either', () => {
    expect(nacks({ localHealth: true }, false)).toEqual([[peerOf('a'), 41]])
  })

  it('says nothing of the kind when it did, or where nobody counts it', () => {
    expect(nacks({ localHealth: true }, true)).toEqual([])
    expect(nacks({ localHealth: false }, false)).toEqual([])
  })
})

describe('a hub whose loop stood still for three seconds', () => {
  /** It had asked somebody, and could read no answer meanwhile. */
  function stalled(stallAwareness: boolean): Bench {
    const bench = pool({ stallAwareness })
    bench.nextPing()
    bench.now += 3_000
    bench.step({ type: 'tick' })
    return bench
  }
  const suspects = (bench: Bench): string[] => names.filter((name) => bench.status(name) !== 'alive')

  it('accuses nobody in the next second, and without the mechanism at once', () => {
    expect(suspects(stalled(false))).toHaveLength(1)
    const bench = stalled(true)
    expect(suspects(bench)).toEqual([])
    bench.pass(900)
    expect(suspects(bench)).toEqual([])
    bench.pass(3_000)
    expect(suspects(bench).length).toBeGreaterThan(0)
  })

  it('asks nobody for help about a question whose answer may lie unread', () => {
    const requests = (stallAwareness: boolean): number => {
      const bench = pool({ stallAwareness })
      bench.nextPing()
      bench.now += 3_000
      return sent(bench.step({ type: 'tick' }), 'swim.ping-request').length
    }
    expect([requests(false), requests(true)]).toEqual([3, 0])
  })

  it('buries nobody before it has listened for a second, and speaks of refused connections after that second', () => {
    const bench = pool({ stallAwareness: true, evidence: true, dynamicSuspicion: true })
    for (const by of ['b', 'c', 'd', 'e']) {
      for (const { body } of sent(bench.tell(accusation('a', { by })), 'swim.ping')) bench.ack('a', body.seq)
    }
    // To just before its time is over.
    bench.pass(3_990, 'answered')
    expect(bench.status('a')).toBe('suspect')
    bench.now += 3_000
    bench.step({ type: 'tick' })
    bench.step({ type: 'evidence', peer: peerOf('f'), what: 'refused' })
    bench.pass(980, 'answered')
    expect([bench.status('a'), bench.status('f')]).toEqual(['suspect', 'alive'])
    bench.pass(30, 'answered')
    expect(bench.status('f')).toBe('suspect')
    bench.pass(100, 'answered')
    expect(bench.status('a')).toBe('dead')
  })

  it('says by how much, so that an operator can know', () => {
    const bench = pool({ stallAwareness: true })
    const due = bench.swim.deadline()
    bench.now = due + 3_000
    const stalls = bench.step({ type: 'tick' }).flatMap((effect) => (effect.type === 'change' ? [effect.change] : []))
    expect(stalls).toContainEqual({ type: 'stalled', pool: 'p', lateMs: 3_000 })
    expect(bench.step({ type: 'tick' })).toEqual([])
  })

  it('gives a suspect the lost time back', () => {
    const buriedAfter = (stallAwareness: boolean): number => {
      const bench = pool({ stallAwareness })
      bench.now = bench.swim.deadline()
      bench.step({ type: 'tick' })
      const from = bench.now
      bench.tell(accusation('a'))
      bench.now = bench.swim.deadline() + 3_000
      while (bench.status('a') === 'suspect') {
        bench.step({ type: 'tick' })
        bench.now = Math.max(bench.now, bench.swim.deadline())
      }
      return bench.now - from
    }
    expect(buriedAfter(false)).toBeLessThan(5_000)
    expect(buriedAfter(true)).toBeGreaterThanOrEqual(7_000)
  })

  it('is not one that wakes up a little late', () => {
    const bench = pool({ stallAwareness: true })
    bench.now = bench.swim.deadline() + 249
    const changes = bench.step({ type: 'tick' }).filter((effect) => effect.type === 'change')
    expect(changes).toEqual([])
  })
})
