// One hub: machines that do not know each other, and the one place where they meet. An input goes to the machine
// it concerns; the changes that come back are told to the others in one exhaustive switch; everything else is passed on.

import type { Catalog } from '../core/catalog/catalog.ts'
import type { Timekeeper } from '../core/clock/timekeeper.ts'
import type { Hierarchy } from '../core/hierarchy/hierarchy.ts'
import type { HubId, PeerId, Slug } from '../core/ids.ts'
import type { Notary } from '../core/keys.ts'
import type { Swim } from '../core/membership/swim.ts'
import type { Presence } from '../core/presence/presence.ts'
import { type Millis, minute, type Now, never } from '../core/time.ts'
import type { HubInfo, Statement } from '../core/wire.ts'
import { Crew } from './crew.ts'
import { Desk } from './desk.ts'
import type { HubChange, HubEffect, HubInput } from './effects.ts'
import { forgottenIn, isForgetting } from './forgetting.ts'
import { openArrival } from './inbox.ts'
import { type Boot, buildMachines } from './machines.ts'
import type { Self } from './self.ts'
import type { Settings } from './settings.ts'
import type { ProjectStatus } from './shapes.ts'
import { believed, peerOf, seenOf } from './sight.ts'
import { Standing } from './standing.ts'
import { bookOp, forgetOp, incarnationOp, type Remembered } from './stored.ts'

/** A hub that booted this recently is told everything. */
const newcomerMs = 1 * minute

export class Hub {
  readonly self: Self
  readonly notary: Notary
  readonly bootedAt: Now
  readonly pools: readonly Swim[]
  readonly hierarchy: Hierarchy
  readonly presence: Presence
  readonly catalog: Catalog
  readonly timekeeper: Timekeeper
  readonly settings: Settings
  readonly desk: Desk
  readonly links = new Map<PeerId, HubInfo>()
  readonly #crew: Crew
  readonly #standing: Standing
  #state: 'starting' | 'ready' | 'leaving' = 'starting'
  #graceAt: Millis

  constructor(boot: Omit<Boot, 'reaches'>) {
    const { settings, remembered, now } = boot
    const machines = buildMachines({ ...boot, reaches: (peer) => this.links.has(peer) })
    this.self = machines.self
    this.notary = machines.notary
    this.pools = machines.pools
    this.hierarchy = machines.hierarchy
    this.presence = machines.presence
    this.catalog = machines.catalog
    this.timekeeper = machines.timekeeper
    this.bootedAt = now
    this.settings = settings
    this.#graceAt = now.mono + settings.joinGraceMs
    this.#standing = new Standing(machines, now)
    this.desk = new Desk(this, settings, remembered.filed)
    this.#crew = new Crew(machines, this.desk, (change, at) => this.#react(change, at))
  }

  get info(): HubInfo {
    return this.self.info
  }

  get incarnation(): number {
    return this.self.incarnation
  }

  get state(): 'starting' | 'ready' | 'leaving' {
    return this.#state
  }

  readonly beliefAbout = (hub: HubId, now: Now) => believed(this, hub, { now, since: this.#crew.linkedSince })
  readonly statusOf = (slug: Slug, now: Now): ProjectStatus => seenOf(this, slug, now).presence.status

  /** The first effects of a new hub: dial whom it remembers, and open its slice when nobody can be waited for. */
  start(remembered: Remembered, now: Now): HubEffect[] {
    for (const id of this.catalog.replicas.entries()) this.#heed(id, now)
    this.#crew.hierarchy({ type: 'book', infos: remembered.book }, now)
    this.#crew.introduce(now)
    if (!this.settings.hasBootstrap && remembered.book.length === 0) this.#crew.catalog({ type: 'alone' }, now)
    this.#settle()
    return this.#crew.effects()
  }

  deadline(): Millis {
    const feelAt = this.#state === 'leaving' ? never : this.#standing.deadline()
    return Math.min(feelAt, this.#graceAt, this.#crew.deadline())
  }

  step(input: HubInput, now: Now): HubEffect[] {
    this.#crew.lookAtClock(now)
    this.#take(input, now)
    // Links are chosen once for all of it.
    if (this.#crew.hierarchyAt <= now.mono) this.#crew.hierarchy({ type: 'tick' }, now)
    this.#feel(now)
    this.#settle()
    return this.#crew.effects()
  }

  #take(input: HubInput, now: Now): void {
    switch (input.type) {
      case 'tick':
        this.#tick(now)
        break
      case 'message':
        this.#receive(input, now)
        break
      case 'link-up':
        this.#linkUp(input, now)
        break
      case 'link-down':
        this.#linkDown(input, now)
        break
      case 'dial-failed':
        this.#crew.report(input)
        if (input.reason === 'refused') this.#crew.pools({ type: 'evidence', peer: input.peer, what: 'refused' }, now)
        break
      case 'namesake':
        this.#meetNamesake(input, now)
        break
      case 'pulse':
        this.#standing.sampled(input.sample, now)
        break
      case 'persisted':
      case 'signed':
      case 'verified':
        this.#crew.catalog(input, now)
        break
      case 'call':
        this.#crew.serve(this.desk.take(input.call, input.request, now), now)
        break
      case 'leave':
        this.#leave(now)
        break
    }
  }

  #tick(now: Now): void {
    this.#crew.tick(now)
    if (this.#graceAt > now.mono) return
    this.#graceAt = never
    if (!this.catalog.isOpen) this.#crew.catalog({ type: 'alone' }, now)
  }

  #receive(input: HubInput & { type: 'message' }, now: Now): void {
    const opened = openArrival(input, this.notary, (hub) => peerOf(this, hub))
    if (opened.ok) this.#crew.deliver(opened.letter, input.from, now)
    else this.#crew.report({ type: 'dropped', reason: opened.reason })
  }

  #linkUp({ info, uptimeMs }: HubInput & { type: 'link-up' }, now: Now): void {
    this.links.set(info.peer, info)
    this.#crew.report({ type: 'link', peer: info.peer, hub: info.hub, isUp: true })
    this.#crew.linked(info, now)
    this.#crew.greet(info, uptimeMs < newcomerMs ? 'all' : 'own', now)
  }

  #linkDown({ peer, reason }: HubInput & { type: 'link-down' }, now: Now): void {
    const info = this.links.get(peer)
    if (info === undefined) return
    this.links.delete(peer)
    this.#crew.report({ type: 'link', peer, hub: info.hub, isUp: false, reason })
    if (reason === 'closed') this.#crew.pools({ type: 'evidence', peer, what: 'lost' }, now)
    this.#crew.unlinked(peer, now)
  }

