// One SWIM machine under test, named `me`, whose clock the test moves.

import { expect } from 'vitest'
import type { Effect } from '../../src/core/machine.ts'
import type { State, Status } from '../../src/core/membership/member.ts'
import type { Path, Rumor, SwimMessage } from '../../src/core/membership/messages.ts'
import type { Mechanisms, SwimInput, SwimProtocol } from '../../src/core/membership/protocol.ts'
import { Swim } from '../../src/core/membership/swim.ts'
import { Random } from '../../src/core/random.ts'
import { hour, type Millis } from '../../src/core/time.ts'
import type { HubInfo } from '../../src/core/wire.ts'
import { at, hubId, infoOf, notaryOf, peerOf, rumor, signed, wallStart } from './kit.ts'

export const booted = wallStart

export function state(name: string, status: Status = 'alive', incarnation = booted): State {
  return signed({ info: infoOf(name), incarnation, status })
}

/** A word against a hub. */
export function accusation(
  name: string,
  about: { by?: string; path?: Path; dead?: boolean; incarnation?: number } = {},
) {
  const { by = 'someone', path = 'probe', dead = false, incarnation = booted } = about
  const status = dead ? ('dead' as const) : ('suspect' as const)
  return { accused: hubId(name), incarnation, status, by: hubId(by), path, health: 0 }
}

/** Plain SWIM: none of what came later. */
export const plain: Mechanisms = {
  localHealth: false,
  dynamicSuspicion: false,
  buddy: true,
  stallAwareness: false,
  evidence: false,
  discount: false,
  rttTimeout: false,
}

/** One machine under test, named `me`, whose clock the test moves. */
export class Bench {
  readonly swim: Swim
  now: Millis = 0

  constructor(
    options: {
      seed?: number
      deadRetentionMs?: Millis
      mechanisms?: Partial<Mechanisms>
      belongs?: (info: HubInfo) => boolean
    } = {},
  ) {
    this.swim = new Swim(
      {
        pool: 'p',
        word: state('me'),
        notary: notaryOf(peerOf('me')),
        mechanisms: { ...plain, ...options.mechanisms },
        ...(options.belongs === undefined ? {} : { belongs: options.belongs }),
        random: new Random(options.seed ?? 1),
        probeIntervalMs: 1_000,
        probeTimeoutMs: 500,
        indirectProbes: 3,
        suspicionMultiplier: 4,
        suspicionMaxMultiplier: 6,
        gossipIntervalMs: 200,
        gossipFanout: 3,
        deadRetentionMs: options.deadRetentionMs ?? hour,
        exchangeIntervalMs: 30_000,
      },
      at(0),
    )
  }

  step(input: SwimInput): readonly Effect<SwimProtocol>[] {
    return this.swim.step(input, at(this.now))
  }

  hear(from: string, message: SwimMessage): readonly Effect<SwimProtocol>[] {
    return this.step({ type: 'message', from: peerOf(from), message })
  }

  /** Members by hearsay. */
  learn(...states: State[]): readonly Effect<SwimProtocol>[] {
    return this.hear('gossip', { kind: 'swim.gossip', body: { pool: 'p', rumors: states.map(rumor) } })
  }

  /** Lets time pass, ticking at every deadline, and returns what was done on the way; pings are answered or not. */
  pass(ms: Millis, pings: 'answered' | 'unanswered' = 'unanswered'): Effect<SwimProtocol>[] {
    const until = this.now + ms
    const effects: Effect<SwimProtocol>[] = []
    while (this.swim.deadline() <= until) {
      this.now = this.swim.deadline()
      const done = this.step({ type: 'tick' })
      effects.push(...done)
      if (pings === 'answered') for (const { to, body } of sent(done, 'swim.ping')) this.ack(to.slice(5), body.seq)
      expect(this.swim.deadline()).toBeGreaterThan(this.now)
    }
    this.now = until
    return effects
  }

  /** Lets time pass until this hub pings someone, and returns whom and under which number. */
  nextPing(): { name: string; seq: number } {
    for (let i = 0; i < 1_000; i++) {
      this.now = this.swim.deadline()
      const ping = sent(this.step({ type: 'tick' }), 'swim.ping')[0]
      if (ping !== undefined) return { name: ping.to.slice('peer-'.length), seq: ping.body.seq }
    }
    throw new Error('no ping in a thousand ticks')
  }

  tell(...rumors: Rumor[]): readonly Effect<SwimProtocol>[] {
    return this.hear('gossip', { kind: 'swim.gossip', body: { pool: 'p', rumors } })
  }

  status(name: string): Status | undefined {
    return this.swim.members().get(hubId(name))?.status
  }

  ack(from: string, seq: number): readonly Effect<SwimProtocol>[] {
    return this.hear(from, { kind: 'swim.ack', body: { pool: 'p', seq, rumors: [] } })
  }
}

export interface Sent<K extends SwimMessage['kind']> {
  readonly to: string
  readonly body: Extract<SwimMessage, { kind: K }>['body']
}

/** What was sent of one kind, in order. */
export function sent<K extends SwimMessage['kind']>(effects: readonly Effect<SwimProtocol>[], kind: K): Sent<K>[] {
  const found: { to: string; body: unknown }[] = []
  for (const effect of effects) {
    if (effect.type === 'send' && effect.message.kind === kind) found.push({ to: effect.to, body: effect.message.body })
  }
  return found as Sent<K>[]
}
