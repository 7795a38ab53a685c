// What has been written outlives the power.

import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Resolves when the file, or the names in the directory, are on the disk. */
export async function synced(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** The same for a directory without others in it: what its files hold, then their names. */
export async function syncedWhole(directory: string): Promise<void> {
  for (const file of await readdir(directory)) await synced(join(directory, file))
  await synced(directory)
}
