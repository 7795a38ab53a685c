// The settings that simulated hubs run with: the defaults of the contract, and what `config/settings.ts` adds to them.

import type { PeerId } from '../../src/core/ids.ts'
import { hour, second } from '../../src/core/time.ts'
import type { Settings } from '../../src/hub/settings.ts'
import type { HubPlan } from './scenario.ts'

const defaults: Omit<Settings, 'hub' | 'peer' | 'region' | 'tier' | 'hasBootstrap' | 'seed'> = {
  federation: 'simulation',
  version: '0.0.0-sim',
  parents: [],
  joinGraceMs: 10 * second,
  membership: {
    probeIntervalMs: 1 * second,
    probeTimeoutMs: 0.5 * second,
    indirectProbes: 3,
    suspicionMultiplier: 4,
    deadRetentionMs: 72 * hour,
    exchangeIntervalMs: 10 * second,
  },
  hierarchy: {
    maxRegionalHubs: 20,
    maxChildHubs: 40,
    poolLinks: 6,
    reportIntervalMs: 1 * second,
    attachIntervalMs: 1 * second,
  },
  presence: {
    heartbeatIntervalMs: 30 * second,
    staleThresholdMs: 90 * second,
    flushIntervalMs: 1 * second,
    refreshMs: 30 * second,
    homeGraceMs: 30 * second,
    unknownProjects: 'register',
  },
  catalog: {
    maxClockDriftMs: 30 * second,
    syncIntervalMs: 10 * second,
    maxProjects: 100_000,
    maxSliceRecords: 20_000,
  },
}

export function settingsFor({ plan, peer, seed }: { plan: HubPlan; peer: PeerId; seed: number }): Settings {
  const { hub, region, tier, bootstrap } = plan
  return { ...defaults, hub, peer, region, tier, seed, hasBootstrap: bootstrap.length > 0 }
}
