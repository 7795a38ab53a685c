// Presence under random deliveries: whatever overtakes what, all observers end with the same home for every project.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PresenceMessage } from '../../src/core/presence/messages.ts'
import { presenceKinds } from '../../src/core/presence/messages.ts'
import { Presence } from '../../src/core/presence/presence.ts'
import type { PresenceInput } from '../../src/core/presence/protocol.ts'
import { Random } from '../../src/core/random.ts'
import type { Millis } from '../../src/core/time.ts'
import { at, hubId, peerOf, slug, wallStart } from './kit.ts'
import { fine, ill, refreshMs } from './presence.bench.ts'

const names = ['a', 'b', 'c'] as const
const kinds = new Map(presenceKinds.map((kind) => [kind.kind, kind]))

/** Three hubs and a gossip that delays, doubles and loses. */
class Gossip {
  readonly hubs = new Map<string, Presence>()
  readonly #random: Random
  #queue: { readonly at: Millis; readonly to: string; readonly from: string; readonly message: PresenceMessage }[] = []
  loss = 0.1
  now: Millis = 0

  constructor(seed: number) {
    this.#random = new Random(seed)
    for (const name of names) this.boot(name)
  }

  /** A new life begins with an incarnation above every revision of the one before: it takes a moment. */
  boot(name: string): void {
    this.pass(1_000)
    const options = {
      self: hubId(name),
      incarnation: wallStart + Math.ceil(this.now),
      random: new Random(this.#random.seed()),
      heartbeatIntervalMs: 30_000,
      staleThresholdMs: 90_000,
      flushIntervalMs: 1_000,
      refreshMs,
      maxLeases: 100,
    }
    this.hubs.set(name, new Presence(options, this.#moment()))
    for (const other of names) {
      if (other === name) continue
      this.step(name, { type: 'home', hub: hubId(other), peer: peerOf(other), status: 'alive' })
      this.step(other, { type: 'greet', peer: peerOf(name), scope: 'all' })
      this.step(name, { type: 'greet', peer: peerOf(other), scope: 'own' })
    }
  }

  step(name: string, input: PresenceInput): void {
    for (const effect of this.hubs.get(name)?.step(input, this.#moment()) ?? []) {
      if (effect.type === 'change') continue
      if (effect.type !== 'publish' && effect.type !== 'send') throw new Error(`presence has no say in ${effect.type}`)
      if (kinds.get(effect.message.kind)?.check(effect.message.body) !== true)
        throw new Error(`${name} says what nobody takes`)
      for (const to of names) {
        if (to !== name && (effect.type === 'publish' || effect.to === peerOf(to)))
          this.#carry(name, to, effect.message)
      }
    }
  }

  pass(ms: Millis): void {
    const until = this.now + ms
    for (;;) {
      const deadlines = [...this.hubs.values()].map((hub) => hub.deadline())
      const next = Math.min(...deadlines, ...this.#queue.map((item) => item.at))
      this.now = Math.max(this.now, Math.min(next, until))
      if (next > until) return
      const due = this.#queue.filter((item) => item.at <= this.now).sort((a, b) => a.at - b.at)
      this.#queue = this.#queue.filter((item) => item.at > this.now)
      for (const { to, from, message } of due) this.step(to, { type: 'message', from: peerOf(from), message })
      for (const [name, hub] of this.hubs) {
        if (hub.deadline() > this.now) continue
        this.step(name, { type: 'tick' })
        if (hub.deadline() <= this.now) throw new Error(`${name} wants to be woken at once after a tick`)
      }
    }
  }

  homes(name: string): Record<string, string> {
    const held = [...(this.hubs.get(name)?.leases().values() ?? [])]
    return Object.fromEntries(held.map(({ lease }) => [lease.slug, `${lease.claim[1]} ${lease.state}`] as const).sort())
  }

  #carry(from: string, to: string, message: PresenceMessage): void {
    const copies = this.#random.chance(this.loss) ? 0 : this.#random.chance(0.2) ? 2 : 1
    for (let i = 0; i < copies; i++) {
      this.#queue.push({ at: this.now + 1 + this.#random.below(3_000), from, to, message: structuredClone(message) })
    }
  }

  #moment(): { readonly mono: Millis; readonly wall: Millis } {
    const { mono, wall } = at(this.now)
    return { mono, wall: Math.floor(wall) }
  }
}

type Act = (gossip: Gossip) => void
const name = fc.constantFrom(...names)
const key = fc.constantFrom('p', 'q', 'r')

const beat = fc.tuple(name, key, fc.boolean()).map(([hub, project, isIll]): Act => {
  return (gossip) => gossip.step(hub, { type: 'beat', slug: slug(project), report: isIll ? ill : fine })
})
const removed = fc.tuple(key).map(([project]): Act => {
  return (gossip) => {
    for (const hub of names) gossip.step(hub, { type: 'removed', slug: slug(project) })
  }
})
const restart = name.map(
  (hub): Act =>
    (gossip) =>
      gossip.boot(hub),
)
const pass = fc.constantFrom(0, 200, 1_000, 5_000, 40_000, 70_000).map(
  (ms): Act =>
    (gossip) =>
      gossip.pass(ms),
)

describe('after a quiet while, all hubs', () => {
  it('name the same home for every project, and the same state of its lease (P1, P6)', () => {
    const history = fc.array(fc.oneof(beat, beat, beat, pass, pass, removed, restart), { maxLength: 40, size: 'max' })
    const property = fc.property(history, fc.integer(), (acts, seed) => {
      const gossip = new Gossip(seed)
      for (const act of acts) act(gossip)
      gossip.loss = 0
      gossip.pass(6 * refreshMs)
      for (const hub of names) expect(gossip.homes(hub)).toEqual(gossip.homes('a'))
    })
    fc.assert(property, { seed: 6, numRuns: Number(process.env['RUNS'] ?? 150) })
  })
})
