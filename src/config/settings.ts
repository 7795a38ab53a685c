// A configuration as the hub is told it. What is no setting of users has its value here, with the reason.

import type { PeerId } from '../core/ids.ts'
import {
  type LinkPlan,
  mechanismsFor,
  paces,
  poolLinksFor,
  type Settings,
  suspicionMaxMultiplier,
} from '../hub/settings.ts'
import type { Preset } from './kinds.ts'
import type { Config } from './schema.ts'

export interface Birth {
  readonly config: Config
  /** Of the hub's key. */
  readonly peer: PeerId
  readonly version: string
  /** Seed of the hub's generator, 32 bits; different at every start. */
  readonly seed: number
}

/** How rumours travel between probes and how often tables are compared: memberlist's three profiles. */
const gossipOf: Readonly<Record<Preset, Gossip>> = {
  lan: { gossipIntervalMs: 200, gossipFanout: 3, exchangeIntervalMs: 30_000 },
  wan: { gossipIntervalMs: 500, gossipFanout: 4, exchangeIntervalMs: 60_000 },
  local: { gossipIntervalMs: 100, gossipFanout: 3, exchangeIntervalMs: 15_000 },
}

type Gossip = Pick<Settings['membership'], 'gossipIntervalMs' | 'gossipFanout' | 'exchangeIntervalMs'>

export function linkPlanOf({ node, network, limits }: Config): LinkPlan {
  const { max_regional_hubs: maxRegionalHubs, max_child_hubs: maxChildHubs } = network
  return { maxLinks: limits.links, tier: node.hub_tier, maxRegionalHubs, maxChildHubs }
}

export function settingsOf({ config, peer, version, seed }: Birth): Settings {
  const { node, network, federation, gossip, membership, presence, catalog, limits } = config
  return {
    hub: node.id,
    peer,
    region: node.region,
    tier: node.hub_tier,
    ...(node.coordinates === undefined ? {} : { coordinates: node.coordinates }),
    ...(Object.keys(node.labels).length === 0 ? {} : { labels: node.labels }),
    federation: federation.id,
    version,
    parents: network.parents,
    hasBootstrap: network.bootstrap.length > 0,
    joinGraceMs: node.join_grace,
    seed,
    membership: {
      probeIntervalMs: membership.probe_interval,
      probeTimeoutMs: membership.probe_timeout ?? membership.probe_interval / 2,
      mechanisms: mechanismsFor(membership.probe_timeout),
      indirectProbes: membership.indirect_probes,
      suspicionMultiplier: membership.suspicion_multiplier,
      deadRetentionMs: membership.dead_retention,
      suspicionMaxMultiplier,
      ...gossipOf[membership.preset],
    },
    hierarchy: {
      maxRegionalHubs: network.max_regional_hubs,
      maxChildHubs: network.max_child_hubs,
      maxClusters: network.max_clusters,
      poolLinks: poolLinksFor(linkPlanOf(config)),
      maxLinks: limits.links,
      reportIntervalMs: paces.reportIntervalMs,
      attachIntervalMs: paces.attachIntervalMs,
    },
    presence: {
      heartbeatIntervalMs: presence.heartbeat_interval,
      staleThresholdMs: presence.stale_threshold,
      flushIntervalMs: presence.flush_interval,
      refreshMs: presence.refresh,
      homeGraceMs: presence.home_grace,
      unknownProjects: presence.unknown_projects,
    },
    catalog: {
      maxClockDriftMs: catalog.max_clock_drift,
      syncIntervalMs: catalog.sync_interval,
      strategy: gossip.strategy,
      removalRetentionMs: catalog.removal_retention,
      maxProjects: limits.projects,
      maxSliceRecords: limits.slice,
    },
  }
}
