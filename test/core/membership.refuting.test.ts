// Speaking up: what a hub that is wrongly accused says, to whom, and how little of it the others see.

import { describe, expect, it } from 'vitest'
import type { Effect } from '../../src/core/machine.ts'
import type { Mechanisms, SwimProtocol } from '../../src/core/membership/protocol.ts'
import { allMechanisms } from '../../src/core/membership/protocol.ts'
import { hubId, peerOf } from './kit.ts'
import { accusation, Bench, booted, sent, state } from './swim.bench.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f']

function pool(mechanisms: Partial<Mechanisms> = allMechanisms): Bench {
  const bench = new Bench({ mechanisms })
  bench.learn(...names.map((name) => state(name)))
  return bench
}

/** The statuses that were reported of a hub, in order. */
function statuses(effects: readonly Effect<SwimProtocol>[], name: string): string[] {
  return effects.flatMap((effect) =>
    effect.type === 'change' && effect.change.type === 'member' && effect.change.member.info.hub === name
      ? [effect.change.member.status]
      : [],
  )
}

describe('a hub that is accused', () => {
  it('answers the very ping that tells it with its refutation', () => {
    const bench = pool()
    const body = { pool: 'p', seq: 7, rumors: [accusation('me')] }
    const [ack] = sent(bench.hear('a', { kind: 'swim.ping', body }), 'swim.ack')
    expect(ack?.to).toBe(peerOf('a'))
    expect(ack?.body.rumors).toContainEqual(state('me', 'alive', booted + 1))
  })

  it('says it again, with the very ack, to whoever missed the refutation', () => {
    const bench = pool()
    bench.tell(accusation('me'))
    const refuted = state('me', 'alive', booted + 1)
    bench.pass(10_000, 'answered')
    const ask = (rumors: ReturnType<typeof accusation>[]) =>
      sent(bench.hear('a', { kind: 'swim.ping', body: { pool: 'p', seq: 8, rumors } }), 'swim.ack')[0]?.body.rumors
    expect(ask([])).toEqual([])
    expect(ask([accusation('me')])).toEqual([refuted])
    expect(bench.swim.self()).toEqual(refuted)
  })

  it('owes its word to whoever spoke against it, and to nobody who comes after', () => {
    const bench = pool()
    const gossip = (rumors: ReturnType<typeof accusation>[]) =>
      sent(bench.hear('b', { kind: 'swim.gossip', body: { pool: 'p', rumors } }), 'swim.gossip').map(({ to }) => to)
    expect(gossip([accusation('me')])).toEqual([peerOf('b')])
    bench.hear('a', { kind: 'swim.ping', body: { pool: 'p', seq: 7, rumors: [accusation('me')] } })
    expect(gossip([])).toEqual([])
  })

  it('raises its incarnation once for a word that many repeat', () => {
    const bench = pool()
    for (const by of names) bench.tell(accusation('me', { by }))
    expect(bench.swim.self().incarnation).toBe(booted + 1)
  })

  it('refutes a table that calls it suspect or dead, and a goodbye in its own name that it never said', () => {
    for (const status of ['suspect', 'dead', 'left'] as const) {
      const bench = pool()
      const body = { pool: 'p', reply: false, members: [state('b'), state('me', status)] }
      bench.hear('b', { kind: 'swim.exchange', body })
      expect(bench.swim.self()).toEqual(state('me', 'alive', booted + 1))
    }
  })

  it('thinks worse of its own ears', () => {
    const bench = pool()
    bench.tell(accusation('me'))
    expect(bench.swim.score).toBe(1)
  })

  it('hears of it from each hub that it links to', () => {
    const bench = pool()
    bench.tell(accusation('a', { by: 'b' }))
    bench.tell(accusation('c', { by: 'b', dead: true }))
    const greeted = (name: string) =>
      sent(bench.step({ type: 'greet', peer: peerOf(name) }), 'swim.gossip').flatMap(({ body }) => body.rumors)
    expect(greeted('a')).toEqual([accusation('a', { by: 'b' })])
    expect(greeted('c')).toMatchObject([{ accused: 'c', status: 'dead', by: 'me' }])
    expect(greeted('d')).toEqual([])
  })
})

describe('a hub that was buried', () => {
  it('is still told so for half a minute, so that one that lives can speak up, and then no more', () => {
    const bench = new Bench()
    bench.learn(state('a'), state('a', 'dead'))
    const told = (ms: number, news: string): number => {
      bench.learn(state(news))
      return sent(bench.pass(ms, 'answered'), 'swim.gossip').filter(({ to }) => to === peerOf('a')).length
    }
    expect(told(29_000, 'b')).toBeGreaterThan(0)
    bench.pass(1_001, 'answered')
    expect(told(10_000, 'c')).toBe(0)
  })
})

describe('a hub that is started again', () => {
  const restarted = state('a', 'alive', booted + 20_000)

  it('while it is suspected is never seen dead', () => {
    const bench = pool()
    const seen = [...bench.tell(accusation('a', { by: 'b' })), ...bench.learn(restarted)]
    const late = [...bench.tell(accusation('a', { by: 'c' })), ...bench.tell(accusation('a', { by: 'd', dead: true }))]
    expect(statuses([...seen, ...late], 'a')).toEqual(['suspect', 'alive'])
  })

  it('after it was buried is seen dead once and alive once, however late the old words come', () => {
    const bench = pool()
    const seen = [
      ...bench.tell(accusation('a', { by: 'b' })),
      ...bench.tell(accusation('a', { by: 'c', dead: true })),
      ...bench.learn(restarted),
      ...bench.tell(accusation('a', { by: 'd' }), accusation('a', { by: 'e', dead: true })),
      ...bench.learn(state('a')),
    ]
    expect(statuses(seen, 'a')).toEqual(['suspect', 'dead', 'alive'])
  })

  it('was rightly accused: its charges are confirmed, and those of a hub that spoke up refuted', () => {
    const outcomes = (next: number): string[] => {
      const bench = pool()
      bench.tell(accusation('a', { by: 'b' }))
      bench.learn(state('a', 'alive', next))
      return bench.swim.charges(hubId('a')).map(({ outcome }) => outcome)
    }
    expect(outcomes(booted + 20_000)).toEqual(['confirmed'])
    expect(outcomes(booted + 1)).toEqual(['refuted'])
  })
})

describe('a table that calls a hub dead', () => {
  const dead = (bench: Bench, from = 'b'): string | undefined => {
    const body = { pool: 'p', reply: false, members: [state(from), state('a', 'dead')] }
    bench.hear(from, { kind: 'swim.exchange', body })
    return bench.status('a')
  }

  it('only makes it suspect where it was alive', () => {
    expect(dead(pool())).toBe('suspect')
  })

  it('buries nobody who was suspected already: two tables of one side of a split agree in their error', () => {
    const bench = pool()
    bench.tell(accusation('a', { by: 'c' }))
    expect(dead(bench)).toBe('suspect')
    expect(dead(bench, 'd')).toBe('suspect')
  })

  it('says nothing about a later boot', () => {
    const bench = pool()
    bench.learn(state('a', 'alive', booted + 20_000))
    expect(dead(bench)).toBe('alive')
  })

  it('introduces nobody, and one that calls it suspect introduces it', () => {
    const hear = (status: 'dead' | 'suspect') => {
      const bench = pool()
      const body = { pool: 'p', reply: false, members: [state('b'), state('new', status)] }
      bench.hear('b', { kind: 'swim.exchange', body })
      return bench.status('new')
    }
    expect([hear('dead'), hear('suspect')]).toEqual([undefined, 'suspect'])
  })
})
