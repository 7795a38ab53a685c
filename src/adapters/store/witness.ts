// How many batches the store was given when the last synced one was, in a file beside LevelDB's. LevelDB takes a log that ends
// too early for one whose last batches were never synced, and says nothing: here it shows that they were. The file itself is
// not synced: after a power cut it may know of fewer, never of more.

import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const fileName = 'batches'
const digits = 16

export class Witness {
  /** What it knew when it was opened; 0 when it knew nothing. */
  readonly known: number
  #file: number | undefined

  /** Throws what the disk says when the file can be neither opened nor made. */
  constructor(directory: string) {
    this.#file = openSync(join(directory, fileName), constants.O_RDWR | constants.O_CREAT, 0o600)
    const bytes = Buffer.alloc(digits)
    readSync(this.#file, bytes, 0, digits, 0)
    const said = Number(bytes.toString('latin1'))
    this.known = Number.isSafeInteger(said) && said > 0 ? said : 0
  }

  note(batches: number): void {
    if (this.#file === undefined) return
    try {
      writeSync(this.#file, String(batches).padStart(digits, '0'), 0)
    } catch {
      // On a full disk it knows of fewer.
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }
}
