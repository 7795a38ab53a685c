// Fewer packets for the same messages. Membership speaks often and briefly: to a message of 50 bytes the 52 bytes of each
// TCP packet's headers are what counts, and libp2p spends six packets on a ping and its answer where three do.

import type { ConnectionEncrypter, MessageStream, StreamMuxerFactory } from '@libp2p/interface'
import type { yamux } from '@libp2p/yamux'

type Muxing = ReturnType<typeof yamux>
type Muxer = ReturnType<ReturnType<Muxing>['createStreamMuxer']>
type MuxedStream = ReturnType<Muxer['onCreateStream']>

/** Half of what a stream may have under way at first: its sender never waits for the other half. */
const updateBytes = 128 * 1024
/** noise writes the length of a piece before it. */
const lengthBytes = 2
const longestPiece = 0xffff
/** yamux's state of a stream that both ends have opened: a window update carries nothing but the window. */
const established = 3

/** The encrypter hands over length and text as two pieces, and each piece goes out as a packet of its own. */
export function inOnePiece<Components>(
  encrypting: (components: Components) => ConnectionEncrypter,
): (components: Components) => ConnectionEncrypter {
  return (components) => {
    const encrypter = encrypting(components)
    const outbound = encrypter.secureOutbound.bind(encrypter)
    const inbound = encrypter.secureInbound.bind(encrypter)
    encrypter.secureOutbound = async (connection, options) =>
      readingOn(await outbound(sendingWhole(connection), options))
    encrypter.secureInbound = async (connection, options) => readingOn(await inbound(sendingWhole(connection), options))
    return encrypter
  }
}

function sendingWhole(connection: MessageStream): MessageStream {
  const send = connection.send.bind(connection)
  connection.send = (data) => send(data instanceof Uint8Array ? data : data.subarray())
  return connection
}

/** What noise reads pieces with, where it shows it. */
interface Reading {
  readonly decoder?: {
    lengthDecoder?: (waiting: { readonly byteLength: number; getUint16(at: number): number }) => number
  }
}

/**
 * At the end of every packet noise asks for the length of a piece that is not there yet, and tells itself so by an error: that, with
 * the stack it takes, was a twelfth of what a published message cost. A length that nothing yet suffices for says the same.
 */
function readingOn<Secured extends { readonly connection: MessageStream }>(secured: Secured): Secured {
  const { decoder } = secured.connection as MessageStream & Reading
  if (decoder?.lengthDecoder === undefined) return secured
  decoder.lengthDecoder = (waiting) => (waiting.byteLength < lengthBytes ? longestPiece : waiting.getUint16(0))
  return secured
}

/** yamux answers every frame with a window update, however little of the window is used; Go's waits for half of it. */
export function withRareUpdates(muxing: Muxing): () => StreamMuxerFactory {
  return () => {
    const factory = muxing()
    const create = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (connection) => {
      const muxer = create(connection)
      const opened = muxer.onCreateStream.bind(muxer)
      const accepted = muxer.onRemoteStream.bind(muxer)
      muxer.onCreateStream = () => updatingRarely(opened())
      muxer.onRemoteStream = (stream) => accepted(updatingRarely(stream))
      return muxer
    }
    return factory
  }
}

function updatingRarely(stream: MuxedStream): MuxedStream {
  const take = stream.handleData.bind(stream)
  const update = stream.sendWindowUpdate.bind(stream)
  let taken = 0
  stream.handleData = (frame) => {
    taken += frame.header.length
    take(frame)
  }
  stream.sendWindowUpdate = () => {
    if (stream.state === established) {
      if (taken < updateBytes) return
      taken = 0
    }
    // A new stream is opened in a microtask of its own: where the connection went meanwhile, this throws into nothing and
    // would end the process. A hub that was frozen wakes up to just that.
    try {
      update()
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }
  return stream
}
