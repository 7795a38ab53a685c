// What Prometheus sees of a hub. Nothing in the core knows of it: what happened comes as changes, what is comes from the
// views when it is scraped, what crossed the edge comes from HTTP and the network. Labels are bounded: kinds, statuses,
// routes, topics; never hubs, peers or slugs. Names without the prefix `hubmesh_` are kept from older installations.

import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { HubId, Region } from '../../core/ids.ts'
import type { LocalHub } from '../../hub/calls.ts'
import type { HubChange } from '../../hub/effects.ts'
import type { Member } from '../../hub/shapes.ts'
import { Batching } from './batching.ts'
import { countersIn } from './counters.ts'
import { type NetworkReading, readingsOfNetwork } from './readings.ts'
import { Tallies } from './tallies.ts'

export interface MetricsOptions {
  readonly hub: HubId
  readonly region: Region
  /** Read at every scrape; undefined before the hub has started. */
  readonly running: () => LocalHub | undefined
  readonly network: () => NetworkReading
}

interface Answered {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly seconds: number
}

type PeersChange = 'link' | 'dial-failed' | 'hello-refused' | 'dropped' | 'run-refused' | 'quarantined' | 'heard'

const memberStatuses = ['alive', 'suspect', 'dead', 'left'] as const
const projectStatuses = ['online', 'degraded', 'offline'] as const

export class Metrics {
  readonly #registry = new Registry()
  readonly #counters = countersIn(this.#registry)
  readonly #tallies = new Tallies()
  readonly #options: MetricsOptions
  readonly #batching: Batching

