// Signatures of hubs: Ed25519 (RFC 8032) by the system's crypto. A peer id is its public key in another form, so whoever has
// the name of a hub's key can check what it signed, and nothing has to be fetched or trusted.

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerId } from '../core/ids.ts'
import type { Keys } from '../core/keys.ts'

/** Public keys kept ready: making one costs as much as a signature. */
const maxKnown = 10_000
const rawBytes = 32

/** The keys of the hub with this private key. Verifying costs about 170 µs, signing 50. */
export function keysOf(privateKey: PrivateKey): Keys {
  const seed = Buffer.from(privateKey.raw.subarray(0, rawBytes)).toString('base64url')
  const x = Buffer.from(privateKey.publicKey.raw).toString('base64url')
  const own = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d: seed, x }, format: 'jwk' })
  const known = new Map<PeerId, KeyObject | undefined>()

  function keyOf(peer: PeerId): KeyObject | undefined {
    if (known.has(peer)) return known.get(peer)
    const oldest = known.size >= maxKnown ? known.keys().next().value : undefined
    if (oldest !== undefined) known.delete(oldest)
    const key = publicKeyOf(peer)
    known.set(peer, key)
    return key
  }

  return {
    sign: (text) => sign(null, Buffer.from(text), own).toString('base64url'),
    verify(peer, text, signature) {
      const key = keyOf(peer)
      return key !== undefined && verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))
    },
  }
}

/** Undefined for a name that is no Ed25519 key. */
function publicKeyOf(peer: PeerId): KeyObject | undefined {
  try {
    const { publicKey } = peerIdFromString(peer)
    if (publicKey?.type !== 'Ed25519') return undefined
    const x = Buffer.from(publicKey.raw).toString('base64url')
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  } catch {
    return undefined
  }
}
