// What befalls the hubs of a plan: done to them, and told to those who judge the outcome.

import type { HubId } from '../../src/core/ids.ts'
import type { Detection } from './detection.ts'
import type { Fabric } from './fabric.ts'
import type { Healing } from './healing.ts'
import type { Ledger } from './ledger.ts'
import type { Happening } from './scenario.ts'
import type { Site } from './site.ts'

export interface FatesPlan {
  readonly fabric: Fabric
  readonly sites: ReadonlyMap<HubId, Site>
  readonly detection: Detection
  readonly healing: Healing
  readonly ledger: Ledger
}

type HubHappening = Extract<Happening, { readonly hub: HubId }>
type NetworkHappening = Exclude<Happening, { readonly hub: HubId }>

/** From this share on a hub that loses what it hears or says is neither up nor down. */
const grayLoss = 0.5

export class Fates {
  /** How often each hub was started again at once. */
  readonly restarts = new Map<HubId, number>()
  readonly #plan: FatesPlan

  constructor(plan: FatesPlan) {
    this.#plan = plan
  }

  happen(what: Happening): void {
    const { world } = this.#plan.fabric
    world.trace.note(world.now, JSON.stringify(what))
    if (!('hub' in what)) this.#onNetwork(what)
    else {
      const site = this.#plan.sites.get(what.hub)
      if (site !== undefined) this.#onHub(site, what)
    }
  }

  #onHub(site: Site, what: HubHappening): void {
    const { detection, fabric } = this.#plan
    const { now } = fabric.world
    const { machine, hub } = site
    switch (what.type) {
      case 'start':
        site.start()
        break
      case 'crash':
        this.#crash(site)
        break
      case 'restart':
        this.#restart(site, what)
        break
      case 'leave':
        if (machine.isRunning) detection.left(hub, now)
        site.leave()
        break
      case 'freeze':
      case 'stall':
        if (!machine.isRunning) break
        detection.reach.still(hub, now, now + what.forMs)
        machine.freeze(what.forMs, what.type === 'stall' ? what.readMs : 0)
        break
      case 'hub-loss':
        if (Math.max(what.in, what.out) >= grayLoss) detection.gray(hub)
        fabric.weather.loseAt(machine, what)
        break
      case 'lag':
        fabric.weather.delayAt(machine, what.addedMs)
        break
      case 'clock':
        machine.turnClock(what.byMs)
        break
      case 'disk-full':
        machine.disk.full = what.full
        break
      case 'disk-lies':
        machine.disk.lies = true
        break
    }
  }

  #crash(site: Site): void {
    const { detection, fabric } = this.#plan
    if (!site.machine.isRunning) return
    detection.crashed(site.hub, fabric.world.now)
    site.crash()
  }

  #restart(site: Site, { afterMs, moved, renewed }: HubHappening & { readonly type: 'restart' }): void {
    const { fabric, ledger } = this.#plan
    const { world } = fabric
    if (!site.machine.isRunning) return
    this.#crash(site)
    if (moved === true) site.machine.move()
    if (renewed === true) {
      site.machine.renew()
      ledger.lose(site.hub, world.now)
    }
    this.restarts.set(site.hub, (this.restarts.get(site.hub) ?? 0) + 1)
    world.after(afterMs, () => this.happen({ type: 'start', hub: site.hub }))
  }

  #onNetwork(what: NetworkHappening): void {
    const { fabric, sites } = this.#plan
    const { weather } = fabric
    switch (what.type) {
      case 'split':
        weather.split(what.sides.map((side) => side.flatMap((hub) => sites.get(hub)?.machine ?? [])))
        this.#recut()
        break
      case 'cut':
      case 'pair-loss': {
        const [from, to] = [sites.get(what.from)?.machine, sites.get(what.to)?.machine]
        if (from === undefined || to === undefined) break
        if (what.type === 'cut') weather.cut(from, to)
        else weather.loseBetween(from, to, what.loss)
        this.#recut()
        break
      }
      case 'line':
        weather.loss = what.loss
        weather.duplication = what.duplication
        break
      case 'latency':
        weather.setLatency(what)
        break
      case 'heal':
        this.#heal()
        break
    }
  }

  #heal(): void {
    const { fabric, sites, healing } = this.#plan
    const { cuts } = fabric.weather
    fabric.weather.clear()
    for (const { machine } of sites.values()) {
      machine.disk.full = false
      machine.setClockRight()
    }
    this.#recut()
    healing.ended(cuts)
  }

  #recut(): void {
    const { fabric, detection } = this.#plan
    detection.reach.cut(fabric.weather.cuts, fabric.world.now)
  }
}
