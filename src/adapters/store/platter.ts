// What has been written outlives the power.

import { open } from 'node:fs/promises'

/** Resolves when the file, or the names in the directory, are on the disk. */
export async function synced(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
