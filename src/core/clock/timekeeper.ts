// Whether this hub's wall clock can be relied on. A stamp from the future wins every join for hours, and whoever keeps the
// time refuses it: better to make none. A clock gives itself away when it jumps against the monotonic one. Which of the two
// was wrong only others can tell (a machine that was asleep jumps to the right time), and so for a clock that was wrong from
// the start. So peers are asked, seldom while all is well and often while it is not; the middle of what they say counts, so
// that a few wrong clocks mislead nobody. After NTP's client side (RFC 5905), without its precision.

import type { PeerId } from '../ids.ts'
import type { Effect, Machine } from '../machine.ts'
import { type Millis, minute, type Now, never, second } from '../time.ts'
import type { ClockMessage } from './messages.ts'
import type { ClockInput, ClockProtocol, Doubt } from './protocol.ts'

type Effects = Effect<ClockProtocol>[]

const restMs: Millis = 10 * minute
const doubtMs: Millis = 5 * second
/** Peers asked at once: a wrong one, or two, are outvoted. */
const asked = 5
/** Answers that count, the newest ones, and for how long: three rounds. */
const maxReadings = 8
const readingMs: Millis = 3 * restMs
/** A hub without links for so long has nobody to wait for: it takes its clock as it is. */
const aloneMs: Millis = minute

interface Reading {
  /** The peer's Unix time less this hub's monotonic one: it outlasts jumps of this hub's clock. */
  readonly base: Millis
  readonly at: Millis
}

export class Timekeeper implements Machine<ClockProtocol> {
  readonly #maxDriftMs: Millis
  /** Wall less monotonic clock: when last looked at, and when last relied on. */
  #seen: Millis
  #trusted: Millis
  /** Since when (monotonic) it is not known whether the clock is right; undefined when it did not jump. */
  #unsureAt: Millis | undefined
  readonly #linked = new Set<PeerId>()
  /** Questions under way. Bounded by the links. */
  readonly #askedAt = new Map<PeerId, Millis>()
  readonly #readings = new Map<PeerId, Reading>()
  #askAt: Millis
  #doubt: Doubt | undefined

  constructor(maxDriftMs: Millis, now: Now) {
    this.#maxDriftMs = maxDriftMs
    this.#seen = now.wall - now.mono
    this.#trusted = this.#seen
    this.#askAt = now.mono + restMs
  }

  /** C2: nothing is stamped while there is one. */
  get doubt(): Doubt | undefined {
    return this.#doubt
  }

  /** Whether the clock is elsewhere than when it was last looked at: then it wants a `tick` at once. */
  hasJumped({ mono, wall }: Now): boolean {
    return Math.abs(wall - mono - this.#seen) > this.#maxDriftMs
  }

  deadline(): Millis {
    if (this.#linked.size > 0) return this.#askAt
    const aloneAt = this.#unsureAt === undefined ? never : this.#unsureAt + aloneMs
    // Who has nobody to ask is in doubt for as long as the answers count that it has.
    const [oldest] = this.#doubt === undefined ? [] : this.#readings.values()
    return Math.min(aloneAt, oldest === undefined ? never : oldest.at + readingMs)
  }

  step(input: ClockInput, now: Now): readonly Effect<ClockProtocol>[] {
    const out: Effects = []
    this.#look(now)
    switch (input.type) {
      case 'tick':
        if (this.#askAt <= now.mono) this.#askSome(now, out)
        break
      case 'link-up':
        this.#linked.add(input.peer)
        if (this.#readings.size < asked) this.#ask(input.peer, now, out)
        break
      case 'link-down':
        this.#linked.delete(input.peer)
        this.#askedAt.delete(input.peer)
        break
      case 'message':
        this.#receive(input.from, input.message, { now, out })
        break
    }
    this.#judge(now, out)
    return out
  }

  #look(now: Now): void {
    const { mono, wall } = now
    if (this.hasJumped(now)) {
      // What peers said was kept by the monotonic clock, which stands still while a machine sleeps.
      this.#readings.clear()
      this.#askedAt.clear()
      this.#unsureAt = mono
      this.#askAt = mono
    }
    this.#seen = wall - mono
    const isBack = Math.abs(this.#seen - this.#trusted) <= this.#maxDriftMs
    const isAlone = this.#linked.size === 0 && mono - (this.#unsureAt ?? mono) >= aloneMs
    if (isBack || isAlone) this.#unsureAt = undefined
    if (this.#unsureAt === undefined) this.#trusted = this.#seen
    for (const [peer, { at }] of this.#readings) if (mono - at >= readingMs) this.#readings.delete(peer)
  }

  #receive(from: PeerId, message: ClockMessage, { now, out }: { readonly now: Now; readonly out: Effects }): void {
    if (message.kind === 'clock.ask') {
      // Also in doubt: after a night of all machines everybody's clock has jumped.
      const body = { wall: Math.max(0, Math.floor(now.wall)) }
      out.push({ type: 'send', to: from, message: { kind: 'clock.tell', body } })
      return
    }
    const askedAt = this.#askedAt.get(from)
    this.#askedAt.delete(from)
    // An answer that took too long does not say what time it is.
    if (askedAt === undefined || now.mono - askedAt > this.#maxDriftMs) return
    this.#readings.delete(from)
    const base = message.body.wall + (now.mono - askedAt) / 2 - now.mono
    this.#readings.set(from, { base, at: now.mono })
    const oldest = this.#readings.size > maxReadings ? this.#readings.keys().next().value : undefined
    if (oldest !== undefined) this.#readings.delete(oldest)
  }

  /** The next few of those linked, in turns. */
  #askSome(now: Now, out: Effects): void {
    this.#askAt = now.mono + (this.#doubt === undefined && this.#unsureAt === undefined ? restMs : doubtMs)
    for (const peer of [...this.#linked].slice(0, asked)) {
      this.#linked.delete(peer)
      this.#linked.add(peer)
      this.#ask(peer, now, out)
    }
  }

  #ask(peer: PeerId, now: Now, out: Effects): void {
    this.#askedAt.set(peer, now.mono)
    out.push({ type: 'send', to: peer, message: { kind: 'clock.ask', body: {} } })
  }

  #judge(now: Now, out: Effects): void {
    const before = this.#doubt
    this.#doubt = this.#found(now)
    if (this.#doubt?.reason === before?.reason) return
    if (this.#doubt !== undefined) this.#askAt = Math.min(this.#askAt, now.mono + doubtMs)
    out.push({
      type: 'change',
      change: { type: 'clock', ...(this.#doubt === undefined ? {} : { doubt: this.#doubt }) },
    })
  }

  /**
   * The middle of how far peers are ahead of this hub, which has a voice itself while its clock has not jumped. Of two hubs
   * that differ the one ahead is in doubt: its stamps are those that the other refuses.
   */
  #found(now: Now): Doubt | undefined {
    const said = [...this.#readings.values()].map(({ base }) => base - this.#seen)
    const voices = (this.#unsureAt === undefined ? [...said, 0] : said).sort((a, b) => a - b)
    const middle = voices[Math.floor((voices.length - 1) / 2)]
    if (middle === undefined) return { reason: 'jumped', byMs: this.#seen - this.#trusted }
    if (Math.abs(middle) > this.#maxDriftMs) {
      return { reason: middle < 0 ? 'ahead' : 'behind', byMs: Math.abs(middle), peers: said.length }
    }
    this.#unsureAt = undefined
    this.#trusted = now.wall - now.mono
    return undefined
  }
}
