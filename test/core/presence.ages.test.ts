// The ages of beats, three bytes each.

import { expect, it } from 'vitest'
import { ageBytes, ageIn, agesOf } from '../../src/core/presence/ages.ts'

it('come out as they went in, to the millisecond, up to 4.6 hours', () => {
  const at = 1_767_225_600_000
  const most = 2 ** 24 - 2
  const ages = agesOf([at, at - 1, at - 256, at - 70_000, at - most, at - most - 1, at - 10 ** 9, at + 5], at)
  expect(ages).toHaveLength(8 * ageBytes)
  const read = Array.from({ length: 8 }, (_, index) => ageIn(ages, index))
  expect(read).toEqual([0, 1, 256, 70_000, most, undefined, undefined, 0])
})
