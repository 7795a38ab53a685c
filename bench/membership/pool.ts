// A light world for one pool: real SWIM machines, a queue of what will happen, latency; no codec, no links.
//
// A slow member is blocked just before sending and just after receiving, as in the Lifeguard paper. What is due in a
// block happens at its end: first the late timer (in memberlist the timers of suspicions run on while the sender and the
// reader are stuck, so their outcome is there before the backlog is), then what arrived, one after the other, each
// costing `readMs`. What is not read when the next block comes waits for its end, and news queues behind it.

import { Heap } from '../../simulations/engine/heap.ts'
import type { PeerId } from '../../src/core/ids.ts'
import type { Effect } from '../../src/core/machine.ts'
import type { SwimMessage } from '../../src/core/membership/messages.ts'
import type { SwimChange, SwimInput, SwimProtocol } from '../../src/core/membership/protocol.ts'
import type { Swim } from '../../src/core/membership/swim.ts'
import type { Random } from '../../src/core/random.ts'
import { type Millis, type Now, never } from '../../src/core/time.ts'
import type { Cycle } from './cycle.ts'

/** Unix time at which a pool begins: 2026-01-01. */
export const wallStart: Millis = 1_767_225_600_000

export interface PoolOptions {
  readonly random: Random
  /** A message takes at least and at most this long. */
  readonly latencyMs: readonly [least: Millis, most: Millis]
  /** What one message of its backlog costs a slow member to read. */
  readonly readMs: Millis
  readonly heard?: (change: SwimChange, observer: number, time: Millis) => void
  readonly sent?: (sending: Sending) => void
}

export interface Sending {
  readonly from: number
  readonly to: number
  readonly message: SwimMessage
  readonly time: Millis
}

/** Most messages that wait for a slow member; more are lost: Linux gives a socket 208 KiB, and a full datagram costs 2.3. */
export const maxBacklog = 92

interface Arrival {
  readonly from: PeerId
  readonly message: SwimMessage
}

interface Place {
  readonly swim: Swim
  readonly peer: PeerId
  readonly index: number
  /** Its next wake that counts. */
  wakeAt: Millis
  isCrashed: boolean
  cycle: Cycle | undefined
  readonly backlog: Arrival[]
  isReading: boolean
  /** Its probe waits to be sent: the machine gets no further until then. */
  stuckUntil: Millis
}

/** What happens to a member: a message arrives, its timer is due, or it comes to read its backlog. */
interface Event {
  readonly place: Place
  readonly what: Arrival | 'wake' | 'read'
}

const tick: SwimInput = { type: 'tick' }

function isProbing(effect: Effect<SwimProtocol>): boolean {
  return effect.type === 'send' && (effect.message.kind === 'swim.ping' || effect.message.kind === 'swim.ping-request')
}

export class Pool {
  readonly #options: PoolOptions
  readonly #events = new Heap<Event>()
  readonly #places: Place[] = []
  readonly #byPeer = new Map<PeerId, Place>()
  #now: Millis = 0
  #sent = 0

  constructor(options: PoolOptions) {
    this.#options = options
  }

  get now(): Millis {
    return this.#now
  }

  /** Messages sent so far, the lost ones included. */
  get sent(): number {
    return this.#sent
  }

  get machines(): readonly Swim[] {
    return this.#places.map((place) => place.swim)
  }

  add(swim: Swim): void {
    const index = this.#places.length
    const place: Place = {
      swim,
      peer: swim.self().info.peer,
      index,
      wakeAt: never,
      isCrashed: false,
      cycle: undefined,
      backlog: [],
      isReading: false,
      stuckUntil: 0,
    }
    this.#places.push(place)
    this.#byPeer.set(place.peer, place)
    this.#arm(place)
  }

  /** Everybody knows everybody from now on, as after a join. */
  introduce(): void {
    const members = this.#places.map((place) => place.swim.self())
    for (const place of this.#places) {
      const body = { pool: place.swim.pool, reply: false, members }
      this.#step(place, { type: 'message', from: place.peer, message: { kind: 'swim.exchange', body } })
    }
  }

