// What every `Keys` must do, the real ones and those of the simulator: written only against the port.

import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { Keys } from '../../src/core/keys.ts'

export interface KeysWorld {
  /** Two hubs, each with a key of its own. */
  readonly own: { readonly peer: PeerId; readonly keys: Keys }
  readonly other: { readonly peer: PeerId; readonly keys: Keys }
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
