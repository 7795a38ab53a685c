// A hub on a simulated machine whose power is cut in the middle of writing: what was not synced is gone, all of it or from
// some batch on, and the batch that was being written is torn.

import { Fabric } from '../../simulations/engine/fabric.ts'
import { simulatedKeys } from '../../simulations/engine/keys.ts'
import { Machine } from '../../simulations/engine/machine.ts'
import type { HubPlan } from '../../simulations/engine/scenario.ts'
import { Trace } from '../../simulations/engine/trace.ts'
import { World } from '../../simulations/engine/world.ts'
import { simulatedSettings } from '../../simulations/settings.ts'
import { cborCodec } from '../../src/adapters/codec.ts'
import { asSlug, type HubId, type Region } from '../../src/core/ids.ts'
import { Driver } from '../../src/hub/driver.ts'
import { Account, type Act } from './account.ts'

export interface Loss {
  readonly acknowledged: number
  readonly lost: readonly string[]
}

export interface CutPlan {
  readonly cuts: number
  readonly seed: number
  /** The disk says that it synced, and did not. */
  readonly lies: boolean
}

const writers = 8
const startMs = 1_000
/** A life is this long at most, from its first write on; a synced write takes 2 to 4 ms. */
const lifeMs = 60
const plan: HubPlan = { hub: 'victim' as HubId, region: 'r' as Region, tier: 'local', bootstrap: [], skewMs: 0 }

export function cutPower({ cuts, seed, lies }: CutPlan): Loss {
  const world = new World(seed, new Trace())
  const random = world.random()
  const machine = new Machine(new Fabric(world, { sent: () => undefined }), {
    ...plan,
    bootstrap: [],
    index: 0,
    name: plan.hub,
  })
  machine.disk.lies = lies
  const account = new Account(writers)
  const lost: string[] = []
  for (let cut = 0; ; cut++) {
    const driver = begun(machine, random.seed())
    world.run(world.now + startMs)
    const found = driver.views.projects(driver.now(), {})
    lost.push(...account.check(new Map(found.map(({ slug, name }) => [slug, name]))))
    if (!(cut < cuts)) return { acknowledged: account.acknowledged, lost }
    for (let writer = 0; writer < writers; writer++) keepWriting(driver, account, writer)
    world.run(world.now + random.real() * lifeMs)
    // Half of the cuts find the system's memory as bad as it can be.
    if (random.chance(0.5)) machine.disk.crash('none')
    driver.halt()
    machine.crash()
  }
}

function begun(machine: Machine, seed: number): Driver {
  const { clock, store, network } = machine.start()
  const settings = simulatedSettings({ plan, peer: machine.peer, seed })
  const ports = { clock, store, network, codec: cborCodec, keys: simulatedKeys(machine.peer) }
  const driver = new Driver({ ports, settings, onChange: () => undefined })
  driver.start((started) => {
    if (!started.ok) throw new Error(`the hub did not start: ${started.reason}`)
  })
  return driver
}

function keepWriting(driver: Driver, account: Account, writer: number): void {
  const act = account.next(writer)
  driver.call(callOf(act), (answer) => {
    if (!answer.ok) return
    account.acknowledge(writer)
    keepWriting(driver, account, writer)
  })
}

function callOf({ slug: said, name }: Act) {
  const slug = asSlug(said)
  if (slug === undefined) throw new Error(`${said} is no slug`)
  return name === undefined
    ? ({ type: 'remove', slug } as const)
    : ({ type: 'register', slug, registration: { name } } as const)
}
