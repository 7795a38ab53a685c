// One end of a connection. Frames of a channel arrive in the order they were sent; bulk is slow and queues, as its pacing
// in the real links makes it. A partition is silence: frames vanish, and each end stays up until something tears it down.

import type { Address, PeerId } from '../../src/core/ids.ts'
import { type Millis, minute, second } from '../../src/core/time.ts'
import { maxFrameBytes } from '../../src/core/wire.ts'
import type { Channel } from '../../src/hub/ports.ts'
import type { Fabric } from './fabric.ts'
import type { End, Listener } from './listener.ts'
import { markOf } from './trace.ts'

/** Bytes a millisecond: a fast local line, and 16 KB every 2 ms. */
const rates: Record<Channel, number> = { control: 100_000, bulk: 8_000 }
/** Bytes that may wait for one peer on a channel; what comes on top is dropped. */
const queueBytes = 4 * 1024 * 1024
/** How long TCP retransmits into silence before it gives the connection up. */
const patienceMs: Millis = 15 * minute
/** A live end says something at least this often (a gossip beat), and a dead other end then answers with a reset. */
const beatMs: Millis = second

class Socket implements End {
  readonly owner: Listener
  readonly address: Address
  readonly #fabric: Fabric
  readonly #arrivals: Record<Channel, Millis> = { control: 0, bulk: 0 }
  /** When all that was sent is on its way. */
  readonly #free: Record<Channel, Millis> = { control: 0, bulk: 0 }
  #remote: Socket = this
  /** The usual one-way time. */
  #distance: Millis = 0
  #state: 'opening' | 'open' | 'closed' = 'opening'
  /** When the first of a run of frames vanished in a cut. */
  #silentSince: Millis | undefined

  constructor(fabric: Fabric, owner: Listener, address: Address) {
    this.#fabric = fabric
    this.owner = owner
    this.address = address
    owner.ends.add(this)
  }

  /** Ties two ends together, before anybody sees them. */
  join(remote: Socket): void {
    this.#remote = remote
    remote.#remote = this
    this.#distance = this.#fabric.weather.distance(this.owner.host, remote.owner.host)
    remote.#distance = this.#distance
  }

  get remote(): Socket {
    return this.#remote
  }

  get peer(): PeerId {
    return this.#remote.owner.peer
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  open(): boolean {
    if (this.#state !== 'opening') return false
    this.#state = 'open'
    this.#fabric.relinked([this.owner.host, this.#remote.owner.host])
    return true
  }

  /** Nothing sent from here arrives before that time. */
  holdUntil(time: Millis): void {
    this.#arrivals.control = time
    this.#arrivals.bulk = time
  }

  send(channel: Channel, bytes: Uint8Array): void {
    const { world, weather, meter } = this.#fabric
    if (!this.isOpen) return
    const remote = this.#remote
    const rate = rates[channel]
    const sent = Math.max(this.#free[channel], world.now) + bytes.length / rate
    if ((sent - world.now) * rate > queueBytes + bytes.length) return
    this.#free[channel] = sent
    meter.sent(bytes, 1)
    if (weather.isCut(this.owner.host, remote.owner.host)) {
      this.#vanish()
      return
    }
    this.#silentSince = undefined
    if (weather.isLost(this.owner.host, remote.owner.host)) return
    const latency = this.#distance * weather.jitter() + weather.lag(this.owner.host, remote.owner.host)
    const arrives = Math.max(this.#arrivals[channel], sent + latency)
    this.#arrivals[channel] = arrives
    const arrive = (): void => remote.#receive(channel, bytes)
    const copies = weather.isDoubled() ? 2 : 1
    for (let copy = 0; copy < copies; copy++) world.at(arrives, arrive, remote.owner.life)
  }

  close(): void {
    if (!this.#shut()) return
    this.#remote.#reset(this.#fabric.world.now + patienceMs)
  }

  #vanish(): void {
    const { world } = this.#fabric
    this.#silentSince ??= world.now
    if (world.now - this.#silentSince > patienceMs)
      world.at(world.now, () => this.#breakDown('silent'), this.owner.life)
  }

  #receive(by: Channel, bytes: Uint8Array): void {
    if (!this.isOpen) return
    const { world } = this.#fabric
    const from = this.#remote.owner
    const mark = markOf(bytes)
    world.trace.arrival(world.now, { from: from.host.index, to: this.owner.host.index, by, mark })
    if (bytes.length > maxFrameBytes) this.owner.garbage('oversized')
    else this.owner.heard(from.peer, bytes)
  }

  /** The other end is gone; a cut hides it until something gets through again. */
  #reset(givesUpAt: Millis): void {
    const { world, weather } = this.#fabric
    const from = this.#remote.owner.host
    const to = this.owner.host
    if (this.isClosed || !this.owner.life.alive) return
    const isHidden = weather.isCut(from, to) || weather.isCut(to, from)
    if (isHidden && world.now < givesUpAt) {
      world.after(beatMs, () => this.#reset(givesUpAt))
      return
    }
    // Not before what the other end sent last.
    const arrives = Math.max(this.#remote.#arrivals.control, world.now + weather.latency(from, to))
    world.at(arrives, () => this.#breakDown(isHidden ? 'silent' : 'closed'), this.owner.life)
  }

  #breakDown(reason: 'closed' | 'silent'): void {
    if (this.#shut()) this.owner.lost(this, reason)
  }

  #shut(): boolean {
    if (this.isClosed) return false
    this.#state = 'closed'
    this.owner.ends.delete(this)
    this.#fabric.relinked([this.owner.host, this.#remote.owner.host])
    return true
  }
}

/** A new connection's two ends. The dialer's may be used now; what it sends waits until the other is open. */
export function connection(
  fabric: Fabric,
  dialer: Listener,
  answerer: Listener,
): { near: End; far: End; opens: Millis } {
  const near = new Socket(fabric, dialer, answerer.host.address)
  const far = new Socket(fabric, answerer, dialer.host.address)
  near.join(far)
  const opens = fabric.world.now + fabric.weather.latency(dialer.host, answerer.host)
  near.holdUntil(opens)
  return { near, far, opens }
}
