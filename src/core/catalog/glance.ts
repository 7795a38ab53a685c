// What a stored record says at a glance: whether it is one, of which epoch and seq, and what has to be known of it before
// anybody reads it. A record that is not taken at a glance may still be one: then it is read, and judged by its schema.

import { type HubId, isHubId } from '../ids.ts'
import type { Scan } from '../scan.ts'
import { maxDepth } from '../wire.ts'
import type { Stamp } from './hlc.ts'
import { isKind, lifeField, lifeMark, maxFieldName, maxFields, maxKey, removalMark, voidMark } from './record.ts'

export class Glance {
  /** C13: of the record that was taken last, like all that follows. */
  epoch: readonly [number, string] = [0, '']
  seq = 0
  marks = 0
  /** C2: its latest stamp; undefined when it has none. */
  latest: Stamp | undefined
  readonly #scan: Scan
  /** What was met last: most records are like the one before. */
  #kind = ''
  #hub = ''
  readonly #names: string[] = []

  constructor(scan: Scan) {
    this.#scan = scan
  }

  /** Whether these bytes are a record of that entry with its epoch, as it is stored. */
  takes(bytes: Uint8Array, id: string): boolean {
    const scan = this.#scan
    scan.begin(bytes)
    this.marks = 0
    this.latest = undefined
    return (
      scan.map() === 2 && scan.is('epoch') && this.#epoch() && scan.is('record') && this.#record(id) && scan.isAtEnd
    )
  }

  #epoch(): boolean {
    const scan = this.#scan
    if (scan.list() !== 2) return false
    const number = scan.count()
    const nonce = scan.text(this.epoch[1])
    if (number < 0 || nonce === undefined || nonce.length === 0 || nonce.length > maxNonce) return false
    if (number !== this.epoch[0] || nonce !== this.epoch[1]) this.epoch = [number, nonce]
    return true
  }

  /** Whatever the order of its parts; all of them, and no other. */
  #record(id: string): boolean {
    const scan = this.#scan
    const size = scan.map()
    const slash = id.indexOf('/')
    let parts = 0
    for (let i = 0; i < size; i++) {
      const name = scan.text(partNames[i])
      const part = partOf.get(name ?? '') ?? 0
      if (part === 0 || (parts & part) !== 0 || !this.#part(part, id, slash)) return false
      parts |= part
    }
    if ((parts & removedPart) !== 0) this.marks |= removalMark
    return (parts | removedPart) === allParts
  }

  #part(part: number, id: string, slash: number): boolean {
    const scan = this.#scan
    switch (part) {
      case kindPart: {
        if (slash < 0) return false
        if (slash !== this.#kind.length || !id.startsWith(this.#kind)) this.#kind = id.slice(0, slash)
        return isKind(this.#kind) && scan.is(id, 0, slash)
      }
      case keyPart: {
        const length = id.length - slash - 1
        return length > 0 && length <= maxKey && !id.includes('/', slash + 1) && scan.is(id, slash + 1)
      }
      case seqPart:
        this.seq = scan.count()
        return this.seq >= 0
      case fieldsPart:
        return this.#fields()
      default:
        return this.#stamp()
    }
  }

  #fields(): boolean {
    const scan = this.#scan
    const size = scan.map()
    if (size < 0 || size > maxFields) return false
    for (let i = 0; i < size; i++) {
      const name = scan.text(this.#names[i])
      if (name === undefined || name.length === 0 || name.length > maxFieldName || name === '__proto__') return false
      this.#names[i] = name
      if (name === lifeField) this.marks |= lifeMark
      if (scan.list() !== 2) return false
      const value = scan.plain(maxDepth)
      if (value === 'none' || !this.#stamp()) return false
      if (value === 'null') this.marks |= voidMark
    }
    return true
  }

  #stamp(): boolean {
    const scan = this.#scan
    if (scan.list() !== 3) return false
    const wall = scan.count()
    const count = scan.count()
    const hub = scan.text(this.#hub)
    if (wall < 0 || count < 0 || hub === undefined || hub === '' || (hub !== this.#hub && !isHubId(hub))) return false
    this.#hub = hub
    const { latest } = this
    if (latest === undefined || wall > latest[0] || (wall === latest[0] && count > latest[1])) {
      this.latest = [wall, count, hub as HubId]
    }
    return true
  }
}

const maxNonce = 32
const kindPart = 1
const keyPart = 2
const seqPart = 4
const fieldsPart = 8
const removedPart = 16
const allParts = 31
/** In the order in which they are written. */
const partNames = ['kind', 'key', 'seq', 'fields', 'removed']
const partOf: ReadonlyMap<string, number> = new Map([
  ['kind', kindPart],
  ['key', keyPart],
  ['seq', seqPart],
  ['fields', fieldsPart],
  ['removed', removedPart],
])
