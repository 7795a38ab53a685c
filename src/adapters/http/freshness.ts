// How fresh an answer is: said with it, and demanded by callers who would rather have none than an old one (C17).

import type { FastifyReply } from 'fastify'
import { refuse } from '../../core/errors.ts'
import { Type } from '../../core/schema.ts'
import { type Millis, type Now, second } from '../../core/time.ts'
import { parseDuration } from '../../core/units.ts'
import type { LocalHub } from '../../hub/calls.ts'
import { Refused } from './problems.ts'

export const MaxStalenessSchema = Type.String({
  pattern: '^\\d{1,9}(\\.\\d{1,3})?(ms|s|m|h)?$',
  description:
    'Answer only when every region was heard of within that time: 30 or 30s, 500ms, 2m. Otherwise 503 too-stale',
})

export const FetchSchema = Type.Literal('1', {
  description: 'With max_staleness: ask the homes of projects that they told of longer ago, instead of refusing',
})

export const freshnessText =
  'The headers `X-View` (converged, lagging, partitioned) and `X-As-Of` say how fresh the answer is: the latter is when the ' +
  'region that was heard of longest ago was; `/api/status` has all of them.'

/** The milliseconds of a `max_staleness`. */
export function demandedMs(demanded: string): Millis {
  // The schema lets nothing else through.
  return parseDuration(demanded) ?? 0
}

/** Says how fresh the answer is; refuses when that is older than demanded. */
export function sayFreshness(hub: LocalHub, demanded: string | undefined, reply: FastifyReply): void {
  const now = hub.now()
  const { state, region, asOf } = hub.views.freshness(now)
  reply.header('x-view', state).header('x-as-of', momentOf(asOf))
  if (demanded === undefined) return
  const ageMs = ageOf(asOf, now)
  if (ageMs <= demandedMs(demanded)) return
  const age = `${(ageMs / second).toFixed(1)} s`
  throw new Refused(refuse('too-stale', `Region ${region} was last heard of ${age} ago, more than ${demanded}`))
}

let lastMoment = { at: Number.NaN, text: '' }

/** ISO 8601. Thousands of answers a second are as of one millisecond or the next. */
export function momentOf(at: Millis): string {
  if (at !== lastMoment.at) lastMoment = { at, text: new Date(at).toISOString() }
  return lastMoment.text
}

function ageOf(asOf: Millis, { wall }: Now): Millis {
  return Math.max(0, wall - asOf)
}
