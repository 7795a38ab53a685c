// Small builders for tests of the pure core: names, moments, hubs.

import { simulatedHashing } from '../../simulations/engine/keys.ts'
import { hashOf } from '../../src/core/hash.ts'
import type { Address, HubId, PeerId, Region, Slug, Tier } from '../../src/core/ids.ts'
import { Notary } from '../../src/core/keys.ts'
import type { Rumor } from '../../src/core/membership/messages.ts'
import type { Millis, Now } from '../../src/core/time.ts'
import type { HubInfo, Statement } from '../../src/core/wire.ts'
import type { Codec, HubKeys } from '../../src/hub/ports.ts'

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

export const testHashing = simulatedHashing

/** Signatures that anybody here can check: the text under the name of the key. */
export function testKeys(own: PeerId): HubKeys {
  const signature = (peer: PeerId, text: string): string => hashOf([peer, text])
  return {
    ...testHashing,
    sign: (text) => signature(own, text),
    verify: (peer, text, said) => signature(peer, text) === said,
    verifyLater: ({ peer, text, signature: said }, done) => done(signature(peer, text) === said),
  }
}

export function notaryOf(peer: PeerId): Notary {
  return new Notary('test', testKeys(peer))
}

/** What is said of a hub, with the signature of the hub itself. */
export function signed(word: Omit<Statement, 'signature'>): Statement {
  const status = word.status === 'left' ? 'left' : 'alive'
  return { ...notaryOf(word.info.peer).sign({ ...word, status }), status: word.status }
}

/** The same as a rumour tells it: suspicion and death are somebody's words. */
export function rumor({ info, incarnation, status }: Omit<Statement, 'signature'>): Rumor {
  if (status === 'alive' || status === 'left') return signed({ info, incarnation, status })
  return { accused: info.hub, incarnation, status, by: hubId('someone'), path: 'probe', health: 0 }
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

/** Values as a reader of a failing test would like to see them. */
export const jsonCodec: Codec = {
  encode: (value) => new TextEncoder().encode(JSON.stringify(value)),
  pack: (value) => jsonCodec.encode(value),
  decode: (bytes) => {
    try {
      return JSON.parse(new TextDecoder().decode(bytes))
    } catch {
      return undefined
    }
  },
}
