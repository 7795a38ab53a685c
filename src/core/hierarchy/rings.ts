// Who keeps links to whom in a pool that is too large for all to be linked with all. The intuition: put everybody on a
// few rings, each in another pseudo-random order, and hold the hands of your two neighbours on each. One ring keeps all
// together; a few of them make an expander, in which news is everywhere after a few hops and no few losses cut anybody
// off (Law and Siu, "Distributed Construction of Random Expander Networks", 2003). Each hub works it out by itself.

import { compareText, type HubId } from '../ids.ts'
import { markOf, remark } from '../mark.ts'

/**
 * H6: which of the others to keep a link to: all of them up to `degree`, else the neighbours on `degree / 2` rings. Both
 * ends compute alike, nobody has more than `degree` links (2 at least), everybody is connected, and one member more or
 * less changes at most three links a ring.
 */
export function ringLinks(self: HubId, others: readonly HubId[], degree: number): ReadonlySet<HubId> {
  if (others.length <= degree) return new Set(others)
  const chosen = new Set<HubId>()
  const marks = others.map(markOf)
  const own = markOf(self)
  for (let ring = 0; ring < Math.max(1, Math.floor(degree / 2)); ring++) {
    const from: Place = { hub: self, mark: remark(own, ring) }
    const places = others.map((hub, i) => ({ hub, mark: remark(marks[i] ?? 0, ring) }))
    for (const neighbour of neighbours(from, places)) chosen.add(neighbour.hub)
  }
  return chosen
}

interface Place {
  readonly hub: HubId
  readonly mark: number
}

/** The next place on the ring and the one before, in one pass: sorting would cost more. */
function neighbours(from: Place, places: readonly Place[]): readonly Place[] {
  let next: Place | undefined
  let first: Place | undefined
  let previous: Place | undefined
  let last: Place | undefined
  for (const place of places) {
    if (first === undefined || isBefore(place, first)) first = place
    if (last === undefined || isBefore(last, place)) last = place
    if (isBefore(from, place)) {
      if (next === undefined || isBefore(place, next)) next = place
    } else if (previous === undefined || isBefore(previous, place)) previous = place
  }
  return [next ?? first, previous ?? last].filter((place) => place !== undefined)
}

function isBefore(a: Place, b: Place): boolean {
  return a.mark !== b.mark ? a.mark < b.mark : compareText(a.hub, b.hub) < 0
}
