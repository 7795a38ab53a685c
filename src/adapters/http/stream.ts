// What a watcher is sent: server-sent events (WHATWG HTML, section 9.2) as a Node stream that asks for the next events only
// when the connection has taken those before. So a client that reads slowly, or not at all, has one chunk waiting here.

import { Readable } from 'node:stream'
import type { WatchEvent, Watching } from '../../hub/calls.ts'

/** How long a client should wait before it connects again. */
const retryMs = 1_000
/** Rendered in one go, before others get their turn. */
const chunkEvents = 64
const chunkLetters = 16 * 1024
/** Each event carries its cursor, but one of a large federation is repeated only where it has moved. */
const shortCursor = 256
/** A client for which something waits and that took nothing for so many beats, a minute, is gone or as good as gone. */
const patientBeats = 4

export type SentEvent = Exclude<WatchEvent['event'], 'caught-up'>

export interface StreamTies {
  /** Begins to watch. */
  readonly open: (wake: () => void) => Watching
  /** Hears of each event that is sent. */
  readonly onSent: (event: SentEvent) => void
  /** Does it in a turn of its own. */
  readonly later: (job: () => void) => void
}

export class EventStream {
  readonly readable: Readable
  readonly #watching: Watching
  readonly #ties: StreamTies
  #lastCursor = ''
  /** The connection takes more, and there is nothing to send. */
  #isIdle = false
  #isScheduled = false
  /** Beats since the connection last took something, while something waits. */
  #stuckFor = 0
  #hasEnded = false

  constructor(ties: StreamTies) {
    this.#ties = ties
    this.readable = new Readable({ read: () => this.#schedule(), highWaterMark: chunkLetters })
    this.#watching = ties.open(() => {
      if (this.#isIdle) this.#schedule()
    })
    this.readable.once('close', () => this.#watching.close())
    this.readable.push(`retry: ${retryMs}\n\n`)
  }

  /**
   * From time to time: a comment where nothing is sent, because proxies cut what is silent, and clients may as well. A client
   * that stopped reading must not keep its place for ever.
   */
  keepAlive(): void {
    if (this.#isIdle && !this.#hasEnded) this.readable.push(': keep-alive\n\n')
    else if (++this.#stuckFor > patientBeats) this.readable.destroy()
  }

  /** Ends in order; a client that does not read is cut. */
  end(): void {
    this.#hasEnded = true
    if (this.#isIdle) this.readable.push(null)
    else this.readable.destroy()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#ties.later(() => {
      this.#isScheduled = false
      if (this.#hasEnded || this.readable.destroyed) return
      this.#stuckFor = 0
      const chunk = this.#chunk()
      this.#isIdle = chunk === ''
      if (!this.#isIdle) this.readable.push(chunk)
    })
  }

  #chunk(): string {
    let chunk = ''
    for (let count = 0; count < chunkEvents && chunk.length < chunkLetters; count++) {
      const event = this.#watching.next()
      if (event === undefined) break
      chunk += this.#textOf(event)
      if (event.event !== 'caught-up') this.#ties.onSent(event.event)
    }
    return chunk
  }

  #textOf(event: WatchEvent): string {
    const { cursor } = event
    if (event.event === 'caught-up') return `: caught-up ${cursor}\n\n`
    const isToldAgain = cursor === this.#lastCursor && cursor.length > shortCursor
    this.#lastCursor = cursor
    const id = isToldAgain ? '' : `id: ${cursor}\n`
    return `event: ${event.event}\n${id}data: ${JSON.stringify(event.data)}\n\n`
  }
}
