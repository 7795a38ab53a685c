// Membership as its users would put it: who is alive, who is accused, and when an accusation falls.

import { describe, expect, it } from 'vitest'
import type { Effect } from '../../src/core/machine.ts'
import { isPlausible, type State, type Status, supersedes } from '../../src/core/membership/member.ts'
import type { SwimMessage } from '../../src/core/membership/messages.ts'
import { Errands, maxErrands, RoundRobin } from '../../src/core/membership/probe.ts'
import { Rumors, tellLimit } from '../../src/core/membership/rumors.ts'
import { suspicionTimeout } from '../../src/core/membership/suspicion.ts'
import { Swim, type SwimInput, type SwimProtocol } from '../../src/core/membership/swim.ts'
import { Random } from '../../src/core/random.ts'
import { hour, type Millis } from '../../src/core/time.ts'
import { at, hubId, infoOf, peerOf, wallStart } from './kit.ts'

const booted = wallStart

function state(name: string, status: Status = 'alive', incarnation = booted): State {
  return { info: infoOf(name), incarnation, status }
}

/** One machine under test, named `me`, whose clock the test moves. */
class Bench {
  readonly swim: Swim
  now: Millis = 0

  constructor(options: { seed?: number; deadRetentionMs?: Millis } = {}) {
    this.swim = new Swim(
      {
        pool: 'p',
        self: infoOf('me'),
        incarnation: booted,
        random: new Random(options.seed ?? 1),
        probeIntervalMs: 1_000,
        probeTimeoutMs: 500,
        indirectProbes: 3,
        suspicionMultiplier: 4,
        deadRetentionMs: options.deadRetentionMs ?? hour,
        exchangeIntervalMs: 30_000,
      },
      at(0),
    )
  }

  step(input: SwimInput): readonly Effect<SwimProtocol>[] {
    return this.swim.step(input, at(this.now))
  }

  hear(from: string, message: SwimMessage): readonly Effect<SwimProtocol>[] {
    return this.step({ type: 'message', from: peerOf(from), message })
  }

  /** Members by hearsay. */
  learn(...states: State[]): readonly Effect<SwimProtocol>[] {
    return this.hear('gossip', { kind: 'swim.gossip', body: { pool: 'p', rumors: states } })
  }

  /** Lets time pass, ticking at every deadline, and returns what was done on the way; pings are answered or not. */
  pass(ms: Millis, pings: 'answered' | 'unanswered' = 'unanswered'): Effect<SwimProtocol>[] {
    const until = this.now + ms
    const effects: Effect<SwimProtocol>[] = []
    while (this.swim.deadline() <= until) {
      this.now = this.swim.deadline()
      const done = this.step({ type: 'tick' })
      effects.push(...done)
      if (pings === 'answered') for (const { to, body } of sent(done, 'swim.ping')) this.ack(to.slice(5), body.seq)
      expect(this.swim.deadline()).toBeGreaterThan(this.now)
    }
    this.now = until
    return effects
  }

  /** Lets time pass until this hub pings someone, and returns whom and under which number. */
  nextPing(): { name: string; seq: number } {
    for (let i = 0; i < 1_000; i++) {
      this.now = this.swim.deadline()
      const ping = sent(this.step({ type: 'tick' }), 'swim.ping')[0]
      if (ping !== undefined) return { name: ping.to.slice('peer-'.length), seq: ping.body.seq }
    }
    throw new Error('no ping in a thousand ticks')
  }

  status(name: string): Status | undefined {
    return this.swim.members().get(hubId(name))?.status
  }

  ack(from: string, seq: number): readonly Effect<SwimProtocol>[] {
    return this.hear(from, { kind: 'swim.ack', body: { pool: 'p', seq, rumors: [] } })
  }
}

function sent<K extends SwimMessage['kind']>(
  effects: readonly Effect<SwimProtocol>[],
  kind: K,
): { to: string; body: Extract<SwimMessage, { kind: K }>['body'] }[] {
  return effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.kind === kind
      ? [{ to: effect.to, body: effect.message.body as Extract<SwimMessage, { kind: K }>['body'] }]
      : [],
  )
}

