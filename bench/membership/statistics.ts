// The few figures about samples that the tables need.

import type { Random } from '../../src/core/random.ts'

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const above = sorted[Math.floor(middle)] ?? Number.NaN
  return sorted.length % 2 === 1 ? above : ((sorted[middle - 1] ?? above) + above) / 2
}

/** The smallest value that is at least `share` of all; infinite where there is none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.POSITIVE_INFINITY
}

/** Half the width of the mean's 95 % interval. */
export function halfWidth(values: readonly number[]): number {
  const middle = mean(values)
  const variance = sum(values.map((value) => (value - middle) ** 2)) / (values.length - 1)
  return 1.96 * Math.sqrt(variance / values.length)
}

const resamples = 2_000

/**
 * Upper end of the one-sided 95 % interval of sum(parts) / sum(wholes), by bootstrap over the runs: false positives come in
 * clusters, so runs are independent of each other, events are not. Without any part it is the three events that a Poisson
 * count of none allows.
 */
export function upperShare(parts: readonly number[], wholes: readonly number[], random: Random): number {
  if (sum(parts) === 0) return 3 / sum(wholes)
  const shares = Array.from({ length: resamples }, () => {
    let part = 0
    let whole = 0
    for (let draw = 0; draw < parts.length; draw++) {
      const index = random.below(parts.length)
      part += parts[index] ?? 0
      whole += wholes[index] ?? 0
    }
    return whole === 0 ? 0 : part / whole
  })
  return quantile(shares, 0.95)
}
