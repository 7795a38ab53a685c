// One hub: five machines that do not know each other, and the one place where they meet. An input goes to the machine
// it concerns; the changes that come back are told to the others in one exhaustive switch; everything else is passed on.

import type { Catalog, CatalogInput } from '../core/catalog/catalog.ts'
import type { Hierarchy } from '../core/hierarchy/hierarchy.ts'
import type { HierarchyInput } from '../core/hierarchy/protocol.ts'
import { isBackbone } from '../core/hierarchy/tiers.ts'
import type { PeerId, Slug } from '../core/ids.ts'
import type { StoreOp } from '../core/machine.ts'
import type { Swim } from '../core/membership/swim.ts'
import type { Presence } from '../core/presence/presence.ts'
import type { PresenceInput } from '../core/presence/protocol.ts'
import { type Millis, minute, type Now, never } from '../core/time.ts'
import type { HubInfo } from '../core/wire.ts'
import { Desk, type DeskStep } from './desk.ts'
import { asHubEffect, type FeatureEffect, type HubChange, type HubEffect, type HubInput } from './effects.ts'
import { type Letter, openMessage, speakerOf } from './inbox.ts'
import { type Boot, backbonePool, buildMachines } from './machines.ts'
import type { Settings } from './settings.ts'
import type { ProjectStatus } from './shapes.ts'
import { peerOf, seenOf } from './sight.ts'
import { bookOp, forgetOp, incarnationOp, type Remembered } from './stored.ts'

/** A hub that booted this recently is told everything by those it links to. */
const newcomerMs = 1 * minute

export class Hub {
  readonly info: HubInfo
  readonly bootedAt: Now
  readonly pools: readonly Swim[]
  readonly hierarchy: Hierarchy
  readonly presence: Presence
  readonly catalog: Catalog
  readonly settings: Settings
  readonly desk: Desk
  readonly links = new Map<PeerId, HubInfo>()
  #incarnation: number
  #state: 'starting' | 'ready' | 'leaving' = 'starting'
  readonly #graceAt: Millis
  #graceIsOver = false

  constructor(boot: Boot) {
    const { settings, remembered, now } = boot
    const { info, pools, hierarchy, presence, catalog } = buildMachines(boot)
    this.info = info
    this.pools = pools
    this.hierarchy = hierarchy
    this.presence = presence
    this.catalog = catalog
    this.bootedAt = now
    this.settings = settings
    this.#incarnation = boot.incarnation
    this.#graceAt = now.mono + settings.joinGraceMs
    this.desk = new Desk(this, settings, remembered.fileHashes)
  }

  get state(): 'starting' | 'ready' | 'leaving' {
    return this.#state
  }

  statusOf(slug: Slug, now: Now): ProjectStatus {
    return seenOf(this, slug, now).presence.status
  }

  get incarnation(): number {
    return this.#incarnation
  }

  /** The first effects of a new hub: dial whom it remembers, and open its slice when nobody can be waited for. */
  start(remembered: Remembered, now: Now): HubEffect[] {
    const out: HubEffect[] = []
    this.#hierarchyStep({ type: 'book', infos: remembered.book }, now, out)
    if (!this.settings.hasBootstrap && remembered.book.length === 0) this.#catalogStep({ type: 'alone' }, now, out)
    this.#settle(out)
    return out
  }

