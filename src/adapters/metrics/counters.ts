// What Prometheus counts of a hub as it happens.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { buckets } from './tallies.ts'

function makersIn(registry: Registry) {
  const registers = [registry]
  return {
    counter: (name: string, help: string, labelNames: string[] = []) =>
      new Counter({ name, help, labelNames, registers }),
    histogram: (name: string, help: string, labelNames: string[] = []) =>
      new Histogram({ name, help, labelNames, buckets, registers }),
  }
}

/** What is counted as it happens: name, what it counts, labels. */
export function countersIn(registry: Registry) {
  const { counter, histogram } = makersIn(registry)
  return {
    ...ofPeers(registry),
    refusals: counter('hubmesh_http_refusals_total', 'HTTP requests refused for who asked, or how often', ['status']),
    resolveSeconds: histogram('federation_entity_resolution_duration_seconds', 'Time to say where to go'),
    writes: counter('hubmesh_catalog_writes_total', "Writes asked of this hub's slice", ['outcome']),
    beats: counter('heartbeat_total', 'Heartbeats taken by this hub, of whatever home, so that sum() is right'),
    forwarded: counter('hubmesh_heartbeats_forwarded_total', 'Those of them that were passed on to their home'),
    stale: counter('stale_projects_total', 'Projects of this hub that went offline because they stopped beating'),
    natsPublished: counter(
      'nats_publish_total',
      'Messages published on hub.presence.* that reached this hub: each reaches one hub of those that share the servers',
    ),
    natsBeats: counter('hubmesh_nats_beats_total', 'What became of heartbeats over NATS', ['outcome']),
    natsConnected: new Gauge({
      name: 'hubmesh_nats_connected',
      help: '1: the bridge is connected to a NATS server',
      registers: [registry],
    }),
    told: counter('hubmesh_presence_messages_total', 'Presence messages published', ['kind']),
    toldLeases: counter('hubmesh_presence_leases_total', 'Leases in published presence messages'),
    failures: counter(
      'membership_failures_total',
      "Hubs of this region found dead, counted by the region's lowest live hub id alone, so that sum() is right",
    ),
    overfull: counter('hubmesh_parents_overfull_total', 'Times that every hub above was full and one was asked anyway'),
    refutations: counter('hubmesh_refutations_total', 'Words against this hub that it took back'),
    accusations: counter('hubmesh_accusations_total', 'Words against hubs that were taken', ['path', 'status']),
    stalls: histogram(
      'hubmesh_stall_seconds',
      'How long the event loop stood still, where this hub distrusts its own ears',
    ),
    watchers: new Gauge({ name: 'hubmesh_watchers', help: 'Clients that watch', registers: [registry] }),
    packedBytes: counter(
      'hubmesh_compressed_bytes_total',
      'Bytes of messages that were compressed, once each however many hubs they go to: as said, and as packed',
      ['as'],
    ),
    questions: counter('federation_batched_queries_total', 'Messages that asked a home for projects (fetch=1)'),
    questioned: counter('federation_queries_total', 'Projects that homes were asked for (fetch=1)'),
    questionSize: new Histogram({
      name: 'federation_batch_size',
      help: 'Projects in a message that asked a home',
      buckets: [1, 2, 5, 10, 20, 50, 100, 200],
      registers: [registry],
    }),
    events: counter('hubmesh_watch_events_total', 'Events sent to clients that watch', ['event']),
    errors: counter('errors_total', 'What failed', ['operation']),
  }
}

/** What other hubs say, and over which lines. */
function ofPeers(registry: Registry) {
  const { counter, histogram } = makersIn(registry)
  return {
    gossipSeconds: histogram(
      'gossip_message_latency_seconds',
      "Time from the author of a published message to this hub, by the two hubs' clocks",
    ),
    linkChanges: counter('hubmesh_link_changes_total', 'Links that came up or went down', ['to']),
    dialFailures: counter('hubmesh_dial_failures_total', 'Dials to known hubs that failed', ['reason']),
    refusedMessages: counter('hubmesh_messages_refused_total', 'Messages of hubs that were not taken', ['reason']),
    quarantines: counter(
      'hubmesh_slice_quarantines_total',
      'Slices of hubs that a peer forged or withheld, and that were fetched from another',
      ['reason'],
    ),
    refusedHellos: counter('hubmesh_hellos_refused_total', 'Peers that this hub did not let in', ['reason']),
  }
}
