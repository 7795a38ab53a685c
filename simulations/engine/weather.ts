// What lies between two hosts: how long a packet takes, how likely it is lost, and who cannot reach whom. Regions differ,
// hosts of one region are close. Everything but the jitter is decided by the seed when the world begins.

import type { Region } from '../../src/core/ids.ts'
import type { Random } from '../../src/core/random.ts'
import type { Millis } from '../../src/core/time.ts'

/** A machine with a place in the network; `index` counts from 0. */
export interface Host {
  readonly index: number
  readonly name: string
  readonly region: Region
}

/** One way, milliseconds: a local network, and the range from neighbouring to opposite regions. */
const localMs: Millis = 0.3
const nearestMs: Millis = 8
const farthestMs: Millis = 110
/** Of every hundred packets one meets a queue, and takes up to three times as long. */
const queueChance = 0.01

export class Weather {
  /** Probability that a frame is lost, or delivered twice. */
  loss = 0
  duplication = 0
  readonly #random: Random
  readonly #between = new Map<string, Millis>()
  #sides: ReadonlyMap<number, number> = new Map()
  readonly #oneWay = new Set<string>()
  #changes = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Grows with every cut and every healing. */
  get changes(): number {
    return this.#changes
  }

  /** Hosts of different sides cannot reach each other. Hosts on no list are on the first side. Replaces the last split. */
  split(sides: readonly (readonly Host[])[]): void {
    this.#sides = new Map(sides.flatMap((hosts, side) => hosts.map((host) => [host.index, side] as const)))
    this.#changes++
  }

  /** Nothing that `from` sends reaches `to`; the other way stays open. */
  cut(from: Host, to: Host): void {
    this.#oneWay.add(`${from.index}>${to.index}`)
    this.#changes++
  }

  /** Everybody reaches everybody; loss and duplication end. */
  clear(): void {
    this.#sides = new Map()
    this.#oneWay.clear()
    this.loss = 0
    this.duplication = 0
    this.#changes++
  }

  isCut(from: Host, to: Host): boolean {
    if (this.#oneWay.size > 0 && this.#oneWay.has(`${from.index}>${to.index}`)) return true
    return this.#sides.size > 0 && (this.#sides.get(from.index) ?? 0) !== (this.#sides.get(to.index) ?? 0)
  }

  /** The usual one-way time, without jitter. */
  distance(from: Host, to: Host): Millis {
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
    return this.distance(from, to) * this.jitter()
  }

  /** A factor of 1 to 1.2, seldom up to 3. */
  jitter(): number {
    const draw = this.#random.real()
    return draw < queueChance ? 1 + (2 * draw) / queueChance : 1 + 0.2 * draw
  }

  /** Drawn for every frame. */
  isLost(): boolean {
    return this.loss > 0 && this.#random.chance(this.loss)
  }

  isDoubled(): boolean {
    return this.duplication > 0 && this.#random.chance(this.duplication)
  }

  /** Whether all of several independent copies are lost. */
  areLost(copies: number): boolean {
    return this.loss > 0 && this.#random.chance(this.loss ** copies)
  }
}
