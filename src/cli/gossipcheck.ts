// The doctor's look at gossip: whether each topic has somebody to go to, and whether messages are lost while it looks.

import { setTimeout as sleep } from 'node:timers/promises'
import { type GossipStats, GossipStatsSchema } from '../hub/landscape.ts'
import { type AskOptions, ask } from './client.ts'
import { type Finding, problem } from './finding.ts'
import type { Seen } from './hubcheck.ts'

/** A mesh is mended at a beat of its own; the slowest beats every two seconds (`gossip.interval` of a global hub). */
const mendedWithinMs = 3_000

export function gossipAt(options: AskOptions): Promise<GossipStats> {
  return ask(options, '/api/gossip/stats', GossipStatsSchema)
}

/** `before`: what the hub said of its gossip when the doctor began. */
export async function gossip(seen: Seen, before: GossipStats, options: AskOptions): Promise<Finding[]> {
  const { open } = seen.status.links
  let now = await gossipAt(options)
  if (deaf(now, open).length > 0) {
    await sleep(mendedWithinMs)
    now = await gossipAt(options)
  }
  const found = [...deaf(now, open), ...lost(before, now, seen)]
  const detail = `${now.topics.length} topics, ${now.waiting} messages wait`
  return found.length > 0 ? found : [{ what: 'gossip', status: 'ok', detail }]
}

/** What a hub publishes on such a topic nobody hears, although it has links. */
export function deaf({ topics }: GossipStats, links: number): Finding[] {
  if (links === 0) return []
  const todo = 'others learn of it only where catalogs are compared: restart this hub, and tell of it'
  return topics.flatMap(({ topic, mesh, subscribers }) => {
    if (subscribers > 0 && mesh.length > 0) return []
    const detail =
      subscribers === 0 ? 'no linked hub takes it' : `none of ${subscribers} hubs that take it is in its mesh`
    return [problem(`topic ${topic}`, `${detail}, although ${links} links are open`, todo)]
  })
}

/** What is sent to the dead is lost, and told of the dead. */
export function lost(before: GossipStats, now: GossipStats, { members }: Pick<Seen, 'members'>): Finding[] {
  if (members.some(({ status }) => status === 'dead' || status === 'suspect')) return []
  return Object.entries(now.dropped).flatMap(([channel, count]) => {
    const more = count - (before.dropped[channel] ?? 0)
    const todo = 'a peer takes less than is sent to it: hubmesh net-test to each, and look for one that is strained'
    return more <= 0
      ? []
      : [problem(`sending (${channel})`, `${more} messages were lost while the doctor looked`, todo)]
  })
}
