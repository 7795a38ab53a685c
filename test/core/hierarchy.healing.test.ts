// At the end of a partition: who reports a pool, and when the words of reporters that are back count.

import { describe, expect, it } from 'vitest'
import { Bench, published, reports, statuses, word } from './hierarchy.bench.ts'
import { infoOf } from './kit.ts'

describe('reporting', () => {
  it('is handed over: who was a reporter for some time goes on for a while', () => {
    const bench = new Bench()
    bench.member('z')
    bench.sees('far')
    bench.pass(3_000)
    bench.member('relay', 'alive', { tier: 'regional' })
    expect(statuses(published(bench.pass(250)).flat())).toEqual([['relay', 'alive']])
    bench.pass(2_000)
    bench.member('z', 'dead')
    expect(statuses(published(bench.pass(250)).flat())).toEqual([['z', 'dead']])
    expect(reports(bench.pass(15_000)).at(-1)?.stand?.count).toBe(0)
    expect(reports(bench.pass(60_000))).toEqual([])
  })
})

describe('the words of a reporter that is back', () => {
  it('count at once, not with the next look round', () => {
    const bench = new Bench()
    bench.member('r1', 'alive', { tier: 'regional' })
    bench.report('r1', { ...word('r1'), info: infoOf('r1', { tier: 'regional' }) }, word('x'))
    bench.report('r2', word('r2'), word('x'))
    bench.report('r2', word('x', 'dead'))
    expect(bench.foreign('x')).toBe('alive')
    bench.member('r1', 'dead', { tier: 'regional' })
    expect(bench.foreign('x')).toBe('dead')
    bench.member('r1', 'alive', { tier: 'regional' })
    bench.pass(250)
    expect(bench.foreign('x')).toBe('alive')
  })
})

describe('a parent', () => {
  it('a child that left for another parent is not taken for dead (H4)', () => {
    const deaths = (leaves: boolean): unknown[] => {
      const bench = new Bench({ tier: 'regional' })
      const far = infoOf('far', { region: 'south' })
      bench.step({ type: 'link-up', info: far })
      bench.hear('far', { kind: 'tier.introduction', body: { words: [word('far')] } })
      bench.hear('far', { kind: 'tier.attach', body: { hub: far.hub } })
      if (leaves) bench.hear('far', { kind: 'tier.attach', body: { hub: far.hub, ask: true } })
      return bench
        .pass(25_000)
        .flatMap((effect) =>
          effect.type === 'change' && effect.change.type === 'foreign' ? [effect.change.verdict.status] : [],
        )
    }
    expect([deaths(false), deaths(true)]).toEqual([['dead'], []])
  })
})
