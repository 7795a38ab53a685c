// Signatures of published messages, checked with keys that are kept ready. libp2p makes a key object of the system's anew for
// every signature, which costs as much as the checking: once a message at every hub.

import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { PrivateKey } from '@libp2p/interface'

type PublicKey = Extract<PrivateKey, { type: 'Ed25519' }>['publicKey']

/** Hubs whose key is kept; beyond it the oldest goes. */
const maxKept = 1_000

const kept = new Map<string, KeyObject>()

/** Lets all Ed25519 keys of libp2p, whose class is known by the hub's own, check signatures so. */
export function keepKeysReady(own: PrivateKey): void {
  if (own.type !== 'Ed25519') return
  const shared: PublicKey = Object.getPrototypeOf(own.publicKey)
  shared.verify = function (this: PublicKey, data, signature) {
    return verify(null, data instanceof Uint8Array ? data : data.subarray(), keyOf(this.raw), signature)
  }
}

function keyOf(raw: Uint8Array): KeyObject {
  const x = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('base64url')
  const known = kept.get(x)
  if (known !== undefined) return known
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const oldest = kept.size >= maxKept ? kept.keys().next().value : undefined
  if (oldest !== undefined) kept.delete(oldest)
  kept.set(x, key)
  return key
}
