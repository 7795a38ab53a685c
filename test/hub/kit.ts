// One hub under test, its disk a map that answers at once, its clock moved by hand.

import type { Slug } from '../../src/core/ids.ts'
import type { Status } from '../../src/core/membership/member.ts'
import { allMechanisms } from '../../src/core/membership/protocol.ts'
import type { Millis, Now } from '../../src/core/time.ts'
import type { HubInfo } from '../../src/core/wire.ts'
import { seal } from '../../src/core/wire.ts'
import type { Answer, Call } from '../../src/hub/calls.ts'
import type { HubChange, HubEffect, HubInput } from '../../src/hub/effects.ts'
import { Hub } from '../../src/hub/hub.ts'
import type { Codec, HubKeys } from '../../src/hub/ports.ts'
import type { Settings } from '../../src/hub/settings.ts'
import { comeBack, type Remembered, remember } from '../../src/hub/stored.ts'
import { HubViews } from '../../src/hub/views.ts'
import { at, hubId, infoOf, peerOf, rumor, slug, testKeys, wallStart } from '../core/kit.ts'

export function settingsFor(name: string, change: Partial<Settings> = {}): Settings {
  const { hub, peer, region, tier, version } = infoOf(name)
  return {
    hub,
    peer,
    region,
    tier,
    version,
    federation: 'test',
    parents: [],
    hasBootstrap: false,
    joinGraceMs: 10_000,
    seed: 1,
    membership: {
      mechanisms: allMechanisms,
      probeIntervalMs: 1_000,
      probeTimeoutMs: 500,
      indirectProbes: 3,
      suspicionMultiplier: 4,
      suspicionMaxMultiplier: 6,
      gossipIntervalMs: 200,
      gossipFanout: 3,
      deadRetentionMs: 3_600_000,
      exchangeIntervalMs: 30_000,
    },
    hierarchy: {
      maxRegionalHubs: 10,
      maxChildHubs: 20,
      maxClusters: 100,
      poolLinks: 300,
      maxLinks: 600,
      reportIntervalMs: 10_000,
      attachIntervalMs: 1_000,
    },
    presence: {
      heartbeatIntervalMs: 30_000,
      staleThresholdMs: 90_000,
      flushIntervalMs: 1_000,
      refreshMs: 30_000,
      homeGraceMs: 30_000,
      unknownProjects: 'register',
    },
    catalog: {
      maxClockDriftMs: 30_000,
      syncIntervalMs: 10_000,
      removalRetentionMs: 36_000_000,
      maxProjects: 5,
      maxSliceRecords: 20,
    },
    ...change,
  }
}

const plain: Codec = {
  encode: (value) => new TextEncoder().encode(JSON.stringify(value)),
  pack: (value) => plain.encode(value),
  decode: (bytes) => JSON.parse(new TextDecoder().decode(bytes)),
}

export class Rig {
  readonly hub: Hub
  readonly views: HubViews
  readonly settings: Settings
  readonly disk: Map<string, Uint8Array>
  readonly done: HubEffect[] = []
  readonly #answers = new Map<number, Answer>()
  readonly #keys: HubKeys
  #calls = 0
  now: Millis
  /** How far the wall clock is ahead of the truth. */
  wrongMs: Millis = 0
  diskWorks = true

  /** A hub on this disk; a later rig on the same disk is the hub restarted. */
  constructor(options: { settings?: Settings; disk?: Map<string, Uint8Array>; startMs?: Millis } = {}) {
    this.settings = options.settings ?? settingsFor('me')
    this.disk = options.disk ?? new Map()
    this.now = options.startMs ?? 0
    this.#keys = testKeys(this.settings.peer)
    const remembered = this.#remembered()
    const incarnation = Math.max(wallStart + this.now, remembered.incarnation + 1)
    const { addresses } = infoOf(this.settings.hub)
    this.hub = new Hub({
      settings: this.settings,
      keys: this.#keys,
      remembered,
      incarnation,
      addresses,
      now: at(this.now),
    })
    this.views = new HubViews(this.hub)
    this.#perform(this.hub.start(remembered, at(this.now)))
  }

  step(input: HubInput): HubEffect[] {
    const effects = this.hub.step(input, this.moment())
    this.#perform(effects)
    return effects
  }

  moment(): Now {
    const { mono, wall } = at(this.now)
    return { mono, wall: wall + this.wrongMs }
  }

  /** The answer to a call, once it has come. */
  ask(request: Call): Answer | undefined {
    const call = ++this.#calls
    this.step({ type: 'call', call, request })
    return this.#answers.get(call)
  }

  answer(call: number): Answer | undefined {
    return this.#answers.get(call)
  }

  pass(ms: Millis): HubEffect[] {
    const from = this.done.length
    const until = this.now + ms
    while (this.hub.deadline() <= until) {
      this.now = Math.max(this.now, this.hub.deadline())
      this.step({ type: 'tick' })
    }
    this.now = until
    return this.done.slice(from)
  }

  link(info: HubInfo, uptimeMs: Millis = 3_600_000): HubEffect[] {
    return this.step({ type: 'link-up', info, uptimeMs })
  }

  hear(from: string, kind: string, body: unknown): HubEffect[] {
    return this.step({ type: 'message', from: peerOf(from), value: seal(kind, body) })
  }

  /** A member of the region's pool, by hearsay. */
  member(name: string, status: Status, where: { incarnation?: number; info?: HubInfo } = {}): HubEffect[] {
    const { info = infoOf(name), incarnation = wallStart } = where
    return this.hear('gossip', 'swim.gossip', { pool: 'region/north', rumors: [rumor({ info, incarnation, status })] })
  }

  #perform(effects: readonly HubEffect[]): void {
    this.done.push(...effects)
    for (const effect of effects) {
      if (effect.type === 'reply') this.#answers.set(effect.call, effect.result)
      if (effect.type === 'sign') this.step({ type: 'signed', signature: this.#keys.sign(effect.text) })
      if (effect.type === 'verify') {
        const ok = this.#keys.verify(effect.peer, effect.text, effect.signature)
        this.step({ type: 'verified', token: effect.token, ok })
      }
      if (effect.type !== 'persist') continue
      if (this.diskWorks) {
        for (const op of effect.batch) {
          if (op.op === 'put') this.disk.set(op.key, plain.encode(op.value))
          else this.disk.delete(op.key)
        }
      }
      const { owner, token } = effect
      if (owner === 'catalog') this.step({ type: 'persisted', owner, token, ok: this.diskWorks })
    }
  }

  #remembered(): Remembered {
    const entries = [...this.disk].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => ({ key, value }))
    const { hub, catalog } = this.settings
    const life = { hub, wall: wallStart + this.now, retentionMs: catalog.removalRetentionMs, isDamaged: false }
    return comeBack(remember(entries, plain), entries, life).remembered
  }
}

export function changes(effects: readonly HubEffect[]): HubChange[] {
  return effects.flatMap((effect) => (effect.type === 'change' ? [effect.change] : []))
}

export const alpha = slug('alpha')

export function register(rig: Rig, name: Slug = alpha, registration: object = {}): Answer | undefined {
  return rig.ask({ type: 'register', slug: name, registration: { name: 'Alpha', ...registration } })
}

export function read(rig: Rig, name: Slug = alpha) {
  const found = rig.views.project(name, at(rig.now))
  return found.ok ? found.project : found.code
}

export function beat(rig: Rig, beat: object = {}, name: Slug = alpha): Answer | undefined {
  return rig.ask({ type: 'beat', slug: name, beat })
}

export { hubId, infoOf, peerOf }
