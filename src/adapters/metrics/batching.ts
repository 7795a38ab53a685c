// Of the heartbeats that reach this hub, how many needed no message of their own.

import { Gauge, type Registry } from 'prom-client'
import { Window } from './window.ts'

export class Batching {
  readonly #beats = new Window()
  readonly #messages = new Window()

  constructor(registry: Registry) {
    const effectiveness = () => this.#effectiveness()
    new Gauge({
      name: 'federation_batch_effectiveness',
      help: '1 - presence messages / heartbeats, of the last 5 min at this hub; 0 where there are more messages, 1 without any',
      registers: [registry],
      collect() {
        this.set(effectiveness())
      },
    })
  }

  /** A beat that is passed on is a message of its own. */
  beaten(as: 'home' | 'forwarded'): void {
    this.#beats.add(1, performance.now())
    if (as === 'forwarded') this.told()
  }

  told(): void {
    this.#messages.add(1, performance.now())
  }

  #effectiveness(): number {
    const now = performance.now()
    const beats = this.#beats.sum(now)
    const messages = this.#messages.sum(now)
    if (messages === 0) return 1
    return beats === 0 ? 0 : Math.max(0, 1 - messages / beats)
  }
}
