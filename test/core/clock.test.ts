// Whether a hub's wall clock can be relied on, by its monotonic clock and by what its peers say.

import { describe, expect, it } from 'vitest'
import type { ClockMessage } from '../../src/core/clock/messages.ts'
import type { ClockInput, Doubt } from '../../src/core/clock/protocol.ts'
import { Timekeeper } from '../../src/core/clock/timekeeper.ts'
import { hour, type Millis, minute, second } from '../../src/core/time.ts'
import { peerOf, wallStart } from './kit.ts'

const maxDriftMs = 30 * second

/** One timekeeper; peers answer as their clocks stand, after a round trip of 20 ms, unless they are deaf. */
class Bench {
  mono: Millis = 0
  wrongMs: Millis = 0
  /** Peer → how far its clock is ahead of the truth; undefined: it does not answer. */
  readonly peers = new Map<string, Millis | undefined>()
  readonly keeper = new Timekeeper(maxDriftMs, { mono: 0, wall: wallStart })
  readonly said: (Doubt['reason'] | 'right')[] = []
  asked = 0

  link(name: string, aheadMs?: Millis): void {
    this.peers.set(name, aheadMs)
    this.#step({ type: 'link-up', peer: peerOf(name) })
  }

  unlink(name: string): void {
    this.peers.delete(name)
    this.#step({ type: 'link-down', peer: peerOf(name) })
  }

