// How much came together within the last five minutes, in thirty slots of ten seconds.

const slotMs = 10_000
const slots = 30

export class Window {
  readonly #sums = new Array<number>(slots).fill(0)
  /** The number of the slot that is being filled. */
  #last = 0

  add(amount: number, nowMs: number): void {
    this.#turn(nowMs)
    const at = this.#last % slots
    this.#sums[at] = (this.#sums[at] ?? 0) + amount
  }

  sum(nowMs: number): number {
    this.#turn(nowMs)
    return this.#sums.reduce((sum, amount) => sum + amount, 0)
  }

  #turn(nowMs: number): void {
    const now = Math.floor(nowMs / slotMs)
    for (let slot = Math.max(this.#last + 1, now - slots + 1); slot <= now; slot++) this.#sums[slot % slots] = 0
    this.#last = Math.max(this.#last, now)
  }
}