describe('a statement about a hub', () => {
  const table: readonly [news: [Status, number], held: [Status, number] | undefined, wins: boolean][] = [
    [['alive', 1], undefined, true],
    [['suspect', 1], undefined, false],
    [['dead', 1], undefined, false],
    [['left', 1], undefined, false],
    [['alive', 2], ['dead', 1], true],
    [['alive', 1], ['alive', 1], false],
    [['alive', 1], ['suspect', 1], false],
    [['suspect', 1], ['alive', 1], true],
    [['suspect', 1], ['alive', 2], false],
    [['dead', 1], ['suspect', 1], true],
    [['suspect', 1], ['dead', 1], false],
    [['dead', 1], ['left', 1], false],
    [['left', 1], ['dead', 1], true],
    [['suspect', 3], ['left', 2], true],
  ]
  it.each(table)('%j against %j is news: %j', (news, held, wins) => {
    const heldState = held === undefined ? undefined : state('x', ...held)
    expect(supersedes(state('x', ...news), heldState)).toBe(wins)
  })

  it('with an incarnation from more than a day ahead is not believed', () => {
    expect(isPlausible(wallStart + 24 * hour, wallStart)).toBe(true)
    expect(isPlausible(wallStart + 24 * hour + 1, wallStart)).toBe(false)
    const bench = new Bench()
    bench.learn(state('far', 'alive', Number.MAX_SAFE_INTEGER))
    expect(bench.status('far')).toBeUndefined()
    bench.learn(state('me', 'dead', Number.MAX_SAFE_INTEGER))
    expect(bench.swim.self().incarnation).toBe(booted)
  })
})

describe('formulae', () => {
  it.each([
    [4, 1, 1_000, 4_000],
    [4, 10, 1_000, 4_000],
    [4, 100, 1_000, 8_000],
    [5, 1_000, 200, 3_000],
  ])('suspicion of %i in a pool of %i at %i ms lasts %i ms', (multiplier, size, interval, expected) => {
    expect(suspicionTimeout(multiplier, size, interval)).toBeCloseTo(expected)
  })

  it.each([
    [1, 4],
    [9, 4],
    [10, 8],
    [99, 8],
    [100, 12],
  ])('a rumour in a pool of %i is told %i times', (size, times) => {
    expect(tellLimit(size)).toBe(times)
  })
})

