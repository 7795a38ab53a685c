// What the network counts by itself.

import { Counter, Gauge, type Registry } from 'prom-client'

/** What the network can be asked while it runs. */
export interface NetworkReading {
  readonly links: number
  readonly dialling: number
  readonly garbage: Readonly<Record<string, number>>
  readonly refusals: Readonly<Record<string, number>>
  readonly gossip: Readonly<Record<string, { readonly published: number; readonly received: number }>>
  readonly dropped: Readonly<Record<string, number>>
}

export function readingsOfNetwork(registry: Registry, read: () => NetworkReading): void {
  const registers = [registry]
  new Gauge({
    name: 'hubmesh_links',
    help: 'Links to other hubs',
    labelNames: ['state'],
    registers,
    collect() {
      const { links, dialling } = read()
      this.set({ state: 'open' }, links)
      this.set({ state: 'dialling' }, dialling)
    },
  })
  const topics = (key: 'published' | 'received') => () =>
    Object.fromEntries(Object.entries(read().gossip).map(([topic, figures]) => [topic, figures[key]]))
  const takeovers: readonly Takeover[] = [
    ['gossip_publish_total', 'Gossip messages published', 'topic', topics('published')],
    ['hubmesh_gossip_received_total', 'Gossip messages received', 'topic', topics('received')],
    ['hubmesh_network_garbage_total', 'What peers sent and no protocol took', 'reason', () => read().garbage],
    ['hubmesh_network_refusals_total', 'Hellos that were not admitted', 'reason', () => read().refusals],
    ['hubmesh_network_dropped_total', 'Messages lost to full queues or missing links', 'channel', () => read().dropped],
  ]
  for (const [name, help, label, figures] of takeovers) {
    new Counter({
      name,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset()
        for (const [key, figure] of Object.entries(figures())) this.inc({ [label]: key }, figure)
      },
    })
  }
}

/** The network counts by itself; its figures are taken over whole at each scrape. */
type Takeover = readonly [name: string, help: string, label: string, figures: () => Readonly<Record<string, number>>]
