// The `Network` port in virtual time, for one life of one hub: it keeps the links it was asked to keep, redialling for
// ever with full jitter, as the real links do. test/contracts/network.ts says what both have in common.

import type { Address, PeerId } from '../../src/core/ids.ts'
import type { Topic } from '../../src/core/machine.ts'
import type { Random } from '../../src/core/random.ts'
import { type Millis, second } from '../../src/core/time.ts'
import { Visits } from '../../src/core/visits.ts'
import type { Admission, Channel, ConnectTarget, DownReason, Network, NetworkEvents } from '../../src/hub/ports.ts'
import { type DialOutcome, dial } from './dial.ts'
import type { Fabric } from './fabric.ts'
import type { End, Listener } from './listener.ts'
import type { Host } from './weather.ts'
import type { Life } from './world.ts'

const backOffBaseMs: Millis = 250
const backOffCapMs: Millis = 10 * second
/** How long the side that does not own the dial waits for the other. */
const graceMs: Millis = 3 * second
/** A lost link is redialled at once, but not by all in step. */
const redialMs: Millis = 200
/** How often the hub is asked after a peer that ended its link (H14). */
const askMs: Millis = 5 * second
/** Two gossip beats, and time for the last frames. */
const farewellMs: Millis = 2 * second

export interface NetworkPlan {
  readonly host: Host
  readonly peer: PeerId
  readonly life: Life
  /** Addresses to reach without knowing whose they are. */
  readonly bootstrap: readonly Address[]
  readonly random: Random
  /** Most connections at a time; no bound when left out. */
  readonly maxConnections?: number
}

interface Kept {
  target: ConnectTarget
  attempts: number
  readonly visits: Visits
  /** Of the dial or wait under way; an older one's outcome is stale. */
  turn: number
}

export class SimNetwork implements Network, Listener {
  readonly host: Host
  readonly peer: PeerId
  readonly life: Life
  readonly ends = new Set<End>()
  readonly #fabric: Fabric
  readonly #bootstrap: readonly Address[]
  readonly #random: Random
  readonly #maxConnections: number
  readonly #links = new Map<PeerId, End>()
  readonly #kept = new Map<PeerId, Kept>()
  #events: NetworkEvents | undefined

  constructor(fabric: Fabric, plan: NetworkPlan) {
    this.#fabric = fabric
    this.host = plan.host
    this.peer = plan.peer
    this.life = plan.life
    this.#bootstrap = plan.bootstrap
    this.#random = plan.random
    this.#maxConnections = plan.maxConnections ?? Number.POSITIVE_INFINITY
  }

