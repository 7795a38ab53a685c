// How old the beats of many leases are, in three bytes each: milliseconds, up to 4.6 hours. A lease that is older has lapsed,
// and one that has lapsed is not beaten without becoming another.

import type { Millis } from '../time.ts'

export const ageBytes = 3
/** What stands for everything older. */
const beyond = 2 ** (8 * ageBytes) - 1

/** Of beats at these Unix times, seen from `at`. */
export function agesOf(beats: readonly Millis[], at: Millis): Uint8Array {
  const ages = new Uint8Array(ageBytes * beats.length)
  beats.forEach((beatAt, index) => {
    const age = Math.min(beyond, Math.max(0, at - beatAt))
    ages[ageBytes * index] = age >>> 16
    ages[ageBytes * index + 1] = age >>> 8
    ages[ageBytes * index + 2] = age
  })
  return ages
}

/** The age at that place; undefined where it is beyond what fits. */
export function ageIn(ages: Uint8Array, index: number): Millis | undefined {
  const from = ageBytes * index
  const age = (ages[from] ?? 0) * 65_536 + (ages[from + 1] ?? 0) * 256 + (ages[from + 2] ?? 0)
  return age === beyond ? undefined : age
}
