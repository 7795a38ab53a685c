// Addresses as operators write them, as peers tell them and as libp2p dials them.

import type { PeerId as Libp2pPeerId } from '@libp2p/interface'
import { CODE_P2P, type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { Address, PeerId } from '../../core/ids.ts'

/** Addresses kept or dialled per peer; the first ones count. As many as a hub may tell of itself (wire.HubInfo). */
export const maxAddresses = 16

/** `10.0.0.7:8081`, `[::1]:8081`, `hub.example:8081` or a multiaddr, as a multiaddr. Throws when it is none of them. */
export function asMultiaddr(text: string): Multiaddr {
  if (text.startsWith('/')) return multiaddr(text)
  const [, v6, host, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:/\s]+)):(\d{1,5})$/.exec(text) ?? []
  if (port === undefined) throw new Error(`"${text}" is no address: write host:port or a multiaddr`)
  if (v6 !== undefined) return multiaddr(`/ip6/${v6}/tcp/${port}`)
  const kind = /^\d{1,3}(\.\d{1,3}){3}$/.test(host ?? '') ? 'ip4' : 'dns'
  return multiaddr(`/${kind}/${host}/tcp/${port}`)
}

/** What can be dialled of what was told, peer by peer; the rest is left out. Peers tell anything: nothing throws. */
export function dialable(addresses: readonly string[], peer: PeerId): Multiaddr[] {
  const found: Multiaddr[] = []
  for (const text of addresses.slice(0, maxAddresses)) {
    try {
      const address = asMultiaddr(text)
      const named = peerIn(address)
      if (named === undefined) found.push(address.encapsulate(`/p2p/${peer}`))
      else if (named === peer) found.push(address)
    } catch {
      // Not an address.
    }
  }
  return found
}

/** The peer id that an address names. */
export function peerIn(address: Multiaddr): PeerId | undefined {
  return address.getComponents().findLast((part) => part.code === CODE_P2P)?.value as PeerId | undefined
}

/** The address without the peer id behind it. */
export function bare(address: Multiaddr): Address {
  return address.decapsulateCode(CODE_P2P).toString() as Address
}

export function peerName(peer: Libp2pPeerId): PeerId {
  return peer.toString() as PeerId
}

/**
 * Addresses worth telling: a loopback address only when there is no other. Told along with others it would lead a peer
 * to itself, where a refused connection would pass for proof that this hub is gone.
 */
export function worthTelling(addresses: Multiaddr[]): Multiaddr[] {
  const remote = addresses.filter((address) => !/^\/(ip4\/127\.|ip6\/::1\/)/.test(address.toString()))
  return remote.length > 0 ? remote : addresses
}
