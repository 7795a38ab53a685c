// One hub of a plan at its place: its machine, and the driver that runs it while it lives.

import type { Address, HubId, PeerId, Region } from '../../src/core/ids.ts'
import type { Random } from '../../src/core/random.ts'
import { type Millis, second } from '../../src/core/time.ts'
import type { LocalHub } from '../../src/hub/calls.ts'
import { Driver } from '../../src/hub/driver.ts'
import type { HubChange } from '../../src/hub/effects.ts'
import type { Hub } from '../../src/hub/hub.ts'
import type { Codec } from '../../src/hub/ports.ts'
import { connectionsFor, type Settings } from '../../src/hub/settings.ts'
import type { Fabric } from './fabric.ts'
import { simulatedKeys } from './keys.ts'
import { Machine } from './machine.ts'
import type { HubPlan } from './scenario.ts'
import type { Counter } from './users.ts'
import type { World } from './world.ts'

const supervisorMs: Millis = 2 * second

export interface SitePlan {
  readonly index: number
  readonly plan: HubPlan
  readonly bootstrap: readonly Address[]
  readonly address: Address
}

/** What the settings of one life are made from. */
export interface Birth {
  readonly plan: HubPlan
  readonly peer: PeerId
  readonly seed: number
  /** Settings that are not the defaults, by path. */
  readonly said?: Readonly<Record<string, unknown>>
}

/** Who watches the hubs of a simulation. */
export interface Watcher {
  readonly codec: Codec
  readonly settingsFor: (birth: Birth) => Settings
  onChange(site: Site, change: HubChange): void
  /** A life has begun: the hub speaks and listens. */
  onStart(site: Site): void
  /** A life is about to end, and with it what only that process knew. */
  onEnd(site: Site): void
}

export class Site implements Counter {
  readonly machine: Machine
  readonly plan: HubPlan
  readonly #watcher: Watcher
  readonly #world: World
  readonly #random: Random
  #driver: Driver | undefined
  #isUp = false

  constructor(fabric: Fabric, watcher: Watcher, { index, plan, bootstrap, address }: SitePlan) {
    const { hub, region, skewMs } = plan
    this.machine = new Machine(fabric, { index, name: hub, region, address, bootstrap, skewMs })
    this.plan = plan
    this.#watcher = watcher
    this.#world = fabric.world
    this.#random = fabric.world.random()
  }

  get hub(): HubId {
    return this.plan.hub
  }

  get region(): Region {
    return this.plan.region
  }

  /** Where users are served; undefined while the hub is down, starting or leaving. */
  get desk(): LocalHub | undefined {
    return this.running?.state === 'ready' ? this.#driver : undefined
  }

  /** The door of a hub in any state; undefined while it is down. */
  get driver(): Driver | undefined {
    return this.#isUp ? this.#driver : undefined
  }

  /** The hub itself, for those who see everything; undefined while it is down or reads its disk. */
  get running(): Hub | undefined {
    return this.#isUp ? this.#driver?.hub : undefined
  }

  start(): void {
    if (this.machine.isRunning) return
    const settings = this.#settings()
    const { clock, store, network } = this.machine.start(connectionsFor(settings.hierarchy.maxLinks))
    const driver = new Driver({
      ports: { clock, store, network, codec: this.#watcher.codec, keys: simulatedKeys(this.machine.peer) },
      settings,
      onChange: (change) => this.#watcher.onChange(this, change),
    })
    this.#driver = driver
    driver.start((started) => {
      if (!started.ok) this.#restart()
      else {
        this.#isUp = true
        this.#watcher.onStart(this)
      }
    })
  }

  /** What a supervisor does with a process that ends with an error. */
  #restart(): void {
    this.machine.end()
    this.#world.after(supervisorMs, () => this.start())
  }

  crash(): void {
    this.#end()
    this.machine.crash()
  }

  leave(): void {
    const driver = this.#driver
    if (!this.#isUp || driver === undefined || this.running?.state === 'leaving') return
    driver.stop(() => {
      this.#end()
      this.machine.end()
    })
  }

  #end(): void {
    if (this.#isUp) this.#watcher.onEnd(this)
    this.#isUp = false
    this.#driver = undefined
  }

  #settings(): Settings {
    const seed = this.#random.seed()
    return this.#watcher.settingsFor({ plan: this.plan, peer: this.machine.peer, seed })
  }
}