  constructor(options: MetricsOptions) {
    this.#options = options
    collectDefaultMetrics({ register: this.#registry })
    gaugesOfViews(this.#registry, options)
    readingsOfNetwork(this.#registry, options.network)
    this.#batching = new Batching(this.#registry)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  readonly watchers = (count: number): void => this.#counters.watchers.set(count)
  readonly sent = (event: string): void => this.#counters.events.inc({ event })
  readonly asked = (projects: number): void => {
    this.#counters.questions.inc()
    this.#counters.questioned.inc(projects)
    this.#counters.questionSize.observe(projects)
  }
  readonly packed = (before: number, after: number): void => {
    this.#counters.packedBytes.inc({ as: 'said' }, before)
    this.#counters.packedBytes.inc({ as: 'packed' }, after)
  }

  readonly nats = {
    published: (): void => this.#counters.natsPublished.inc(),
    bridged: (outcome: string): void => this.#counters.natsBeats.inc({ outcome }),
    connected: (isConnected: boolean): void => this.#counters.natsConnected.set(isConnected ? 1 : 0),
  }

  async text(): Promise<string> {
    return `${await this.#registry.metrics()}\n${this.#tallies.text()}`
  }

  observe({ method, route, status, seconds }: Answered): void {
    this.#tallies.observe(route, method, { status, seconds })
    if (status === 500) this.#counters.errors.inc({ operation: 'http' })
    if (route === '/api/fed/resolve') this.#counters.resolveSeconds.observe(seconds)
  }

  refused(status: number, isAdmin: boolean): void {
    this.#counters.refusals.inc({ status })
    if (isAdmin) this.#counters.errors.inc({ operation: 'admin' })
  }

  /** The table: change → metric. */
  count(change: HubChange): void {
    switch (change.type) {
      case 'member':
        if (this.#isOwnToCount(change)) this.#counters.failures.inc()
        break
      case 'refuted':
        this.#counters.refutations.inc()
        break
      case 'accused':
        this.#counters.accusations.inc({ path: change.accusation.path, status: change.accusation.status })
        break
      case 'stalled':
        this.#counters.stalls.observe(change.lateMs / 1_000)
        break
      case 'overfull':
        this.#counters.overfull.inc()
        break
      case 'written':
        for (const outcome of change.outcomes) this.#counters.writes.inc({ outcome })
        break
      case 'beaten':
      case 'told':
        this.#countPresence(change)
        break
      case 'lease':
        if (change.isStale === true) this.#counters.stale.inc()
        break
      case 'link':
      case 'dial-failed':
      case 'hello-refused':
      case 'dropped':
      case 'run-refused':
      case 'quarantined':
      case 'heard':
        this.#countPeers(change)
        break
      case 'clock':
      case 'storage':
        if (isTrouble(change)) this.#counters.errors.inc({ operation: change.type })
        break
      case 'namesake':
      case 'conflict':
      case 'degraded':
      case 'member-dropped':
      case 'foreign':
      case 'foreign-dropped':
      case 'parents':
      case 'entry':
      case 'opened':
      case 'state':
        break
    }
  }

  /** What other hubs did. */
  #countPeers(change: Extract<HubChange, { type: PeersChange }>): void {
    switch (change.type) {
      case 'link':
        this.#counters.linkChanges.inc({ to: change.isUp ? 'up' : 'down' })
        break
      case 'dial-failed':
        this.#counters.dialFailures.inc({ reason: change.reason })
        break
      case 'hello-refused':
      case 'dropped':
        this.#counters[change.type === 'dropped' ? 'refusedMessages' : 'refusedHellos'].inc({ reason: change.reason })
        break
      case 'run-refused':
      case 'quarantined':
        this.#counters[change.type === 'quarantined' ? 'quarantines' : 'refusedMessages'].inc({ reason: change.reason })
        this.#counters.errors.inc({ operation: 'sync' })
        break
      case 'heard':
        this.#counters.gossipSeconds.observe(change.tookMs / 1_000)
        break
    }
  }

  #countPresence(change: HubChange & { readonly type: 'beaten' | 'told' }): void {
    if (change.type === 'beaten') {
      this.#counters.beats.inc()
      if (change.as === 'forwarded') this.#counters.forwarded.inc()
      this.#batching.beaten(change.as)
    } else {
      this.#counters.told.inc({ kind: change.isRefresh ? 'refresh' : 'news' })
      this.#counters.toldLeases.inc(change.leases)
      this.#batching.told()
    }
  }

  /** A death in this region, counted by its first hub alone. */
  #isOwnToCount({ member, previous, pool }: HubChange & { readonly type: 'member' }): boolean {
    const isNews = previous !== undefined && previous.status !== 'dead'
    return member.status === 'dead' && isNews && pool === `region/${this.#options.region}` && this.#isFirst()
  }

  #isFirst(): boolean {
    const { hub, region } = this.#options
    const isBefore = (m: Member) => m.region === region && m.status === 'alive' && m.hub_id < hub
    return !membersOf(this.#options).some(isBefore)
  }
}

/** Not the end of it. */
function isTrouble(change: HubChange & { readonly type: 'clock' | 'storage' }): boolean {
  return change.type === 'clock' ? change.doubt !== undefined : !change.ok
}

function gaugesOfViews(registry: Registry, options: MetricsOptions): void {
  const registers = [registry]
  new Gauge({
    name: 'federation_nodes_total',
    help: 'Hubs that have not left, as this hub sees them',
    registers,
    collect() {
      this.set(membersOf(options).filter((member) => member.status !== 'left').length)
    },
  })
  new Gauge({
    name: 'federation_nodes_healthy',
    help: 'Hubs that are alive and not degraded, as this hub sees them',
    registers,
    collect() {
      const isHealthy = (m: Member) => m.status === 'alive' && m.degraded_reasons.length === 0
      this.set(membersOf(options).filter(isHealthy).length)
    },
  })
  new Gauge({
    name: 'hubmesh_view_hubs',
    help: 'Hubs as this hub sees them',
    labelNames: ['status'],
    registers,
    collect() {
      const members = membersOf(options)
      for (const status of memberStatuses) this.set({ status }, members.filter((m) => m.status === status).length)
    },
  })
  new Gauge({
    name: 'hubmesh_view_digests',
    help: 'Catalog digests that hubs of the federation have and keep, as this hub hears; more than 1 is a split view',
    registers,
    collect() {
      const hub = options.running()
      if (hub !== undefined) this.set(hub.views.digestsAlive(hub.now()))
    },
  })
  // One look at the catalog serves both gauges: this one is registered first, so it is collected first.
  new Gauge({
    name: 'hubmesh_view_projects',
    help: 'Projects of the federation as this hub sees them',
    labelNames: ['status'],
    registers,
    collect() {
      const hub = options.running()
      const counts = hub?.views.projectCounts(hub.now())
      for (const status of projectStatuses) {
        this.set({ status }, counts?.get(status)?.all ?? 0)
        own.set({ status }, counts?.get(status)?.own ?? 0)
      }
    },
  })
  const own = new Gauge({
    name: 'catalog_projects_by_status',
    help: 'Projects whose home is this hub, so that sum() over all hubs is right',
    labelNames: ['status'],
    registers,
  })
}

function membersOf({ running }: MetricsOptions): readonly Member[] {
  const hub = running()
  return hub === undefined ? [] : hub.views.members(hub.now())
}
