// The keys of libp2p, once they are kept ready, judge as they did before.

import { generateKeyPair, publicKeyFromRaw } from '@libp2p/crypto/keys'
import { expect, it } from 'vitest'
import { keepKeysReady } from '../src/adapters/libp2p/verifying.ts'

it('tells a signature from one of another text, of another key, and from none', async () => {
  const [own, other] = [await generateKeyPair('Ed25519'), await generateKeyPair('Ed25519')]
  const [text, altered] = [Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 4)]
  const signature = await own.sign(text)
  const judge = async () => {
    const fresh = publicKeyFromRaw(own.publicKey.raw)
    return [
      await fresh.verify(text, signature),
      await fresh.verify(altered, signature),
      await other.publicKey.verify(text, signature),
      await fresh.verify(text, new Uint8Array(64)),
    ]
  }
  const before = await judge()
  keepKeysReady(own)
  expect(before).toEqual([true, false, false, false])
  expect(await judge()).toEqual(before)
  expect(await judge()).toEqual(before)
  expect(await publicKeyFromRaw(own.publicKey.raw).verify(text, new Uint8Array(3))).toBe(false)
})