  open(events: NetworkEvents, ready: (addresses: readonly Address[]) => void, failed: (reason: string) => void): void {
    const { world } = this.#fabric
    if (this.#fabric.listener(this.host) !== undefined) {
      world.at(world.now, () => failed(`${this.host.address} is in use`), this.life)
      return
    }
    this.#events = events
    this.#fabric.listen(this)
    const begin = () => {
      ready([this.host.address])
      for (const address of this.#bootstrap) if (address !== this.host.address) this.#reach(address, 0)
    }
    world.at(world.now, begin, this.life)
  }

  connect(target: ConnectTarget): void {
    const known = this.#kept.get(target.peer)
    const kept = known ?? { target, attempts: 0, visits: new Visits(), turn: 0 }
    const isNews = known === undefined || !isSameTarget(known.target, target)
    kept.target = target
    this.#kept.set(target.peer, kept)
    if (isNews) this.#redial(kept, target.eager ? 0 : graceMs + this.#jitter())
  }

  disconnect(peer: PeerId): void {
    this.#kept.delete(peer)
  }

  release(peer: PeerId): void {
    const end = this.#links.get(peer)
    if (end === undefined || this.#kept.has(peer)) return
    const { world } = this.#fabric
    this.#unlink(end)
    end.close()
    world.at(world.now, () => this.#tellDown(end, 'released'), this.life)
  }

  abort(peer: PeerId): void {
    const end = this.#links.get(peer)
    if (end === undefined) return
    const { world } = this.#fabric
    this.#unlink(end)
    end.close()
    world.at(world.now, () => this.#tellDown(end, 'aborted'), this.life)
  }

  send(to: PeerId, channel: Channel, bytes: Uint8Array): void {
    this.#links.get(to)?.send(channel, bytes)
  }

  publish(topic: Topic, bytes: Uint8Array): void {
    this.#fabric.publish(this, topic, bytes)
  }

  close(done: () => void): void {
    this.#kept.clear()
    const end = () => {
      this.crash()
      done()
    }
    this.#fabric.world.after(farewellMs, end, this.life)
  }

  /** The process ends: the kernel closes its port and resets its connections. */
  crash(): void {
    this.#events = undefined
    this.#fabric.unlisten(this)
    for (const end of [...this.ends]) end.close()
    this.#links.clear()
    this.#kept.clear()
  }

  // What the fabric tells it.

  hello(): Uint8Array {
    return this.#events?.hello() ?? new Uint8Array()
  }

  get isFull(): boolean {
    return this.ends.size >= this.#maxConnections
  }

  admits(peer: PeerId, hello: Uint8Array): Admission {
    return this.#events?.admit(peer, hello) ?? { ok: false, reason: 'not-running' }
  }

  accept(end: End, hello: Uint8Array): void {
    if (this.#events === undefined || !end.open()) return
    const older = this.#links.get(end.peer)
    if (older !== undefined) {
      // The peer has a new process, or lost its end in a partition: the older link leads nowhere.
      this.#unlink(older)
      older.close()
      this.#tellDown(older, 'closed')
    }
    this.#links.set(end.peer, end)
    const kept = this.#kept.get(end.peer)
    if (kept !== undefined) {
      kept.attempts = 0
      kept.visits.up(this.#fabric.world.now)
      kept.turn++
    }
    const { world } = this.#fabric
    world.trace.note(world.now, `link ${this.host.name} ${end.peer}`)
    this.#events.linkUp(end.peer, hello, end.address)
  }

  heard(from: PeerId, bytes: Uint8Array): void {
    this.#events?.message(from, bytes)
  }

  gossiped(topic: Topic, author: PeerId, bytes: Uint8Array): void {
    if (author !== this.peer) this.#events?.gossip(topic, author, bytes)
  }

  lost(end: End, reason: DownReason): void {
    if (this.#unlink(end)) this.#tellDown(end, reason)
  }

  garbage(reason: string): void {
    this.#events?.garbage(reason)
  }

  #unlink(end: End): boolean {
    if (this.#links.get(end.peer) !== end) return false
    return this.#links.delete(end.peer)
  }

  #tellDown(end: End, reason: DownReason): void {
    const { world } = this.#fabric
    world.trace.note(world.now, `down ${this.host.name} ${end.peer} ${reason}`)
    const kept = this.#kept.get(end.peer)
    if (kept !== undefined) {
      const pause = kept.visits.down(reason === 'closed', world.now)
      const soonMs = (kept.target.eager ? 0 : redialMs) + this.#jitter()
      const retryMs = pause > 0 ? pause / 2 + (this.#random.real() * pause) / 2 : soonMs
      this.#redial(kept, reason === 'aborted' ? this.#backOff(++kept.attempts) : retryMs)
    }
    if (this.#bootstrap.includes(end.address)) this.#return(end)
    this.#events?.linkDown(end.peer, reason)
  }

  /** To a bootstrap address, unless who answered there is known to live; that is asked again and again. */
  #return({ peer, address }: End): void {
    const go = () => {
      if (this.#links.has(peer)) return
      const isElsewhere = this.#links.size > 0 && this.#events?.isPresent(peer) === true
      if (isElsewhere) this.#fabric.world.after(askMs * (1 + this.#random.real()), go, this.life)
      else this.#reach(address, 0)
    }
    go()
  }

  #redial(kept: Kept, delay: Millis): void {
    const turn = ++kept.turn
    const go = () => {
      if (kept.turn === turn && this.#isKept(kept)) this.#dial(kept, 0)
    }
    this.#fabric.world.after(delay, go, this.life)
  }

  /** Tries the addresses one after the other. */
  #dial(kept: Kept, at: number): void {
    const { peer, addresses } = kept.target
    const { turn } = kept
    const address = addresses[at]
    if (this.#links.has(peer)) return
    if (address === undefined) {
      this.#dialFailed(kept, 'no-address')
      return
    }
    dial(this.#fabric, { from: this, address, expected: peer }, (outcome) => {
      if (outcome === 'linked' || kept.turn !== turn || !this.#isKept(kept)) return
      if (at + 1 < addresses.length) this.#dial(kept, at + 1)
      else this.#dialFailed(kept, outcome)
    })
  }

  #dialFailed(kept: Kept, reason: Exclude<DialOutcome, 'linked'> | 'no-address'): void {
    kept.attempts++
    this.#redial(kept, this.#backOff(kept.attempts))
    this.#events?.dialFailed(kept.target.peer, reason)
  }

  #isKept(kept: Kept): boolean {
    return this.#kept.get(kept.target.peer) === kept
  }

  /** Full jitter (Brooker 2015): anything up to a bound that doubles with every attempt. */
  #backOff(attempts: number): Millis {
    return this.#random.real() * Math.min(backOffCapMs, backOffBaseMs * 2 ** attempts)
  }

  #jitter(): Millis {
    return this.#random.real() * redialMs
  }

  /** Dials a bootstrap address until somebody there is linked, and again when the link is lost. */
  #reach(address: Address, attempts: number): void {
    const go = () => {
      const isLinked = [...this.#links.values()].some((end) => end.address === address)
      if (isLinked || this.#events === undefined) return
      dial(this.#fabric, { from: this, address, expected: undefined }, (outcome) => {
        if (outcome !== 'linked') this.#reach(address, attempts + 1)
      })
    }
    this.#fabric.world.after(attempts === 0 ? this.#jitter() : this.#backOff(attempts), go, this.life)
  }
}

function isSameTarget(a: ConnectTarget, b: ConnectTarget): boolean {
  return a.eager === b.eager && a.addresses.join() === b.addresses.join()
}
