// Probing: whom to ask next, and the life of each question: ask directly, ask through others, give up.
// Round-robin over a shuffled list bounds the time until every member was probed once to 2n − 1 periods (SWIM, 4.3).

import type { HubId, PeerId } from '../ids.ts'
import type { Random } from '../random.ts'
import { type Millis, never } from '../time.ts'

/** One question under way. */
export interface Probe {
  readonly target: HubId
  readonly peer: PeerId
  readonly sentAt: Millis
  /** Without an ack by then, others are asked to try. */
  readonly indirectAt: Millis
  /** Without an ack by then, the target is suspected. */
  readonly endsAt: Millis
  /** Of the round, one a period; the others are put between when there is a reason to ask at once. */
  readonly isOfRound: boolean
  /** Who was asked to try. */
  helpers: readonly PeerId[]
  nacks: number
  hasAsked: boolean
}

/** Most questions under way besides that of the round. */
const maxExtra = 8

/** The questions under way, by their number. */
export class Probes {
  readonly #bySeq = new Map<number, Probe>()

  add(seq: number, probe: Omit<Probe, 'helpers' | 'nacks' | 'hasAsked'>): void {
    this.#bySeq.set(seq, { ...probe, helpers: [], nacks: 0, hasAsked: false })
  }

  get(seq: number): Probe | undefined {
    return this.#bySeq.get(seq)
  }

  /** That of the round; undefined when it was answered. */
  ofRound(): Probe | undefined {
    for (const probe of this.#bySeq.values()) if (probe.isOfRound) return probe
    return undefined
  }

  /** Whether one more may be put between. */
  hasRoomFor(target: HubId): boolean {
    if (this.#bySeq.size > maxExtra) return false
    for (const probe of this.#bySeq.values()) if (probe.target === target) return false
    return true
  }

  end(seq: number): Probe | undefined {
    const probe = this.#bySeq.get(seq)
    this.#bySeq.delete(seq)
    return probe
  }

  /** Ends all without a verdict, and returns them: nobody could have heard the answers. */
  void(): readonly Probe[] {
    const open = [...this.#bySeq.values()]
    this.#bySeq.clear()
    return open
  }

  deadline(): Millis {
    let next: Millis = never
    for (const { hasAsked, indirectAt, endsAt } of this.#bySeq.values()) {
      next = Math.min(next, hasAsked ? endsAt : Math.min(indirectAt, endsAt))
    }
    return next
  }

  /** Those that have to turn to others now, and those that are over, which end. */
  due(mono: Millis): { readonly turning: readonly [number, Probe][]; readonly failed: readonly Probe[] } {
    if (this.deadline() > mono) return nothing
    const turning: [number, Probe][] = []
    const failed: Probe[] = []
    for (const [seq, probe] of this.#bySeq) {
      if (!probe.hasAsked && probe.indirectAt <= mono) turning.push([seq, probe])
      if (probe.endsAt <= mono) failed.push(probe)
    }
    for (const [seq, probe] of this.#bySeq) if (probe.endsAt <= mono) this.#bySeq.delete(seq)
    return { turning, failed }
  }
}

const noErrands: readonly Errand[] = []
const nothing = { turning: [], failed: [] } as const

/** Randomised round-robin: each pass visits everyone once, in a fresh order; newcomers join at a random place. */
export class RoundRobin {
  readonly #random: Random
  #order: HubId[] = []
  /** The same hubs. */
  #waiting = new Set<HubId>()

  constructor(random: Random) {
    this.#random = random
  }

  get size(): number {
    return this.#order.length
  }

  add(hub: HubId): void {
    if (this.#waiting.has(hub)) return
    this.#waiting.add(hub)
    this.#order.splice(this.#random.below(this.#order.length + 1), 0, hub)
  }

  /** Strikes all others off the list. */
  keep(isMember: (hub: HubId) => boolean): void {
    this.#begin(this.#order.filter(isMember))
  }

  /** The next hub that is still a candidate; undefined when there is none. */
  next(isCandidate: (hub: HubId) => boolean, all: () => readonly HubId[]): HubId | undefined {
    for (let pass = 0; pass < 2; pass++) {
      for (let hub = this.#order.pop(); hub !== undefined; hub = this.#order.pop()) {
        this.#waiting.delete(hub)
        if (isCandidate(hub)) return hub
      }
      this.#begin(this.#random.shuffle(all()))
    }
    return undefined
  }

  #begin(order: HubId[]): void {
    this.#order = order
    this.#waiting = new Set(order)
  }
}

/** A ping sent on another's behalf. */
export interface Errand {
  readonly target: PeerId
  readonly origin: PeerId
  readonly originSeq: number
  /** Without an ack by then the origin is told that none came. */
  readonly nackAt: Millis
  readonly until: Millis
}

/** Most errands kept at once; an older one is forgotten first. */
export const maxErrands = 256

/** Pings sent on others' behalf, by their number: whom to pass the ack to, and under which number. */
export class Errands {
  readonly #bySeq = new Map<number, Errand & { hasNacked: boolean }>()

  start(seq: number, errand: Errand): void {
    const oldest = this.#bySeq.size >= maxErrands ? this.#bySeq.keys().next().value : undefined
    if (oldest !== undefined) this.#bySeq.delete(oldest)
    this.#bySeq.set(seq, { ...errand, hasNacked: false })
  }

  get(seq: number): Errand | undefined {
    return this.#bySeq.get(seq)
  }

  finish(seq: number): Errand | undefined {
    const errand = this.#bySeq.get(seq)
    this.#bySeq.delete(seq)
    return errand
  }

  deadline(): Millis {
    let next: Millis = never
    for (const { hasNacked, nackAt, until } of this.#bySeq.values()) next = Math.min(next, hasNacked ? until : nackAt)
    return next
  }

  /** Those whose origin is owed a nack now. What is older than it can be of use is forgotten. */
  due(mono: Millis): readonly Errand[] {
    if (this.#bySeq.size === 0) return noErrands
    const owed: Errand[] = []
    for (const [seq, errand] of this.#bySeq) {
      if (!errand.hasNacked && errand.nackAt <= mono) {
        errand.hasNacked = true
        owed.push(errand)
      }
      if (errand.until <= mono) this.#bySeq.delete(seq)
    }
    return owed
  }
}