describe('probing', () => {
  it('visits every member once before anyone twice', () => {
    const names = ['a', 'b', 'c', 'd', 'e'].map(hubId)
    const order = new RoundRobin(new Random(3))
    for (const name of names) order.add(name)
    const next = (): string | undefined =>
      order.next(
        () => true,
        () => names,
      )
    for (let pass = 0; pass < 3; pass++) {
      expect(names.map(next).sort()).toEqual(names)
    }
  })

  it('skips those who are no candidates, and stops when nobody is', () => {
    const order = new RoundRobin(new Random(3))
    order.add(hubId('a'))
    order.add(hubId('b'))
    expect(
      order.next(
        (hub) => hub === 'b',
        () => [hubId('a'), hubId('b')],
      ),
    ).toBe('b')
    expect(
      order.next(
        () => false,
        () => [hubId('a')],
      ),
    ).toBeUndefined()
  })

  it('keeps a hub that answers alive, and measures its round trip', () => {
    const bench = new Bench()
    bench.learn(state('a'))
    for (let round = 0; round < 20; round++) {
      const { name, seq } = bench.nextPing()
      expect(name).toBe('a')
      bench.now += 12
      bench.ack('a', seq)
    }
    expect(bench.status('a')).toBe('alive')
    expect(bench.swim.members().get(hubId('a'))?.rttMs).toBe(12)
  })

  it('asks three others about a silent hub at the timeout, and no more', () => {
    const bench = new Bench()
    bench.learn(...['a', 'b', 'c', 'd', 'e'].map((name) => state(name)))
    const { name, seq } = bench.nextPing()
    const before = sent(bench.pass(499), 'swim.ping-request')
    const requests = sent(bench.pass(2), 'swim.ping-request')
    expect(before).toEqual([])
    expect(requests).toHaveLength(3)
    expect(requests.every((request) => request.body.target === name && request.body.seq === seq)).toBe(true)
    expect(new Set(requests.map((request) => request.to)).size).toBe(3)
    expect(requests.map((request) => request.to)).not.toContain(peerOf(name))
  })

  it('does not suspect a hub that answers through a neighbour', () => {
    const bench = new Bench()
    bench.learn(state('a'), state('b'))
    const { name, seq } = bench.nextPing()
    bench.pass(600)
    bench.ack(name === 'a' ? 'b' : 'a', seq)
    bench.pass(399)
    expect(bench.status(name)).toBe('alive')
  })

  it('suspects a silent hub at the end of the period and buries it when the suspicion runs out', () => {
    const bench = new Bench()
    bench.learn(state('a'))
    bench.nextPing()
    bench.pass(999)
    expect(bench.status('a')).toBe('alive')
    const suspecting = bench.pass(2)
    expect(bench.status('a')).toBe('suspect')
    expect(suspecting).toContainEqual(
      expect.objectContaining({
        type: 'change',
        change: expect.objectContaining({ type: 'member', previous: state('a') }),
      }),
    )
    bench.pass(3_997)
    expect(bench.status('a')).toBe('suspect')
    bench.pass(3)
    expect(bench.status('a')).toBe('dead')
  })

  it('tells a suspect of the suspicion with the very ping', () => {
    const bench = new Bench()
    bench.learn(state('a'))
    bench.learn(state('a', 'suspect'))
    for (let i = 0; i < 20; i++) bench.pass(100)
    bench.now = bench.swim.deadline()
    const pings = sent(bench.pass(1_500), 'swim.ping')
    expect(pings[0]?.body.rumors[0]).toEqual(state('a', 'suspect'))
  })

  it('ignores an acknowledgement of a number it did not send', () => {
    const bench = new Bench()
    bench.learn(state('a'))
    const { seq } = bench.nextPing()
    bench.ack('a', seq + 17)
    bench.pass(1_001)
    expect(bench.status('a')).toBe('suspect')
  })
})

describe('errands', () => {
  it('ping the target and pass its acknowledgement back under the number of the asker', () => {
    const bench = new Bench()
    bench.learn(state('asker'), state('target'))
    const body = { pool: 'p', seq: 41, target: hubId('target'), rumors: [] }
    const ping = sent(bench.hear('asker', { kind: 'swim.ping-request', body }), 'swim.ping')[0]
    expect(ping?.to).toBe(peerOf('target'))
    const back = sent(bench.ack('target', ping?.body.seq ?? 0), 'swim.ack')
    expect(back.map(({ to, body }) => [to, body.seq])).toEqual([[peerOf('asker'), 41]])
    expect(sent(bench.ack('target', ping?.body.seq ?? 0), 'swim.ack')).toEqual([])
  })

  it('for a hub nobody here knows are not run', () => {
    const body = { pool: 'p', seq: 41, target: hubId('nobody'), rumors: [] }
    expect(new Bench().hear('asker', { kind: 'swim.ping-request', body })).toEqual([])
  })

  it('are bounded, expire, and forget the oldest first', () => {
    const errands = new Errands()
    for (let seq = 0; seq <= maxErrands; seq++) errands.start(seq, { origin: peerOf('a'), originSeq: seq, until: seq })
    expect(errands.finish(0)).toBeUndefined()
    expect(errands.finish(1)?.originSeq).toBe(1)
    errands.expire(10)
    expect(errands.finish(10)).toBeUndefined()
    expect(errands.finish(11)?.originSeq).toBe(11)
  })
})

