// How long a suspect may speak up, and who can make that shorter: each mechanism beside the same pool without it.

import { describe, expect, it } from 'vitest'
import type { Accusation } from '../../src/core/membership/messages.ts'
import type { Mechanisms } from '../../src/core/membership/protocol.ts'
import { hubId, peerOf } from './kit.ts'
import { accusation, Bench, booted, sent, state } from './swim.bench.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

function pool(mechanisms: Partial<Mechanisms>, seed = 1): Bench {
  const bench = new Bench({ mechanisms, seed })
  bench.learn(...names.map((name) => state(name)))
  return bench
}

/** How long after now the suspect is buried, while it answers nobody's word against it, to a tenth of a second. */
function buriedAfter(bench: Bench, name = 'a'): number {
  const from = bench.now
  while (bench.status(name) === 'suspect') {
    bench.pass(50, 'answered')
    expect(bench.now - from).toBeLessThan(30_000)
  }
  expect(bench.status(name)).toBe('dead')
  return Math.round((bench.now - from) / 100) / 10
}

describe('a suspicion', () => {
  const dynamic = { dynamicSuspicion: true }
  const by = (bench: Bench, ...accusers: string[]): Bench => {
    for (const accuser of accusers) bench.tell(accusation('a', { by: accuser }))
    return bench
  }

  it('starts six times as long as the shortest, and without the mechanism as short', () => {
    expect(buriedAfter(by(pool({}), 'b'))).toBe(4)
    expect(buriedAfter(by(pool(dynamic), 'b'))).toBe(24)
  })

  it('becomes shorter with every independent accuser, down to the shortest with three more', () => {
    expect(buriedAfter(by(pool(dynamic), 'b', 'c'))).toBe(14)
    expect(buriedAfter(by(pool(dynamic), 'b', 'c', 'd'))).toBe(8.2)
    expect(buriedAfter(by(pool(dynamic), 'b', 'c', 'd', 'e'))).toBe(4)
    expect(buriedAfter(by(pool(dynamic), 'b', 'c', 'd', 'e', 'f'))).toBe(4)
  })

  it('does not become shorter when the same accuser says it again', () => {
    expect(buriedAfter(by(pool(dynamic), 'b', 'b', 'b', 'b'))).toBe(24)
  })

  it('begins anew, as long, after the suspect spoke up', () => {
    const bench = by(pool(dynamic), 'b', 'c', 'd', 'e')
    bench.learn(state('a', 'alive', booted + 1))
    bench.tell(accusation('a', { by: 'b', incarnation: booted + 1 }))
    expect(buriedAfter(bench)).toBe(24)
  })

  it('is cut to 60 % by six accusers, which cannot all be the sick ones', () => {
    const six = ['b', 'c', 'd', 'e', 'f', 'g']
    expect(buriedAfter(by(pool(dynamic), ...six))).toBe(4)
    expect(buriedAfter(by(pool({ ...dynamic, evidence: true }), ...six))).toBe(2.4)
  })

  it('tells of an accuser as long as another one matters, and of no more', () => {
    const bench = pool({ ...dynamic, evidence: true })
    const reported = (accuser: string): boolean =>
      bench
        .tell(accusation('a', { by: accuser }))
        .some((effect) => effect.type === 'change' && effect.change.type === 'accused')
    expect(['b', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map(reported)).toEqual([
      ...[true, false, true, true, true, true],
      ...[true, false, false],
    ])
  })
})

describe('a suspect that is probed', () => {
  /** The first rumours of the pings to it, once everybody was told of the suspicion. */
  const firstWords = (buddy: boolean): unknown[] => {
    const bench = pool({ dynamicSuspicion: true, buddy })
    bench.tell(accusation('a', { by: 'b' }))
    bench.pass(6_000, 'answered')
    const pings = sent(bench.pass(9_000, 'answered'), 'swim.ping').filter(({ to }) => to === peerOf('a'))
    expect(pings.length).toBeGreaterThan(0)
    return pings.map(({ body }) => body.rumors[0])
  }

  it('hears of the suspicion with every ping, also when it is old news, and without the buddy rule does not', () => {
    expect(new Set(firstWords(true))).toEqual(new Set([accusation('a', { by: 'b' })]))
    expect(new Set(firstWords(false))).toEqual(new Set([undefined]))
  })

  it('hears of it from a helper too', () => {
    const told = (buddy: boolean): unknown => {
      const bench = pool({ dynamicSuspicion: true, buddy })
      bench.tell(accusation('a', { by: 'b' }))
      bench.pass(6_000, 'answered')
      const body = { pool: 'p', seq: 1, target: hubId('a'), rumors: [] }
      return sent(bench.hear('c', { kind: 'swim.ping-request', body }), 'swim.ping')[0]?.body.rumors[0]
    }
    expect([told(true), told(false)]).toEqual([accusation('a', { by: 'b' }), undefined])
  })
})

describe('a new suspicion', () => {
  const asked = (bench: Bench): number =>
    sent(bench.tell(accusation('a', { by: 'b' })), 'swim.ping').filter(({ to }) => to === peerOf('a')).length

  it('makes a small pool ask the suspect at once, where evidence counts', () => {
    expect(asked(pool({ evidence: true }))).toBe(1)
    expect(asked(pool({}))).toBe(0)
  })

  it('makes about six of a hundred hubs ask, not all of them', () => {
    const many = Array.from({ length: 100 }, (_, i) => state(`m${i}`))
    const askers = Array.from({ length: 100 }, (_, seed) => {
      const bench = new Bench({ seed, mechanisms: { evidence: true } })
      for (let i = 0; i < many.length; i += 20) bench.learn(state('a'), ...many.slice(i, i + 20))
      return asked(bench)
    })
    const count = askers.reduce((sum, each) => sum + each, 0)
    expect(count).toBeGreaterThanOrEqual(2)
    expect(count).toBeLessThanOrEqual(15)
  })
})

describe('a word of a hub that was mostly wrong', () => {
  const both = { dynamicSuspicion: true, discount: true }
  const said = (word: Partial<Accusation>): Accusation => ({ ...accusation('a', { by: 'liar' }), ...word })
  /** It accused three hubs, all of which spoke up. */
  function deceived(mechanisms: Partial<Mechanisms>): Bench {
    const bench = pool(mechanisms)
    // Nobody is held to what was said in a hub's first minute.
    bench.pass(90_000, 'answered')
    for (const name of ['b', 'c', 'd']) {
      bench.tell(accusation(name, { by: 'liar' }))
      bench.learn(state(name, 'alive', booted + 1))
    }
    return bench
  }

  it('shortens nobody’s suspicion, and without the discount does', () => {
    for (const [discount, lasts] of [
      [true, 24],
      [false, 14],
    ] as const) {
      const bench = deceived({ dynamicSuspicion: true, discount })
      bench.tell(said({}))
      bench.tell(accusation('a', { by: 'e' }))
      expect(buriedAfter(bench)).toBe(lasts)
    }
  })

  it('buries nobody: its word of death only suspects', () => {
    for (const [discount, status] of [
      [true, 'suspect'],
      [false, 'dead'],
    ] as const) {
      const bench = deceived({ dynamicSuspicion: true, discount })
      bench.tell(said({ status: 'dead' }))
      expect(bench.status('a')).toBe(status)
    }
  })

  it('is as little worth when it says that a connection was refused', () => {
    const bench = deceived({ ...both, evidence: true })
    for (const { body } of sent(bench.tell(said({ path: 'refused' })), 'swim.ping')) bench.ack('a', body.seq)
    bench.tell(accusation('a', { by: 'e' }))
    // One more for the last question: a single accuser counts.
    expect(buriedAfter(bench)).toBe(25)
  })

  it('counts again an hour later', () => {
    const bench = deceived(both)
    bench.now += 3_600_001
    bench.tell(said({ status: 'dead' }))
    expect(bench.status('a')).toBe('dead')
  })

  it('counts while as many of its accusations were confirmed', () => {
    const bench = pool(both)
    bench.pass(90_000, 'answered')
    for (const name of ['e', 'f', 'g']) {
      bench.tell(accusation(name, { by: 'liar' }))
      bench.tell(accusation(name, { by: 'b', dead: true }))
    }
    for (const name of ['b', 'c', 'd']) {
      bench.tell(accusation(name, { by: 'liar' }))
      bench.learn(state(name, 'alive', booted + 1))
    }
    bench.tell(said({ status: 'dead' }))
    expect(bench.status('a')).toBe('dead')
  })

  it('is worth no more than that of a hub that hears badly', () => {
    const statuses = [3, 4].map((health) => {
      const bench = pool(both)
      bench.tell({ ...accusation('a', { by: 'sick', dead: true }), health })
      return bench.status('a')
    })
    expect(statuses).toEqual(['dead', 'suspect'])
  })
})
