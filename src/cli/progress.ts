// How far a long command is: one line on a terminal, written over; nothing elsewhere.

const everyMs = 200

export class Progress {
  readonly #verb: string
  readonly #unit: string
  readonly #isLive = process.stderr.isTTY
  #count = 0
  #saidAt = 0

  constructor(verb: string, unit: string) {
    this.#verb = verb
    this.#unit = unit
  }

  add(count: number): void {
    this.#count += count
    if (!this.#isLive || performance.now() - this.#saidAt < everyMs) return
    this.#saidAt = performance.now()
    process.stderr.write(`\r${this.#verb} ${Math.floor(this.#count)} ${this.#unit}`)
  }

  /** The line goes: what comes out of it is said by others. */
  end(): void {
    if (this.#isLive) process.stderr.write('\r\u001B[K')
  }
}