  deadline(): Millis {
    return Math.min(this.#graceIsOver ? never : this.#graceAt, ...this.#machines().map((machine) => machine.deadline()))
  }

  step(input: HubInput, now: Now): HubEffect[] {
    const out: HubEffect[] = []
    switch (input.type) {
      case 'tick':
        this.#tick(now, out)
        break
      case 'message':
        this.#receive(input, now, out)
        break
      case 'link-up':
        this.#linkUp(input, now, out)
        break
      case 'link-down':
        this.#linkDown(input, now, out)
        break
      case 'persisted':
        if (input.owner === 'catalog') this.#catalogStep(input, now, out)
        break
      case 'call':
        this.#do(this.desk.take(input.call, input.request, now), now, out)
        break
      case 'leave':
        this.#leave(now, out)
        break
    }
    // Links are chosen once for all that one input changed.
    if (this.hierarchy.deadline() <= now.mono) this.#hierarchyStep({ type: 'tick' }, now, out)
    this.#settle(out)
    return out
  }

  // ---- inputs

  #tick(now: Now, out: HubEffect[]): void {
    for (const machine of this.#machines()) {
      if (machine.deadline() <= now.mono) this.#perform(machine.step({ type: 'tick' }, now), now, out)
    }
    if (this.#graceIsOver || this.#graceAt > now.mono) return
    this.#graceIsOver = true
    if (!this.catalog.isOpen) this.#catalogStep({ type: 'alone' }, now, out)
  }

  #receive(input: HubInput & { type: 'message' }, now: Now, out: HubEffect[]): void {
    const opened = openMessage(input.value)
    const reason = opened.ok ? this.#reasonAgainst(opened.letter, input) : opened.reason
    if (!opened.ok || reason !== undefined) {
      out.push({ type: 'change', change: { type: 'dropped', reason: reason ?? 'malformed' } })
      return
    }
    const { from } = input
    const { letter } = opened
    switch (letter.feature) {
      case 'membership':
        for (const swim of this.pools)
          this.#perform(swim.step({ type: 'message', from, message: letter.message }, now), now, out)
        break
      case 'hierarchy':
        this.#hierarchyStep({ type: 'message', from, message: letter.message }, now, out)
        break
      case 'presence':
        this.#presenceStep({ type: 'message', from, message: letter.message }, now, out)
        break
      case 'catalog':
        this.#catalogStep({ type: 'message', from, message: letter.message }, now, out)
        break
    }
  }

