// Counters of the network. Metrics and /api/status read them; nothing here decides.

import type { Topic } from '../../core/machine.ts'
import type { Channel } from '../../hub/ports.ts'

/** Reasons of refusals come from peers: beyond so many different ones they count as `other`. */
const maxReasons = 32

export class Stats {
  readonly garbage: Record<string, number> = {}
  readonly refusals: Record<string, number> = {}
  readonly gossip: Record<Topic, { published: number; received: number }> = {
    catalog: { published: 0, received: 0 },
    presence: { published: 0, received: 0 },
    members: { published: 0, received: 0 },
  }
  readonly dropped: Record<Channel, number> = { control: 0, bulk: 0 }
  gossipOversized = 0
  dialling = 0

  countGarbage(reason: string): void {
    count(this.garbage, reason)
  }

  countRefusal(reason: string): void {
    count(this.refusals, reason)
  }
}

function count(counters: Record<string, number>, reason: string): void {
  const known = Object.hasOwn(counters, reason) || Object.keys(counters).length < maxReasons
  const key = known && reason !== '__proto__' ? reason : 'other'
  counters[key] = (counters[key] ?? 0) + 1
}
