// What a hub owes the federation: reports of its pools, and when.

import { describe, expect, it } from 'vitest'
import { inParts, maxReport, type Word } from '../../src/core/hierarchy/messages.ts'
import { Bench, published, statuses, word } from './hierarchy.bench.ts'
import { infoOf, signed } from './kit.ts'

const myself = (incarnation: number, status: Word['status'] = 'alive'): Word =>
  signed({ info: infoOf('me', { tier: 'regional' }), incarnation, status })

describe('reporting', () => {
  it('is done every interval by the relays, and by a local hub only where there is none', () => {
    const lone = new Bench()
    lone.member('z')
    expect(published(lone.pass(60_000)).length).toBeGreaterThanOrEqual(5)
    const relayed = new Bench()
    relayed.member('relay', 'alive', { tier: 'regional' })
    expect(published(relayed.pass(60_000))).toEqual([])
    relayed.member('relay', 'dead', { tier: 'regional' })
    expect(statuses(published(relayed.pass(1_000)).flat())).toContainEqual(['relay', 'dead'])
  })

  it('tells a change within a fraction of a second, and only the change', () => {
    const bench = new Bench({ tier: 'regional' })
    bench.member('a')
    bench.pass(15_000)
    bench.member('b')
    expect(statuses(published(bench.pass(250)).flat())).toEqual([['b', 'alive']])
  })

  it('says goodbye and then nothing', () => {
    const bench = new Bench({ tier: 'regional' })
    expect(statuses(published(bench.step({ type: 'leave', word: myself(7, 'left') })).flat())).toEqual([['me', 'left']])
    expect(bench.hierarchy.deadline()).toBe(Number.POSITIVE_INFINITY)
  })

  it('carries the incarnation that was raised', () => {
    const bench = new Bench({ tier: 'regional' })
    bench.step({ type: 'self', word: myself(99) })
    expect(published(bench.pass(300)).flat()[0]?.incarnation).toBe(99)
  })

  it('is cut into messages of bounded size', () => {
    const words = Array.from({ length: maxReport + 1 }, (_, i) => word(`h${i}`))
    expect(inParts(words).map((part) => part.length)).toEqual([maxReport, 1])
    expect(inParts([])).toEqual([])
  })
})
