// Why a run is not taken: what no honest hub sends, judged before anything of it is kept.

import type { Millis } from '../time.ts'
import { isWithinDrift } from './hlc.ts'
import { entryId, hasPlainValues, stampsOf } from './record.ts'
import type { Run, Slice } from './slice.ts'

/** `unsound`: what it builds on is not what its author has signed, by a fault of this hub. */
export type RunRefusal = 'malformed' | 'too-large' | 'not-plain' | 'drift' | 'unsound'

export interface RunLimits {
  readonly wall: Millis
  readonly maxClockDriftMs: Millis
  /** Entries that a slice may take part in. */
  readonly maxEntries: number
}

/** C2, C3, C16: the first rule that the run breaks, for a replica that holds `slice`; undefined when it keeps all. */
export function reasonAgainst(run: Run, slice: Slice | undefined, limits: RunLimits): RunRefusal | undefined {
  if (!isNumbered(run)) return 'malformed'
  const added = slice === undefined ? run.records : run.records.filter((record) => !slice.has(entryId(record)))
  if ((slice?.breadth ?? 0) + added.length > limits.maxEntries) return 'too-large'
  if (!run.records.every(hasPlainValues)) return 'not-plain'
  const isTimely = run.records.every((record) =>
    stampsOf(record).every((stamp) => isWithinDrift(stamp, limits.wall, limits.maxClockDriftMs)),
  )
  // C10: a horizon of the time to come would leave out what still does its work.
  return isTimely && (run.head?.horizon ?? 0) <= limits.wall + limits.maxClockDriftMs ? undefined : 'drift'
}

/** Whether the run says something, and every record of it stands once, under a seq of its own within the run. */
function isNumbered({ from, to, floor = 0, records }: Run): boolean {
  const seqs = new Set(records.map((record) => record.seq))
  const ids = new Set(records.map(entryId))
  const isInside = records.every(({ seq }) => seq > from && seq <= to)
  return to > from && floor <= to && isInside && seqs.size === records.length && ids.size === records.length
}
