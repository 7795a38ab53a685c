// Backups of hubs in a world of catalogs (C19).

import { entriesOf, everythingIn, restoredOps } from '../../src/hub/backup.ts'
import { momentOf } from './catalog.node.ts'
import type { World } from './catalog.world.ts'
import { hubId } from './kit.ts'

/** What the hub holds is kept. */
export function takeBackup(world: World, name: string): void {
  const node = world.node(name)
  if (node.catalog?.isOpen !== true) return
  const takenAt = momentOf(node, world.now).wall
  node.backup = { hub: hubId(name), takenAt, entries: structuredClone([...entriesOf(everythingIn(node.catalog))]) }
}

/** The process ends; what was kept last is all that it begins with. */
export function restoreBackup(world: World, name: string): void {
  const node = world.node(name)
  const { backup } = node
  if (backup === undefined) return
  world.loseDisk(name)
  node.disk.write(restoredOps(backup), true)
  node.lived = { wall: backup.takenAt, sure: backup.takenAt }
}
