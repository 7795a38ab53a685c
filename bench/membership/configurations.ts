// The configurations that are compared: the five of the Lifeguard paper and HubMesh as it comes. All run the same
// machine; they differ in its switches alone. Timing is memberlist's LAN profile, suspicion the paper's alpha and beta.

import type { Address, HubId, PeerId, Region } from '../../src/core/ids.ts'
import { type Keys, Notary } from '../../src/core/keys.ts'
import { allMechanisms, type Mechanisms, type SwimOptions } from '../../src/core/membership/protocol.ts'
import type { Random } from '../../src/core/random.ts'
import { hour } from '../../src/core/time.ts'
import type { HubInfo } from '../../src/core/wire.ts'
import { wallStart } from './pool.ts'

export type Configuration = 'SWIM' | 'LHA-Probe' | 'LHA-Suspicion' | 'Buddy' | 'Lifeguard' | 'HubMesh'

const swim: Mechanisms = {
  localHealth: false,
  dynamicSuspicion: false,
  buddy: false,
  stallAwareness: false,
  evidence: false,
  discount: false,
  rttTimeout: false,
}

export const mechanisms: Readonly<Record<Configuration, Mechanisms>> = {
  SWIM: swim,
  'LHA-Probe': { ...swim, localHealth: true },
  'LHA-Suspicion': { ...swim, dynamicSuspicion: true },
  Buddy: { ...swim, buddy: true },
  Lifeguard: { ...swim, localHealth: true, dynamicSuspicion: true, buddy: true },
  HubMesh: allMechanisms,
}

export const lan = {
  probeIntervalMs: 1_000,
  probeTimeoutMs: 500,
  indirectProbes: 3,
  gossipIntervalMs: 200,
  gossipFanout: 3,
  exchangeIntervalMs: 30_000,
  suspicionMultiplier: 5,
  suspicionMaxMultiplier: 6,
  deadRetentionMs: hour,
}

/** Nobody lies in these pools, and a signature costs more than all the rest. */
const trusting: Keys = { sign: () => '', verify: () => true }

export function indexOf(hub: HubId): number {
  return Number(hub.slice(1))
}

function infoOf(index: number): HubInfo {
  return {
    hub: `m${index}` as HubId,
    peer: `p${index}` as PeerId,
    region: 'bench' as Region,
    tier: 'local',
    version: '0.0.0',
    addresses: [`/memory/${index}` as Address],
  }
}

/** What one member of the pool is made with. */
export function swimOptions(index: number, random: Random, configuration: Configuration): SwimOptions {
  return {
    ...lan,
    pool: 'bench',
    word: { info: infoOf(index), incarnation: wallStart, status: 'alive', signature: '' },
    notary: new Notary('bench', trusting),
    random,
    mechanisms: mechanisms[configuration],
  }
}
