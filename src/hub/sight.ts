// What this hub sees of other hubs and of projects, drawn together from its machines. Pure reads.

import type { Foreign } from '../core/hierarchy/foreigners.ts'
import type { HubId, PeerId, Region, Slug } from '../core/ids.ts'
import type { Member } from '../core/membership/member.ts'
import type { HomeFacts } from '../core/presence/lease.ts'
import { presenceOf } from '../core/presence/lease.ts'
import { type Millis, minute, type Now } from '../core/time.ts'
import type { HubInfo } from '../core/wire.ts'
import { isListed } from './directory.ts'
import type { Machines } from './machines.ts'
import type { Seen } from './projects.ts'
import type { Settings } from './settings.ts'
import type { MemberStatus } from './shapes.ts'

/** What this hub believes about one hub. Times are Unix milliseconds. */
export interface MemberFacts {
  readonly info: HubInfo
  readonly status: MemberStatus
  readonly incarnation: number
  readonly since: Millis
  readonly asOf: Millis
  readonly rttMs?: number
}

/** What is needed of a hub to see through its eyes. */
export interface Eyes extends Machines {
  readonly info: HubInfo
  readonly incarnation: number
  readonly bootedAt: Now
  readonly settings: Settings
}

/** What this hub believes about one hub, as `everyone` has it. */
export function memberFacts(hub: Eyes, id: HubId, now: Now): MemberFacts | undefined {
  const member = id === hub.info.hub ? undefined : memberOf(hub, id)
  const facts = member ?? factsOf(hub, id)
  if (facts === undefined) return undefined
  const { info, status, incarnation, since } = facts
  const foreign = member === undefined ? hub.hierarchy.foreign().get(id) : undefined
  const asOf = foreign === undefined ? seenAt(facts, now) : heardAt(foreign, now)
  const rtt = member?.rttMs === undefined ? {} : { rttMs: member.rttMs }
  return { info, status, incarnation, since: since.wall, asOf, ...rtt }
}

const goodness: Record<MemberStatus, number> = { alive: 3, suspect: 2, left: 1, dead: 0 }

/** Everyone this hub knows, itself included, by hub id. */
export function everyone(hub: Eyes, now: Now): Map<HubId, MemberFacts> {
  const facts = new Map<HubId, MemberFacts>()
  for (const foreign of hub.hierarchy.foreign().values()) {
    const { info, status, incarnation, since } = foreign
    facts.set(info.hub, { info, status, incarnation, since: since.wall, asOf: heardAt(foreign, now) })
  }
  for (const swim of hub.pools) for (const id of swim.members().keys()) facts.delete(id)
  for (const swim of hub.pools) {
    for (const member of swim.members().values()) {
      const { info, status, incarnation, since, rttMs } = member
      const rtt = rttMs === undefined ? {} : { rttMs }
      const fresh = { info, status, incarnation, since: since.wall, asOf: seenAt(member, now), ...rtt }
      const held = facts.get(info.hub)
      if (held === undefined || isBetter(fresh, held)) facts.set(info.hub, fresh)
    }
  }
  const { info, incarnation } = hub
  const since = hub.bootedAt.wall
  facts.set(info.hub, { info, status: 'alive', incarnation, since, asOf: now.wall })
  return facts
}

/** C17: a hub of an own pool is watched; one that is not alive was heard last before it was called so. */
function seenAt({ status, since }: Belief, now: Now): Millis {
  return status === 'alive' ? now.wall : Math.min(since.wall, now.wall)
}

/** C17: a hub of another region is as it was when its reporters were last known to stand by their words. */
function heardAt({ lastAt }: Foreign, now: Now): Millis {
  // By the monotonic clock: the wall clock may have jumped since.
  return now.wall - Math.max(0, now.mono - lastAt)
}

/** Whether a hub with that key is believed alive. */
export function isAlive({ pools, hierarchy }: Eyes, peer: PeerId): boolean {
  const words = [...pools.flatMap((swim) => [...swim.members().values()]), ...hierarchy.foreign().values()]
  return words.some(({ info, status }) => info.peer === peer && status === 'alive')
}

/** The part of a belief that pools and reports share. */
type Belief = Pick<Member, 'info' | 'status' | 'since' | 'incarnation'>

/** What this hub believes about one hub; undefined when it knows none of that name. */
export function factsOf(hub: Eyes, id: HubId): Belief | undefined {
  if (id === hub.info.hub) return { info: hub.info, status: 'alive', since: hub.bootedAt, incarnation: hub.incarnation }
  return memberOf(hub, id) ?? hub.hierarchy.foreign().get(id)
}

/** A hub that has had links for so long without a break has been told of everybody who lives. */
const informedMs: Millis = 5 * minute

/** What is known of a hub; `since` (monotonic): since when there has always been a link. */
export function believed(
  hub: Eyes & { readonly links: ReadonlyMap<PeerId, HubInfo> },
  id: HubId,
  { now, since }: { readonly now: Now; readonly since: Millis | undefined },
): Pick<Belief, 'status' | 'incarnation'> | undefined {
  const known = factsOf(hub, id)
  const isInformed = since !== undefined && now.mono - since >= informedMs
  const isLinked = [...hub.links.values()].some((info) => info.hub === id)
  if (known !== undefined || !isInformed || isLinked || !isListed(hub.catalog.replicas, id)) return known
  // Its part of the catalog is held and member lists have dropped it: it has been dead for as long as the dead are listed, so
  // it was never started since.
  return { status: 'dead', incarnation: Math.max(0, Math.floor(now.wall) - hub.settings.membership.deadRetentionMs) }
}

/** The key of a hub, as far as this hub knows it. Asked with every published message. */
export function peerOf(hub: Eyes, id: HubId): PeerId | undefined {
  return (memberOf(hub, id) ?? hub.hierarchy.foreign().get(id))?.info.peer
}

function memberOf(hub: Eyes, id: HubId): Member | undefined {
  let best: Member | undefined
  for (const swim of hub.pools) {
    const member = swim.members().get(id)
    if (member !== undefined && (best === undefined || isBetter(member, best))) best = member
  }
  return best
}

/** What is seen of a project's presence. */
export function seenOf(hub: Eyes, slug: Slug, now: Now): Seen & { readonly homeRegion: Region | undefined } {
  const held = hub.presence.held(slug)
  const homeId = held?.lease.claim[1]
  const facts = homeId === undefined ? undefined : factsOf(hub, homeId)
  const isGone = facts === undefined || facts.status === 'dead' || facts.status === 'left'
  const home: HomeFacts = {
    status: facts?.status ?? 'unknown',
    isDegraded: (facts?.info.degraded ?? []).length > 0,
    lostForMs: isGone ? now.mono - (facts?.since.mono ?? Number.NEGATIVE_INFINITY) : 0,
    silentForMs: held === undefined || homeId === hub.info.hub ? 0 : now.mono - held.heardAt,
  }
  const presence = presenceOf(held?.lease, home, hub.settings.presence)
  return { presence, lease: held?.lease, homeRegion: facts?.info.region }
}

function isBetter(
  a: { readonly incarnation: number; readonly status: MemberStatus },
  b: { readonly incarnation: number; readonly status: MemberStatus },
): boolean {
  return a.incarnation !== b.incarnation ? a.incarnation > b.incarnation : goodness[a.status] > goodness[b.status]
}
