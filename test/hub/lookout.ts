// A hub under test and those who watch it, told in short what they are told.

import type { Slug } from '../../src/core/ids.ts'
import type { Watching } from '../../src/hub/calls.ts'
import { Watch } from '../../src/hub/watch.ts'
import { at } from '../core/kit.ts'
import { beat, changes, Rig, register } from './kit.ts'

/** As the driver does it: the watch hears of each turn when it is over. */
export class Lookout {
  readonly rig: Rig
  readonly watch: Watch
  #heard: number

  constructor(rig: Rig = new Rig()) {
    this.rig = rig
    this.watch = new Watch({ hub: rig.hub, views: rig.views, now: () => at(rig.now) })
    this.#heard = rig.done.length
  }

  /** A reader. `told` is what it is told until there is no more, in short. */
  open(since?: string) {
    let woken = 0
    const watched = this.watch.open(since, () => woken++)
    if (!watched.ok) throw new Error(watched.detail)
    const reader = new Reader(watched.watching)
    return { reader, told: () => reader.told(), woken: () => woken }
  }

  turn(act: () => unknown): void {
    act()
    const done = this.rig.done.slice(this.#heard)
    this.#heard = this.rig.done.length
    for (const change of changes(done)) this.watch.note(change, at(this.rig.now))
    this.watch.settle(at(this.rig.now))
  }

  /** Time passes, and the watch is asked whenever it wants to be. */
  pass(ms: number): void {
    const until = this.rig.now + ms
    while (this.watch.deadline() <= until) this.turn(() => this.rig.pass(this.watch.deadline() - this.rig.now))
    this.turn(() => this.rig.pass(until - this.rig.now))
  }

  register(name: Slug, what: object = {}): void {
    this.turn(() => register(this.rig, name, what))
  }

  remove(name: Slug): void {
    this.turn(() => this.rig.ask({ type: 'remove', slug: name }))
  }

  beat(name: Slug, what: object = {}): void {
    this.turn(() => beat(this.rig, what, name))
  }
}

class Reader {
  readonly #watching: Watching
  cursor = ''

  constructor(watching: Watching) {
    this.#watching = watching
  }

  next(): string | undefined {
    const event = this.#watching.next()
    if (event === undefined) return undefined
    this.cursor = event.cursor
    switch (event.event) {
      case 'project':
        return `${event.data.op} ${event.data.slug} ${event.data.value?.status ?? 'gone'}`
      case 'hub':
        return `${event.data.op} hub ${event.data.hub_id} ${event.data.value?.status ?? 'gone'}`
      case 'reset':
        return `reset ${event.data.scope} ${event.data.hub_id} ${event.data.reason}`
      case 'caught-up':
        return 'caught-up'
    }
  }

  told(): string[] {
    const told: string[] = []
    for (let one = this.next(); one !== undefined; one = this.next()) told.push(one)
    return told
  }

  close(): void {
    this.#watching.close()
  }
}
