// The head of a message that travels compressed: a mark that no value of the codec begins with, and how long the message is
// once it is unpacked. Who judges a message by its size reads that here, and unpacks nothing.

/** In CBOR it is "break", with which no value begins. */
const mark = 0xff
export const packedHeadBytes = 5

/** The compressed message behind its head. */
export function withPackedHead(plainBytes: number, compressed: Uint8Array): Uint8Array {
  const packed = new Uint8Array(packedHeadBytes + compressed.length)
  packed[0] = mark
  viewOf(packed).setUint32(1, plainBytes)
  packed.set(compressed, packedHeadBytes)
  return packed
}

export function isPacked(bytes: Uint8Array): boolean {
  return bytes.length > packedHeadBytes && bytes[0] === mark
}

/** How much of a bound the message takes: as it is, or unpacked by its own word, to which unpacking holds it. */
export function weightOf(bytes: Uint8Array): number {
  return Math.max(bytes.length, plainBytesOf(bytes))
}

/** How long the message is without compression, by its own word. */
export function plainBytesOf(bytes: Uint8Array): number {
  return isPacked(bytes) ? viewOf(bytes).getUint32(1) : bytes.length
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
