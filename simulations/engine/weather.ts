// What lies between two hosts: how long a packet takes, how likely it is lost, and who cannot reach whom. Regions differ,
// hosts of one region are close. Everything but the jitter is decided by the seed when the world begins.

import type { Address, Region } from '../../src/core/ids.ts'
import type { Random } from '../../src/core/random.ts'
import type { Millis } from '../../src/core/time.ts'

/** A machine with a place in the network; `index` counts from 0. */
export interface Host {
  readonly index: number
  readonly name: string
  readonly region: Region
  /** Where it can be dialled now. */
  readonly address: Address
}

/** Who cannot reach whom: a value, so that what was true at some time can be kept and asked later. */
export interface Cuts {
  /** Host index → side; hosts that are not listed are on the first side. */
  readonly sides: ReadonlyMap<number, number>
  /** `from>to`, by index. */
  readonly oneWay: ReadonlySet<string>
}

const noCuts: Cuts = { sides: new Map(), oneWay: new Set() }

/** One way, between any two hosts: uniform within `baseMs` ± `spreadMs`. */
export interface Latency {
  readonly baseMs: Millis
  readonly spreadMs: Millis
}

/** One way, milliseconds: a local network, and the range from neighbouring to opposite regions. */
const localMs: Millis = 0.3
const nearestMs: Millis = 8
const farthestMs: Millis = 110
/** Of every hundred packets one meets a queue, and takes up to three times as long. */
const queueChance = 0.01

export class Weather {
  /** Probability that a frame is lost, or delivered twice, on any way. */
  loss = 0
  duplication = 0
  readonly #random: Random
  readonly #between = new Map<string, Millis>()
  /** Host index → what is lost of what it hears and says, on top of the rest. */
  readonly #hostLoss = new Map<number, { readonly in: number; readonly out: number }>()
  /** Host index → how long whatever it hears or says waits at its own line. */
  readonly #hostLag = new Map<number, Millis>()
  /** `from>to`, by index. */
  readonly #pairLoss = new Map<string, number>()
  #cuts: Cuts = noCuts
  #latency: Latency | undefined
  #changes = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Grows with every cut and every healing, and with distances. */
  get changes(): number {
    return this.#changes
  }

  get cuts(): Cuts {
    return this.#cuts
  }

  /** Hosts of different sides cannot reach each other. Hosts on no list are on the first side. Replaces the last split. */
  split(sides: readonly (readonly Host[])[]): void {
    const sideOf = sides.flatMap((hosts, side) => hosts.map((host) => [host.index, side] as const))
    this.#cuts = { ...this.#cuts, sides: new Map(sideOf) }
    this.#changes++
  }

  /** Nothing that `from` sends reaches `to`; the other way stays open. */
  cut(from: Host, to: Host): void {
    this.#cuts = { ...this.#cuts, oneWay: new Set([...this.#cuts.oneWay, wayOf(from, to)]) }
    this.#changes++
  }

  /** Shares of what the host hears and says that are lost. */
  loseAt(host: Host, shares: { readonly in: number; readonly out: number }): void {
    this.#hostLoss.set(host.index, shares)
  }

  /** A queue at the host's own line, both ways. */
  delayAt(host: Host, lagMs: Millis): void {
    this.#hostLag.set(host.index, lagMs)
  }

  /** The share of frames lost one way on a pair's own line. What is published takes other ways round. */
  loseBetween(from: Host, to: Host, share: number): void {
    this.#pairLoss.set(wayOf(from, to), share)
  }

  /** The same distance between any two hosts, wherever they are; outlasts a healing. */
  setLatency(latency: Latency): void {
    this.#latency = latency
    this.#changes++
  }

  /** Everybody reaches everybody; loss, duplication and queues end. */
  clear(): void {
    this.#cuts = noCuts
    this.#hostLoss.clear()
    this.#hostLag.clear()
    this.#pairLoss.clear()
    this.loss = 0
    this.duplication = 0
    this.#changes++
  }

  isCut(from: Host, to: Host): boolean {
    return isCutIn(this.#cuts, from.index, to.index)
  }

  /** The usual one-way time, without jitter. */
  distance(from: Host, to: Host): Millis {
    if (this.#latency !== undefined) return this.#latency.baseMs
    if (from.region === to.region) return localMs
    const key = from.region < to.region ? `${from.region} ${to.region}` : `${to.region} ${from.region}`
    let known = this.#between.get(key)
    if (known === undefined) {
      known = nearestMs + (farthestMs - nearestMs) * this.#random.real()
      this.#between.set(key, known)
    }
    return known
  }

  /** One packet's one-way time. */
  latency(from: Host, to: Host): Millis {
    return this.distance(from, to) * this.jitter() + this.lag(from, to)
  }

  /** What queues at the two hosts' own lines add. */
  lag(from: Host, to: Host): Millis {
    if (this.#hostLag.size === 0) return 0
    return (this.#hostLag.get(from.index) ?? 0) + (this.#hostLag.get(to.index) ?? 0)
  }

  /** A factor of 1 to 1.2, seldom up to 3; with a latency of its own, what its spread allows. */
  jitter(): number {
    const draw = this.#random.real()
    if (this.#latency !== undefined) return 1 + ((2 * draw - 1) * this.#latency.spreadMs) / this.#latency.baseMs
    return draw < queueChance ? 1 + (2 * draw) / queueChance : 1 + 0.2 * draw
  }

  /** Drawn for every frame. */
  isLost(from: Host, to: Host): boolean {
    const share = this.#lossOf(from, to)
    const onPair = this.#pairLoss.size === 0 ? 0 : (this.#pairLoss.get(wayOf(from, to)) ?? 0)
    const either = onPair === 0 ? share : 1 - (1 - share) * (1 - onPair)
    return either > 0 && this.#random.chance(either)
  }

  isDoubled(): boolean {
    return this.duplication > 0 && this.#random.chance(this.duplication)
  }

  /** Whether all of several independent copies of a publication are lost. */
  areLost(from: Host, to: Host, copies: number): boolean {
    const share = this.#lossOf(from, to)
    return share > 0 && this.#random.chance(share ** copies)
  }

  #lossOf(from: Host, to: Host): number {
    if (this.#hostLoss.size === 0) return this.loss
    const out = this.#hostLoss.get(from.index)?.out ?? 0
    const into = this.#hostLoss.get(to.index)?.in ?? 0
    return 1 - (1 - this.loss) * (1 - out) * (1 - into)
  }
}

function wayOf(from: Host, to: Host): string {
  return `${from.index}>${to.index}`
}

/** Whether nothing that `from` sent reached `to` under these cuts; by index. */
export function isCutIn({ sides, oneWay }: Cuts, from: number, to: number): boolean {
  if (oneWay.size > 0 && oneWay.has(`${from}>${to}`)) return true
  return sides.size > 0 && (sides.get(from) ?? 0) !== (sides.get(to) ?? 0)
}
