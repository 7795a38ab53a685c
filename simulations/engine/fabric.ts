// The network as a whole: which process listens at which host, how long things take between them, and where gossip goes.

import type { Address } from '../../src/core/ids.ts'
import type { Topic } from '../../src/core/machine.ts'
import type { Millis } from '../../src/core/time.ts'
import { flood, type Near, type Reach } from './flood.ts'
import type { Listener } from './listener.ts'
import { markOf } from './trace.ts'
import { type Host, Weather } from './weather.ts'
import type { Life, World } from './world.ts'

/** Counts what hosts send. */
export interface Meter {
  /** `copies`: how many hubs a publication reaches; 1 for a direct message. */
  sent(bytes: Uint8Array, copies: number): void
}

/** Where the host of that name is found, unless it moves. */
export function addressOf(name: string): Address {
  return `/sim/${name}` as Address
}

/** A gossip mesh notices a new or lost link at its next look around; cuts are facts and count at once. */
const meshLagMs: Millis = 250

interface Route {
  readonly links: number
  readonly cuts: number
  readonly at: Millis
  readonly reach: readonly Reach[]
}

export class Fabric {
  readonly world: World
  readonly weather: Weather
  readonly meter: Meter
  readonly #hosts: Host[] = []
  readonly #byAddress = new Map<Address, Host>()
  readonly #listeners = new Map<number, Listener>()
  /** Author → where its words go. */
  readonly #routes = new Map<number, Route>()
  /** Host → whom it is linked with, until one of its links changes or anything is cut. */
  readonly #nearby = new Map<number, readonly Near[]>()
  #nearbyCuts = 0
  #linkChanges = 0

  constructor(world: World, meter: Meter) {
    this.world = world
    this.weather = new Weather(world.random())
    this.meter = meter
  }

  add(host: Host): void {
    this.#hosts[host.index] = host
    if (!this.#byAddress.has(host.address)) this.#byAddress.set(host.address, host)
  }

  /** Who was last heard to listen there; a host that moved away is not found. */
  hostAt(address: Address): Host | undefined {
    const host = this.#byAddress.get(address)
    return host?.address === address ? host : undefined
  }

  listen(listener: Listener): void {
    this.#listeners.set(listener.host.index, listener)
    this.#byAddress.set(listener.host.address, listener.host)
  }

  /** The listener closes its port; a successor may already have taken it. */
  unlisten(listener: Listener): void {
    if (this.listener(listener.host) === listener) this.#listeners.delete(listener.host.index)
  }

  listener(host: Host): Listener | undefined {
    return this.#listeners.get(host.index)
  }

  /** A link of these hosts came up or went down, or one froze or thawed. */
  relinked(hosts: readonly Host[]): void {
    this.#linkChanges++
    for (const { index } of hosts) this.#nearby.delete(index)
  }

  /** Does the action when a packet sent now arrives; never, when the way is cut. */
  hop(way: { readonly from: Host; readonly to: Host }, action: () => void, life?: Life): void {
    const { from, to } = way
    if (this.weather.isCut(from, to)) return
    this.world.after(this.weather.latency(from, to), action, life)
  }

  publish(from: Listener, topic: Topic, bytes: Uint8Array): void {
    const { world, weather, meter } = this
    const mark = markOf(bytes)
    const reach = this.#reach(from.host)
    meter.sent(bytes, reach.length)
    for (const { host, delay, copies } of reach) {
      const to = this.#listeners.get(host)
      if (to === undefined || weather.areLost(from.host, to.host, copies)) continue
      const arrive = () => {
        world.trace.arrival(world.now, { from: from.host.index, to: host, by: topic, mark })
        to.gossiped(topic, from.peer, bytes)
      }
      world.after(delay * weather.jitter() + weather.lag(from.host, to.host), arrive, to.life)
    }
  }

  #reach(author: Host): readonly Reach[] {
    const { now } = this.world
    const links = this.#linkChanges
    const cuts = this.weather.changes
    const known = this.#routes.get(author.index)
    const isCurrent = known?.cuts === cuts && (known.links === links || now - known.at < meshLagMs)
    if (isCurrent) return known.reach
    const reach = flood(author.index, this.#hosts.length, (host) => this.#neighbours(host))
    this.#routes.set(author.index, { links, cuts, at: now, reach })
    return reach
  }

  #neighbours(index: number): readonly Near[] {
    const from = this.#listeners.get(index)
    if (from === undefined || from.life.thawsAt > this.world.now) return []
    if (this.#nearbyCuts !== this.weather.changes) {
      this.#nearbyCuts = this.weather.changes
      this.#nearby.clear()
    }
    const known = this.#nearby.get(index)
    if (known !== undefined) return known
    const near: Near[] = []
    for (const end of from.ends) {
      const to = end.remote.owner.host
      if (!end.isOpen || !end.remote.isOpen || this.weather.isCut(from.host, to)) continue
      near.push({ host: to.index, delay: this.weather.distance(from.host, to) })
    }
    this.#nearby.set(index, near)
    return near
  }
}
