// The people and programs around a federation: they register projects, change and remove them at whatever hub they reach,
// and every project sends heartbeats to its hub, or to another one of the region when that one does not answer.

import type { HubId, Region, Slug } from '../../src/core/ids.ts'
import type { Random } from '../../src/core/random.ts'
import { type Millis, second } from '../../src/core/time.ts'
import type { Answer, LocalHub } from '../../src/hub/calls.ts'
import type { Entry, Ledger, Promised } from './ledger.ts'
import type { Workload } from './scenario.ts'
import type { World } from './world.ts'

/** A hub as its users see it; undefined while it does not run. */
export interface Counter {
  readonly hub: HubId
  readonly region: Region
  readonly desk: LocalHub | undefined
}

export interface UsersPlan {
  readonly world: World
  readonly workload: Workload
  readonly counters: readonly Counter[]
  readonly ledger: Ledger
  readonly beatEveryMs: Millis
}

/** The first projects are registered within this time. */
const openingMs: Millis = 8 * second
const firstBeatMs: Millis = second

export class Users {
  readonly #plan: UsersPlan
  readonly #random: Random
  #isWriting = true

  constructor(plan: UsersPlan) {
    this.#plan = plan
    this.#random = plan.world.random()
  }

  begin(): void {
    const { world, workload } = this.#plan
    for (let i = 0; i < workload.projects; i++) world.after(this.#random.real() * openingMs, () => this.#register())
    if (workload.writesPerSecond > 0) world.after(openingMs, () => this.#writeOn())
  }

  /** No more writes; projects go on beating. */
  stopWriting(): void {
    this.#isWriting = false
  }

  #writeOn(): void {
    if (!this.#isWriting) return
    const { world, workload } = this.#plan
    const draw = this.#random.real()
    if (draw < workload.removals) this.#remove()
    else if (draw < workload.removals + workload.registrations) this.#register()
    else this.#update()
    world.after((-Math.log(1 - this.#random.real()) * second) / workload.writesPerSecond, () => this.#writeOn())
  }

  #register(): void {
    const { ledger } = this.#plan
    const at = this.#open(this.#plan.counters)
    if (at === undefined || !this.#isWriting) return
    const slug = `project-${ledger.size}` as Slug
    const entry = ledger.add(slug)
    this.#write(entry, { kind: 'register', name: `${slug} 1`, base: undefined }, at)
    this.#beat(entry, at, firstBeatMs)
  }

  #update(): void {
    const entry = this.#settled()
    const at = this.#open(this.#plan.counters)
    if (entry === undefined || at === undefined) return
    const base = this.#nameAt(entry, at)
    if (base === undefined || !entry.names.has(base)) return
    const name = `${entry.slug} ${Math.floor(this.#plan.world.now)}`
    this.#write(entry, { kind: 'update', name, base }, at)
  }

  /** Only what has one possible name: a removal beside another write has no single right outcome. */
  #remove(): void {
    const entry = this.#settled()
    const at = this.#open(this.#plan.counters)
    if (entry === undefined || at === undefined || entry.names.size !== 1) return
    const base = this.#nameAt(entry, at)
    if (base === undefined || !entry.names.has(base)) return
    this.#write(entry, { kind: 'remove', name: base, base }, at)
  }

  /** An acknowledged entry that nobody is changing. */
  #settled(): Entry | undefined {
    const entry = this.#random.pick([...this.#plan.ledger.entries()])
    const isSettled = entry?.isAcknowledged === true && entry.removal === 'none' && entry.pending === undefined
    return isSettled ? entry : undefined
  }

  #write(entry: Entry, write: Promised, at: Counter): void {
    const { ledger } = this.#plan
    ledger.ask(entry, write, { hub: at.hub, now: this.#plan.world.now })
    const { slug } = entry
    const registration = { name: write.name, hub_url: `http://${slug}.test`, tags: [at.region] }
    at.desk?.call(
      write.kind === 'remove' ? { type: 'remove', slug } : { type: 'register', slug, registration },
      (answer) => ledger.answer(entry, write, answer.ok),
    )
  }

  /** A project's next beat; it goes on while the project may exist. */
  #beat(entry: Entry, home: Counter, delay: Millis): void {
    const { world, beatEveryMs, counters } = this.#plan
    const next = () => {
      if (entry.removal !== 'none') return
      const at = this.#open([home]) ?? this.#open(counters.filter(({ region }) => region === home.region))
      const taken = (answer: Answer) => {
        if (answer.ok) entry.beatenAt = world.now
      }
      if (entry.isAcknowledged) at?.desk?.call({ type: 'beat', slug: entry.slug, beat: {} }, taken)
      this.#beat(entry, home, beatEveryMs)
    }
    world.after(delay * (0.9 + 0.2 * this.#random.real()), next)
  }

  #nameAt(entry: Entry, at: Counter): string | undefined {
    const read = at.desk?.views.project(entry.slug, at.desk.now())
    return read?.ok === true ? read.project.name : undefined
  }

  #open(counters: readonly Counter[]): Counter | undefined {
    return this.#random.pick(counters.filter(({ desk }) => desk !== undefined))
  }
}
