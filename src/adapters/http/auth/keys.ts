// API keys: only their SHA-256 is known here. A key is 32 random bytes, which nobody guesses however fast the hash is; a slow
// one would only make each request dear. What was right once is found again under a hash with a salt of this process: what a
// lookup takes then depends on nothing that a caller could choose. On a connection that goes on with its key not even that is
// needed: the two are compared in constant time.

import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Role } from '../../../core/roles.ts'
import type { Caller } from './caller.ts'
import { Bucket, type Rate } from './rates.ts'

export interface KeyEntry {
  readonly name: string
  /** `sha256:` and 64 hexadecimal digits. */
  readonly hash: string
  readonly role: Role
}

/** No key is longer; what is, is not hashed. */
const maxLength = 1_024

export class KeyRing {
  readonly #entries: readonly { readonly digest: Buffer; readonly caller: Caller }[]
  readonly #salt = randomBytes(16).toString('hex')
  /** Salted hash of a presented key → its holder. As many as there are keys, since wrong ones are not kept. */
  readonly #verified = new Map<string, Caller>()

  /** What was right last on a connection. */
  readonly #byConnection = new WeakMap<object, { readonly presented: Buffer; readonly caller: Caller }>()

  constructor(entries: readonly KeyEntry[], rate: Rate) {
    const now = performance.now()
    this.#entries = entries.map(({ name, hash: text, role }) => ({
      digest: Buffer.from(text.slice('sha256:'.length), 'hex'),
      caller: { name: `key:${name}`, role, bucket: new Bucket(rate, now) },
    }))
  }

  /** Whose key this is, where it was right before. */
  known(presented: string, connection: object): Caller | undefined {
    if (presented.length > maxLength) return undefined
    const bytes = Buffer.from(presented)
    const last = this.#byConnection.get(connection)
    if (last !== undefined && last.presented.length === bytes.length && timingSafeEqual(last.presented, bytes)) {
      return last.caller
    }
    const caller = this.#verified.get(this.#salted(presented))
    if (caller !== undefined)
      this.#byConnection.set(connection, { presented: Buffer.alloc(bytes.length, bytes), caller })
    return caller
  }

  /** Whose key this is; compared with all of them in constant time. */
  check(presented: string): Caller | undefined {
    if (presented.length > maxLength) return undefined
    const digest = hash('sha256', presented, 'buffer')
    let found: Caller | undefined
    for (const entry of this.#entries) if (timingSafeEqual(entry.digest, digest)) found = entry.caller
    if (found !== undefined) this.#verified.set(this.#salted(presented), found)
    return found
  }

  #salted(presented: string): string {
    return hash('sha256', this.#salt + presented, 'base64')
  }
}
