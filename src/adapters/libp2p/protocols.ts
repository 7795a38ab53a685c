// Names of everything this hub speaks. The federation's id is part of each, so two federations cannot even negotiate.

import { type Topic, topics } from '../../core/machine.ts'
import type { Channel } from '../../hub/ports.ts'

export interface Protocols {
  readonly hello: string
  readonly channels: Readonly<Record<Channel, string>>
  readonly dht: string
  /** gossipsub's name of each topic, to ours. */
  readonly topics: ReadonlyMap<string, Topic>
}

export function protocolsOf(federation: string): Protocols {
  const prefix = `/hubmesh/${federation}`
  return {
    hello: `${prefix}/hello/1`,
    channels: { control: `${prefix}/control/1`, bulk: `${prefix}/bulk/1` },
    dht: `${prefix}/kad/1.0.0`,
    topics: new Map(topics.map((topic) => [`${prefix}/${topic}/1`, topic])),
  }
}