  #leave(now: Now): void {
    if (this.#state === 'leaving') return
    this.#state = 'leaving'
    this.#crew.report({ type: 'state', state: 'leaving' })
    this.#crew.presence({ type: 'leave' }, now)
    this.self.leave()
    this.#crew.pools({ type: 'leave', word: this.self.word }, now)
    this.#crew.hierarchy({ type: 'leave', word: this.self.word }, now)
  }

  /** M9: of two live hubs with one name the one that started later goes, without a word: the name is the other's. */
  #meetNamesake(namesake: HubInput & { type: 'namesake' }, now: Now): void {
    if (this.#state === 'leaving' || !this.#standing.mustYieldTo(namesake, now)) return
    this.#state = 'leaving'
    this.#crew.silence({ type: 'conflict', with: namesake.info })
  }

  /** The one place where features meet: what happened in one is told to those it concerns. */
  #react(change: HubChange, now: Now): void {
    switch (change.type) {
      case 'member':
        this.#memberChanged(change, now)
        break
      case 'member-dropped':
        this.#crew.hierarchy({ type: 'member-dropped', pool: change.pool, hub: change.member.info.hub }, now)
        this.#dropped(change.member.info, now)
        break
      case 'refuted':
        if (this.#standing.adopt(change.word)) this.#sayAnew(now)
        break
      case 'stalled':
        this.#standing.stalled(change.lateMs, now)
        break
      case 'namesake': {
        const { peer, addresses } = change.info
        if (this.#standing.isStranger(peer)) this.#crew.say({ type: 'connect', peer, addresses, eager: true })
        break
      }
      case 'foreign':
        this.#believed(change.verdict, now)
        break
      case 'foreign-dropped':
        this.#dropped(change.info, now)
        break
      case 'entry': {
        this.#heed(change.id, now)
        const slug = this.desk.noteProject(change.id, change.exists)
        if (slug !== undefined && !change.exists) this.#crew.presence({ type: 'removed', slug }, now)
        break
      }
      case 'accused':
      case 'conflict':
      case 'degraded':
      case 'parents':
      case 'overfull':
      case 'lease':
      case 'beaten':
      case 'told':
      case 'written':
      case 'run-refused':
      case 'quarantined':
      case 'opened':
      case 'storage':
      case 'clock':
      case 'state':
      case 'link':
      case 'dial-failed':
      case 'hello-refused':
      case 'heard':
      case 'dropped':
        break
    }
  }

  #memberChanged({ member, pool, previous }: HubChange & { type: 'member' }, now: Now): void {
    const { peer } = member.info
    if (member.status === 'dead' && previous !== undefined) this.#crew.say({ type: 'abort', peer })
    this.#crew.hierarchy({ type: 'member', pool, member }, now)
    this.#believed(member, now)
    if (previous !== undefined && !this.links.has(peer)) this.#crew.redial(this.info, member)
  }

  #believed({ info, status }: Statement, now: Now): void {
    if (status === 'alive') this.#crew.store(bookOp(info))
    this.#crew.believe(info, status, now)
  }

  /** A hub is remembered no more, in one pool or in the reports; perhaps another of them still knows it. */
  #dropped(info: HubInfo, now: Now): void {
    if (peerOf(this, info.hub) !== undefined) return
    this.#crew.store(forgetOp(info))
    this.#crew.presence({ type: 'home-dropped', hub: info.hub }, now)
  }

  /** M1: what one pool refuted, or what this hub says anew, holds in the other, and outlives a restart. */
  #sayAnew(now: Now): void {
    const { word, incarnation } = this.self
    this.#crew.store(incarnationOp(incarnation))
    this.#crew.pools({ type: 'self', word }, now)
    this.#crew.hierarchy({ type: 'self', word }, now)
  }

  /** M8: what the catalog says of forgotten hubs is done. */
  #heed(id: string, now: Now): void {
    const forgotten = isForgetting(id) ? forgottenIn(id, this.catalog.replicas.joined(id), now) : undefined
    if (forgotten !== undefined) this.#crew.forget(forgotten, now)
  }

  /** Says anew how this hub is, when that has changed. */
  #feel(now: Now): void {
    const feeling = this.#state === 'leaving' ? undefined : this.#standing.feel(now)
    if (feeling === undefined) return
    this.#crew.pools({ type: 'strain', score: feeling.score }, now)
    this.#sayAnew(now)
    this.#crew.report({ type: 'degraded', reasons: feeling.reasons })
  }

  /** Ready: the own slice is open, and somebody is linked or was waited for long enough. */
  #settle(): void {
    if (this.#state !== 'starting' || !this.catalog.isOpen) return
    const isAlone = !this.settings.hasBootstrap && this.hierarchy.kept().size === 0
    if (this.links.size === 0 && !isAlone && this.#graceAt !== never) return
    this.#state = 'ready'
    this.#crew.report({ type: 'state', state: 'ready' })
  }
}
