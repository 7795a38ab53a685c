// Who said it: signatures of hubs, as pure functions. Signing is deterministic (Ed25519, RFC 8032), so a key is passed in like
// randomness and decides the same way everywhere; nothing here waits for the world.

import { isSame } from './hash.ts'
import type { HubId, PeerId } from './ids.ts'
import { type Statement, signedText, statementOf } from './wire.ts'

export interface Keys {
  /** The text under this hub's key: at most 100 characters. */
  sign(text: string): string
  /** Whether the peer's key made the signature of the text. Never throws: peers say anything. */
  verify(peer: PeerId, text: string, signature: string): boolean
}

/** A text that somebody is said to have signed. */
export interface Signed {
  readonly peer: PeerId
  readonly text: string
  readonly signature: string
}

/** Hashing, by whatever is quick where the hub runs; all hubs of one federation by the same. */
export interface Hashing {
  /** How many words. */
  readonly width: number
  /** The canonical text of the value spread over words of 16 bits. Equal values give equal words. */
  spread(value: object): Uint16Array
  /** A fingerprint of words: at most 64 characters. */
  digest(words: Uint16Array): string
}

/** Most hubs whose last proved word is remembered; beyond it the oldest is proved again when it comes. */
const maxProved = 20_000

/** Proves what hubs say of themselves, and each word once: it arrives from many sides, and a proof costs 170 µs. */
export class Notary {
  readonly federation: string
  readonly #keys: Keys
  /** Hub → its last proved word. */
  readonly #proved = new Map<HubId, Statement>()

  constructor(federation: string, keys: Keys) {
    this.federation = federation
    this.#keys = keys
  }

  /** The text under this hub's key; the same text gives the same signature. */
  signText(text: string): string {
    return this.#keys.sign(text)
  }

  /** M7: the word with its hub's own signature. */
  sign(word: Omit<Statement, 'signature'>): Statement {
    return { ...word, signature: this.#keys.sign(signedText(this.federation, word)) }
  }

  /** M7: whether the hub itself stands behind the statement's info and incarnation, and behind its leave. */
  vouches(statement: Statement): boolean {
    const { info, signature } = statement
    const proved = this.#proved.get(info.hub)
    if (proved !== undefined && isSameSigned(proved, statement)) return true
    if (!this.#keys.verify(info.peer, signedText(this.federation, statement), signature)) return false
    this.#proved.delete(info.hub)
    this.#proved.set(info.hub, statementOf(statement))
    const oldest = this.#proved.size > maxProved ? this.#proved.keys().next().value : undefined
    if (oldest !== undefined) this.#proved.delete(oldest)
    return true
  }
}

/** Whether both have the same text to sign and the same signature. Writing the text out cost more than all of this. */
function isSameSigned(a: Statement, b: Statement): boolean {
  const isSameWord = a.incarnation === b.incarnation && (a.status === 'left') === (b.status === 'left')
  return isSameWord && a.signature === b.signature && isSame(a.info, b.info)
}
