// What local readers are told: everything comes from what the machines hold at this moment, nothing enters the core.

import { exists } from '../core/catalog/record.ts'
import type { HubId, PeerId, Region, Slug } from '../core/ids.ts'
import { compareText } from '../core/ids.ts'
import { type Now, second } from '../core/time.ts'
import type { HubInfo } from '../core/wire.ts'
import { backupOf, type Taken } from './backup.ts'
import type { Freshness, Views } from './calls.ts'
import type { Desk } from './desk.ts'
import { directoryOf } from './directory.ts'
import { checksOf } from './health.ts'
import { isoOf } from './iso.ts'
import type { Registry, Topology } from './landscape.ts'
import { projectFrom, projectId } from './projects.ts'
import type { DirectoryEntry, Health, Member, Project, ProjectStatus, Status, ViewState } from './shapes.ts'
import { type Eyes, everyone, factsOf, type MemberFacts, memberFacts, seenOf } from './sight.ts'
import { registryOf, topologyOf } from './surroundings.ts'
import { whyOf } from './why.ts'

/** What the views read of a hub. */
export interface Beliefs extends Eyes {
  readonly desk: Desk
  readonly links: ReadonlyMap<PeerId, HubInfo>
  readonly state: 'starting' | 'ready' | 'leaving'
}

interface RegionView {
  readonly asOf: number
  readonly alive: number
  readonly known: number
  /** Known and not left. */
  readonly staying: number
  readonly state: ViewState
}

/** Every answer says how fresh it is; nobody looks at all hubs for each. */
const freshnessMs = 100

export class HubViews implements Views {
  readonly #hub: Beliefs
  #viewState: { state: ViewState; since: number } | undefined
  #changedAt: number
  #freshness: { readonly at: Now; readonly found: Freshness } | undefined

  constructor(hub: Beliefs) {
    this.#hub = hub
    this.#changedAt = hub.bootedAt.wall
  }

  /** Membership changed just now: the view's state may have, and `since` says when. */
  note(now: Now): void {
    this.#changedAt = now.wall
  }

