// What somebody who lies can do to a pool: to say what is not signed, to repeat what was, to invent. All of it is dropped.

import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { maxLeap } from '../../src/core/membership/member.ts'
import type { Rumor } from '../../src/core/membership/messages.ts'
import { allMechanisms } from '../../src/core/membership/protocol.ts'
import { maxMembers } from '../../src/core/membership/roster.ts'
import type { Statement } from '../../src/core/wire.ts'
import { hubId, infoOf, peerOf, signed } from './kit.ts'
import { accusation, Bench, booted, state } from './swim.bench.ts'

function pool(): Bench {
  const bench = new Bench({ mechanisms: allMechanisms })
  bench.learn(state('a'), state('b'))
  return bench
}

/** Why this machine did not believe something. */
function dropped(bench: Bench, ...rumors: Rumor[]): string[] {
  return bench
    .tell(...rumors)
    .flatMap((effect) => (effect.type === 'change' && effect.change.type === 'dropped' ? [effect.change.reason] : []))
}

describe('a word that a hub did not sign', () => {
  const forgeries: readonly [string, Statement][] = [
    ['that it is alive', { ...state('a', 'alive', booted + 1), signature: state('a').signature }],
    ['that it left', { ...state('a', 'left'), signature: state('a').signature }],
    ['that it moved', { ...state('a', 'alive', booted + 1), info: infoOf('a', { region: 'south' }) }],
    ['that it exists', { ...state('ghost'), signature: 'no signature' }],
    ['signed by another key', { ...state('a', 'alive', booted + 1), signature: state('b').signature }],
  ]
  it.each(forgeries)('%s is dropped and counted', (_, forged) => {
    const bench = pool()
    const before = [...bench.swim.members()]
    expect(dropped(bench, forged)).toEqual(['forged'])
    expect([...bench.swim.members()]).toEqual(before)
  })

  it('makes this hub refute nothing in its own name', () => {
    const bench = pool()
    const said: Statement = { ...state('me', 'alive', booted + 9), signature: 'no signature' }
    bench.tell(said, { ...said, status: 'left', incarnation: booted })
    expect(bench.swim.self()).toEqual(state('me'))
  })

  it('does not come back out of this hub', () => {
    const bench = pool()
    for (const [, forged] of forgeries) bench.tell(forged)
    const said = JSON.stringify(bench.pass(5_000, 'answered'))
    for (const [, { incarnation, status, info }] of forgeries) {
      expect(said).not.toContain(JSON.stringify({ incarnation, status, info }))
    }
    expect(said).not.toContain('no signature')
    expect(said).not.toContain('ghost')
  })
})

describe('words that were true once', () => {
  it('change nothing when they are told again', () => {
    const bench = pool()
    bench.learn(state('a', 'alive', booted + 5))
    bench.tell(accusation('b', { dead: true }))
    const before = [...bench.swim.members()]
    const old = [state('a'), state('a', 'left'), accusation('a'), accusation('a', { dead: true }), state('b')]
    expect(bench.tell(...old)).toEqual([])
    expect([...bench.swim.members()]).toEqual(before)
  })

  it('do not bring back who has left', () => {
    const bench = pool()
    bench.learn(state('a', 'left'))
    bench.tell(state('a'), accusation('a'), accusation('a', { dead: true }))
    expect(bench.status('a')).toBe('left')
  })
})

describe('an incarnation far ahead', () => {
  it.each([Number.MAX_SAFE_INTEGER, booted + maxLeap + 1])('(%i) is dropped and counted', (incarnation) => {
    const bench = pool()
    expect(dropped(bench, state('a', 'alive', incarnation))).toEqual(['implausible'])
    expect(dropped(bench, state('ghost', 'alive', incarnation))).toEqual(['implausible'])
    expect(bench.swim.members().get(hubId('a'))).toMatchObject({ status: 'alive', incarnation: booted })
    bench.tell(accusation('me', { incarnation }), state('me', 'alive', incarnation))
    expect(bench.swim.self().incarnation).toBe(booted)
  })

  it('is believed as far as clocks may differ', () => {
    const bench = pool()
    expect(dropped(bench, state('a', 'alive', booted + maxLeap))).toEqual([])
    expect(bench.swim.members().get(hubId('a'))?.incarnation).toBe(booted + maxLeap)
  })
})

describe('a name under another key', () => {
  const thief = signed({ info: { ...infoOf('a'), peer: peerOf('thief') }, incarnation: booted + 1, status: 'alive' })

  it('is not believed while its hub is there, suspected or not', () => {
    const bench = pool()
    expect(dropped(bench, thief)).toEqual(['name-taken'])
    bench.tell(accusation('a'))
    expect(dropped(bench, thief)).toEqual(['name-taken'])
    expect(bench.swim.members().get(hubId('a'))?.info.peer).toBe(peerOf('a'))
  })

  it('is free once its hub is dead: a hub that lost its key comes back', () => {
    const bench = pool()
    bench.tell(accusation('a', { dead: true }))
    expect(dropped(bench, thief)).toEqual([])
    expect(bench.swim.members().get(hubId('a'))).toMatchObject({ status: 'alive', info: { peer: peerOf('thief') } })
  })

  it('of this hub itself is asked after, and answered with a word above it', () => {
    const bench = pool()
    const info = { ...infoOf('me'), peer: peerOf('thief') }
    const effects = bench.tell(signed({ info, incarnation: booted + 3, status: 'alive' }))
    expect(effects).toContainEqual({ type: 'change', change: { type: 'namesake', info } })
    expect(bench.swim.self()).toEqual(state('me', 'alive', booted + 4))
  })
})

