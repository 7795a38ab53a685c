// The machines of a hub at work: each is given its input, what it answers is collected, and every change is handed to
// the composition before the next effect. They do not know each other.

import type { Catalog } from '../core/catalog/catalog.ts'
import type { CatalogInput } from '../core/catalog/protocol.ts'
import type { ClockInput } from '../core/clock/protocol.ts'
import type { Timekeeper } from '../core/clock/timekeeper.ts'
import type { Hierarchy } from '../core/hierarchy/hierarchy.ts'
import type { HierarchyInput } from '../core/hierarchy/protocol.ts'
import { isBackbone, ownsDial } from '../core/hierarchy/tiers.ts'
import type { PeerId } from '../core/ids.ts'
import type { CallId, StoreOp, Tick } from '../core/machine.ts'
import type { SwimInput } from '../core/membership/protocol.ts'
import type { Swim } from '../core/membership/swim.ts'
import type { Presence } from '../core/presence/presence.ts'
import type { PresenceInput } from '../core/presence/protocol.ts'
import { type Millis, type Now, never } from '../core/time.ts'
import type { HubInfo, Statement } from '../core/wire.ts'
import type { Desk } from './desk.ts'
import { OwnEntry } from './directory.ts'
import { Echoes } from './echoes.ts'
import { asHubEffect, type FeatureEffect, type HubChange, type HubEffect } from './effects.ts'
import type { Forgotten } from './forgetting.ts'
import type { Letter } from './inbox.ts'
import { type Built, backbonePool, type Machines } from './machines.ts'
import type { DeskStep } from './steps.ts'
import { isOlder } from './versions.ts'

type Result = (FeatureEffect & { readonly type: 'reply' })['result']
type Machine = Swim | Hierarchy | Presence | Catalog | Timekeeper

const tick: Tick = { type: 'tick' }

export class Crew {
  readonly #machines: Machines
  readonly #all: readonly Machine[]
  /** When each of them wants waking: a machine's deadline changes in its own steps alone. */
  readonly #due: Millis[]
  readonly #desk: Desk
  readonly #entry: OwnEntry
  readonly #echoes: Echoes
  readonly #react: (change: HubChange, now: Now) => void
  #out: HubEffect[] = []
  /** What the composition stores in this step: one batch, however much it learned. */
  #batch: StoreOp[] | undefined
  #isSilent = false
  #links = 0
  #linkedSince: Millis | undefined

  /** `react` is told every change of a machine, after it has been put among the effects. */
  constructor(machines: Built, desk: Desk, react: (change: HubChange, now: Now) => void) {
    this.#machines = machines
    this.#all = [...machines.pools, machines.hierarchy, machines.presence, machines.catalog, machines.timekeeper]
    this.#due = this.#all.map((machine) => machine.deadline())
    this.#desk = desk
    this.#entry = new OwnEntry(machines)
    const { random, reaches } = machines
    this.#echoes = new Echoes({ machines, random, reaches, say: (effect) => this.say(effect) })
    this.#react = react
  }

  /** What was said and done since the last time, in order. */
  effects(): HubEffect[] {
    const out = this.#out
    this.#out = []
    this.#batch = undefined
    return this.#isSilent ? out.filter(({ type }) => type !== 'send' && type !== 'publish') : out
  }

  /** Nothing is said to anyone any more. */
  silence(change: HubChange): void {
    this.#isSilent = true
    this.report(change)
  }

