// Three presence machines and a gossip that delays, doubles and loses what they say.

import type { PresenceMessage } from '../../src/core/presence/messages.ts'
import { presenceKinds } from '../../src/core/presence/messages.ts'
import { Presence } from '../../src/core/presence/presence.ts'
import type { PresenceInput } from '../../src/core/presence/protocol.ts'
import { Random } from '../../src/core/random.ts'
import type { Millis } from '../../src/core/time.ts'
import { at, hubId, peerOf, wallStart } from './kit.ts'
import { refreshMs } from './presence.bench.ts'

export const names = ['a', 'b', 'c'] as const
const kinds = new Map(presenceKinds.map((kind) => [kind.kind, kind]))

export class Gossip {
  readonly hubs = new Map<string, Presence>()
  readonly #random: Random
  #queue: { readonly at: Millis; readonly to: string; readonly from: string; readonly message: PresenceMessage }[] = []
  loss = 0.1
  now: Millis = 0
  readonly #older: string | undefined

  /** `older`: a hub of an earlier version, to which the words of this one mean nothing. */
  constructor(seed: number, older?: string) {
    this.#random = new Random(seed)
    this.#older = older
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
    // An older hub says everything the older way.
    if (this.#older === name) {
      this.step(name, { type: 'home', hub: hubId('older'), peer: peerOf('older'), status: 'alive', isOlder: true })
    }
    for (const other of names) {
      if (other === name) continue
      const isOlder = this.#older === other
      const isSelfOlder = this.#older === name
      this.step(name, { type: 'home', hub: hubId(other), peer: peerOf(other), status: 'alive', isOlder })
      this.step(other, { type: 'home', hub: hubId(name), peer: peerOf(name), status: 'alive', isOlder: isSelfOlder })
      this.step(other, { type: 'greet', peer: peerOf(name), scope: 'all', isOlder: isSelfOlder })
      this.step(name, { type: 'greet', peer: peerOf(other), scope: 'own', isOlder })
    }
  }

  step(name: string, input: PresenceInput): void {
    for (const effect of this.hubs.get(name)?.step(input, this.#moment()) ?? []) {
      if (effect.type === 'change' || effect.type === 'persist') continue
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

  /** The longest time for which any hub has not heard of a lease from its home. */
  get silence(): Millis {
    const heard = [...this.hubs].flatMap(([name, hub]) =>
      [...hub.leases().values()].flatMap(({ lease, heardAt }) => (lease.claim[1] === name ? [] : [heardAt])),
    )
    return this.now - Math.min(this.now, ...heard)
  }

  homes(name: string): Record<string, string> {
    const held = [...(this.hubs.get(name)?.leases().values() ?? [])]
    return Object.fromEntries(held.map(({ lease }) => [lease.slug, `${lease.claim[1]} ${lease.state}`] as const).sort())
  }

  #carry(from: string, to: string, message: PresenceMessage): void {
    if (to === this.#older && message.kind !== 'presence.leases' && message.kind !== 'presence.beat') return
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
