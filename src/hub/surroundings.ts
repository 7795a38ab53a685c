// What a hub says of its surroundings: who is linked to whom, and what it holds of whom. Pure reads.

import { compareText, type HubId, type PeerId } from '../core/ids.ts'
import type { Now } from '../core/time.ts'
import type { HubInfo } from '../core/wire.ts'
import type { Desk } from './desk.ts'
import type { Registry, Topology } from './landscape.ts'
import type { ProjectStatus, ViewState } from './shapes.ts'
import { type Eyes, everyone, type MemberFacts } from './sight.ts'

/** What is read of a hub here. */
export interface Surrounded extends Eyes {
  readonly desk: Desk
  readonly links: ReadonlyMap<PeerId, HubInfo>
}

export function topologyOf(hub: Surrounded, states: ReadonlyMap<string, ViewState>, now: Now): Topology {
  const { info, hierarchy } = hub
  const names = (hubs: readonly { readonly hub: HubId }[]): HubId[] => hubs.map((each) => each.hub).sort(compareText)
  const parents = names(hierarchy.parents())
  const children = names(hierarchy.children())
  const mates = new Set(hub.pools.flatMap((swim) => [...swim.members().keys()]))
  const roleOf = (id: HubId): Topology['links'][number]['role'] => {
    if (parents.includes(id)) return 'parent'
    if (children.includes(id)) return 'child'
    return mates.has(id) ? 'pool' : 'other'
  }
  const facts = everyone(hub, now)
  const linked = [...hub.links.values()].map(({ hub: id, region, tier }) => ({
    hub_id: id,
    region,
    tier,
    status: facts.get(id)?.status ?? ('alive' as const),
    role: roleOf(id),
    rtt_ms: facts.get(id)?.rttMs ?? null,
  }))
  const regions = Map.groupBy(facts.values(), ({ info: { region } }) => region)
  return {
    hub_id: info.hub,
    region: info.region,
    tier: info.tier,
    parents,
    children,
    links: linked.sort((a, b) => compareText(a.hub_id, b.hub_id)),
    regions: [...regions]
      .sort(([a], [b]) => compareText(a, b))
      .map(([region, hubs]) => ({
        region,
        state: states.get(region) ?? 'converged',
        hubs: hubs.map(shortly).sort(byName),
      })),
  }
}

export function registryOf(
  hub: Surrounded,
  counts: ReadonlyMap<ProjectStatus, { readonly all: number }>,
  now: Now,
): Registry {
  const { replicas, currency } = hub.catalog
  const laggards = currency.laggards()
  const count = (status: ProjectStatus): number => counts.get(status)?.all ?? 0
  const slices = [...replicas.slices()].map(({ hub: author, version, size, removals }) => ({
    hub_id: author,
    epoch: version.epoch[0],
    seq: version.seq,
    records: size,
    removals,
    behind: laggards.has(author),
  }))
  return {
    hub_id: hub.info.hub,
    digest: replicas.digest(),
    digests_alive: currency.digestsAlive(now.mono),
    projects: {
      total: hub.desk.projects().size,
      online: count('online'),
      degraded: count('degraded'),
      offline: count('offline'),
    },
    slices: slices.sort(byName),
  }
}

function shortly({ info: { hub, tier }, status }: MemberFacts): Topology['regions'][number]['hubs'][number] {
  return { hub_id: hub, tier, status }
}

function byName(a: { readonly hub_id: string }, b: { readonly hub_id: string }): number {
  return compareText(a.hub_id, b.hub_id)
}
