// At the end of a partition: who reports a pool, and when the words of reporters that are back count.

import { describe, expect, it } from 'vitest'
import { Bench, published, reports, statuses } from './hierarchy.bench.ts'

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
