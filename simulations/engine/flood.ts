// When gossip arrives. A mesh carries a publication along every path at once, so each hub has it after the shortest one
// (Dijkstra 1959 over the links that are up). The distances from one author stay valid until a link or a cut changes.

import type { Millis } from '../../src/core/time.ts'
import { Heap } from './heap.ts'

export interface Reach {
  readonly host: number
  /** From the author, without jitter. */
  readonly delay: Millis
  /** Links that bring the hub a copy, at most `meshDegree`. */
  readonly copies: number
}

/** Neighbours a gossip mesh keeps (gossipsub's D): more links bring no more copies. */
export const meshDegree = 6

/** A host at the other end of a link, and the usual time to it. */
export interface Near {
  readonly host: number
  readonly delay: Millis
}

/** The links a host can be heard through at this moment. */
export type Neighbours = (host: number) => readonly Near[]

/** Every host that the author's words reach, nearest first, without the author. */
export function flood(author: number, hosts: number, neighbours: Neighbours): Reach[] {
  const best = new Float64Array(hosts).fill(Number.POSITIVE_INFINITY)
  const copies = new Uint32Array(hosts)
  const done = new Uint8Array(hosts)
  const order: number[] = []
  const frontier = new Heap<number>()
  best[author] = 0
  frontier.push(0, author)
  for (let at = frontier.pop(); at !== undefined; at = frontier.pop()) {
    if (done[at] === 1) continue
    done[at] = 1
    order.push(at)
    const reached = best[at] as number
    for (const next of neighbours(at)) {
      copies[next.host] = (copies[next.host] as number) + 1
      const delay = reached + next.delay
      if (delay >= (best[next.host] as number)) continue
      best[next.host] = delay
      frontier.push(delay, next.host)
    }
  }
  return order.slice(1).map((host) => ({
    host,
    delay: best[host] as number,
    copies: Math.min(copies[host] as number, meshDegree),
  }))
}
