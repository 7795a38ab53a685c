// How leases are laid out in messages, and how often those are sent.

import { compareText, type HubId } from '../ids.ts'
import { type Millis, second } from '../time.ts'
import type { Lease } from './lease.ts'
import { type LeasesBody, maxLeases } from './messages.ts'
import type { Held } from './table.ts'

/** Slugs are lower-case letters, digits and dashes: this sorts after all of them. */
const beyondAllSlugs = '~'

/** All homes together send at most this many presence messages a second. */
const maxMessagesPerSecond = 10

/** The flush interval where so many homes are alive: the one set, or stretched to keep to the limit. */
export function flushInterval(flushMs: Millis, alive: number): Millis {
  return Math.max(flushMs, (alive / maxMessagesPerSecond) * second)
}

/** Leases in as many lists as messages are needed for them. */
export function inParts(leases: readonly Lease[]): Lease[][] {
  const parts: Lease[][] = []
  for (let from = 0; from < leases.length; from += maxLeases) parts.push(leases.slice(from, from + maxLeases))
  return parts
}

/** Leases in parts whose ranges together cover every slug; one empty part when there are none. */
export function coveringParts(
  leases: readonly Lease[],
): { readonly leases: Lease[]; readonly covers: { readonly from: string; readonly to: string } }[] {
  const sorted = inParts([...leases].sort((a, b) => compareText(a.slug, b.slug)))
  return (sorted.length === 0 ? [[]] : sorted).map((part, index) => ({
    leases: part,
    covers: { from: index === 0 ? '' : (part[0]?.slug ?? ''), to: sorted[index + 1]?.[0]?.slug ?? beyondAllSlugs },
  }))
}

/** What is known of other homes' leases, as they would tell it: for a newcomer. */
export function othersByHome(held: Iterable<Held>, self: HubId): LeasesBody[] {
  const others = [...held].map(({ lease }) => lease).filter((lease) => lease.claim[1] !== self)
  return [...Map.groupBy(others, (lease) => lease.claim[1])].flatMap(([home, leases]) =>
    inParts(leases).map((part) => ({ home, rev: Math.max(...part.map((lease) => lease.rev)), leases: part })),
  )
}
