// A machine that runs one hub: it can start it, kill it, freeze it, and it keeps the disk, the key and the address between
// its lives, until it is moved or set up anew.

import type { Address, PeerId, Region } from '../../src/core/ids.ts'
import { Random } from '../../src/core/random.ts'
import type { Millis } from '../../src/core/time.ts'
import type { Clock, Store } from '../../src/hub/ports.ts'
import { SimClock, type Wrongness } from './clock.ts'
import { Disk } from './disk.ts'
import { addressOf, type Fabric } from './fabric.ts'
import { SimNetwork } from './network.ts'
import type { Host } from './weather.ts'
import type { Life } from './world.ts'

export interface MachinePlan {
  readonly index: number
  readonly name: string
  readonly region: Region
  /** Where it listens, if not where its name says. */
  readonly address?: Address
  readonly bootstrap: readonly Address[]
  /** How wrong its wall clock is. */
  readonly skewMs: Millis
}

/** What one life of a hub gets from its machine. */
export interface Body {
  readonly life: Life
  readonly clock: Clock
  readonly store: Store
  readonly network: SimNetwork
}

export class Machine implements Host {
  readonly index: number
  readonly name: string
  readonly region: Region
  readonly #fabric: Fabric
  readonly #plan: MachinePlan
  readonly #random: Random
  readonly #wrongness: Wrongness
  #peer: PeerId
  #disk: Disk
  #address: Address
  #body: Body | undefined
  /** How often it was moved or set up anew. */
  #changes = 0

  constructor(fabric: Fabric, plan: MachinePlan) {
    this.index = plan.index
    this.name = plan.name
    this.region = plan.region
    this.#fabric = fabric
    this.#plan = plan
    this.#random = fabric.world.random()
    this.#wrongness = { skewMs: plan.skewMs }
    this.#peer = this.#newKey(plan.name)
    this.#disk = new Disk(fabric.world.random())
    this.#address = plan.address ?? addressOf(plan.name)
    fabric.add(this)
  }

  get peer(): PeerId {
    return this.#peer
  }

  get disk(): Disk {
    return this.#disk
  }

  get address(): Address {
    return this.#address
  }

  get isRunning(): boolean {
    return this.#body?.life.alive === true
  }

  /** A new life, that takes so many connections. The caller must have ended the last one. */
  start(maxConnections?: number): Body {
    const { world } = this.#fabric
    const life: Life = { alive: true, thawsAt: 0 }
    const { bootstrap } = this.#plan
    const room = maxConnections === undefined ? {} : { maxConnections }
    const plan = { host: this, peer: this.peer, life, bootstrap, random: new Random(this.#random.seed()), ...room }
    this.#body = {
      life,
      clock: new SimClock(world, life, this.#wrongness),
      store: this.disk.mount(world, life),
      network: new SimNetwork(this.#fabric, plan),
    }
    return this.#body
  }

  /** Power off: the process is gone, its connections are reset, unsynced writes are lost. */
  crash(): void {
    const body = this.#body
    if (body === undefined || !body.life.alive) return
    body.life.alive = false
    body.network.crash()
    this.disk.crash()
  }

  /** The process ended by itself. What it wrote is with the system and stays. */
  end(): void {
    const body = this.#body
    if (body === undefined || !body.life.alive) return
    body.life.alive = false
    body.network.crash()
  }

  /** Its wall clock jumps. */
  turnClock(byMs: Millis): void {
    this.#wrongness.skewMs += byMs
  }

  /** Its wall clock is no more wrong than at first. */
  setClockRight(): void {
    this.#wrongness.skewMs = this.#plan.skewMs
  }

  /** Another address from the next life on; nobody answers at the old one. */
  move(): void {
    this.#address = addressOf(`${this.name}-${++this.#changes}`)
  }

  /** A new key and an empty disk from the next life on: somebody set the machine up anew under its old name. */
  renew(): void {
    this.#peer = this.#newKey(`${this.name}-${++this.#changes}`)
    this.#disk = new Disk(this.#fabric.world.random())
  }

  /** Keys sort in another order than names, as real ones do. */
  #newKey(name: string): PeerId {
    return `${(this.#random.seed() >>> 0).toString(16).padStart(8, '0')}-${name}` as PeerId
  }

  /**
   * The process stands still (SIGSTOP, a long pause of its runtime); its connections stay up. Afterwards each thing it
   * missed, timers and messages, takes it `readMs`, and what comes meanwhile waits behind.
   */
  freeze(forMs: Millis, readMs = 0): void {
    if (this.#body === undefined) return
    const { world } = this.#fabric
    const { life } = this.#body
    life.thawsAt = Math.max(life.thawsAt, world.now + forMs)
    life.readMs = readMs
    this.#fabric.relinked([this])
    world.after(forMs, () => this.#fabric.relinked([this]))
  }
}
