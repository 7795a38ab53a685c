// What a peer may claim and what it may not: words in others' names, numbers that were guessed, places that are not its own.

import { describe, expect, it } from 'vitest'
import { Replicas } from '../../src/core/catalog/replicas.ts'
import { isPlausible } from '../../src/core/membership/member.ts'
import { maxMembers, Roster } from '../../src/core/membership/roster.ts'
import { Sight } from '../../src/core/membership/sight.ts'
import { forgetWrite, forgottenIn } from '../../src/hub/forgetting.ts'
import { at, hubId, infoOf, peerOf, signed, wallStart } from './kit.ts'
import { accusation, Bench, booted, sent, state } from './swim.bench.ts'

const far = 2 ** 20

describe('a hub that is accused falsely', () => {
  it('is not led to an incarnation that nobody believes any more, however often', () => {
    const bench = new Bench()
    for (let i = 0; i < 40; i++) {
      bench.tell(accusation('me', { incarnation: bench.swim.self().incarnation + far }))
      bench.tell(accusation('me', { incarnation: bench.swim.self().incarnation + far / 4 }))
    }
    const { incarnation } = bench.swim.self()
    expect(incarnation).toBeGreaterThan(booted)
    expect(isPlausible(incarnation, 0, wallStart + bench.now)).toBe(true)
    bench.tell(accusation('me', { incarnation }))
    expect(bench.swim.self().incarnation).toBe(incarnation + 1)
  })

  it('answers whoever says so on an answer of its own, and owes nobody else anything', () => {
    const bench = new Bench()
    bench.learn(state('a'), state('b'))
    const body = { pool: 'p', seq: 9, rumors: [accusation('me')] }
    const answers = sent(bench.hear('a', { kind: 'swim.ack', body }), 'swim.gossip')
    expect(answers.map(({ to }) => to)).toEqual([peerOf('a')])
    const later = bench.hear('b', { kind: 'swim.gossip', body: { pool: 'p', rumors: [] } })
    expect(sent(later, 'swim.gossip')).toEqual([])
  })
})

describe('a word that a peer says in this hub’s own name', () => {
  it('accuses and buries nobody', () => {
    const bench = new Bench({ mechanisms: { discount: true } })
    bench.learn(state('a'), state('b'), state('c'))
    bench.tell(accusation('a', { by: 'me' }), accusation('b', { by: 'me', dead: true }))
    expect([bench.status('a'), bench.status('b')]).toEqual(['alive', 'alive'])
  })
})

describe('a forgotten hub', () => {
  it('is forgotten up to an incarnation that it can have had, not for all its future', () => {
    const entry = (incarnation: number) => {
      const write = forgetWrite({ hub: hubId('a'), incarnation, withData: false }, new Replicas())
      const stamp = [wallStart, 0, 'x'] as const
      const fields =
        write.op === 'put' ? Object.entries(write.fields).map(([name, value]) => [name, [value, stamp]]) : []
      const joined = { fields: { life: [true, stamp], ...Object.fromEntries(fields) } } as never
      return forgottenIn('forgotten/a', joined, at(0))
    }
    expect(entry(wallStart)).toEqual({ hub: 'a', incarnation: wallStart })
    expect(entry(Number.MAX_SAFE_INTEGER)).toBeUndefined()
  })
})

describe('a table', () => {
  const suspicion = { multiplier: 4, maxMultiplier: 6, probeIntervalMs: 1_000, evidence: true }
  const roster = (): Roster => new Roster({ suspicion, deadRetentionMs: 60_000 })

  it('that knows of a dead hub equals the one of a newcomer, who never learns of it', () => {
    const [old, young] = [roster(), roster()]
    for (const each of [old, young]) each.learn(state('a'), at(0))
    old.learn(state('gone'), at(0))
    expect(old.digest(state('me'))).not.toBe(young.digest(state('me')))
    old.accuse(accusation('gone', { dead: true }), 1, at(1))
    expect(old.digest(state('me'))).toBe(young.digest(state('me')))
  })

  it('that is full gives up the youngest it never met: inventions displace each other', () => {
    const full = roster()
    full.learn(state('honest'), at(0))
    for (let i = 1; i < maxMembers; i++) full.learn(state(`invented-${i}`), at(i))
    const evicted = [1, 2, 3].map((i) => full.learn(state(`more-${i}`), at(maxMembers + i)).evicted?.info.hub)
    expect(evicted).not.toContain('honest')
    expect(full.all().has(hubId('honest'))).toBe(true)
  })
})

describe('an acknowledgement on an errand', () => {
  it('counts from the target alone', () => {
    const bench = new Bench()
    bench.learn(state('asker'), state('target'), state('forger'))
    const body = { pool: 'p', seq: 41, target: hubId('target'), rumors: [] }
    const ping = sent(bench.hear('asker', { kind: 'swim.ping-request', body }), 'swim.ping')[0]
    const seq = ping?.body.seq ?? 0
    expect(sent(bench.ack('forger', seq), 'swim.ack')).toEqual([])
    expect(sent(bench.ack('target', seq), 'swim.ack').map(({ to }) => to)).toEqual([peerOf('asker')])
  })
})

describe('a word about who reaches whom', () => {
  it('from the far future does not silence the hub whose name it bears', () => {
    const sight = new Sight(hubId('me'), wallStart)
    const word = (seq: number) => ({ by: hubId('b'), seq, blind: [hubId('a')] })
    expect(sight.learn(word(Number.MAX_SAFE_INTEGER), true, at(0))).toBe(false)
    expect(sight.learn(word(wallStart + 1), true, at(0))).toBe(true)
  })
})

describe('a pool', () => {
  it('takes in nobody of another one, however well signed', () => {
    const belongs = ({ region }: { readonly region: string }): boolean => region === 'north'
    const bench = new Bench({ belongs })
    const stranger = signed({ info: infoOf('stranger', { region: 'south' }), incarnation: booted, status: 'alive' })
    const effects = bench.tell(stranger, state('mate'))
    expect([bench.status('stranger'), bench.status('mate')]).toEqual([undefined, 'alive'])
    expect(effects).toContainEqual({ type: 'change', change: { type: 'dropped', reason: 'other-pool' } })
  })
})

describe('a short stall after a long one', () => {
  it('does not cut the quiet of the long one short', () => {
    const bench = new Bench({ mechanisms: { stallAwareness: true, evidence: true } })
    bench.learn(state('a'))
    bench.now = bench.swim.deadline() + 3_000
    bench.step({ type: 'tick' })
    bench.now = Math.max(bench.now, bench.swim.deadline()) + 260
    bench.step({ type: 'tick' })
    bench.step({ type: 'evidence', peer: peerOf('a'), what: 'refused' })
    bench.pass(300)
    expect(bench.status('a')).toBe('alive')
  })
})
