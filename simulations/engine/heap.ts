// A queue ordered by a number, first come first served among equals: the order never depends on anything else, which is
// what makes a run repeatable. A binary heap (Williams 1964) over three parallel arrays, so that nothing is allocated.

export class Heap<T> {
  readonly #keys: number[] = []
  readonly #arrivals: number[] = []
  readonly #items: T[] = []
  #arrived = 0

  get size(): number {
    return this.#keys.length
  }

  /** The smallest key; Infinity when empty. */
  get firstKey(): number {
    return this.#keys[0] ?? Number.POSITIVE_INFINITY
  }

  push(key: number, item: T): void {
    let hole = this.#keys.length
    const arrival = this.#arrived++
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      // A later arrival never passes an equal key, so the keys alone decide here.
      if ((this.#keys[parent] as number) <= key) break
      this.#move(parent, hole)
      hole = parent
    }
    this.#keys[hole] = key
    this.#arrivals[hole] = arrival
    this.#items[hole] = item
  }

  /** Takes the item with the smallest key; undefined when empty. */
  pop(): T | undefined {
    const first = this.#items[0]
    const key = this.#keys.pop()
    const arrival = this.#arrivals.pop()
    const item = this.#items.pop()
    if (key === undefined || arrival === undefined || this.#keys.length === 0) return first
    let hole = 0
    for (;;) {
      const child = this.#smallerChild(hole)
      if (child < 0 || !this.#isBefore(child, key, arrival)) break
      this.#move(child, hole)
      hole = child
    }
    this.#keys[hole] = key
    this.#arrivals[hole] = arrival
    this.#items[hole] = item as T
    return first
  }

  /** -1 when there is none. */
  #smallerChild(parent: number): number {
    const left = 2 * parent + 1
    if (left >= this.#keys.length) return -1
    const right = left + 1
    if (right >= this.#keys.length) return left
    return this.#isBefore(right, this.#keys[left] as number, this.#arrivals[left] as number) ? right : left
  }

  #isBefore(at: number, key: number, arrival: number): boolean {
    const held = this.#keys[at] as number
    return held < key || (held === key && (this.#arrivals[at] as number) < arrival)
  }

  #move(from: number, to: number): void {
    this.#keys[to] = this.#keys[from] as number
    this.#arrivals[to] = this.#arrivals[from] as number
    this.#items[to] = this.#items[from] as T
  }
}
