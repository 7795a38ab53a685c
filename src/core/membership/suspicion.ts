// How long a suspect may still speak up before it is declared dead. The intuition of Lifeguard (Dadgar, Phillips, Currey
// 2017, section IV-B): one accuser may be the sick one, so it waits long; every further accuser who came to it by himself
// makes it shorter. Hard evidence, a refused connection, says more than silence, but never decides alone.

import type { HubId } from '../ids.ts'
import type { Millis } from '../time.ts'

/** Independent accusers after whom the suspicion is as short as silence makes it (Lifeguard's K). */
export const enoughAccusers = 3
/** So many who hear badly, or were often wrong, bury together whom one of them would not. */
const enoughMourners = 2
/** So many accusers, twice as many as are enough, cannot all be the sick ones. */
const quorum = 2 * enoughAccusers
const quorumShare = 0.6

/**
 * The shortest suspicion, milliseconds: multiplier · max(1, log10 n) · probe interval, memberlist's rule; n counts the
 * present members of the pool.
 */
export function suspicionTimeout(multiplier: number, size: number, probeIntervalMs: Millis): Millis {
  return multiplier * Math.max(1, Math.log10(Math.max(1, size))) * probeIntervalMs
}

/** Accusers that can be hoped for in a pool of `size`: none where so many others are not there (memberlist). */
export function accusersExpected(size: number): number {
  return size - 2 < enoughAccusers ? 0 : enoughAccusers
}

/**
 * Lifeguard's dynamic suspicion, milliseconds: max − log(c + 1) / log(K + 1) · (max − min), at least min. `c` counts the
 * accusers after the first, `K` those that are expected; with K = 0 it is min.
 */
export function dynamicTimeout({ minMs, maxMs, confirmations, expected }: DynamicTimeout): Millis {
  if (expected < 1) return minMs
  const share = Math.log(confirmations + 1) / Math.log(expected + 1)
  return Math.max(minMs, maxMs - share * (maxMs - minMs))
}

export interface DynamicTimeout {
  readonly minMs: Millis
  readonly maxMs: Millis
  readonly confirmations: number
  readonly expected: number
}

export interface SuspicionRules {
  readonly multiplier: number
  /** The longest suspicion is so many times the shortest; 1 without the dynamic one. */
  readonly maxMultiplier: number
  readonly probeIntervalMs: Millis
  /** Whether many accusers, and refused connections, make it shorter than Lifeguard does. */
  readonly evidence: boolean
}

/** One case against one hub, from the first accusation to the end. */
export class Suspicion {
  readonly startedAt: Millis
  readonly #rules: SuspicionRules
  readonly #size: number
  /** Accuser → what its word weighs. */
  readonly #accusers = new Map<HubId, number>()
  readonly #mourners = new Set<HubId>()
  readonly #refusals = new Set<HubId>()
  #secondRefusalAt: Millis = Number.POSITIVE_INFINITY
  #isReprieved = false
  /** Time in which this hub could not have heard a refutation. */
  #lostMs: Millis = 0

  /** `size` counts the present members of the pool, this hub included. */
  constructor(rules: SuspicionRules, size: number, startedAt: Millis) {
    this.#rules = rules
    this.#size = size
    this.startedAt = startedAt
  }

  /** When the suspect is dead, unless it speaks up. */
  get endsAt(): Millis {
    const { multiplier, maxMultiplier, probeIntervalMs, evidence } = this.#rules
    const minMs = suspicionTimeout(multiplier, this.#size, probeIntervalMs)
    const expected = maxMultiplier > 1 ? accusersExpected(this.#size) : 0
    const confirmations = Math.max(0, this.weight - 1)
    const silent = dynamicTimeout({ minMs, maxMs: minMs * maxMultiplier, confirmations, expected })
    if (!evidence) return this.startedAt + silent + this.#lostMs
    const many = this.weight >= quorum ? minMs * quorumShare : silent
    return this.#lostMs + Math.min(this.startedAt + Math.min(many, silent), this.#refusedBy(minMs, probeIntervalMs))
  }

  /** Whether this accuser is new. `weight`: 1 for one who hears well, less for one who does not, 0 shortens nothing. */
  accuse(accuser: HubId, weight: number): boolean {
    const known = this.#accusers.get(accuser) ?? 0
    if (weight <= known) return false
    this.#accusers.set(accuser, weight)
    return true
  }

  /** A word of death by somebody whose word alone does not bury; true when another says it too. */
  mourn(mourner: HubId): boolean {
    this.#mourners.add(mourner)
    return this.#mourners.size >= enoughMourners
  }

  /** Whether this hub is among those who came to it themselves. */
  isAccusedBy(accuser: HubId): boolean {
    return this.#accusers.has(accuser)
  }

  /** A connection was refused to this hub. Whether that makes the suspicion shorter. */
  refused(accuser: HubId, now: Millis): boolean {
    if (this.#refusals.size >= 2 || this.#refusals.has(accuser)) return false
    this.#refusals.add(accuser)
    if (this.#refusals.size === 2) this.#secondRefusalAt = now
    return true
  }

  /** This hub stood still: what it could not hear in that time does not count against the suspect. */
  postpone(byMs: Millis): void {
    this.#lostMs += byMs
  }

  /** More time, once, for a suspect whom few accuse where more could: whether it was given. */
  reprieve(moreMs: Millis): boolean {
    const isLone = this.#rules.evidence && this.weight < 2 && this.#refusals.size === 0
    if (!isLone || this.#isReprieved || accusersExpected(this.#size) === 0) return false
    this.#isReprieved = true
    this.#lostMs += moreMs
    return true
  }

  /** Whether further accusers are worth telling of. */
  wantsMore(): boolean {
    const { evidence, maxMultiplier } = this.#rules
    if (evidence) return this.weight <= quorum
    const expected = maxMultiplier > 1 ? accusersExpected(this.#size) : 0
    return expected > 0 && this.weight <= expected + 1
  }

  /** What all accusers weigh together. */
  get weight(): number {
    let sum = 0
    for (const weight of this.#accusers.values()) sum += weight
    return sum
  }

  /**
   * Two hubs that were refused by the same port have seen its process gone: a quarter of an interval for its last word.
   * One alone may have met a wrong address: half of the usual time.
   */
  #refusedBy(minMs: Millis, probeIntervalMs: Millis): Millis {
    if (this.#refusals.size >= 2) return this.#secondRefusalAt + probeIntervalMs / 4
    return this.#refusals.size === 1 ? this.startedAt + minMs / 2 : Number.POSITIVE_INFINITY
  }
}
