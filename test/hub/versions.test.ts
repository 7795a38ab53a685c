// Which versions know refreshes of presence by marks.

import { expect, it } from 'vitest'
import { isOlder } from '../../src/hub/versions.ts'

it('those from 0.4 on, and none that cannot be read', () => {
  expect(['0.4.0', '0.4.0-dev', '0.10.2', '1.0.0'].map(isOlder)).toEqual([false, false, false, false])
  expect(['0.3.0', '0.0.0', '', 'next', '4'].map(isOlder)).toEqual([true, true, true, true, true])
})
