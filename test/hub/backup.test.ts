// What a backup holds while a hub does not rely on all that it has: nothing of it may be missing (C19).

import { expect, it } from 'vitest'
import { headOp, storedRecord } from '../../src/core/catalog/layout.ts'
import type { Epoch } from '../../src/core/catalog/slice.ts'
import { hour } from '../../src/core/time.ts'
import { type Backup, missingIn, projectIn, restoredOps } from '../../src/hub/backup.ts'
import { livedOp } from '../../src/hub/stored.ts'
import { hubId, slug, wallStart } from '../core/kit.ts'
import { diskOf, Rig, read, register, settingsFor } from './kit.ts'

const other = hubId('other')
const epoch: Epoch = [1, 'x']
const settings = settingsFor('me', { hasBootstrap: true })

function taken(rig: Rig): Backup {
  const said = rig.views.backup(rig.moment())
  if (!said.ok) throw new Error(said.detail)
  return said.backup
}

/** The disk of a hub that was away for so long that it puts what it holds of the other one in reserve (C14). */
function returning(): Map<string, Uint8Array> {
  const stamp = [wallStart - 20 * hour, 0, other] as const
  const record = { kind: 'project', key: 'theirs', seq: 1, fields: { life: [true, stamp] as [unknown, typeof stamp] } }
  return diskOf([
    livedOp({ wall: wallStart - 19 * hour, sure: wallStart - 19 * hour }),
    headOp(other, { epoch, seq: 1, size: 1 }),
    storedRecord(other, epoch, structuredClone(record) as never),
  ])
}

it('holds what is in reserve, so that a hub that is begun with it has it again', () => {
  const rig = new Rig({ disk: returning() })
  register(rig)
  expect([rig.hub.catalog.reserve.size, read(rig, slug('theirs'))]).toEqual([1, 'unknown-project'])
  const backup = taken(rig)
  expect(missingIn(backup)).toEqual([])
  expect(backup.frontier.map(({ hub }) => hub).sort()).toEqual(['me', 'other'])
  expect(projectIn(backup, slug('theirs'))).toMatchObject({ name: 'theirs' })
  const again = new Rig({ disk: diskOf(restoredOps(backup)) })
  again.pass(2 * hour)
  expect([read(again), read(again, slug('theirs'))]).toMatchObject([{ slug: 'alpha' }, { slug: 'theirs' }])
})

it('is of the moment when it was taken, however late it is written out', () => {
  const rig = new Rig()
  register(rig)
  const backup = taken(rig)
  register(rig, slug('beta'))
  register(rig, slug('alpha'), { name: 'Changed' })
  expect([...backup.entries]).toHaveLength(backup.entries.length)
  expect(projectIn(backup, slug('alpha'))).toMatchObject({ name: 'Alpha' })
  expect(projectIn(backup, slug('beta'))).toBeUndefined()
})

it('is refused while the own slice is not open: what it will say is nowhere yet', () => {
  const first = new Rig()
  register(first)
  const rig = new Rig({ disk: diskOf(restoredOps(taken(first))), settings })
  expect(rig.views.backup(rig.moment())).toMatchObject({ ok: false, code: 'starting' })
  rig.pass(10_001)
  expect(projectIn(taken(rig), slug('alpha'))).toMatchObject({ name: 'Alpha' })
})
