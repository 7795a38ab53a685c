// What every `HubKeys` must do, the real ones and those of the simulator: written only against the port.

import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { Signed } from '../../src/core/keys.ts'
import type { HubKeys } from '../../src/hub/ports.ts'

export interface KeysWorld {
  /** Two hubs, each with a key of its own. */
  readonly own: { readonly peer: PeerId; readonly keys: HubKeys }
  readonly other: { readonly peer: PeerId; readonly keys: HubKeys }
}

const texts = ['', 'a', 'ä € 🜁', '["hubmesh/member/2","f","alive",1,{}]', 'x'.repeat(10_000)]
const garbage = ['', 'no signature', '=', '\u0000', 'Ünïcode', 'A'.repeat(86), 'A'.repeat(100_000)]

export function keysContract(title: string, makeWorld: () => Promise<KeysWorld>): void {
  describe(`${title} keep the keys contract`, () => {
    it('a signature holds under the name of the key that made it, for everybody', async () => {
      const { own, other } = await makeWorld()
      for (const text of texts) {
        expect(own.keys.verify(own.peer, text, own.keys.sign(text))).toBe(true)
        expect(other.keys.verify(own.peer, text, own.keys.sign(text))).toBe(true)
      }
    })

    it('and under no other name, and for no other text', async () => {
      const { own, other } = await makeWorld()
      for (const text of texts) {
        expect(own.keys.verify(other.peer, text, own.keys.sign(text))).toBe(false)
        expect(own.keys.verify(own.peer, `${text} `, own.keys.sign(text))).toBe(false)
        expect(own.keys.verify(own.peer, text, other.keys.sign(text))).toBe(false)
      }
    })

    it('is the same each time, and fits on the wire', async () => {
      const { own } = await makeWorld()
      for (const text of texts) {
        expect(own.keys.sign(text)).toBe(own.keys.sign(text))
        expect(own.keys.sign(text).length).toBeLessThanOrEqual(100)
      }
      expect(new Set(texts.map((text) => own.keys.sign(text))).size).toBe(texts.length)
    })

    it('says later what it says at once of a signature', async () => {
      const { own, other } = await makeWorld()
      for (const text of texts) {
        const signature = own.keys.sign(text)
        const later = (signed: Signed) => new Promise<boolean>((done) => other.keys.verifyLater(signed, done))
        expect(await later({ peer: own.peer, text, signature })).toBe(true)
        expect(await later({ peer: own.peer, text: `${text} `, signature })).toBe(false)
        expect(await later({ peer: other.peer, text, signature })).toBe(false)
        expect(await later({ peer: 'peer-nobody' as PeerId, text, signature })).toBe(false)
        expect(await later({ peer: own.peer, text, signature: 'no signature' })).toBe(false)
      }
    })

    it('spreads equal values alike for everybody, and others otherwise', async () => {
      const { own, other } = await makeWorld()
      const values = [{}, { a: 1 }, { a: 2 }, { a: 1, b: [1] }, { b: { c: 'x' } }, { b: { c: 'x', d: null } }]
      const names = values.map((value) => own.keys.digest(own.keys.spread(value)))
      expect(new Set(names).size).toBe(values.length)
      for (const [index, value] of values.entries()) {
        const turned = Object.fromEntries(Object.entries(value).toReversed())
        expect(other.keys.digest(other.keys.spread(turned))).toBe(names[index])
        expect(own.keys.spread(value)).toHaveLength(own.keys.width)
        expect(names[index]?.length).toBeLessThanOrEqual(64)
      }
    })

    it('garbage is no signature, and a name that is no key signs nothing; neither throws', async () => {
      const { own } = await makeWorld()
      const signature = own.keys.sign('a')
      for (const said of [...garbage, `${signature.slice(0, -4)}AAAA`, signature.slice(1)]) {
        expect(own.keys.verify(own.peer, 'a', said)).toBe(false)
      }
      for (const peer of [...garbage, 'peer-nobody', `${own.peer}x`, own.peer.slice(1)]) {
        expect(own.keys.verify(peer as PeerId, 'a', signature)).toBe(false)
        expect(own.keys.verify(peer as PeerId, 'a', signature)).toBe(false)
      }
    })
  })
}
