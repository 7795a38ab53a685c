// A thousand homes without a network: the product's own presence machines, each with a hundred projects that beat, and whatever
// they publish given to somebody who has one.

import type { HubId, PeerId } from '../../src/core/ids.ts'
import type { PresenceMessage } from '../../src/core/presence/messages.ts'
import { Presence } from '../../src/core/presence/presence.ts'
import type { PresenceInput } from '../../src/core/presence/protocol.ts'
import { Random } from '../../src/core/random.ts'
import { minute, type Now, second } from '../../src/core/time.ts'
import { hubId, peerOf, slug } from '../../test/core/kit.ts'

export const beatEveryMs = 30 * second
/** How often they are looked after. */
const stepMs = 20

interface Home {
  readonly name: HubId
  readonly presence: Presence
  /** When each of its projects beats next, by their number. */
  readonly due: Float64Array
}

export interface HomesPlan {
  readonly names: readonly string[]
  readonly projects: number
  /** Whether they speak to a hub that knows no refresh by marks, too. */
  readonly isOlder: boolean
  readonly publish: (message: PresenceMessage) => void
}

export class Homes {
  readonly #plan: HomesPlan
  readonly #homes: readonly Home[]
  readonly #random = new Random(5)
  #timer: NodeJS.Timeout | undefined
  beats = 0

  constructor(plan: HomesPlan) {
    this.#plan = plan
    const now = moment()
    // Ten messages a second in all, as homes that know of each other keep to.
    const flushIntervalMs = (plan.names.length / 10) * second
    this.#homes = plan.names.map((name) => {
      const times = { heartbeatIntervalMs: beatEveryMs, staleThresholdMs: 90 * second, refreshMs: 30 * second }
      const random = new Random(this.#random.seed())
      const options = { ...times, random, flushIntervalMs, maxLeases: plan.projects }
      const presence = new Presence({ ...options, self: hubId(name), incarnation: now.wall }, now)
      if (plan.isOlder) presence.step({ type: 'greet', peer: peerOf('older'), scope: 'own', isOlder: true }, now)
      const due = Float64Array.from({ length: plan.projects }, () => now.mono + this.#random.real() * beatEveryMs)
      return { name: hubId(name), presence, due }
    })
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), stepMs)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** What a home answers to a question that came for it over a link; `send` is told it. */
  hear(home: HubId, message: PresenceMessage, send: (message: PresenceMessage) => void): void {
    const asked = this.#homes.find(({ name }) => name === home)
    const from = 'asker' as PeerId
    for (const effect of asked?.presence.step({ type: 'message', from, message }, moment()) ?? []) {
      if (effect.type === 'send') send(effect.message)
    }
  }

  #look(): void {
    const now = moment()
    for (const home of this.#homes) {
      for (let i = 0; i < home.due.length; i++) {
        if ((home.due[i] as number) > now.mono) continue
        home.due[i] = (home.due[i] as number) + beatEveryMs
        this.beats++
        this.#step(home, { type: 'beat', slug: slug(`${home.name}-p${i}`), report: this.#report() }, now)
      }
      if (home.presence.deadline() <= now.mono) this.#step(home, { type: 'tick' }, now)
    }
  }

  /** One beat in 3,000 says something new: about one change a second in all. */
  #report() {
    return {
      isDegraded: false,
      reasons: [],
      version: this.#random.chance(1 / 3_000) ? `${this.#random.below(9)}` : '0',
    }
  }

  #step({ presence }: Home, input: PresenceInput, now: Now): void {
    for (const effect of presence.step(input, now)) {
      if (effect.type === 'publish') this.#plan.publish(effect.message)
    }
  }
}

export function moment(): Now {
  return { mono: performance.now(), wall: Date.now() }
}

/** The first refreshes come a minute after the first beats. */
export const warmUpMs = 1.5 * minute
