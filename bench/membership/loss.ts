// How often a live member is falsely suspected when messages are lost, beside SWIM's formula. A pool just large enough for
// one probe and its k helpers; the machines decide, and only the messages of probe rounds are lost.
//
// At 1 % loss and k = 3 a round fails once in a million, so losses are made more frequent than they are and each round is
// weighted by how much likelier it was made (importance sampling): the product, over the round's messages, of the true
// chance of its fate over the chance that it was given. The estimate stays unbiased and is there in seconds.

import { Heap } from '../../simulations/engine/heap.ts'
import type { HubId, PeerId } from '../../src/core/ids.ts'
import type { Effect } from '../../src/core/machine.ts'
import type { Accusation, Rumor, SwimMessage } from '../../src/core/membership/messages.ts'
import type { SwimChange, SwimInput, SwimProtocol } from '../../src/core/membership/protocol.ts'
import { Swim } from '../../src/core/membership/swim.ts'
import { Random } from '../../src/core/random.ts'
import { type Millis, second } from '../../src/core/time.ts'
import { indexOf, swimOptions } from './configurations.ts'
import { wallStart } from './pool.ts'

export interface LossPoint {
  /** The chance that a message arrives (q_ml), and how many helpers are asked (k). */
  readonly delivery: number
  readonly helpers: number
}

/** SWIM's chance that a live member is falsely detected in the time in which a dead one would be, with all members alive. */
export function falseDetection({ delivery, helpers }: LossPoint): number {
  const direct = 1 - delivery ** 2
  const indirect = 1 - delivery ** 4
  return (direct * indirect ** helpers * Math.E) / (Math.E - 1)
}

/** The chance of arrival that rounds are given: some fail, and none of their weights is extreme. */
const givenDelivery = 0.7
const latencyMs: Millis = 1

/** One probe of one member, with all messages that it causes. */
interface Round {
  weight: number
}

interface Event {
  readonly to: number
  readonly from?: PeerId
  readonly message?: SwimMessage
  readonly round?: Round
}

/** For each round its weight if it ended in an accusation, 0 if it did not. The mean is the chance that a round fails. */
export function sampleRounds(point: LossPoint, rounds: number, seed: number): readonly number[] {
  return new Rounds(point, seed).run(rounds)
}

class Rounds {
  readonly #point: LossPoint
  readonly #random: Random
  readonly #swims: readonly Swim[]
  readonly #events = new Heap<Event>()
  /** Of each member the round under way. */
  readonly #open: (Round | undefined)[] = []
  readonly #outcomes: number[] = []
  #now: Millis = 0

  constructor(point: LossPoint, seed: number) {
    this.#point = point
    this.#random = new Random(seed)
    const now = { mono: 0, wall: wallStart }
    this.#swims = Array.from({ length: point.helpers + 2 }, (_, index) => {
      const options = swimOptions(index, new Random(this.#random.seed()), 'SWIM')
      // Suspicion is off, that is, it has no end: the suspect refutes long before.
      return new Swim({ ...options, indirectProbes: point.helpers, suspicionMultiplier: 1_000_000 }, now)
    })
    const members = this.#swims.map((swim) => swim.self())
    for (const [index, swim] of this.#swims.entries()) {
      const body = { pool: swim.pool, reply: false, members }
      this.#step(index, { type: 'message', from: swim.self().info.peer, message: { kind: 'swim.exchange', body } })
    }
  }

  run(rounds: number): readonly number[] {
    while (this.#outcomes.length < rounds) {
      this.#now = this.#events.firstKey
      const event = this.#events.pop()
      if (event === undefined) throw new Error('nothing happens any more')
      const { to, from, message, round } = event
      if (from !== undefined && message !== undefined) this.#step(to, { type: 'message', from, message }, round)
      else if ((this.#swims[to]?.deadline() ?? 0) <= this.#now) this.#step(to, { type: 'tick' })
    }
    return this.#outcomes
  }

  #step(index: number, input: SwimInput, round?: Round): void {
    const swim = this.#swims[index]
    if (swim === undefined) return
    const now = { mono: this.#now, wall: wallStart + this.#now }
    const verdicts: Accusation[] = []
    for (const effect of swim.step(input, now)) {
      // In order: what the same step sends after its verdict may open the next round.
      if (effect.type !== 'change') this.#perform(effect, { index, round })
      else if (isVerdict(effect.change, nameOf(index))) {
        this.#failed(index)
        verdicts.push(effect.change.accusation)
      }
    }
    this.#events.push(Math.max(swim.deadline(), this.#now), { to: index })
    for (const accusation of verdicts) this.#refute(accusation)
  }

  /** The accused answers at once, and everybody hears it: no round finds its target under suspicion. */
  #refute(accusation: Accusation): void {
    const accused = indexOf(accusation.accused)
    this.#tell(accused, accusation)
    const word = this.#swims[accused]?.self()
    if (word === undefined) return
    for (const index of this.#swims.keys()) if (index !== accused) this.#tell(index, word)
  }

  #tell(index: number, rumor: Rumor): void {
    const body = { pool: 'bench', rumors: [rumor] }
    this.#step(index, { type: 'message', from: peerOf(index), message: { kind: 'swim.gossip', body } })
  }

  #perform(effect: Effect<SwimProtocol>, { index, round }: { index: number; round: Round | undefined }): void {
    if (effect.type !== 'send') return
    const { to, message } = effect
    const own = round ?? this.#roundOf(index, message)
    if (own !== undefined && isOfRound(message) && !this.#arrives(own)) return
    const event: Event = { to: Number(to.slice(1)), from: peerOf(index), message }
    this.#events.push(this.#now + latencyMs, own === undefined ? event : { ...event, round: own })
  }

  /** A ping that no message caused opens a round; a request for help belongs to the one that is open. */
  #roundOf(index: number, message: SwimMessage): Round | undefined {
    if (message.kind === 'swim.ping-request') return this.#open[index]
    if (message.kind !== 'swim.ping') return undefined
    if (this.#open[index] !== undefined && this.#now > second) this.#outcomes.push(0)
    const round = { weight: 1 }
    this.#open[index] = round
    return round
  }

  #failed(index: number): void {
    const round = this.#open[index]
    this.#open[index] = undefined
    if (round !== undefined) this.#outcomes.push(round.weight)
  }

  #arrives(round: Round): boolean {
    const { delivery } = this.#point
    const arrives = this.#random.chance(givenDelivery)
    round.weight *= arrives ? delivery / givenDelivery : (1 - delivery) / (1 - givenDelivery)
    return arrives
  }
}

/** Whether the hub itself has found that nobody reaches a member. */
function isVerdict(change: SwimChange, hub: HubId): change is SwimChange & { readonly type: 'accused' } {
  return change.type === 'accused' && change.accusation.by === hub && change.accusation.path === 'probe'
}

function isOfRound({ kind }: SwimMessage): boolean {
  return kind === 'swim.ping' || kind === 'swim.ack' || kind === 'swim.ping-request'
}

function nameOf(index: number): HubId {
  return `m${index}` as HubId
}

function peerOf(index: number): PeerId {
  return `p${index}` as PeerId
}
