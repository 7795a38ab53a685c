// The links this hub wants to hold, and the effects that turn what it held into what it wants.

import type { PeerId } from '../ids.ts'
import type { HubInfo } from '../wire.ts'
import { ownsDial } from './tiers.ts'

type LinkEffect =
  | {
      readonly type: 'connect'
      readonly peer: PeerId
      readonly addresses: HubInfo['addresses']
      readonly eager: boolean
    }
  | { readonly type: 'disconnect'; readonly peer: PeerId }

export class Keep {
  readonly #self: HubInfo
  #kept = new Map<PeerId, HubInfo>()

  constructor(self: HubInfo) {
    this.#self = self
  }

  kept(): ReadonlyMap<PeerId, HubInfo> {
    return this.#kept
  }

  /** Keeps exactly these; says only what changed. */
  update(wanted: readonly HubInfo[]): LinkEffect[] {
    const next = new Map(wanted.filter((info) => info.peer !== this.#self.peer).map((info) => [info.peer, info]))
    const effects: LinkEffect[] = []
    for (const [peer, info] of next) {
      const held = this.#kept.get(peer)
      if (held !== undefined && isSameRoute(held, info)) continue
      effects.push({ type: 'connect', peer, addresses: info.addresses, eager: ownsDial(this.#self, info) })
    }
    for (const peer of this.#kept.keys()) if (!next.has(peer)) effects.push({ type: 'disconnect', peer })
    this.#kept = next
    return effects
  }
}

function isSameRoute(a: HubInfo, b: HubInfo): boolean {
  return (
    a.tier === b.tier && a.addresses.length === b.addresses.length && a.addresses.every((x, i) => x === b.addresses[i])
  )
}
