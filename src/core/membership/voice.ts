// How a SWIM machine speaks: it collects the effects of one step, and puts rumours on whatever it sends.

import type { PeerId } from '../ids.ts'
import type { Effect } from '../machine.ts'
import { maxRumors, type Rumor, rumorBudgetBytes, type SwimMessage } from './messages.ts'
import type { SwimChange, SwimProtocol } from './protocol.ts'
import { Rumors } from './rumors.ts'

type SwimEffect = Effect<SwimProtocol>

const none: readonly never[] = []

export class Voice {
  readonly pool: string
  readonly rumors = new Rumors()
  readonly #poolSize: () => number
  #out: SwimEffect[] = []

  /** `poolSize` counts the present members, this hub included. */
  constructor(pool: string, poolSize: () => number) {
    this.pool = pool
    this.#poolSize = poolSize
  }

  /** What was said and reported since the last time. */
  effects(): readonly SwimEffect[] {
    const out = this.#out
    if (out.length === 0) return none
    this.#out = []
    return out
  }

  send(to: PeerId, message: SwimMessage): void {
    this.#out.push({ type: 'send', to, message })
  }

  report(change: SwimChange): void {
    this.#out.push({ type: 'change', change })
  }

  /** What every question and answer begins with; `first` goes before the rumours that are due. */
  header(seq: number, first?: Rumor): { pool: string; seq: number; rumors: Rumor[] } {
    const { pool } = this
    const rumors = this.takeRumors()
    if (first === undefined) return { pool, seq, rumors: [...rumors] }
    return { pool, seq, rumors: [first, ...rumors].slice(0, maxRumors) }
  }

  takeRumors(): readonly Rumor[] {
    if (this.rumors.size === 0) return none
    return this.rumors.take({ bytes: rumorBudgetBytes, count: maxRumors }, this.#poolSize())
  }
}
