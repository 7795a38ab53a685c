// Signatures and sums in virtual time: fingerprints, under the name of the key. Whoever plays by the port's rules cannot tell
// them from real ones, and they are two hundred times as quick; a forger within the simulation could make one, which no
// scenario does.

import { canonical } from '../../src/core/hash.ts'
import type { PeerId } from '../../src/core/ids.ts'
import type { Hashing } from '../../src/core/keys.ts'
import type { HubKeys } from '../../src/hub/ports.ts'
import { textMark } from './trace.ts'

export const simulatedHashing: Hashing = { width: 4, spread, digest: (words) => words.join('.') }

/** The answer that the real ones give later comes at once: in virtual time nothing is off the loop. */
export function simulatedKeys(own: PeerId): HubKeys {
  return {
    ...simulatedHashing,
    sign: (text) => signatureOf(own, text),
    verify: (peer, text, signature) => signatureOf(peer, text) === signature,
    verifyLater: ({ peer, text, signature }, done) => done(signatureOf(peer, text) === signature),
  }
}

/** Values never change, and hundreds of hubs hold the one that they were told in one publication. */
const spreads = new WeakMap<object, Uint16Array>()

function spread(value: object): Uint16Array {
  const known = spreads.get(value)
  if (known !== undefined) return known
  const text = canonical(value)
  const marks = [textMark(text), textMark(`${text} `)]
  const words = new Uint16Array(marks.flatMap((mark) => [mark, mark >>> 16]))
  spreads.set(value, words)
  return words
}

/** As long as a real one in base64. */
function signatureOf(peer: PeerId, text: string): string {
  const mark = (textMark(`${peer} ${text}`) >>> 0).toString(16).padStart(8, '0')
  return mark.repeat(11).slice(0, 86)
}
