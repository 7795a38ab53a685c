// Catalogs of several hubs on one table: messages and disk answers lie in a queue in virtual time until they are due, get
// lost, doubled or overtaken; a crash forgets memory and what was not synced. C9 is looked at after every step.

import { salvageOf } from '../../src/core/catalog/burials.ts'
import type { Catalog } from '../../src/core/catalog/catalog.ts'
import type { CatalogMessage } from '../../src/core/catalog/messages.ts'
import type { CatalogChange, CatalogProtocol, WriteResult } from '../../src/core/catalog/protocol.ts'
import type { EntryId } from '../../src/core/catalog/record.ts'
import type { Write } from '../../src/core/catalog/writes.ts'
import type { Attested, CallId, Effect } from '../../src/core/machine.ts'
import { Random } from '../../src/core/random.ts'
import { hour, type Millis } from '../../src/core/time.ts'
import { forgetWrite, forgottenIn } from '../../src/hub/forgetting.ts'
import { Judge } from './catalog.judge.ts'
import { expectTakable, seen } from './catalog.kit.ts'
import { attested, begin, end, momentOf, type Node, nodeOf, syncIntervalMs, type WorldOptions } from './catalog.node.ts'
import { Queue } from './catalog.queue.ts'
import { at, hubId, peerOf } from './kit.ts'

const day = 24 * hour

export interface Weather {
  /** Longest delay of a message. */
  delayMs: Millis
  /** Longest time until the disk answers. */
  diskMs: Millis
  /** Chances that a published or a sent message is lost or comes twice. */
  loss: number
  doubling: number
}

export class World {
  readonly nodes = new Map<string, Node>()
  readonly answers = new Map<CallId, WriteResult>()
  readonly changes: { readonly at: string; readonly change: CatalogChange }[] = []
  readonly judge = new Judge()
  readonly weather: Weather = { delayMs: 20, diskMs: 5, loss: 0, doubling: 0 }
  readonly #random: Random
  readonly #links = new Set<string>()
  readonly #queue = new Queue()
  #calls = 0
  now: Millis = 0
  /** What becomes of a message on its way from a hub; nothing: it is lost. */
  meddle: (from: string, message: CatalogMessage) => CatalogMessage | undefined = (_, message) => message

  readonly #options: WorldOptions

  constructor(seed: number, names: readonly string[], options: Partial<WorldOptions> = {}) {
    this.#random = new Random(seed)
    this.#options = { retentionMs: 30 * day, maxSliceRecords: 1_000, isCredulous: false, ...options }
    for (const name of names) this.add(name)
  }

  /** A hub that never ran. */
  add(name: string): void {
    this.nodes.set(name, nodeOf(name))
  }

  node(name: string): Node {
    const node = this.nodes.get(name)
    if (node === undefined) throw new Error(`no hub ${name}`)
    return node
  }

  catalog(name: string): Catalog {
    const { catalog } = this.node(name)
    if (catalog === undefined) throw new Error(`${name} does not run`)
    return catalog
  }

  // ---- what happens to hubs

