// Signatures of hubs: Ed25519 (RFC 8032) by the system's crypto. A peer id is its public key in another form, so whoever has
// the name of a hub's key can check what it signed, and nothing has to be fetched or trusted.

import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { canonical } from '../core/hash.ts'
import type { PeerId } from '../core/ids.ts'
import type { Hashing } from '../core/keys.ts'
import type { HubKeys } from '../hub/ports.ts'

/** Public keys kept ready: making one costs as much as a signature. */
const maxKnown = 10_000
const rawBytes = 32

/** The keys of the hub with this private key. Verifying costs about 170 µs, signing 50. */
export function keysOf(privateKey: PrivateKey): HubKeys {
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
    ...hashing,
    verifyLater({ peer, text, signature }, done) {
      const key = keyOf(peer)
      if (key === undefined) return done(false)
      const said = Buffer.from(signature, 'base64url')
      verify(null, Buffer.from(text), key, said, (error, isGood) => done(error === null && isGood))
    },
    sign: (text) => sign(null, Buffer.from(text), own).toString('base64url'),
    verify(peer, text, signature) {
      const key = keyOf(peer)
      return key !== undefined && verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))
    },
  }
}

/** LtHash's parameters (core/catalog/tally.ts): SHAKE128 gives 1,024 words, SHA-256 names them. */
const width = 1_024
const hashing: Hashing = {
  width,
  spread(value) {
    const bytes = createHash('shake128', { outputLength: 2 * width })
      .update(canonical(value))
      .digest()
    // Little-endian wherever Node runs but on s390x: hubs there federate among themselves alone.
    return new Uint16Array(bytes.buffer, bytes.byteOffset, width)
  },
  digest: (words) => createHash('sha256').update(words).digest('base64url'),
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
