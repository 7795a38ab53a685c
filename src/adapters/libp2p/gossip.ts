// Topics: what one hub publishes reaches all of the federation through neighbours (gossipsub 1.2). Only admitted neighbours
// take part; whose key signed a message is checked at every hop.

import { TopicValidatorResult } from '@libp2p/gossipsub'
import type { PeerId } from '../../core/ids.ts'
import type { Topic } from '../../core/machine.ts'
import { weightOf } from '../../core/packed.ts'
import { peerName } from './addresses.ts'
import type { Node } from './node.ts'
import type { Protocols } from './protocols.ts'
import type { Stats } from './stats.ts'

export interface GossipParts {
  readonly node: Node
  readonly protocols: Protocols
  readonly stats: Stats
  readonly maxMessageBytes: number
  readonly isUp: (peer: PeerId) => boolean
  readonly heard: (topic: Topic, author: PeerId, bytes: Uint8Array) => void
  readonly garbage: (reason: string) => void
}

export interface Reach {
  /** Peer ids. */
  readonly mesh: readonly string[]
  readonly subscribers: number
}

export class Gossip {
  readonly #parts: GossipParts
  readonly #names: ReadonlyMap<Topic, string>

  constructor(parts: GossipParts) {
    this.#parts = parts
    this.#names = new Map([...parts.protocols.topics].map(([name, topic]) => [topic, name]))
  }

  /** After the node has started. */
  subscribe(): void {
    const { node, protocols, isUp, heard, garbage, stats, maxMessageBytes } = this.#parts
    const { gossip } = node.services
    for (const name of protocols.topics.keys()) {
      gossip.topicValidators.set(name, (neighbour, { data }) => {
        if (weightOf(data) > maxMessageBytes) {
          garbage('oversized-gossip')
          return TopicValidatorResult.Reject
        }
        return isUp(peerName(neighbour)) ? TopicValidatorResult.Accept : TopicValidatorResult.Ignore
      })
      gossip.subscribe(name)
    }
    gossip.addEventListener('message', ({ detail }) => {
      const topic = protocols.topics.get(detail.topic)
      if (topic === undefined || detail.type !== 'signed' || detail.from.equals(node.peerId)) return
      stats.gossip[topic].received++
      heard(topic, peerName(detail.from), detail.data)
    })
  }

  /** Who a topic's messages go to at once, and how many linked peers take it. */
  reach(): Record<Topic, Reach> {
    const { gossip } = this.#parts.node.services
    const reaches = [...this.#names].map(([topic, name]) => [
      topic,
      { mesh: meshOf(gossip, name), subscribers: gossip.getSubscribers(name).length },
    ])
    return Object.fromEntries(reaches)
  }

  /** Larger ones than `maxMessageBytes`, unpacked, are refused and counted. */
  publish(topic: Topic, bytes: Uint8Array): void {
    const { node, stats, maxMessageBytes } = this.#parts
    const name = this.#names.get(topic)
    if (name === undefined) return
    if (weightOf(bytes) > maxMessageBytes) {
      stats.gossipOversized++
      return
    }
    stats.gossip[topic].published++
    // Fails only while the node stops: every other outcome is best effort anyway.
    node.services.gossip.publish(name, bytes).catch(() => {})
  }
}

/** gossipsub's service has it, its interface does not name it. */
function meshOf(gossip: object, topic: string): string[] {
  if (!('getMeshPeers' in gossip) || typeof gossip.getMeshPeers !== 'function') return []
  const peers: unknown = gossip.getMeshPeers(topic)
  return Array.isArray(peers) ? peers.map(String) : []
}
