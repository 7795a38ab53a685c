// A tenth of the Lifeguard paper's experiment, as data. The paper takes every combination of how many members are slow at
// once (C), for how long (D) and how long they are well in between (I), several times over; here every pair of D and I
// stands once, and C walks through its values so that each meets short and long ones alike.

import type { Anomaly } from './anomaly.ts'

export const slowMembers = [1, 4, 8, 12, 16, 20, 24, 28, 32] as const
export const slowMs = [128, 512, 2_048, 8_192, 16_384, 32_768] as const
export const normalMs = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384] as const

/** The one knob was fitted on these; the others verify it. */
export const fitted: ReadonlySet<number> = new Set([4, 16])

/** Steps through the nine values of C from one I to the next, and from one D to the next; neither divides nine. */
const stepI = 4
const stepD = 5

/** 48 of 432 combinations, each with a seed of its own; `quick` takes every fourth of them. */
export function grid(isQuick: boolean): readonly Anomaly[] {
  const cells: Anomaly[] = []
  for (const [d, slow] of slowMs.entries()) {
    for (const [i, normal] of normalMs.entries()) {
      const many = slowMembers[(stepI * i + stepD * d) % slowMembers.length] ?? 1
      cells.push({ slowMembers: many, slowMs: slow, normalMs: normal, seed: 1 + cells.length })
    }
  }
  return isQuick ? cells.filter((_, index) => index % 4 === 1) : cells
}
