// How soon a peer that ends its links is dialled again.

import { describe, expect, it } from 'vitest'
import { Visits } from '../../src/core/visits.ts'

/** The pauses after links that lasted so long and ended so, one after the other. */
function pauses(...links: readonly (readonly [lastedMs: number, isClosed: boolean])[]): number[] {
  const visits = new Visits()
  let now = 1_000_000
  return links.map(([lastedMs, isClosed]) => {
    visits.up(now)
    now += lastedMs
    return visits.down(isClosed, now)
  })
}

describe('a peer that ends its links', () => {
  it('is dialled at once after the first short one, then after pauses that double up to 5 min', () => {
    const short = Array.from({ length: 9 }, () => [5_000, true] as const)
    expect(pauses(...short)).toEqual([0, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000])
  })

  it.each([
    [15_000, true],
    [5_000, false],
  ])('starts anew after a link of %d ms that was closed: %j', (lastedMs, isClosed) => {
    expect(pauses([5_000, true], [lastedMs, isClosed], [5_000, true])).toEqual([0, 0, 0])
  })
})
