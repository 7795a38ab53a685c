// Heads for slices that a test makes up: signed by the hub whose slice it is.

import { type Head, type Headed, headText } from '../../src/core/catalog/head.ts'
import type { CatalogRecord } from '../../src/core/catalog/record.ts'
import { Tally } from '../../src/core/catalog/tally.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { peerOf, testHashing, testKeys, wallStart } from './kit.ts'

/** The head of a slice that holds these records, all of them, in the federation `test`. */
export function headOf(headed: Headed, records: readonly CatalogRecord[]): Head {
  const peer = peerOf(headed.hub)
  const head = { peer, horizon: 0, root: Tally.of(records, testHashing, 0).root() }
  return { ...head, signature: testKeys(peer).sign(headText('test', headed, head)) }
}

/** As long as a real one, and looked at by nobody. */
export function unprovedHead(name: string): Head {
  const peer = `12D3KooW${name.padEnd(44, 'x').slice(0, 44)}` as PeerId
  return { peer, horizon: wallStart, root: 'r'.repeat(43), signature: 's'.repeat(86) }
}
