// What a configuration amounts to: how soon a hub that is gone is known to be, what an idle hub says, how many beats a project
// may miss. Worked out with the functions and messages that hubs run by, so that no figure stands here twice.

import { cborCodec } from '../adapters/codec.ts'
import type { Config } from '../config/schema.ts'
import { settingsOf } from '../config/settings.ts'
import { version } from '../config/version.ts'
import type { HubId, PeerId } from '../core/ids.ts'
import { exchangeScale } from '../core/membership/exchange.ts'
import { Suspicion } from '../core/membership/suspicion.ts'
import { type Millis, second } from '../core/time.ts'
import { seal } from '../core/wire.ts'
import type { Settings } from '../hub/settings.ts'

export interface Arithmetic {
  readonly hubs: number
  readonly detection: {
    /** Its port refuses: two who were refused are enough. */
    readonly killed_ms: Millis
    /** It does not answer: expected time until the first probe of it has failed, then the suspicion. */
    readonly first_probe_ms: Millis
    /** Accused by as many as a pool of that size has to offer, at most six. */
    readonly hung_ms: Millis
    /** Accused by one hub alone. */
    readonly hung_for_one_ms: Millis
    readonly source: string
  }
  readonly traffic: { readonly bytes_per_s: number; readonly parts: readonly Traffic[]; readonly source: string }
  readonly presence: {
    readonly heartbeat_ms: Millis
    readonly degraded_after_ms: Millis
    readonly offline_after_ms: Millis
    readonly missed_beats: number
  }
}

export interface Traffic {
  readonly what: string
  /** On the wire, heads included. */
  readonly bytes: number
  readonly per_s: number
}

/** Figures for a pool of so many hubs, all of them set like this one. */
export function arithmeticOf(config: Config, hubs: number): Arithmetic {
  const settings = settingsOf({ config, peer: 'peer' as PeerId, version, seed: 0 })
  const { heartbeatIntervalMs, staleThresholdMs } = settings.presence
  const parts = hubs > 1 ? trafficOf(settings, hubs) : []
  return {
    hubs,
    detection: detectionOf(settings, hubs),
    traffic: {
      bytes_per_s: Math.round(parts.reduce((sum, part) => sum + part.bytes * part.per_s, 0)),
      parts,
      source: 'its messages as the codec writes them, in packets; rumours, parents, projects and new links come on top',
    },
    presence: {
      heartbeat_ms: heartbeatIntervalMs,
      degraded_after_ms: 2 * heartbeatIntervalMs,
      offline_after_ms: staleThresholdMs,
      missed_beats: Math.ceil(staleThresholdMs / heartbeatIntervalMs) - 1,
    },
  }
}

/** Those who accuse a hub that hangs: as many as make a suspicion as short as it gets. */
const mostAccusers = 6

function detectionOf({ membership }: Settings, hubs: number): Arithmetic['detection'] {
  const { suspicionMultiplier: multiplier, suspicionMaxMultiplier: maxMultiplier, probeIntervalMs } = membership
  const witnesses = Math.max(1, hubs - 1)
  const suspicion = (): Suspicion =>
    new Suspicion({ multiplier, maxMultiplier, probeIntervalMs, evidence: true }, hubs, 0)
  const killed = suspicion()
  for (const hub of names(Math.min(2, witnesses))) killed.refused(hub, 0)
  const hung = suspicion()
  for (const hub of names(Math.min(mostAccusers, witnesses))) hung.accuse(hub, 1)
  const lone = suspicion()
  for (const hub of names(1)) lone.accuse(hub, 1)
  const first = Math.round(expectedPeriods(witnesses) * probeIntervalMs)
  return {
    killed_ms: killed.endsAt,
    first_probe_ms: first,
    hung_ms: first + Math.round(hung.endsAt),
    hung_for_one_ms: first + Math.round(lone.endsAt),
    source: 'docs/ALGORITHMS.md, Membership; src/core/membership/suspicion.ts',
  }
}

/** Das, Gupta, Motivala, SWIM (2002), 3.1: periods until one of so many, each probing one hub a period, has probed it. */
function expectedPeriods(witnesses: number): number {
  return 1 / (1 - (1 - 1 / witnesses) ** witnesses)
}

function names(count: number): HubId[] {
  return Array.from({ length: count }, (_, i) => `hub-${i}` as HubId)
}

/** TCP and IP, the length and tag of noise, the head of yamux, the length of a frame (framer.ts). */
const packetBytes = 52
const wrapBytes = packetBytes + 2 + 16 + 12 + 4

function trafficOf({ region, membership, catalog }: Settings, hubs: number): Traffic[] {
  const pool = region
  const probes = second / membership.probeIntervalMs
  const tables = second / (membership.exchangeIntervalMs * exchangeScale(hubs))
  const size = (kind: string, body: object): number => wrapBytes + cborCodec.encode(seal(kind, body)).length
  const question = size('swim.ping', { pool, seq: 1_000, rumors: [] })
  const answer = size('swim.ack', { pool, seq: 1_000, rumors: [] })
  const digest = 'd'.repeat(32)
  return [
    { what: 'probes', bytes: question, per_s: probes },
    { what: 'answers to probes', bytes: answer, per_s: probes },
    { what: 'receipts of answers (TCP)', bytes: packetBytes, per_s: probes },
    { what: 'fingerprints of the members', bytes: size('swim.digest', { pool, digest }), per_s: tables },
    {
      what: 'fingerprints of the catalog, asked and answered',
      bytes: size('catalog.digest', { digest, reply: true }),
      per_s: (2 * second) / catalog.syncIntervalMs,
    },
  ]
}
