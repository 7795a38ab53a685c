// One dial and what became of it. A dial has succeeded when the hello has, not when libp2p says that a connection is open.

import type { Multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../../core/ids.ts'
import { peerName } from './addresses.ts'
import type { Links, Verdict } from './links.ts'
import type { Node } from './node.ts'
import type { Stats } from './stats.ts'

export type Dialled =
  | { readonly kind: Verdict['kind']; readonly peer: PeerId }
  /** `refused-port`: at every address the system said that nobody listens. `unreached`: anything weaker. */
  | { readonly kind: 'refused-port' | 'unreached' | 'self' }

export interface Dialler {
  readonly node: Node
  readonly links: Links
  readonly stats: Stats
}

/** Never throws. The addresses lead to one peer; they are tried in order, 3 s each and 8 s in all (node.ts). */
export async function dial({ node, links, stats }: Dialler, addresses: Multiaddr[]): Promise<Dialled> {
  stats.dialling++
  try {
    const connection = await node.dial(addresses)
    const { kind } = await links.verdict(connection)
    return { kind, peer: peerName(connection.remotePeer) }
  } catch (error) {
    if (error instanceof Error && error.message.includes('dial self')) return { kind: 'self' }
    return { kind: isRefusal(error) ? 'refused-port' : 'unreached' }
  } finally {
    stats.dialling--
  }
}

/** Every attempt was refused: one that timed out may still lead to a living hub. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isRefusal)
  return 'code' in error && error.code === 'ECONNREFUSED'
}
