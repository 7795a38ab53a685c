// Hubs that begin with backups of different age (C19): what any of them brings is there again, and nothing that was removed.

import { expect, it } from 'vitest'
import { minute } from '../../src/core/time.ts'
import { restoreBackup, takeBackup } from './catalog.backup.ts'
import { federationOf, join, projects } from './catalog.federation.ts'
import { putOf, removeOf } from './catalog.kit.ts'

it('a later backup of another hub gives back what the author has lost, although it opened a later epoch without', () => {
  const world = federationOf(['a', 'b', 'c'], {})
  world.write('c', putOf('early', {}), putOf('removed', {}))
  world.pass(1_000)
  takeBackup(world, 'c')
  world.write('c', putOf('late', {}))
  world.pass(1_000)
  takeBackup(world, 'b')
  world.write('a', removeOf('removed'))
  world.pass(1_000)
  for (const name of ['b', 'c']) restoreBackup(world, name)
  world.crash('a')
  // All that a knew is gone but for its own slice.
  for (const key of [...world.node('a').disk.entries().keys()]) {
    if (/\/c(\/|$)/.test(key)) world.node('a').disk.write([{ op: 'del', key }], true)
  }
  for (const name of ['a', 'b', 'c']) join(world, name)
  world.pass(5 * minute)
  for (const name of ['a', 'b', 'c']) expect(Object.keys(projects(world, name))).toEqual(['early', 'late'])
  expect(new Set(world.digests()).size).toBe(1)
})
