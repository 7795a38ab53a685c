// Seeded randomness, passed in like time: the same seed gives the same run. Generator: xoroshiro128+ (pure-rand).

import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export class Random {
  readonly #generator

  /** The seed is a 32-bit integer. */
  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed)
  }

  /** A whole number in [0, bound); 0 when the bound is 0 or less. */
  below(bound: number): number {
    return bound <= 1 ? 0 : uniformInt(this.#generator, 0, bound - 1)
  }

  /** A real number in [0, 1), with 32 bits of resolution. */
  real(): number {
    return (this.#generator.next() >>> 0) / 0x1_0000_0000
  }

  chance(probability: number): boolean {
    return this.real() < probability
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)]
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const copy = [...items]
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      const held = copy[i] as T
      copy[i] = copy[j] as T
      copy[j] = held
    }
    return copy
  }

  /** Up to `count` different items, in random order: a shuffle that stops when it has enough. */
  sample<T>(items: readonly T[], count: number): T[] {
    if (items.length === 0) return []
    const copy = [...items]
    const taken = Math.min(count, copy.length)
    for (let i = 0; i < taken; i++) {
      const j = i + this.below(copy.length - i)
      const held = copy[i] as T
      copy[i] = copy[j] as T
      copy[j] = held
    }
    copy.length = taken
    return copy
  }

  /** A 32-bit seed for another generator. */
  seed(): number {
    return this.#generator.next() | 0
  }
}