  health(now: Now): Health {
    const { info, state, bootedAt } = this.#hub
    const checks = checksOf(this.#hub, now)
    const worst = Object.values(checks).map((check) => check.status)
    const status = worst.includes('fail') ? 'unhealthy' : worst.includes('warn') ? 'degraded' : 'healthy'
    return {
      status,
      service: 'hubmesh',
      hub_id: info.hub,
      version: info.version,
      timestamp: isoOf(now.wall),
      uptime_s: (now.mono - bootedAt.mono) / second,
      state,
      checks,
    }
  }

  status(now: Now): Status {
    const { info, settings, state, catalog, hierarchy, links, bootedAt } = this.#hub
    const regions = this.#regions(now)
    const view = this.#view(regions)
    const slices = [...catalog.replicas.slices()]
    return {
      hub_id: info.hub,
      peer_id: info.peer,
      federation: settings.federation,
      region: info.region,
      tier: info.tier,
      state,
      view: {
        state: view.state,
        since: isoOf(view.since),
        regions: Object.fromEntries(
          [...regions].map(([region, { asOf, alive, known, state }]) => [
            region,
            { as_of: isoOf(asOf), hubs_alive: alive, hubs_known: known, state },
          ]),
        ),
        digest: catalog.replicas.digest(),
        digests_alive: this.digestsAlive(now),
      },
      catalog: {
        projects: this.#hub.desk.projects().size,
        records: slices.reduce((sum, { size }) => sum + size, 0),
        slices: slices.length,
        removals: slices.reduce((sum, { removals }) => sum + removals, 0),
        seq: catalog.replicas.slice(info.hub)?.version.seq ?? 0,
      },
      links: {
        open: links.size,
        dialling: [...hierarchy.kept().keys()].filter((peer) => !links.has(peer)).length,
        parents: hierarchy.parents().map((parent) => parent.hub),
      },
      version: info.version,
      uptime_s: (now.mono - bootedAt.mono) / second,
    }
  }

  digestsAlive(now: Now): number {
    return this.#hub.catalog.currency.digestsAlive(now.mono)
  }

  members(now: Now): readonly Member[] {
    return [...everyone(this.#hub, now).values()]
      .sort((a, b) => compareText(a.info.hub, b.info.hub))
      .map((facts) => this.#member(facts))
  }

  member(hub: HubId, now: Now): Member | undefined {
    const facts = memberFacts(this.#hub, hub, now)
    return facts === undefined ? undefined : this.#member(facts)
  }

  directory(): readonly DirectoryEntry[] {
    return directoryOf(this.#hub.catalog, (hub) => factsOf(this.#hub, hub)?.status)
  }

  why(hub: HubId, now: Now): ReturnType<Views['why']> {
    return whyOf(this.#hub, hub, now)
  }

  projects(now: Now, filter: { readonly status?: ProjectStatus }): readonly Project[] {
    return [...this.#hub.desk.projects()]
      .sort(compareText)
      .flatMap((slug) => this.#project(slug, now) ?? [])
      .filter((project) => filter.status === undefined || project.status === filter.status)
  }

  projectCounts(now: Now): ReturnType<Views['projectCounts']> {
    const counts = new Map<ProjectStatus, { all: number; own: number }>()
    for (const slug of this.#hub.desk.projects()) {
      const { presence, lease } = seenOf(this.#hub, slug, now)
      const count = counts.get(presence.status) ?? { all: 0, own: 0 }
      count.all++
      if (lease?.claim[1] === this.#hub.info.hub) count.own++
      counts.set(presence.status, count)
    }
    return counts
  }

  project(slug: Slug, now: Now): ReturnType<Views['project']> {
    const project = this.#project(slug, now)
    return project === undefined ? this.#hub.desk.absence(slug) : { ok: true, project }
  }

  topology(now: Now): Topology {
    const states = new Map([...this.#regions(now)].map(([region, { state }]) => [region, state]))
    return topologyOf(this.#hub, states, now)
  }

  registry(now: Now): Registry {
    return registryOf(this.#hub, this.projectCounts(now), now)
  }

  backup(now: Now): Taken {
    return backupOf(this.#hub, this.#hub.desk.fileOps(), now)
  }

  #project(slug: Slug, now: Now): Project | undefined {
    const joined = this.#hub.catalog.replicas.joined(projectId(slug))
    return exists(joined) ? projectFrom(slug, joined, seenOf(this.#hub, slug, now)) : undefined
  }

  #member(facts: MemberFacts): Member {
    const { info } = facts
    const isSelf = info.hub === this.#hub.info.hub
    return {
      hub_id: info.hub,
      peer_id: info.peer,
      region: info.region,
      tier: info.tier,
      status: facts.status,
      draining: false,
      degraded_reasons: info.degraded ?? [],
      incarnation: facts.incarnation,
      since: isoOf(facts.since),
      addresses: info.addresses,
      version: info.version,
      coordinates: info.coordinates ?? null,
      rtt_ms: facts.rttMs ?? null,
      parents: isSelf ? this.#hub.hierarchy.parents().map((parent) => parent.hub) : null,
      as_of: isoOf(facts.asOf),
    }
  }

  freshness(now: Now): Freshness {
    if (this.#freshness === undefined || now.mono - this.#freshness.at.mono > freshnessMs) {
      this.#freshness = { at: now, found: this.#stalest(now) }
    }
    const { at, found } = this.#freshness
    // What was as of now still is: or whoever takes nothing older would be refused between two looks.
    return found.asOf >= at.wall ? { ...found, asOf: now.wall } : found
  }

  #stalest(now: Now): Freshness {
    const regions = this.#regions(now)
    const staying = [...regions].filter(([, view]) => view.staying > 0)
    const [region, { asOf }] = staying.reduce((a, b) => (b[1].asOf < a[1].asOf ? b : a))
    return { state: this.#view(regions).state, region, asOf }
  }

  #regions(now: Now): Map<Region, RegionView> {
    const { currency } = this.#hub.catalog
    const laggards = currency.laggards()
    const behindMs = now.mono - (currency.behindAt ?? now.mono)
    const byRegion = Map.groupBy(everyone(this.#hub, now).values(), (facts) => facts.info.region)
    return new Map(
      [...byRegion].map(([region, hubs]) => {
        const staying = hubs.filter((facts) => facts.status !== 'left')
        const alive = staying.filter((facts) => facts.status !== 'dead').length
        const isCut = staying.length > 0 && alive === 0
        const isLagging = laggards.size > 0 && hubs.some((facts) => laggards.has(facts.info.hub))
        const seenAt = hubs.reduce((latest, facts) => Math.max(latest, facts.asOf), 0)
        const view: RegionView = {
          asOf: isLagging ? Math.min(seenAt, now.wall - behindMs) : seenAt,
          alive,
          known: hubs.length,
          staying: staying.length,
          state: isCut ? 'partitioned' : isLagging ? 'lagging' : 'converged',
        }
        return [region, view]
      }),
    )
  }

  /** `partitioned`: a region is out of reach, or everyone else is. `lagging`: a slice is known to be behind. */
  #view(regions: ReadonlyMap<Region, RegionView>): { state: ViewState; since: number } {
    const views = [...regions.values()]
    const staying = views.reduce((sum, view) => sum + view.staying, 0)
    const alive = views.reduce((sum, view) => sum + view.alive, 0)
    const isAlone = staying > 1 && alive <= 1
    const isCut = isAlone || views.some((view) => view.state === 'partitioned')
    const state: ViewState = isCut ? 'partitioned' : this.#hub.catalog.behind > 0 ? 'lagging' : 'converged'
    if (this.#viewState?.state !== state) this.#viewState = { state, since: this.#changedAt }
    return this.#viewState
  }
}
