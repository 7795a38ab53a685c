// Who holds a data directory. The lock itself is LevelDB's (one process per directory); this note beside it says which
// process that is, so that whoever is refused can name it. A note left behind by a killed hub is recognised by its process.

import { rmSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export const holderFile = 'hub.pid'

/** Writes the note; the returned function removes it. Only the holder of the directory's lock may call this. */
export async function noteHolder(dataDir: string): Promise<() => void> {
  const file = join(dataDir, holderFile)
  await mkdir(dataDir, { recursive: true })
  await writeFile(file, `${process.pid}\n`)
  return () => rmSync(file, { force: true })
}

/** The process that holds the directory, if the note names one that lives. */
export async function holderOf(dataDir: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt(await readFile(join(dataDir, holderFile), 'utf8'), 10)
    process.kill(pid, 0)
    return pid
  } catch {
    return undefined
  }
}
