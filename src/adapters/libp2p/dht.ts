// The DHT (Kademlia, Maymounkov and Mazieres 2002) finds addresses of hubs that are not linked. It is a hint, never the
// truth: its records can be overwritten by older ones (js-libp2p#3377), so only its routing is used and nothing is put
// into it. Hubs in server mode are found; a client is found only through the catalog or its own dialling.

import type { PeerInfo } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { Address, PeerId } from '../../core/ids.ts'
import type { Millis } from '../../core/time.ts'
import { bare, peerName } from './addresses.ts'
import type { Node } from './node.ts'

const lookupMs: Millis = 5_000
/** Most peers taken from one walk. */
const maxFound = 64

export type Found = ReadonlyMap<PeerId, readonly Address[]>

export class Dht {
  readonly #node: Node

  constructor(node: Node) {
    this.#node = node
  }

  /** Addresses of the peer; empty when nobody knows or nobody answers in 5 s. Never throws. */
  async find(peer: PeerId): Promise<readonly Address[]> {
    try {
      const id = peerIdFromString(peer)
      const found: Address[] = []
      const signal = AbortSignal.timeout(lookupMs)
      // Not from libp2p's peer store: it holds what the book holds, or an entry without any address.
      for await (const event of this.#node.services.dht.findPeer(id, { signal, useCache: false }))
        if (event.name === 'FINAL_PEER') found.push(...event.peer.multiaddrs.map(bare))
      return found
    } catch {
      return []
    }
  }

  /** Who is near the key, with addresses; what was found when 5 s are over. Never throws. */
  async walk(key: Uint8Array): Promise<Found> {
    const found = new Map<PeerId, readonly Address[]>()
    const take = ({ id, multiaddrs }: PeerInfo) => {
      if (found.size < maxFound && multiaddrs.length > 0) found.set(peerName(id), multiaddrs.map(bare))
    }
    try {
      const signal = AbortSignal.timeout(lookupMs)
      for await (const event of this.#node.services.dht.getClosestPeers(key, { signal })) {
        if (event.name === 'PEER_RESPONSE') event.closer.forEach(take)
        if (event.name === 'FINAL_PEER') take(event.peer)
      }
    } catch {
      // Cut short; what was found counts.
    }
    return found
  }
}
