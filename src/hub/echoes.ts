// Test messages: one is published, whoever hears it answers, and the caller is told who did and when, once all have or the
// wait is over. Answers go over links; where there is none they are published, but only while that is few messages.

import type { EchoMessage } from '../core/echo/messages.ts'
import { type Refusal, refuse } from '../core/errors.ts'
import { compareText, type HubId, type PeerId } from '../core/ids.ts'
import type { CallId } from '../core/machine.ts'
import type { Random } from '../core/random.ts'
import { type Millis, type Now, never, second } from '../core/time.ts'
import type { Answer } from './calls.ts'
import type { HubEffect } from './effects.ts'
import { isoOf } from './iso.ts'
import type { Echoed } from './landscape.ts'
import type { Machines } from './machines.ts'

/** Every hub answers everybody while there are no more than so many; of more only those that are linked. */
const maxOpen = 64
/** Calls that wait at the same time. */
const maxCalls = 4
/** Test messages that this hub publishes in a second. */
const maxPerSecond = 2
/** Answers that this hub gives in a second: to one that asks, and to all of them. */
const maxAnswersTo = 4
const maxAnswers = 20

interface Waiting {
  readonly call: CallId
  readonly sent: Now
  readonly until: Millis
  /** Who should hear it, with their keys. */
  readonly expected: ReadonlyMap<HubId, PeerId>
  readonly heard: Map<HubId, Millis>
}

export interface EchoesParts {
  readonly machines: Machines
  /** Whether the peer is linked. */
  readonly reaches: (peer: PeerId) => boolean
  readonly random: Random
  readonly say: (effect: HubEffect) => void
}

export class Echoes {
  readonly #parts: EchoesParts
  readonly #waiting = new Map<string, Waiting>()
  #count = 0
  /** Of the present second: what was published, and who was answered how often. */
  #since = Number.NEGATIVE_INFINITY
  #published = 0
  #answers = 0
  readonly #answered = new Map<PeerId, number>()

  constructor(parts: EchoesParts) {
    this.#parts = parts
  }

  deadline(): Millis {
    let next: Millis = never
    for (const { until } of this.#waiting.values()) next = Math.min(next, until)
    return next
  }

  tick(now: Now): void {
    for (const [id, { until }] of this.#waiting) if (until <= now.mono) this.#done(id)
  }

  ask({ call, waitMs }: { readonly call: CallId; readonly waitMs: Millis }, now: Now): void {
    const { machines, random, say } = this.#parts
    this.#reckon(now)
    if (this.#waiting.size >= maxCalls || this.#published >= maxPerSecond) {
      const detail = `Test messages are few: ${maxPerSecond} a second, ${maxCalls} that wait; try again in a moment`
      this.#reply(call, refuse('limit-reached', detail))
      return
    }
    const { hub: by } = machines.self.info
    const alive = this.#alive()
    const isOpen = alive.size <= maxOpen
    const expected = isOpen ? alive : new Map([...alive].filter(([, peer]) => this.#parts.reaches(peer)))
    this.#published++
    const id = `${by}-${++this.#count}-${(random.seed() >>> 0).toString(16)}`
    this.#waiting.set(id, { call, sent: now, until: now.mono + waitMs, expected, heard: new Map() })
    say({ type: 'publish', topic: 'members', kind: 'echo.call', body: { id, by, isOpen } })
    if (expected.size === 0) this.#done(id)
  }

  hear(message: EchoMessage, from: PeerId, now: Now): void {
    if (message.kind === 'echo.call') this.#answer(message.body, from, now)
    else this.#note(message.body, from, now)
  }

  #answer({ id, isOpen }: Extract<EchoMessage, { kind: 'echo.call' }>['body'], from: PeerId, now: Now): void {
    this.#reckon(now)
    const given = this.#answered.get(from) ?? 0
    if (given >= maxAnswersTo || this.#answers >= maxAnswers) return
    this.#answered.set(from, given + 1)
    this.#answers++
    const { machines, reaches, say } = this.#parts
    const answer = { kind: 'echo.answer', body: { id, hub: machines.self.info.hub } } as const
    if (reaches(from)) say({ type: 'send', to: from, ...answer })
    // A hub that knows few calls a large federation small.
    else if (isOpen && this.#alive().size <= maxOpen) say({ type: 'publish', topic: 'members', ...answer })
  }

  #reckon(now: Now): void {
    if (now.mono - this.#since < second) return
    this.#since = now.mono
    this.#published = 0
    this.#answers = 0
    this.#answered.clear()
  }

  #note({ id, hub }: Extract<EchoMessage, { kind: 'echo.answer' }>['body'], from: PeerId, now: Now): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined || waiting.expected.get(hub) !== from || waiting.heard.has(hub)) return
    waiting.heard.set(hub, now.mono - waiting.sent.mono)
    if (waiting.heard.size === waiting.expected.size) this.#done(id)
  }

  #done(id: string): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.#waiting.delete(id)
    const { call, sent, expected, heard } = waiting
    const echo: Echoed = {
      id,
      sent_at: isoOf(sent.wall),
      expected: expected.size,
      received: [...heard].map(([hub, ms]) => ({ hub_id: hub, latency_ms: Math.round(ms * 10) / 10 })),
      missing: [...expected.keys()].filter((hub) => !heard.has(hub)).sort(compareText),
    }
    this.#reply(call, { ok: true, type: 'echoed', echo })
  }

  #reply(call: CallId, result: Answer | Refusal): void {
    this.#parts.say({ type: 'reply', call, result })
  }

  #alive(): Map<HubId, PeerId> {
    const { pools, hierarchy, self } = this.#parts.machines
    const alive = new Map<HubId, PeerId>()
    const known = [...[...hierarchy.foreign().values()], ...pools.flatMap((swim) => [...swim.members().values()])]
    for (const { info, status } of known) {
      if (status === 'alive' && info.hub !== self.info.hub) alive.set(info.hub, info.peer)
      else alive.delete(info.hub)
    }
    return alive
  }
}
