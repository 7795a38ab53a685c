// Small builders for tests of the pure core: names, moments, hubs.

import type { Address, HubId, PeerId, Region, Slug, Tier } from '../../src/core/ids.ts'
import type { Millis, Now } from '../../src/core/time.ts'
import type { HubInfo } from '../../src/core/wire.ts'

/** Unix time at which tests begin: 2026-01-01. */
export const wallStart = 1_767_225_600_000

/** The moment that many milliseconds after the test began. */
export function at(ms: Millis): Now {
  return { mono: ms, wall: wallStart + ms }
}

export function hubId(name: string): HubId {
  return name as HubId
}

export function slug(name: string): Slug {
  return name as Slug
}

/** The peer id of a test hub: its name in front of its own letters, so that peers sort like names. */
export function peerOf(name: string): PeerId {
  return `peer-${name}` as PeerId
}

export function infoOf(name: string, where: { tier?: Tier; region?: string } = {}): HubInfo {
  return {
    hub: hubId(name),
    peer: peerOf(name),
    region: (where.region ?? 'north') as Region,
    tier: where.tier ?? 'local',
    version: '0.1.0',
    addresses: [`/test/${name}` as Address],
  }
}