  slow(index: number, cycle: Cycle): void {
    this.#at(index).cycle = cycle
  }

  crash(index: number): void {
    this.#at(index).isCrashed = true
  }

  run(until: Millis): void {
    while (this.#events.firstKey <= until) {
      this.#now = this.#events.firstKey
      const event = this.#events.pop()
      if (event === undefined) break
      if (!event.place.isCrashed) this.#happen(event)
    }
    this.#now = until
  }

  #at(index: number): Place {
    const place = this.#places[index]
    if (place === undefined) throw new RangeError(`there is no member ${index}`)
    return place
  }

  #happen(event: Event): void {
    const { place, what } = event
    if (what === 'wake' && place.wakeAt !== this.#now) return
    if (place.cycle !== undefined) {
      this.#happenSlowly(event, place.cycle)
    } else if (what === 'wake') {
      place.wakeAt = never
      this.#tick(place)
    } else if (what !== 'read') {
      this.#step(place, { type: 'message', ...what })
    }
  }

  #happenSlowly(event: Event, cycle: Cycle): void {
    const { place, what } = event
    const freeAt = cycle.freeAt(this.#now)
    if (what === 'wake') {
      place.wakeAt = never
      if (place.stuckUntil > this.#now) this.#wake(place, place.stuckUntil)
      else this.#tick(place)
    } else if (what === 'read') {
      if (freeAt > this.#now) this.#events.push(freeAt, event)
      else this.#read(place)
    } else {
      if (place.backlog.length < maxBacklog) place.backlog.push(what)
      if (!place.isReading) {
        place.isReading = true
        if (freeAt > this.#now) this.#events.push(freeAt, { place, what: 'read' })
        else this.#read(place)
      }
    }
  }

  #read(place: Place): void {
    // Late timers come before the backlog.
    if (place.swim.deadline() <= this.#now) this.#tick(place)
    const arrival = place.backlog.shift()
    place.isReading = arrival !== undefined
    if (arrival === undefined) return
    this.#step(place, { type: 'message', ...arrival })
    this.#events.push(this.#now + this.#options.readMs, { place, what: 'read' })
  }

  #tick(place: Place): void {
    if (place.swim.deadline() <= this.#now) this.#step(place, tick)
    else this.#arm(place)
  }

  #step(place: Place, input: SwimInput): void {
    const now: Now = { mono: this.#now, wall: wallStart + this.#now }
    const freeAt = place.cycle === undefined ? this.#now : place.cycle.freeAt(this.#now)
    for (const effect of place.swim.step(input, now)) {
      this.#perform(effect, place, freeAt)
      if (freeAt > this.#now && isProbing(effect)) place.stuckUntil = freeAt
    }
    this.#arm(place)
  }

  #arm(place: Place): void {
    const deadline = place.swim.deadline()
    // A later deadline is found out when the earlier wake comes: fewer events than moving it each time.
    if (deadline < place.wakeAt) this.#wake(place, Math.max(deadline, this.#now))
  }

  #wake(place: Place, time: Millis): void {
    if (time >= place.wakeAt || time === never) return
    place.wakeAt = time
    this.#events.push(time, { place, what: 'wake' })
  }

  #perform(effect: Effect<SwimProtocol>, from: Place, leavesAt: Millis): void {
    const { random, latencyMs, heard, sent } = this.#options
    if (effect.type === 'change') heard?.(effect.change, from.index, this.#now)
    if (effect.type !== 'send') return
    this.#sent++
    const place = this.#byPeer.get(effect.to)
    if (place === undefined) return
    sent?.({ from: from.index, to: place.index, message: effect.message, time: leavesAt })
    const [least, most] = latencyMs
    const arrivesAt = leavesAt + least + random.real() * (most - least)
    this.#events.push(arrivesAt, { place, what: { from: from.peer, message: effect.message } })
  }
}
