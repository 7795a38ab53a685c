// Membership as its users would put it: who is alive, who is accused, and how an accusation comes about.

import { describe, expect, it } from 'vitest'
import { isPlausible, maxLeap, type Status, supersedes } from '../../src/core/membership/member.ts'
import { Errands, maxErrands, RoundRobin } from '../../src/core/membership/probe.ts'
import { tellLimit } from '../../src/core/membership/rumors.ts'
import { suspicionTimeout } from '../../src/core/membership/suspicion.ts'
import { Random } from '../../src/core/random.ts'
import { hubId, peerOf, wallStart } from './kit.ts'
import { accusation, Bench, booted, sent, state } from './swim.bench.ts'

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

  it('with an incarnation far above what is known and the clock is not believed', () => {
    expect(isPlausible(wallStart + maxLeap, 0, wallStart)).toBe(true)
    expect(isPlausible(wallStart + maxLeap + 1, 0, wallStart)).toBe(false)
    expect(isPlausible(wallStart + maxLeap + 1, wallStart + 1, wallStart)).toBe(true)
    const bench = new Bench()
    bench.learn(state('far', 'alive', Number.MAX_SAFE_INTEGER))
    expect(bench.status('far')).toBeUndefined()
    bench.learn(state('me', 'dead', Number.MAX_SAFE_INTEGER))
    expect(bench.swim.self().incarnation).toBe(booted)
  })
})

describe('formulae', () => {
  it.each([
    { multiplier: 4, size: 1, interval: 1_000, lasts: 4_000 },
    { multiplier: 4, size: 10, interval: 1_000, lasts: 4_000 },
    { multiplier: 4, size: 100, interval: 1_000, lasts: 8_000 },
    { multiplier: 5, size: 1_000, interval: 200, lasts: 3_000 },
  ])('suspicion of $multiplier in a pool of $size at $interval ms lasts $lasts ms', (row) => {
    expect(suspicionTimeout(row.multiplier, row.size, row.interval)).toBeCloseTo(row.lasts)
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
    const pings = sent(bench.pass(1_500), 'swim.ping')
    expect(pings[0]?.body.rumors[0]).toEqual(accusation('a'))
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
    for (let seq = 0; seq <= maxErrands; seq++)
      errands.start(seq, { target: peerOf('b'), origin: peerOf('a'), originSeq: seq, nackAt: seq, until: seq })
    expect(errands.finish(0)).toBeUndefined()
    expect(errands.finish(1)?.originSeq).toBe(1)
    errands.due(10)
    expect(errands.finish(10)).toBeUndefined()
    expect(errands.finish(11)?.originSeq).toBe(11)
  })
})
