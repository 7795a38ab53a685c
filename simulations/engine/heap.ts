// A queue ordered by a number, first come first served among equals: the order never depends on anything else, which is
// what makes a run repeatable. A binary heap (Williams 1964) over three parallel arrays, so that nothing is allocated.

const usualSize = 1_024

export class Heap<T> {
  #keys = new Float64Array(usualSize)
  /** Counts up for ever; doubles are exact for longer than any run lasts. */
  #arrivals = new Float64Array(usualSize)
  readonly #items: (T | undefined)[] = []
  #arrived = 0

  get size(): number {
    return this.#items.length
  }

  /** The smallest key; Infinity when empty. */
  get firstKey(): number {
    return this.#items.length === 0 ? Number.POSITIVE_INFINITY : (this.#keys[0] as number)
  }

  push(key: number, item: T): void {
    const items = this.#items
    let hole = items.length
    items.push(item)
    if (hole === this.#keys.length) this.#grow()
    const keys = this.#keys
    const arrivals = this.#arrivals
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      const above = keys[parent] as number
      // A later arrival never passes an equal key, so the keys alone decide here.
      if (above <= key) break
      keys[hole] = above
      arrivals[hole] = arrivals[parent] as number
      items[hole] = items[parent]
      hole = parent
    }
    keys[hole] = key
    arrivals[hole] = this.#arrived++
    items[hole] = item
  }

  /** Takes the item with the smallest key; undefined when empty. */
  pop(): T | undefined {
    const items = this.#items
    const first = items[0]
    const last = items.pop()
    const size = items.length
    if (size === 0) return first
    const keys = this.#keys
    const arrivals = this.#arrivals
    const key = keys[size] as number
    const arrival = arrivals[size] as number
    let hole = 0
    for (let child = 1; child < size; child = 2 * hole + 1) {
      let least = keys[child] as number
      const right = child + 1
      if (right < size) {
        const other = keys[right] as number
        const isRight = other < least || (other === least && (arrivals[right] as number) < (arrivals[child] as number))
        if (isRight) {
          child = right
          least = other
        }
      }
      if (least > key || (least === key && (arrivals[child] as number) > arrival)) break
      keys[hole] = least
      arrivals[hole] = arrivals[child] as number
      items[hole] = items[child]
      hole = child
    }
    keys[hole] = key
    arrivals[hole] = arrival
    items[hole] = last
    return first
  }

  #grow(): void {
    this.#keys = doubled(this.#keys)
    this.#arrivals = doubled(this.#arrivals)
  }
}

function doubled(held: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * held.length)
  larger.set(held)
  return larger
}
