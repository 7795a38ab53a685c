// How leases are laid out in messages, and how often those are sent.

import { compareText, type HubId } from '../ids.ts'
import { type Millis, second } from '../time.ts'
import type { Lease } from './lease.ts'
import { type LeasesBody, maxLeases, type SlugRange } from './messages.ts'

/** Slugs are lower-case letters, digits and dashes: this sorts after all of them. */
export const beyondAllSlugs = '~'
export const allSlugs: SlugRange = { from: '', to: beyondAllSlugs }

/** All homes together send at most this many presence messages a second. */
const maxMessagesPerSecond = 10
/** Leases of one message take about so many bytes, to leave room in one of 64 KiB. */
const maxPartBytes = 40_000
/** Of a lease in CBOR, its names included, without its slug, reasons and version. */
const bareLeaseBytes = 150

/** The flush interval where so many homes are alive: the one set, or stretched to keep to the limit. */
export function flushInterval(flushMs: Millis, alive: number): Millis {
  return Math.max(flushMs, (alive / maxMessagesPerSecond) * second)
}

/** Leases in as many lists as messages are needed for them, by number and by length. */
export function inParts(leases: readonly Lease[]): Lease[][] {
  const parts: Lease[][] = []
  let part: Lease[] = []
  let bytes = 0
  for (const lease of leases) {
    const more = bytesOf(lease)
    if (part.length === 0 || part.length === maxLeases || bytes + more > maxPartBytes) {
      part = []
      bytes = 0
      parts.push(part)
    }
    part.push(lease)
    bytes += more
  }
  return parts
}

/** At most: text in UTF-8 takes up to three bytes a letter. */
function bytesOf({ slug, report }: Lease): number {
  const letters = report.reasons.reduce((sum, reason) => sum + reason.length + 1, report.version?.length ?? 0)
  return bareLeaseBytes + slug.length + 3 * letters
}

export interface Part {
  readonly leases: Lease[]
  readonly covers: SlugRange
}

/** Leases in parts whose ranges together cover every slug of the range; one empty part when there are none. */
export function coveringParts(leases: readonly Lease[], range: SlugRange = allSlugs): Part[] {
  const sorted = inParts([...leases].sort((a, b) => compareText(a.slug, b.slug)))
  return (sorted.length === 0 ? [[]] : sorted).map((part, index) => ({
    leases: part,
    covers: { from: index === 0 ? range.from : (part[0]?.slug ?? ''), to: sorted[index + 1]?.[0]?.slug ?? range.to },
  }))
}

/** What is known of other homes' leases, as they would tell it: for a newcomer that knows no marks. */
export function othersByHome(all: Iterable<Lease>, self: HubId): LeasesBody[] {
  const others = [...all].filter((lease) => lease.claim[1] !== self)
  return [...Map.groupBy(others, (lease) => lease.claim[1])].flatMap(([home, leases]) =>
    inParts(leases).map((part) => ({ home, rev: Math.max(...part.map((lease) => lease.rev)), leases: part })),
  )
}
