// The room for records in one message. Heads travel beside it: of as many slices as one message brings they are as long again.

import { partBytes, partRecords } from './messages.ts'
import type { CatalogRecord } from './record.ts'

export class Room {
  #bytes = 0
  #records = 0
  #isUsed = false

  /** Takes these as well, if all of them fit; the first ones fit whatever they are, or they would never be sent. */
  takes(records: readonly CatalogRecord[]): boolean {
    const bytes = this.#bytes + records.reduce((sum, record) => sum + JSON.stringify(record).length, 0)
    const count = this.#records + records.length
    if (this.#isUsed && (bytes > partBytes || count > partRecords)) return false
    this.#bytes = bytes
    this.#records = count
    this.#isUsed = true
    return true
  }
}

/** As many of the first ones as there is room for. */
export function fitting(records: readonly CatalogRecord[]): readonly CatalogRecord[] {
  const room = new Room()
  const over = records.findIndex((record) => !room.takes([record]))
  return over < 0 ? records : records.slice(0, over)
}
