// A home that is about to end gives its projects to a sibling, which becomes their home by a claim of its own (P10). Said again
// every second for those that it has not claimed yet: what was lost on the way is given again.

import type { HubId, PeerId } from '../ids.ts'
import type { Effect } from '../machine.ts'
import { type Millis, type Now, never, second } from '../time.ts'
import { maxSection, type PresenceMessage, type TakeBody } from './messages.ts'
import type { Others } from './others.ts'
import type { Own } from './own.ts'
import type { PresenceOptions, PresenceProtocol } from './protocol.ts'
import type { LeaseTable } from './table.ts'
import { allSlugs, inParts } from './telling.ts'

type Effects = Effect<PresenceProtocol>[]

const againMs: Millis = 1 * second
/** As long as a drain may take. */
const maxRounds = 30

export interface HandoverParts {
  readonly options: PresenceOptions
  readonly held: LeaseTable
  readonly others: Others
  readonly own: Own
}

export class Handover {
  readonly #parts: HandoverParts
  #to: HubId | undefined
  #left = 0
  #at: Millis = never

  constructor(parts: HandoverParts) {
    this.#parts = parts
  }

  /** To that hub, instead of any before; undefined: to nobody any more. */
  begin(to: HubId | undefined, now: Now, out: Effects): void {
    this.#to = to
    this.#left = maxRounds
    this.#at = to === undefined ? never : now.mono
    this.tick(now, out)
  }

  deadline(): Millis {
    return this.#at
  }

  tick(now: Now, out: Effects): void {
    const to = this.#to
    if (to === undefined || this.#at > now.mono) return
    const { held, options } = this.#parts
    const own = held.within(options.self, allSlugs).map(({ lease }) => lease)
    const running = own.filter(({ state }) => state !== 'lapsed')
    this.#at = running.length === 0 || --this.#left === 0 ? never : now.mono + againMs
    for (const leases of inParts(running.slice(0, maxSection))) {
      const body: TakeBody = { home: options.self, to, at: Math.floor(now.wall), leases }
      this.#say({ kind: 'presence.take', body }, out)
    }
  }

  /** Another home gives its projects to this hub; only it can. */
  take(
    { home, to, at, leases }: TakeBody,
    from: PeerId,
    { now, out }: { readonly now: Now; readonly out: Effects },
  ): void {
    const { options, others, own, held } = this.#parts
    if (to !== options.self || others.home(home)?.peer !== from || this.#to !== undefined) return
    for (const lease of leases) {
      const known = held.get(lease.slug)?.lease.claim[1] ?? home
      if (lease.claim[1] === home && known === home) own.adopt(lease, Math.max(0, at - lease.beatAt), { now, out })
    }
  }

  #say(message: PresenceMessage & { readonly kind: 'presence.take' }, out: Effects): void {
    const { others } = this.#parts
    const peer = others.home(message.body.to)?.peer
    if (peer !== undefined && others.isLinked(peer)) out.push({ type: 'send', to: peer, message })
    else out.push({ type: 'publish', topic: 'presence', message })
  }
}