describe('accusations', () => {
  it('of hubs nobody knows, and of other incarnations, change nothing', () => {
    const bench = pool()
    const before = [...bench.swim.members()]
    for (const dead of [false, true]) {
      for (const incarnation of [0, booted - 1, booted + 1, Number.MAX_SAFE_INTEGER]) {
        expect(bench.tell(accusation('a', { dead, incarnation }))).toEqual([])
      }
      expect(bench.tell(accusation('ghost', { dead }))).toEqual([])
    }
    expect([...bench.swim.members()]).toEqual(before)
  })
})

describe('ten thousand invented hubs, each signed by a key of its own', () => {
  const flood = (): { bench: Bench; left: Set<string>; came: number } => {
    const bench = pool()
    for (const name of ['a', 'b']) bench.step({ type: 'greet', peer: peerOf(name) })
    const left = new Set<string>()
    let came = 0
    for (let i = 0; i < 10_000; i++) {
      for (const effect of bench.tell(state(`ghost-${i}`))) {
        if (effect.type !== 'change') continue
        if (effect.change.type === 'member') came++
        if (effect.change.type === 'member-dropped') left.add(effect.change.member.info.hub)
      }
    }
    return { bench, left, came }
  }
  let flooded: ReturnType<typeof flood>
  beforeAll(() => {
    flooded = flood()
  }, 20_000)

  it('push out each other, never a hub that was met, and whoever goes is reported', () => {
    const { bench, left, came } = flooded
    expect(bench.swim.members().size).toBe(maxMembers)
    expect([bench.status('a'), bench.status('b')]).toEqual(['alive', 'alive'])
    expect(came - left.size + 2).toBe(maxMembers)
    expect([...left].every((name) => name.startsWith('ghost'))).toBe(true)
    // Nothing is told of those who went.
    const told = new Set<string>()
    for (const effect of bench.pass(3_000)) {
      if (effect.type !== 'send' || effect.message.kind !== 'swim.gossip') continue
      for (const rumor of effect.message.body.rumors) if ('info' in rumor) told.add(rumor.info.hub)
    }
    expect([...told].filter((name) => left.has(name))).toEqual([])
    expect(told.size).toBeGreaterThan(0)
  })

  it('push out nobody with a word that is not signed', () => {
    const { bench } = flooded
    const before = [...bench.swim.members().keys()]
    expect(dropped(bench, { ...state('ghost-x'), signature: 'no signature' })).toEqual(['forged'])
    expect([...bench.swim.members().keys()]).toEqual(before)
  })
})

describe('any rumours in any order', () => {
  const name = fc.constantFrom('a', 'b', 'me', 'ghost', 'x')
  const incarnation = fc.oneof(
    fc.integer({ min: booted - 3, max: booted + 3 }),
    fc.constantFrom(0, booted + maxLeap, booted + maxLeap + 1, Number.MAX_SAFE_INTEGER),
  )
  const status = fc.constantFrom('alive', 'suspect', 'dead', 'left')
  const path = fc.constantFrom('probe', 'refused', 'exchange')
  const health = fc.integer({ min: 0, max: 7 })
  const word = fc
    .record({ name, incarnation, status, forged: fc.boolean() })
    .map(({ name, incarnation, status, forged }): Rumor => {
      const said = state(name, status, incarnation)
      return forged ? { ...said, signature: 'no signature' } : said
    })
  const charge = fc
    .record({ name, by: name, incarnation, dead: fc.boolean(), path, health })
    .map(({ name, health, ...about }): Rumor => ({ ...accusation(name, about), health }))
  const sight = fc
    .record({ by: name, seq: fc.nat(), blind: fc.array(name, { maxLength: 3 }) })
    .map(({ by, seq, blind }): Rumor => ({ by: hubId(by), seq, blind: blind.map(hubId) }))
  const history = fc.array(fc.tuple(fc.oneof(word, charge, sight), fc.integer({ min: 0, max: 900 })), { maxLength: 40 })

  it('throw nothing, and raise no incarnation but by the signed word of the hub itself', () => {
    fc.assert(
      fc.property(history, fc.boolean(), (rumors, isTable) => {
        const bench = pool()
        const highest = new Map<string, number>([
          ['a', booted],
          ['b', booted],
        ])
        for (const [rumor, ms] of rumors) {
          if ('info' in rumor && rumor.signature !== 'no signature') {
            highest.set(rumor.info.hub, Math.max(rumor.incarnation, highest.get(rumor.info.hub) ?? 0))
          }
          const members = 'info' in rumor ? [rumor] : []
          if (isTable) bench.hear('b', { kind: 'swim.exchange', body: { pool: 'p', reply: true, members } })
          else bench.tell(rumor)
          bench.pass(ms)
          for (const { info, incarnation } of bench.swim.members().values()) {
            expect(incarnation).toBeLessThanOrEqual(highest.get(info.hub) ?? -1)
          }
          expect(bench.swim.self().status).toBe('alive')
        }
      }),
      { numRuns: 150, seed: 7 },
    )
  })
})
