// Probes and rumours of a pool, period by period: whom a newcomer waits for, when a probe is given up, how often is told.

import { describe, expect, it } from 'vitest'
import { Roster } from '../../src/core/membership/roster.ts'
import { at, hubId } from './kit.ts'
import { accusation, Bench, sent, state } from './swim.bench.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

describe('a probe that runs', () => {
  function probing(): { bench: Bench; target: string; other: string } {
    const bench = new Bench()
    bench.learn(...names.map((name) => state(name)))
    const { name: target } = bench.nextPing()
    return { bench, target, other: names.find((name) => name !== target) ?? '' }
  }
  const helped = (bench: Bench): string[] => sent(bench.pass(600), 'swim.ping-request').map(({ body }) => body.target)

  it('is helped by three others when it is not answered', () => {
    const { bench, target } = probing()
    expect(helped(bench)).toEqual([target, target, target])
  })

  it.each(['dead', 'left'] as const)('is given up when others call its target %s', (status) => {
    const { bench, target } = probing()
    bench.learn(state(target, status))
    expect(helped(bench)).toEqual([])
  })

  it('goes on when others accuse somebody else, or its target raises its incarnation', () => {
    const { bench, target, other } = probing()
    bench.learn(state(other, 'suspect'), state(target, 'alive', state(target).incarnation + 1))
    expect(helped(bench)).toEqual([target, target, target])
    bench.pass(400)
    expect(bench.status(target)).toBe('suspect')
  })
})

describe('a hub that answers only through a third', () => {
  /** `b` alone does not answer until this hub has asked the pool for it so often. Returns how often, and the rumours. */
  function missing(times: number): { missed: number; told: readonly string[][]; accused: boolean } {
    const bench = new Bench({ mechanisms: { localHealth: true } })
    bench.learn(...['a', 'b', 'c', 'd'].map((name) => state(name)))
    const told: string[][] = []
    let missed = 0
    const heed = (effects: ReturnType<Bench['pass']>): void => {
      for (const { to, body } of sent(effects, 'swim.ping')) {
        if (to !== 'peer-b' || missed === times) heed([...bench.ack(to.slice('peer-'.length), body.seq)])
      }
      const [request] = sent(effects, 'swim.ping-request')
      if (request !== undefined) {
        missed++
        heed([...bench.ack(request.to.slice('peer-'.length), request.body.seq)])
      }
      for (const { body } of sent(effects, 'swim.gossip')) {
        told.push(...body.rumors.flatMap((word) => ('blind' in word ? [[...word.blind]] : [])))
      }
    }
    for (let i = 0; i < 600; i++) heed(bench.pass(50))
    return { missed, told, accused: bench.status('b') !== 'alive' }
  }

  it('is told to nobody when it answers the next time: packets are lost', () => {
    expect(missing(1)).toEqual({ missed: 1, told: [], accused: false })
  })

  it('is told to the pool when it was missed twice in a row, and again when it was not', () => {
    const { missed, told, accused } = missing(4)
    expect(missed).toBe(4)
    expect(told[0]).toEqual(['b'])
    expect(told.at(-1)).toEqual([])
    expect(accused).toBe(false)
  })
})

describe('a newcomer', () => {
  it('joins the round that runs: it is probed before anyone a second time', () => {
    for (let seed = 0; seed < 20; seed++) {
      const bench = new Bench({ seed })
      bench.learn(...names.map((name) => state(name)))
      const probed: string[] = []
      const next = (): void => {
        const { name, seq } = bench.nextPing()
        bench.ack(name, seq)
        probed.push(name)
      }
      next()
      bench.learn(state('new'))
      while (probed.length <= names.length) next()
      expect([...probed].sort()).toEqual([...names, 'new'].sort())
    }
  })

  it('is anyone who was dead and is alive again', () => {
    for (let seed = 0; seed < 20; seed++) {
      const bench = new Bench({ seed })
      bench.learn(...names.slice(0, 3).map((name) => state(name)))
      const first = bench.nextPing()
      bench.ack(first.name, first.seq)
      bench.learn(state(first.name, 'dead'))
      bench.learn(state(first.name, 'alive', state(first.name).incarnation + 1))
      const probed = [0, 1, 2].map(() => {
        const { name, seq } = bench.nextPing()
        bench.ack(name, seq)
        return name
      })
      expect(probed).toContain(first.name)
    }
  })
})

describe('rumours', () => {
  it('travel five times a period, to three members each time', () => {
    const bench = new Bench()
    const pool = Array.from({ length: 120 }, (_, i) => `m${i}`)
    bench.learn(...pool.slice(0, 60).map((name) => state(name)))
    bench.learn(...pool.slice(60).map((name) => state(name)))
    bench.nextPing()
    const told = sent(bench.pass(1_000, 'answered'), 'swim.gossip')
    expect(told).toHaveLength(15)
    expect(new Set(told.map(({ to }) => to)).size).toBeGreaterThan(3)
  })
})

describe('a roster', () => {
  const suspicion = { multiplier: 4, maxMultiplier: 6, probeIntervalMs: 1_000, evidence: true }

  it('shows a measured round trip to whoever asks for the present', () => {
    const roster = new Roster({ suspicion, deadRetentionMs: 1_000 })
    roster.learn(state('a'), at(0))
    expect(roster.present().map(({ rttMs }) => rttMs)).toEqual([undefined])
    roster.measured(hubId('a'), 7)
    roster.measured(hubId('nobody'), 9)
    expect(roster.present().map(({ rttMs }) => rttMs)).toEqual([7])
    roster.accuse(accusation('a'), 1, at(1))
    expect(roster.present().map(({ rttMs, status }) => [rttMs, status])).toEqual([[7, 'suspect']])
  })

  it('counts nobody as present who died, and nobody at all who was dead for the retention', () => {
    const roster = new Roster({ suspicion, deadRetentionMs: 1_000 })
    roster.learn(state('a'), at(0))
    expect(roster.present()).toHaveLength(1)
    roster.accuse(accusation('a', { dead: true }), 1, at(0))
    expect([roster.present().length, roster.all().size]).toEqual([0, 1])
    expect(roster.expire(at(999))).toEqual([])
    expect(roster.expire(at(1_000)).map(({ info }) => info.hub)).toEqual(['a'])
    expect(roster.all().size).toBe(0)
  })
})
