// Messages on a long-lived stream: four bytes of length, big-endian, then the message. libp2p's own length-prefixed
// streams read byte by byte; here a chunk is copied once, whatever its size.

import type { Stream } from '@libp2p/interface'

/** Bytes as libp2p hands them over: one array, or a list of them. */
export type Chunk = Uint8Array | Iterable<Uint8Array>

const headBytes = 4

/** The message with its length before it. */
export function frame(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(headBytes + message.length)
  new DataView(framed.buffer).setUint32(0, message.length)
  framed.set(message, headBytes)
  return framed
}

/** Puts a stream's chunks together to messages. After `push` returned false the stream makes no sense any more. */
export class FrameReader {
  readonly #maxBytes: number
  readonly #take: (message: Uint8Array) => void
  readonly #head = new Uint8Array(headBytes)
  #headFilled = 0
  #body: Uint8Array | undefined
  #bodyFilled = 0

  /** `take` is called for each message, in order; one longer than `maxBytes` is not read. */
  constructor(maxBytes: number, take: (message: Uint8Array) => void) {
    this.#maxBytes = maxBytes
    this.#take = take
  }

  /** False when a frame claims more than the bound: garbage, or a peer that breaks the protocol. */
  push(chunk: Chunk): boolean {
    for (const part of chunk instanceof Uint8Array ? [chunk] : chunk) if (!this.#read(part)) return false
    return true
  }

  #read(part: Uint8Array): boolean {
    let at = 0
    while (at < part.length) {
      if (this.#body === undefined) {
        this.#head[this.#headFilled++] = part[at++] ?? 0
        if (this.#headFilled < headBytes) continue
        const length = new DataView(this.#head.buffer).getUint32(0)
        if (length > this.#maxBytes) return false
        this.#body = new Uint8Array(length)
        this.#bodyFilled = 0
      } else {
        const piece = part.subarray(at, at + this.#body.length - this.#bodyFilled)
        this.#body.set(piece, this.#bodyFilled)
        this.#bodyFilled += piece.length
        at += piece.length
      }
      if (this.#bodyFilled === this.#body.length) this.#finish(this.#body)
    }
    return true
  }

  #finish(message: Uint8Array): void {
    this.#headFilled = 0
    this.#body = undefined
    this.#take(message)
  }
}

/** A stream's messages, one at a time; ends with the stream, throws on a frame beyond the bound. */
export async function* messages(stream: Stream, maxBytes: number): AsyncGenerator<Uint8Array> {
  const waiting: Uint8Array[] = []
  const reader = new FrameReader(maxBytes, (message) => waiting.push(message))
  for await (const chunk of stream) {
    if (!reader.push(chunk)) throw new Error(`a frame of more than ${maxBytes} bytes`)
    yield* waiting.splice(0)
  }
}