  deadline(): Millis {
    let next = Math.min(this.#entry.deadline(), this.#echoes.deadline())
    for (const at of this.#due) next = Math.min(next, at)
    return next
  }

  /** When the hierarchy wants waking. */
  get hierarchyAt(): Millis {
    return this.#due[this.#machines.pools.length] ?? never
  }

  /** Since when there has always been a link (monotonic); undefined while there is none. */
  get linkedSince(): Millis | undefined {
    return this.#linkedSince
  }

  /** Wakes those whose time has come. */
  tick(now: Now): void {
    if (this.#entry.deadline() <= now.mono) this.introduce(now)
    this.#echoes.tick(now)
    for (let index = 0; index < this.#all.length; index++) {
      const machine = this.#all[index]
      if (machine === undefined || (this.#due[index] ?? never) > now.mono) continue
      this.#stepped(machine, machine.step(tick, now), now)
    }
  }

  forget({ burial, ...forgotten }: Forgotten, now: Now): void {
    this.pools({ type: 'forget', ...forgotten }, now)
    this.hierarchy({ type: 'forget', ...forgotten }, now)
    if (burial !== undefined) this.catalog({ type: 'forget', burial }, now)
  }

  /** What the directory does not say of this hub yet. */
  introduce(now: Now): void {
    const write = this.#entry.look(now)
    if (write !== undefined) this.catalog({ type: 'write', writes: [write], extra: [] }, now)
  }

  /** A message goes to the feature it is of. */
  deliver(letter: Letter, from: PeerId, now: Now): void {
    switch (letter.feature) {
      case 'membership':
        this.pools({ type: 'message', from, message: letter.message }, now)
        break
      case 'hierarchy':
        this.hierarchy({ type: 'message', from, message: letter.message }, now)
        break
      case 'presence':
        this.presence({ type: 'message', from, message: letter.message }, now)
        break
      case 'catalog':
        this.catalog({ type: 'message', from, message: letter.message }, now)
        break
      case 'clock':
        this.#clock({ type: 'message', from, message: letter.message }, now)
        break
      case 'echo':
        this.#echoes.hear(letter.message, from, now)
        break
    }
  }

  /** Before anything else is done: what follows may be stamped. */
  lookAtClock(now: Now): void {
    if (this.#machines.timekeeper.hasJumped(now)) this.#clock(tick, now)
  }

  /** The clock before the catalog: what a slice is opened with is stamped. */
  linked(info: HubInfo, now: Now): void {
    const { peer } = info
    const { pools, self } = this.#machines
    for (const swim of pools) {
      const isMate = swim.pool === backbonePool ? isBackbone(info.tier) : info.region === self.info.region
      if (isMate) this.pool(swim, { type: 'greet', peer }, now)
    }
    if (this.#links++ === 0) this.#linkedSince = now.mono
    this.hierarchy({ type: 'link-up', info }, now)
    this.#clock({ type: 'link-up', peer }, now)
    this.catalog({ type: 'link-up', peer }, now)
  }

  unlinked(peer: PeerId, now: Now): void {
    if (--this.#links === 0) this.#linkedSince = undefined
    this.hierarchy({ type: 'link-down', peer }, now)
    this.presence({ type: 'link-down', peer }, now)
    this.#clock({ type: 'link-down', peer }, now)
    this.catalog({ type: 'link-down', peer }, now)
  }

  /** Who is back is dialled at once: the pause between dials has grown long, and without a link nobody can probe it. */
  redial(self: HubInfo, { info, status }: Statement): void {
    const { peer, tier, addresses } = info
    if (status !== 'alive' || !this.#machines.hierarchy.kept().has(peer)) return
    this.say({ type: 'disconnect', peer })
    this.say({ type: 'connect', peer, addresses, eager: ownsDial(self, { peer, tier }) })
  }

  pools(input: SwimInput, now: Now): void {
    for (const swim of this.#machines.pools) this.pool(swim, input, now)
  }

  pool(swim: Swim, input: SwimInput, now: Now): void {
    this.#stepped(swim, swim.step(input, now), now)
  }

  hierarchy(input: HierarchyInput, now: Now): void {
    const { hierarchy } = this.#machines
    this.#stepped(hierarchy, hierarchy.step(input, now), now)
  }

  presence(input: PresenceInput, now: Now): void {
    const { presence } = this.#machines
    this.#stepped(presence, presence.step(input, now), now)
  }

  /** Presence is told of a new link. */
  greet({ peer, version }: HubInfo, scope: 'own' | 'all', now: Now): void {
    this.presence({ type: 'greet', peer, scope, isOlder: isOlder(version) }, now)
  }

  /** Presence is told what is believed of a hub that may be a home. */
  believe({ hub, peer, version }: HubInfo, status: Statement['status'], now: Now): void {
    this.presence({ type: 'home', hub, peer, status, isOlder: isOlder(version) }, now)
  }

  catalog(input: CatalogInput, now: Now): void {
    const { catalog } = this.#machines
    this.#stepped(catalog, catalog.step(input, now), now)
  }

  #clock(input: ClockInput, now: Now): void {
    const { timekeeper } = this.#machines
    this.#stepped(timekeeper, timekeeper.step(input, now), now)
  }

  /** What a local caller's request comes to. */
  serve(steps: readonly DeskStep[], now: Now): void {
    for (const step of steps) {
      if (step.type === 'catalog') this.catalog(step.input, now)
      else if (step.type === 'presence') this.presence(step.input, now)
      else if (step.type === 'echo') this.#echoes.ask(step, now)
      else this.#out.push({ type: 'reply', call: step.call, result: step.answer() })
    }
  }

  /** The composition's own effects. */
  say(effect: HubEffect): void {
    this.#out.push(effect)
  }

  report(change: HubChange): void {
    this.#out.push({ type: 'change', change })
  }

  store(op: StoreOp): void {
    if (this.#batch !== undefined) this.#batch.push(op)
    else {
      this.#batch = [op]
      this.#out.push({ type: 'persist', owner: 'hub', token: 0, batch: this.#batch, synced: false })
    }
  }

  /** What a machine answered to an input; what that makes others do comes after its new deadline is noted. */
  #stepped(machine: Machine, effects: readonly FeatureEffect[], now: Now): void {
    this.#due[this.#all.indexOf(machine)] = machine.deadline()
    for (const effect of effects) {
      if (effect.type === 'reply') this.#replied(effect.call, effect.result, now)
      else if (effect.type === 'persist' && machine === this.#machines.presence) {
        for (const op of effect.batch) this.store(op)
      } else this.#out.push(asHubEffect(effect))
      if (effect.type === 'change') this.#react(effect.change, now)
    }
  }

  #replied(call: CallId, result: Result, now: Now): void {
    if (result.ok && 'type' in result) this.#out.push({ type: 'reply', call, result })
    else this.serve(this.#desk.written(call, result), now)
  }
}
