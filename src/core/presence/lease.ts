// A lease: what a heartbeat renews. The home says how old the beat is in words (fresh, late, lapsed), because observers
// hear of unchanged leases only in the refresh and would misjudge their age.

import type { Static } from 'typebox'
import { compareText, type Slug, slugPattern } from '../ids.ts'
import { Type } from '../schema.ts'
import type { Millis } from '../time.ts'
import { CountSchema, HubIdSchema } from '../wire.ts'

export const SlugSchema = Type.Unsafe<Slug>(Type.String({ pattern: slugPattern }))

/** P1: taken when a hub becomes home: (Unix ms, hub); the highest fresh claim names the home, in any order of arrival. */
export const ClaimSchema = Type.Tuple([CountSchema, HubIdSchema])
export type Claim = Static<typeof ClaimSchema>

export function compareClaims(a: Claim, b: Claim): number {
  return a[0] - b[0] || compareText(a[1], b[1])
}

/** `gone`: the home gave it up (another hub claimed it, or the project was removed). */
export const LeaseStateSchema = Type.Enum(['fresh', 'late', 'lapsed', 'gone'])
export type LeaseState = Static<typeof LeaseStateSchema>

/** What a project says about itself with a beat. */
export const ReportSchema = Type.Object({
  isDegraded: Type.Boolean(),
  reasons: Type.Array(Type.String({ maxLength: 100 }), { maxItems: 16 }),
  version: Type.Optional(Type.String({ maxLength: 100 })),
})
export type Report = Static<typeof ReportSchema>

/** A lease as its home tells it. `rev` counts the home's messages: of two words about a lease the higher is newer. */
export const LeaseSchema = Type.Object({
  slug: SlugSchema,
  claim: ClaimSchema,
  rev: CountSchema,
  state: LeaseStateSchema,
  /** Unix time of the last beat, by the home's clock. */
  beatAt: CountSchema,
  report: ReportSchema,
})
export type Lease = Static<typeof LeaseSchema>

export const LastBeatSchema = Type.Object({ claim: ClaimSchema, beatAt: CountSchema })
/** When a project last beat at this hub, and by which claim it was its home. */
export type LastBeat = Static<typeof LastBeatSchema>

export interface LeaseTimes {
  readonly heartbeatIntervalMs: Millis
  readonly staleThresholdMs: Millis
}

/** The state of a lease at its home, by the age of the last beat: late after two intervals, lapsed past the threshold. */
export function leaseState(ageMs: Millis, times: LeaseTimes): 'fresh' | 'late' | 'lapsed' {
  if (ageMs > times.staleThresholdMs) return 'lapsed'
  return ageMs > 2 * times.heartbeatIntervalMs ? 'late' : 'fresh'
}

/** When that state changes next without a beat, as an age; `undefined` once lapsed. */
export function nextAge(state: LeaseState, times: LeaseTimes): Millis | undefined {
  if (state === 'fresh') return Math.min(2 * times.heartbeatIntervalMs, times.staleThresholdMs)
  return state === 'late' ? times.staleThresholdMs : undefined
}

/** What an observer knows about a lease's home. */
export interface HomeFacts {
  readonly status: 'alive' | 'suspect' | 'dead' | 'left' | 'unknown'
  /** It says of itself that it is strained. */
  readonly isDegraded: boolean
  /** How long the home has been dead or gone, milliseconds. */
  readonly lostForMs: Millis
  /** How long ago the home last told this lease, milliseconds; 0 at the home itself. */
  readonly silentForMs: Millis
}

export interface Presence {
  readonly status: 'online' | 'degraded' | 'offline'
  readonly reasons: readonly string[]
}

/** P3: the status of a project, derived from its lease and its home, never stored. */
export function presenceOf(
  lease: Lease | undefined,
  home: HomeFacts,
  times: LeaseTimes & { readonly homeGraceMs: Millis },
): Presence {
  if (lease === undefined) return { status: 'offline', reasons: ['no-heartbeat'] }
  if (lease.state === 'gone') return { status: 'offline', reasons: ['no-heartbeat'] }
  if (lease.state === 'lapsed') return { status: 'offline', reasons: ['heartbeat-stale'] }
  if (home.status === 'dead' || home.status === 'left' || home.status === 'unknown') {
    const inGrace = home.lostForMs < times.homeGraceMs
    return { status: inGrace ? 'degraded' : 'offline', reasons: ['home-lost'] }
  }
  if (home.silentForMs > times.staleThresholdMs) return { status: 'offline', reasons: ['home-silent'] }
  const reasons = [...lease.report.reasons]
  if (lease.report.isDegraded && reasons.length === 0) reasons.push('self-reported')
  if (lease.state === 'late') reasons.push('heartbeat-late')
  if (home.status === 'suspect') reasons.push('home-suspect')
  if (home.isDegraded) reasons.push('home-degraded')
  const isHomeIll = home.status === 'suspect' || home.isDegraded
  const isDegraded = lease.report.isDegraded || lease.state === 'late' || isHomeIll
  return { status: isDegraded ? 'degraded' : 'online', reasons: isDegraded ? reasons : [] }
}

export function isSameReport(a: Report, b: Report): boolean {
  const isSameList = a.reasons.length === b.reasons.length && a.reasons.every((reason, i) => reason === b.reasons[i])
  return isSameList && a.isDegraded === b.isDegraded && a.version === b.version
}
