// How often tables are compared: seldom enough that a large pool does not spend its time on it (memberlist's push/pull scale).

/** Up to this size they are compared at the set pace. */
const threshold = 32

/** Factor on the pace of comparisons in a pool of `size`: 1 up to 32, one more with every doubling. */
export function exchangeScale(size: number): number {
  return size <= threshold ? 1 : Math.ceil(Math.log2(size) - Math.log2(threshold)) + 1
}
