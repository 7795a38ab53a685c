// Who said it: signatures by real Ed25519 keys and by the simulator's, and the notary that proves each word once.

import { createHash } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { describe, expect, it } from 'vitest'
import { simulatedKeys } from '../simulations/engine/keys.ts'
import { keysOf } from '../src/adapters/keys.ts'
import type { PeerId } from '../src/core/ids.ts'
import { type Keys, Notary } from '../src/core/keys.ts'
import type { Statement } from '../src/core/wire.ts'
import type { HubKeys } from '../src/hub/ports.ts'
import { keysContract } from './contracts/keys.ts'
import { infoOf, peerOf, testKeys } from './core/kit.ts'

async function realHub(): Promise<{ peer: PeerId; keys: HubKeys }> {
  const privateKey = await generateKeyPair('Ed25519')
  return { peer: peerIdFromPrivateKey(privateKey).toString() as PeerId, keys: keysOf(privateKey) }
}

keysContract('Ed25519 keys', async () => ({ own: await realHub(), other: await realHub() }))

const simulated = (name: string) => ({ peer: peerOf(name), keys: simulatedKeys(peerOf(name)) })
keysContract('simulated keys', async () => ({ own: simulated('a'), other: simulated('b') }))
const tested = (name: string) => ({ peer: peerOf(name), keys: testKeys(peerOf(name)) })
keysContract('the keys of these tests', async () => ({ own: tested('a'), other: tested('b') }))

describe('Ed25519 keys', () => {
  it('sign what every other implementation can check', async () => {
    const privateKey = await generateKeyPair('Ed25519')
    const signature = Buffer.from(keysOf(privateKey).sign('a text'), 'base64url')
    expect(await privateKey.publicKey.verify(Buffer.from('a text'), signature)).toBe(true)
    expect(Buffer.from(await privateKey.sign(Buffer.from('a text')))).toEqual(signature)
  })

  it('sum by LtHash: SHAKE128 to 1,024 words, named by SHA-256', async () => {
    const { keys } = await realHub()
    const words = keys.spread({ b: 1, a: ['x'] })
    const bytes = createHash('shake128', { outputLength: 2_048 }).update('{"a":["x"],"b":1}').digest()
    expect(Buffer.from(words.buffer, words.byteOffset, words.byteLength)).toEqual(bytes)
    expect(keys.digest(words)).toBe(createHash('sha256').update(bytes).digest('base64url'))
  })

  it('of another kind make no hub', async () => {
    const { keys } = await realHub()
    const peer = peerIdFromPrivateKey(await generateKeyPair('secp256k1')).toString() as PeerId
    expect(keys.verify(peer, 'a', keys.sign('a'))).toBe(false)
  })
})

describe('a notary', () => {
  function counting(): { notary: Notary; proofs: () => number } {
    let proofs = 0
    const keys = testKeys(peerOf('me'))
    const verify: Keys['verify'] = (peer, text, signature) => {
      proofs++
      return keys.verify(peer, text, signature)
    }
    return { notary: new Notary('test', { sign: keys.sign, verify }), proofs: () => proofs }
  }
  const by = (name: string) => new Notary('test', testKeys(peerOf(name)))
  const word = by('a').sign({ info: infoOf('a'), incarnation: 7, status: 'alive' })

  it('proves a word once, however often it comes', () => {
    const { notary, proofs } = counting()
    for (let i = 0; i < 5; i++) expect(notary.vouches({ ...word })).toBe(true)
    expect(proofs()).toBe(1)
  })

  it('proves each new word, and a forgery every time', () => {
    const { notary, proofs } = counting()
    expect(notary.vouches(word)).toBe(true)
    for (let i = 0; i < 3; i++) expect(notary.vouches({ ...word, incarnation: 8 })).toBe(false)
    expect(proofs()).toBe(4)
    expect(notary.vouches(word)).toBe(true)
    expect(proofs()).toBe(4)
  })

  const changes: readonly [string, Statement][] = [
    ['another incarnation', { ...word, incarnation: 8 }],
    ['a goodbye', { ...word, status: 'left' }],
    ['another address', { ...word, info: { ...word.info, addresses: [] } }],
    ['another region', { ...word, info: infoOf('a', { region: 'south' }) }],
    ['another tier', { ...word, info: infoOf('a', { tier: 'global' }) }],
    ['a reason to be degraded', { ...word, info: { ...word.info, degraded: ['backlog'] } }],
    ['another key', { ...word, info: { ...word.info, peer: peerOf('b') } }],
    ['another name', { ...word, info: { ...word.info, hub: infoOf('b').hub } }],
  ]
  it.each(changes)('does not take %s for what was signed, also after it proved the true one', (_, changed) => {
    const { notary } = counting()
    expect(notary.vouches(changed)).toBe(false)
    expect(notary.vouches(word)).toBe(true)
    expect(notary.vouches(changed)).toBe(false)
  })

  it('takes the signature of an alive word for what others say of it: suspicion and death are theirs', () => {
    expect(counting().notary.vouches({ ...word, status: 'suspect' })).toBe(true)
    expect(counting().notary.vouches({ ...word, status: 'dead' })).toBe(true)
  })

  it('does not take a word of another federation', () => {
    const foreign = new Notary('other', testKeys(peerOf('a'))).sign(word)
    expect(counting().notary.vouches(foreign)).toBe(false)
  })
})