  /** What is published speaks for the hub whose key signed it. */
  #reasonAgainst(letter: Letter, input: HubInput & { type: 'message' }): string | undefined {
    const speaker = input.topic === undefined ? undefined : speakerOf(letter)
    const known = speaker === undefined ? undefined : peerOf(this, speaker)
    return known !== undefined && known !== input.from ? 'foreign-voice' : undefined
  }

  #linkUp(input: HubInput & { type: 'link-up' }, now: Now, out: HubEffect[]): void {
    const { info } = input
    this.links.set(info.peer, info)
    out.push({ type: 'change', change: { type: 'link', peer: info.peer, hub: info.hub, isUp: true } })
    for (const swim of this.pools) {
      const isMate = swim.pool === backbonePool ? isBackbone(info.tier) : info.region === this.info.region
      if (isMate) this.#perform(swim.step({ type: 'greet', peer: info.peer }, now), now, out)
    }
    this.#hierarchyStep({ type: 'link-up', info }, now, out)
    this.#catalogStep({ type: 'link-up', peer: info.peer }, now, out)
    const scope = input.uptimeMs < newcomerMs ? 'all' : 'own'
    this.#presenceStep({ type: 'greet', peer: info.peer, scope }, now, out)
  }

  #linkDown(input: HubInput & { type: 'link-down' }, now: Now, out: HubEffect[]): void {
    const { peer, reason } = input
    const info = this.links.get(peer)
    if (info === undefined) return
    this.links.delete(peer)
    out.push({ type: 'change', change: { type: 'link', peer, hub: info.hub, isUp: false, reason } })
    this.#hierarchyStep({ type: 'link-down', peer }, now, out)
    this.#catalogStep({ type: 'link-down', peer }, now, out)
  }

  #leave(now: Now, out: HubEffect[]): void {
    if (this.#state === 'leaving') return
    this.#state = 'leaving'
    out.push({ type: 'change', change: { type: 'state', state: 'leaving' } })
    this.#presenceStep({ type: 'leave' }, now, out)
    for (const swim of this.pools) this.#perform(swim.step({ type: 'leave' }, now), now, out)
    this.#hierarchyStep({ type: 'leave' }, now, out)
  }

  // ---- machines

  #machines(): readonly (Swim | Hierarchy | Presence | Catalog)[] {
    return [...this.pools, this.hierarchy, this.presence, this.catalog]
  }

  #hierarchyStep(input: HierarchyInput, now: Now, out: HubEffect[]): void {
    this.#perform(this.hierarchy.step(input, now), now, out)
  }

  #presenceStep(input: PresenceInput, now: Now, out: HubEffect[]): void {
    this.#perform(this.presence.step(input, now), now, out)
  }

  #catalogStep(input: CatalogInput, now: Now, out: HubEffect[]): void {
    this.#perform(this.catalog.step(input, now), now, out)
  }

  #do(steps: readonly DeskStep[], now: Now, out: HubEffect[]): void {
    for (const step of steps) {
      if (step.type === 'catalog') this.#catalogStep(step.input, now, out)
      else if (step.type === 'presence') this.#presenceStep(step.input, now, out)
      else out.push({ type: 'reply', call: step.call, result: step.answer() })
    }
  }

  #perform(effects: readonly FeatureEffect[], now: Now, out: HubEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'reply') this.#do(this.desk.written(effect.call, effect.result), now, out)
      else out.push(asHubEffect(effect))
      if (effect.type === 'change') this.#react(effect.change, now, out)
    }
  }

  /** The one place where features meet: what happened in one of them is told to those it concerns. */
  #react(change: HubChange, now: Now, out: HubEffect[]): void {
    switch (change.type) {
      case 'member': {
        const { member, pool } = change
        const { info, status } = member
        if (status === 'alive') this.#store([bookOp(info)], out)
        if (status === 'dead' && change.previous !== undefined) out.push({ type: 'abort', peer: info.peer })
        this.#hierarchyStep({ type: 'member', pool, member }, now, out)
        this.#presenceStep({ type: 'home', hub: info.hub, peer: info.peer, status }, now, out)
        break
      }
      case 'member-dropped': {
        const { info } = change.member
        this.#store([forgetOp(info)], out)
        this.#hierarchyStep({ type: 'member-dropped', pool: change.pool, hub: info.hub }, now, out)
        if (peerOf(this, info.hub) === undefined) this.#presenceStep({ type: 'home-dropped', hub: info.hub }, now, out)
        break
      }
      case 'refuted':
        this.#raise(change.incarnation, now, out)
        break
      case 'foreign': {
        const { info, status } = change.verdict
        if (status === 'alive') this.#store([bookOp(info)], out)
        this.#presenceStep({ type: 'home', hub: info.hub, peer: info.peer, status }, now, out)
        break
      }
      case 'foreign-dropped':
        this.#store([forgetOp(change.info)], out)
        this.#presenceStep({ type: 'home-dropped', hub: change.info.hub }, now, out)
        break
      case 'entry': {
        const slug = this.desk.noteProject(change.id, change.exists)
        if (slug !== undefined && !change.exists) this.#presenceStep({ type: 'removed', slug }, now, out)
        break
      }
      case 'parents':
      case 'overfull':
      case 'lease':
      case 'beaten':
      case 'told':
      case 'written':
      case 'run-refused':
      case 'opened':
      case 'storage':
      case 'state':
      case 'link':
      case 'dial-failed':
      case 'hello-refused':
      case 'dropped':
        break
    }
  }

  /** M1: a refutation in one pool holds in the other, and outlives a restart. */
  #raise(incarnation: number, now: Now, out: HubEffect[]): void {
    if (incarnation <= this.#incarnation) return
    this.#incarnation = incarnation
    this.#store([incarnationOp(incarnation)], out)
    for (const swim of this.pools) this.#perform(swim.step({ type: 'incarnation', incarnation }, now), now, out)
    this.#hierarchyStep({ type: 'incarnation', incarnation }, now, out)
  }

  /** Ready: the own slice is open, and somebody is linked or was waited for long enough. */
  #settle(out: HubEffect[]): void {
    if (this.#state !== 'starting' || !this.catalog.isOpen) return
    const isAlone = !this.settings.hasBootstrap && this.hierarchy.kept().size === 0
    if (this.links.size === 0 && !isAlone && !this.#graceIsOver) return
    this.#state = 'ready'
    out.push({ type: 'change', change: { type: 'state', state: 'ready' } })
  }

  #store(batch: readonly StoreOp[], out: HubEffect[]): void {
    out.push({ type: 'persist', owner: 'hub', token: 0, batch, synced: false })
  }
}