  /** The clock moves against the monotonic one, and the hub's next step notices. */
  jump(byMs: Millis): void {
    this.wrongMs += byMs
    if (this.keeper.hasJumped(this.#now)) this.#step({ type: 'tick' })
  }

  pass(ms: Millis): void {
    const until = this.mono + ms
    for (let at = this.keeper.deadline(); at <= until; at = this.keeper.deadline()) {
      this.mono = Math.max(this.mono, at)
      this.#step({ type: 'tick' })
    }
    this.mono = until
  }

  hear(from: string, message: ClockMessage): void {
    this.#step({ type: 'message', from: peerOf(from), message })
  }

  get doubt(): Doubt | undefined {
    return this.keeper.doubt
  }

  get #now() {
    return { mono: this.mono, wall: Math.floor(wallStart + this.mono + this.wrongMs) }
  }

  #step(input: ClockInput): void {
    for (const effect of this.keeper.step(input, this.#now)) {
      if (effect.type === 'change') this.said.push(effect.change.doubt?.reason ?? 'right')
      if (effect.type !== 'send' || effect.message.kind !== 'clock.ask') continue
      this.asked++
      const name = [...this.peers.keys()].find((peer) => peerOf(peer) === effect.to) ?? ''
      const ahead = this.peers.get(name)
      if (ahead === undefined) continue
      const wall = Math.floor(wallStart + this.mono + 10 + ahead)
      this.mono += 20
      this.hear(name, { kind: 'clock.tell', body: { wall } })
    }
  }
}

function benchWith(...aheadMs: readonly (Millis | undefined)[]): Bench {
  const bench = new Bench()
  for (const [index, ahead] of aheadMs.entries()) bench.link(`p${index}`, ahead)
  return bench
}

describe('a clock that jumps', () => {
  it.each([
    [2 * hour, 'ahead'],
    [-2 * hour, 'behind'],
  ] as const)(
    'by %i ms is found out at once by its peers, and relied on again when it is set right',
    (byMs, reason) => {
      const bench = benchWith(0, 0, 0)
      bench.jump(byMs)
      expect(bench.doubt).toMatchObject({ reason, byMs: expect.closeTo(2 * hour, -2), peers: 3 })
      bench.pass(10 * minute)
      expect(bench.doubt?.reason).toBe(reason)
      bench.jump(-byMs)
      expect(bench.doubt).toBeUndefined()
      expect(bench.said.at(-1)).toBe('right')
    },
  )

  it('to the right time, as after the machine was asleep, is relied on as soon as peers confirm it', () => {
    const bench = benchWith(2 * hour, 2 * hour + second, 2 * hour - second)
    expect(bench.doubt?.reason).toBe('behind')
    bench.jump(2 * hour)
    expect(bench.doubt).toBeUndefined()
  })

  it('is in doubt until a peer answers, and asks every few seconds', () => {
    const bench = benchWith(undefined, undefined)
    const { asked } = bench
    bench.jump(-hour)
    bench.pass(minute)
    expect(bench.doubt).toEqual({ reason: 'jumped', byMs: -hour })
    expect(bench.asked - asked).toBeGreaterThanOrEqual(24)
    expect(bench.asked - asked).toBeLessThanOrEqual(28)
    bench.peers.set('p0', -hour)
    bench.pass(5 * second)
    expect(bench.doubt).toBeUndefined()
  })

  it('on a hub that nobody is linked to is taken as it is after a minute', () => {
    const bench = new Bench()
    bench.jump(hour)
    bench.pass(minute - 1)
    expect(bench.doubt).toEqual({ reason: 'jumped', byMs: hour })
    bench.pass(1)
    expect(bench.doubt).toBeUndefined()
    bench.jump(-hour)
    bench.pass(minute)
    expect(bench.said).toEqual(['jumped', 'right', 'jumped', 'right'])
  })

  it('that was out for the night with all its peers is right when they all say the same', () => {
    const bench = benchWith(9 * hour, 9 * hour)
    bench.jump(9 * hour)
    expect(bench.doubt).toBeUndefined()
  })

  it('within the drift is no jump, and neither is one that creeps', () => {
    const bench = new Bench()
    for (let i = 0; i < 50; i++) {
      bench.jump(maxDriftMs)
      bench.link(`p${i}`)
      expect(bench.doubt).toBeUndefined()
    }
  })
})

describe('a clock that is wrong from the start', () => {
  it('is found out with the first links', () => {
    expect(benchWith(hour, hour).doubt).toMatchObject({ reason: 'behind', peers: 2 })
    expect(benchWith(-hour, -hour).doubt).toMatchObject({ reason: 'ahead', peers: 2 })
  })

  it('of a peer, or of fewer than half of them, misleads nobody', () => {
    expect(benchWith(hour).doubt).toBeUndefined()
    expect(benchWith(0, -hour).doubt).toBeUndefined()
    expect(benchWith(0, 0, -hour, -9 * hour).doubt).toBeUndefined()
    expect(benchWith(0, 0, hour, hour, 9 * hour).doubt).toBeUndefined()
  })

  it('is in doubt at the one of two hubs that is ahead, whose stamps the other would refuse', () => {
    expect(benchWith(-maxDriftMs - 100).doubt).toMatchObject({ reason: 'ahead', peers: 1 })
    expect(benchWith(-maxDriftMs + 100).doubt).toBeUndefined()
  })

  it('is taken as it is when all who said so are gone, and what they said has grown old', () => {
    const bench = benchWith(-hour, -hour)
    bench.unlink('p0')
    bench.unlink('p1')
    bench.pass(29 * minute)
    expect(bench.doubt?.reason).toBe('ahead')
    bench.pass(2 * minute)
    expect(bench.doubt).toBeUndefined()
    expect(bench.said).toEqual(['ahead', 'right'])
    expect(bench.keeper.deadline()).toBe(Number.POSITIVE_INFINITY)
    bench.link('p2', -hour)
    expect(bench.doubt).toMatchObject({ reason: 'ahead', peers: 1 })
  })

  it('is found out within ten minutes when it goes wrong little by little', () => {
    const bench = benchWith(0, 0, 0)
    for (let i = 0; i < 4; i++) bench.jump(20 * second)
    expect(bench.doubt?.reason).toBe('ahead')
    const slow = benchWith(0, 0, 0)
    for (const name of slow.peers.keys()) slow.peers.set(name, -hour)
    slow.pass(9 * minute)
    expect(slow.doubt).toBeUndefined()
    slow.pass(2 * minute)
    expect(slow.doubt?.reason).toBe('ahead')
  })
})

describe('what peers say of the time', () => {
  it('counts when they were asked, and answered in time', () => {
    const bench = benchWith(undefined, undefined)
    const tell = { kind: 'clock.tell', body: { wall: wallStart + 9 * hour } } as const
    bench.hear('stranger', tell)
    expect(bench.doubt).toBeUndefined()
    bench.pass(maxDriftMs + 1)
    bench.hear('p0', tell)
    bench.hear('p1', tell)
    expect(bench.doubt).toBeUndefined()
  })

  it('is asked seldom while all is well', () => {
    const bench = benchWith(...Array.from({ length: 40 }, () => 0))
    expect(bench.asked).toBe(5)
    bench.pass(hour)
    expect(bench.asked).toBeLessThanOrEqual(5 + 6 * 5)
    for (const name of [...bench.peers.keys()]) bench.unlink(name)
    expect(bench.keeper.deadline()).toBe(Number.POSITIVE_INFINITY)
  })
})