describe('speaking up', () => {
  it('raises the own incarnation above the word of suspicion or death', () => {
    for (const status of ['suspect', 'dead'] as const) {
      const bench = new Bench()
      const effects = bench.learn(state('me', status, booted + 5))
      expect(bench.swim.self().incarnation).toBe(booted + 6)
      expect(effects).toContainEqual({
        type: 'change',
        change: { type: 'refuted', pool: 'p', incarnation: booted + 6 },
      })
    }
  })

  it('is not needed against an older word, or one that says alive', () => {
    const bench = new Bench()
    expect(bench.learn(state('me', 'dead', booted - 1), state('me', 'alive', booted))).toEqual([])
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
    expect(rumors.take(1, 2).map((told) => told.info.hub)).toEqual(['a'])
    rumors.tell(state('b'))
    expect(rumors.take(1, 2).map((told) => told.info.hub)).toEqual(['b'])
    for (let i = 0; i < 6; i++) rumors.take(1, 2)
    expect(rumors.take(8, 2)).toEqual([])
    expect(rumors.size).toBe(0)
  })

  it('about one hub replace each other', () => {
    const rumors = new Rumors()
    rumors.tell(state('a'))
    rumors.tell(state('a', 'suspect'))
    expect(rumors.take(8, 2)).toEqual([state('a', 'suspect')])
  })

  it('travel on acknowledgements and between probes', () => {
    const bench = new Bench()
    bench.learn(state('a'))
    const ack = sent(bench.hear('a', { kind: 'swim.ping', body: { pool: 'p', seq: 7, rumors: [] } }), 'swim.ack')[0]
    expect(ack?.to).toBe(peerOf('a'))
    expect(ack?.body.seq).toBe(7)
    expect(ack?.body.rumors.map((rumor) => rumor.info.hub).sort()).toEqual(['a', 'me'])
    expect(sent(bench.pass(1_500), 'swim.gossip').length).toBeGreaterThan(0)
  })

  it('of another pool are not heard', () => {
    const bench = new Bench()
    bench.hear('a', { kind: 'swim.gossip', body: { pool: 'other', rumors: [state('a')] } })
    expect(bench.status('a')).toBeUndefined()
  })
})

describe('joining, leaving and being forgotten', () => {
  it('exchanges everything with a greeted peer, and answers an exchange in kind', () => {
    const bench = new Bench()
    bench.learn(state('a'), state('b'))
    const greeting = sent(bench.step({ type: 'greet', peer: peerOf('c') }), 'swim.exchange')
    expect(greeting.map(({ to, body }) => [to, body.reply, body.members.map((each) => each.info.hub)])).toEqual([
      [peerOf('c'), true, ['me', 'a', 'b']],
    ])
    const body = { pool: 'p', reply: true, members: [state('c'), state('d')] }
    const answer = sent(bench.hear('c', { kind: 'swim.exchange', body }), 'swim.exchange')
    expect(answer.map(({ to, body }) => [to, body.reply])).toEqual([[peerOf('c'), false]])
    expect(bench.status('d')).toBe('alive')
  })

  it('exchanges with a random member every exchange interval', () => {
    const bench = new Bench()
    bench.learn(state('a'))
    const exchanges = sent(bench.pass(90_000, 'answered'), 'swim.exchange')
    expect(exchanges.length).toBeGreaterThanOrEqual(3)
    expect(exchanges.length).toBeLessThanOrEqual(4)
  })

  it('cuts a large exchange into several, of which one asks for a reply', () => {
    const bench = new Bench()
    for (let i = 0; i < 450; i++) bench.learn(state(`h${i}`))
    const parts = sent(bench.step({ type: 'greet', peer: peerOf('c') }), 'swim.exchange')
    expect(parts.map(({ body }) => [body.reply, body.members.length])).toEqual([
      [true, 200],
      [false, 200],
      [false, 51],
    ])
  })

  it('says goodbye to everyone present, and is silent afterwards', () => {
    const bench = new Bench()
    bench.learn(state('a'), state('b'), state('c'), state('c', 'dead'))
    const goodbyes = sent(bench.step({ type: 'leave' }), 'swim.gossip')
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
    bench.step({ type: 'incarnation', incarnation: booted + 9 })
    expect(bench.swim.self().incarnation).toBe(booted + 9)
    bench.step({ type: 'incarnation', incarnation: booted + 3 })
    expect(bench.swim.self().incarnation).toBe(booted + 9)
  })
})
