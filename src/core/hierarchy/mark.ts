// Short marks of texts: for orders and comparisons that every hub computes alike, thousands of times a second, where
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

function mixed(mark: number): number {
  let held = mark
  held = Math.imul(held ^ (held >>> 16), 0x85ebca6b)
  held = Math.imul(held ^ (held >>> 13), 0xc2b2ae35)
  return (held ^ (held >>> 16)) >>> 0
}