  start(name: string): void {
    const node = this.node(name)
    if (node.catalog !== undefined) return
    const catalog = begin(node, momentOf(node, this.now), { seed: this.#random.seed(), ...this.#options })
    this.judge.look(name, catalog, this.#horizon)
    for (const id of [...catalog.replicas.entries()]) this.#heed(name, id)
  }

  /** The process ends; up to `lost` unsynced batches go with it. */
  crash(name: string, lost = 0): void {
    const node = this.node(name)
    for (const other of this.nodes.keys()) this.unlink(name, other)
    end(node, momentOf(node, this.now))
    node.disk.crash(lost)
  }

  /** The process ends and the disk is gone. */
  loseDisk(name: string): void {
    this.crash(name)
    const node = this.node(name)
    node.disk.erase()
    node.isDamaged = false
    node.lived = undefined
  }

  /** The process ends, and of the disk a part is gone. */
  damage(name: string, which: number): void {
    this.crash(name)
    const node = this.node(name)
    node.disk.damage(which)
    node.isDamaged = true
  }

  /** Holds the hubs to no more than what some running one still holds: the rest went with a disk. */
  forgetUnheld(): void {
    this.judge.forget()
    for (const { catalog } of this.nodes.values()) {
      for (const slice of catalog?.replicas.slices() ?? []) this.judge.remember(slice)
      for (const slice of catalog?.reserve.slices() ?? []) this.judge.remember(slice)
    }
  }

  link(a: string, b: string): void {
    if (a === b || this.isLinked(a, b) || !this.nodes.get(a)?.catalog || !this.nodes.get(b)?.catalog) return
    this.#links.add(linkOf(a, b))
    this.step(a, { type: 'link-up', peer: peerOf(b) })
    this.step(b, { type: 'link-up', peer: peerOf(a) })
  }

  unlink(a: string, b: string): void {
    if (!this.#links.delete(linkOf(a, b))) return
    this.step(a, { type: 'link-down', peer: peerOf(b) })
    this.step(b, { type: 'link-down', peer: peerOf(a) })
  }

  isLinked(a: string, b: string): boolean {
    return this.#links.has(linkOf(a, b))
  }

  write(name: string, ...writes: readonly Write[]): CallId {
    const call = ++this.#calls
    this.step(name, { type: 'write', call, writes, extra: [] })
    return call
  }

  /** C15: what the desk of a hub does for an operator; everybody who hears of it does as the composition would. */
  forget(name: string, whom: string, withData = false): void {
    const { catalog } = this.node(name)
    if (catalog === undefined || name === whom) return
    const hub = hubId(whom)
    const saved = salvageOf(catalog.replicas, [{ hub, withData }])
    this.write(name, ...saved, forgetWrite({ hub, incarnation: 1, withData }, catalog.replicas))
  }

  answer(call: CallId): WriteResult | undefined {
    return this.answers.get(call)
  }

  step(name: string, input: CatalogProtocol['input']): void {
    const node = this.node(name)
    if (node.catalog === undefined) return
    const effects = node.catalog.step(input, momentOf(node, this.now))
    this.judge.look(name, node.catalog, this.#horizon)
    for (const effect of effects) this.#perform(node, effect)
  }

  // ---- time

  pass(ms: Millis): void {
    const until = this.now + ms
    for (let steps = 0; steps < 100_000 + ms; steps++) {
      const next = this.#next()
      if (next > until) {
        this.now = until
        return
      }
      this.now = Math.max(this.now, next)
      this.#happen()
    }
    throw new Error('the world does not come to rest')
  }

  /** Links everyone in fine weather and lets them sync until all is told. */
  heal(): void {
    Object.assign(this.weather, { delayMs: 20, diskMs: 5, loss: 0, doubling: 0 })
    for (const node of this.nodes.values()) Object.assign(node, { skewMs: 0 }).disk.isFull = false
    for (const name of this.nodes.keys()) this.start(name)
    for (const a of this.nodes.keys()) for (const b of this.nodes.keys()) this.link(a, b)
    this.pass(1_000)
    for (let round = 0; round < 20 && new Set(this.digests()).size > 1; round++) this.pass(syncIntervalMs)
    for (const name of this.nodes.keys()) if (!this.catalog(name).isOpen) this.step(name, { type: 'alone' })
    this.pass(5 * syncIntervalMs)
    // What came out of a reserve only then has its author to go to, and to come back from.
    for (let round = 0; round < 10 && new Set(this.digests()).size > 1; round++) this.pass(syncIntervalMs)
  }

  digests(): string[] {
    return [...this.nodes.values()].flatMap(({ catalog }) => catalog?.replicas.digest() ?? [])
  }

  /** What a hub shows of every entry. */
  view(name: string): Record<EntryId, Record<string, unknown> | undefined> {
    const { replicas } = this.catalog(name)
    const ids = [...replicas.entries()].sort()
    return Object.fromEntries(
      ids.map((id) => [id, seen(replicas.joined(id))]).filter(([, entry]) => entry !== undefined),
    )
  }

  /** What was stamped before may be gone at some hubs, and at others not yet (C14). */
  get #horizon(): Millis {
    return at(this.now).wall - this.#options.retentionMs
  }

  #next(): Millis {
    const deadlines = [...this.nodes.values()].map(({ catalog }) => catalog?.deadline() ?? Number.POSITIVE_INFINITY)
    return Math.min(...deadlines, this.#queue.next())
  }

  #happen(): void {
    this.#queue.run(this.now)
    for (const { name, catalog } of this.nodes.values()) {
      if (catalog === undefined || catalog.deadline() > this.now) continue
      this.step(name, { type: 'tick' })
      if (catalog.deadline() <= this.now) throw new Error(`${name} wants to be woken at once after a tick`)
    }
  }

  // ---- effects

  #perform(node: Node, effect: Effect<CatalogProtocol>): void {
    switch (effect.type) {
      case 'send':
        for (const other of this.nodes.values()) {
          if (peerOf(other.name) === effect.to) this.#carry(node, other, effect.message)
        }
        break
      case 'publish':
        for (const other of this.nodes.values()) {
          if (other !== node) this.#carry(node, other, effect.message)
        }
        break
      case 'persist':
        this.#persist(node, effect)
        break
      case 'sign':
      case 'verify':
        this.#attest(node, attested(node, effect))
        break
      case 'reply':
        this.answers.set(effect.call, effect.result)
        break
      case 'change':
        this.changes.push({ at: node.name, change: effect.change })
        if (effect.change.type === 'entry') this.#heed(node.name, effect.change.id)
        break
      default:
        throw new Error(`a catalog has no say in ${effect.type}`)
    }
  }

  #heed(name: string, id: EntryId): void {
    const { catalog } = this.node(name)
    const forgotten = catalog && forgottenIn(id, catalog.replicas.joined(id), momentOf(this.node(name), this.now))
    if (forgotten?.burial !== undefined) this.step(name, { type: 'forget', burial: forgotten.burial })
  }

  #carry(from: Node, to: Node, said: CatalogMessage): void {
    const message = this.meddle(from.name, said)
    if (message === undefined) return
    expectTakable(message)
    if (this.#random.chance(this.weather.loss)) return
    const copies = this.#random.chance(this.weather.doubling) ? 2 : 1
    const { life } = to
    for (let copy = 0; copy < copies; copy++) {
      this.#later(this.#random.below(this.weather.delayMs) + 1, () => {
        if (to.life !== life || !this.isLinked(from.name, to.name)) return
        const taken = structuredClone(message)
        this.step(to.name, { type: 'message', from: peerOf(from.name), message: taken })
      })
    }
  }

  #persist(node: Node, effect: Effect<CatalogProtocol> & { readonly type: 'persist' }): void {
    const { life } = node
    const ok = !node.disk.isFull
    // The batch may be durable although a crash keeps the answer from coming.
    if (ok) node.disk.write(effect.batch, effect.synced)
    this.#later(1 + this.#random.below(this.weather.diskMs), () => {
      if (node.life === life) this.step(node.name, { type: 'persisted', token: effect.token, ok })
    })
  }

  #attest(node: Node, input: Attested): void {
    const { life } = node
    this.#later(this.#random.below(2), () => {
      if (node.life === life) this.step(node.name, input)
    })
  }

  #later(ms: Millis, run: () => void): void {
    this.#queue.add(this.now + ms, run)
  }
}

function linkOf(a: string, b: string): string {
  return [a, b].sort().join(' ')
}
