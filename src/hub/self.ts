// What this hub says of itself: one signed word, made anew when its incarnation rises or when it calls itself degraded.

import type { Notary } from '../core/keys.ts'
import type { HubInfo, Statement } from '../core/wire.ts'

export class Self {
  readonly #notary: Notary
  #word: Statement

  constructor(notary: Notary, word: Statement) {
    this.#notary = notary
    this.#word = word
  }

  get word(): Statement {
    return this.#word
  }

  get info(): HubInfo {
    return this.#word.info
  }

  get incarnation(): number {
    return this.#word.incarnation
  }

  /** A word that a pool made to refute another; false when it is not above what this hub says already (M1). */
  adopt(word: Statement): boolean {
    if (word.incarnation <= this.incarnation) return false
    this.#word = word
    return true
  }

  /** Calls itself degraded for these reasons, or well when there are none. Only a higher incarnation replaces what was said. */
  degrade(reasons: readonly string[]): void {
    const { degraded: _, ...well } = this.info
    const info: HubInfo = reasons.length === 0 ? well : { ...well, degraded: [...reasons] }
    this.#word = this.#notary.sign({ info, incarnation: this.incarnation + 1, status: 'alive' })
  }

  leave(): void {
    const { info, incarnation } = this
    this.#word = this.#notary.sign({ info, incarnation, status: 'left' })
  }
}
