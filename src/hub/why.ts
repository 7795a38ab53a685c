// Why this hub believes of another what it does: who accused it, how well the accusers heard themselves, what became of it, and
// who of its pools reaches it directly. Pure reads.

import { type Refusal, refuse } from '../core/errors.ts'
import { compareText, type HubId } from '../core/ids.ts'
import { isPresent } from '../core/membership/member.ts'
import type { Swim } from '../core/membership/swim.ts'
import type { Now } from '../core/time.ts'
import { isoOf } from './iso.ts'
import type { Why } from './shapes.ts'
import { type Eyes, factsOf } from './sight.ts'

export function whyOf(hub: Eyes, id: HubId, now: Now): { readonly ok: true; readonly why: Why } | Refusal {
  const facts = factsOf(hub, id)
  if (facts === undefined) return refuse('unknown-hub', `No hub is called ${id}; GET /api/members lists those that are`)
  const isSelf = id === hub.info.hub
  const pools = hub.pools.filter((swim) => isSelf || swim.members().has(id))
  const { status, incarnation, since } = facts
  return {
    ok: true,
    why: {
      hub_id: id,
      status,
      incarnation,
      since: isoOf(since.wall),
      pools: pools.map((swim) => swim.pool),
      accusations: pools.flatMap((swim) => accusations(swim, id, now)).sort((a, b) => compareText(a.at, b.at)),
      reachability: pools.flatMap((swim) => reachability(swim, id, now)),
    },
  }
}

function accusations(swim: Swim, id: HubId, now: Now): Why['accusations'] {
  return swim.charges(id).map((charge) => ({
    by: charge.by,
    pool: swim.pool,
    at: isoOf(charge.at),
    status: charge.status,
    path: charge.path,
    health: charge.health,
    rtt_ms: charge.rttMs ?? null,
    incarnation: charge.incarnation,
    outcome: charge.outcome,
    discounted: swim.isDiscounted(charge.by, now),
  }))
}

type Reach = Why['reachability'][number]['reaches_it']

/** A present hub that does not say that it reaches another only through a third reaches it directly. */
function reachability(swim: Swim, id: HubId, now: Now): Why['reachability'] {
  const blindness = swim.blindness(now)
  const present = new Set([swim.self().info.hub])
  for (const { info, status } of swim.members().values()) if (isPresent(status)) present.add(info.hub)
  const reach = (from: HubId, to: HubId): Reach => {
    if (!present.has(from) || !present.has(to)) return 'unknown'
    return blindness.get(from)?.includes(to) === true ? 'through-others' : 'direct'
  }
  return [...present]
    .filter((other) => other !== id)
    .sort(compareText)
    .map((other) => {
      const there = reach(other, id)
      const back = reach(id, other)
      return { hub_id: other, reaches_it: there, is_reached_by_it: back, asymmetric: there !== back }
    })
}
