// One presence machine under test, named `me` unless said otherwise, whose clock and peers the test plays by hand.

import type { Slug } from '../../src/core/ids.ts'
import type { Effect } from '../../src/core/machine.ts'
import type { LastBeat, Lease, Report } from '../../src/core/presence/lease.ts'
import type { LeasesBody, PresenceMessage, RefreshBody } from '../../src/core/presence/messages.ts'
import { Presence } from '../../src/core/presence/presence.ts'
import type { HomeStatus, PresenceChange, PresenceInput, PresenceProtocol } from '../../src/core/presence/protocol.ts'
import { Random } from '../../src/core/random.ts'
import type { Millis } from '../../src/core/time.ts'
import { at, hubId, peerOf, slug, wallStart } from './kit.ts'

type Out = Effect<PresenceProtocol>

export const fine: Report = { isDegraded: false, reasons: [] }
export const ill: Report = { isDegraded: true, reasons: ['disk'] }
export const refreshMs = 30_000

/** A lease of hub b, claimed 1 s before the test began. */
export function leaseOf(name: string, more: Partial<Lease> = {}): Lease {
  const claim: Lease['claim'] = [wallStart - 1_000, hubId('b')]
  return { slug: slug(name), claim, rev: wallStart, state: 'fresh', beatAt: wallStart, report: fine, ...more }
}

export class Bench {
  readonly presence: Presence
  now: Millis

  constructor(
    options: {
      now?: Millis
      seed?: number
      maxLeases?: number
      name?: string
      lastBeats?: ReadonlyMap<Slug, LastBeat>
    } = {},
  ) {
    const { now = 0, seed = 1, maxLeases = 10_000, name = 'me', lastBeats = new Map() } = options
    this.now = now
    this.presence = new Presence(
      {
        self: hubId(name),
        incarnation: wallStart + now,
        // Neighbouring small seeds give nearly the same first number.
        random: new Random(Math.imul(seed, 0x9e3779b1)),
        heartbeatIntervalMs: 30_000,
        staleThresholdMs: 90_000,
        flushIntervalMs: 1_000,
        refreshMs,
        maxLeases,
        lastBeats,
      },
      at(now),
    )
  }

  /** Past its boot, with nothing left to tell; beside a hub that knows no refresh by marks, if so said. */
  static settled(options: { hasOlder?: boolean } = {}): Bench {
    const bench = new Bench()
    if (options.hasOlder === true) bench.home('older', 'alive', true)
    bench.pass(5 * refreshMs)
    return bench
  }

  step(input: PresenceInput): readonly Out[] {
    return this.presence.step(input, at(this.now))
  }

  beat(name: string, report: Report = fine): readonly Out[] {
    return this.step({ type: 'beat', slug: slug(name), report })
  }

  home(name: string, status: HomeStatus = 'alive', isOlder = false): void {
    this.step({ type: 'home', hub: hubId(name), peer: peerOf(name), status, isOlder })
  }

  hear(message: PresenceMessage, from = 'b'): readonly Out[] {
    return this.step({ type: 'message', from: peerOf(from), message })
  }

  /** What hub b, or another, tells of its leases. */
  told(leases: Lease[], more: Partial<LeasesBody> = {}): readonly Out[] {
    const body = { home: hubId('b'), rev: wallStart + 1, leases, ...more }
    return this.hear({ kind: 'presence.leases', body })
  }

  /** Lets time pass, ticking at every deadline, and returns what was done on the way. */
  pass(ms: Millis): Out[] {
    const until = this.now + ms
    const effects: Out[] = []
    for (let next = this.presence.deadline(); next <= until; next = this.presence.deadline()) {
      this.now = Math.max(this.now, next)
      effects.push(...this.step({ type: 'tick' }))
      if (this.presence.deadline() <= this.now) throw new Error('wants to be woken at once after a tick')
    }
    this.now = until
    return effects
  }

  lease(name: string): Lease | undefined {
    return this.presence.held(slug(name))?.lease
  }

  homeOf(name: string): string | undefined {
    return this.lease(name)?.claim[1]
  }
}

/** The messages about leases that were published; `isRefresh` picks complete or incomplete ones. */
export function published(effects: readonly Out[], isRefresh?: boolean): (LeasesBody | RefreshBody)[] {
  return effects.flatMap((effect) => {
    if (effect.type !== 'publish') return []
    const { kind, body } = effect.message
    if (kind !== 'presence.leases' && kind !== 'presence.refresh') return []
    return isRefresh === undefined || (body.covers !== undefined) === isRefresh ? [body] : []
  })
}

/** The refreshes by marks. */
export function refreshes(effects: readonly Out[]): RefreshBody[] {
  return published(effects).flatMap((body) => ('mark' in body ? [body] : []))
}

/** What was sent to one peer, by kind. */
export function sentTo(effects: readonly Out[], name: string): PresenceMessage[] {
  return effects.flatMap((effect) => (effect.type === 'send' && effect.to === peerOf(name) ? [effect.message] : []))
}

export function sent(effects: readonly Out[]): LeasesBody[] {
  return effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.kind === 'presence.leases' ? [effect.message.body] : [],
  )
}

export function forwarded(effects: readonly Out[]): unknown[] {
  return effects.flatMap((effect) =>
    effect.type === 'publish' && effect.message.kind === 'presence.beat' ? [effect.message.body] : [],
  )
}

export function changes(effects: readonly Out[]): PresenceChange[] {
  return effects.flatMap((effect) => (effect.type === 'change' ? [effect.change] : []))
}
