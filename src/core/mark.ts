// Short marks of texts and numbers: for orders and comparisons that every hub computes alike, thousands of times a second, where
// nobody gains by forging one. FNV-1a over the text (Fowler, Noll, Vo), finished by MurmurHash3's mixer (Appleby).

/** A mark of the text, 32 bits, unsigned. */
export function markOf(text: string): number {
  let mark = 0x811c9dc5
  for (let i = 0; i < text.length; i++) mark = Math.imul(mark ^ text.charCodeAt(i), 0x01000193)
  return mixed(mark)
}

/** Another mark for every number mixed in. */
export function remark(mark: number, by: number): number {
  return mixed(mark ^ Math.imul(by + 1, 0x9e3779b1))
}

/** Every bit of the number spread over 32, unsigned: neighbours end far apart. */
export function mixed(mark: number): number {
  let held = mark
  held = Math.imul(held ^ (held >>> 16), 0x85ebca6b)
  held = Math.imul(held ^ (held >>> 13), 0xc2b2ae35)
  return (held ^ (held >>> 16)) >>> 0
}

/** A mark of a set of texts, whatever their order: each is added or taken away by the same step (XOR of 64 bits). */
export class Tally {
  #high = 0
  #low = 0

  toggle(text: string): void {
    this.#high ^= markOf(text)
    this.#low ^= markOf(`${text}.`)
  }

  /** 16 hexadecimal digits. */
  text(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('')
  }
}
