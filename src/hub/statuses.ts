// How projects and hubs were last seen, so that what has changed can be told. Status is derived on reading (P3), so nobody
// reports that it changed: it may with a lease, with what is believed of a home, and with time alone. The first two are
// looked at at once, and so is the end of a dead home's grace; a slow round over everything finds the rest.

import type { HubId, Slug } from '../core/ids.ts'
import { type Millis, type Now, never, second } from '../core/time.ts'
import type { Touch } from './journal.ts'
import type { Member } from './shapes.ts'
import { factsOf, seenOf } from './sight.ts'
import type { Beliefs, HubViews } from './views.ts'

export interface Scene {
  readonly hub: Beliefs
  readonly views: HubViews
}

/** Every project is looked at once in so many steps of so long. */
const roundSteps = 30
const stepMs: Millis = 1 * second

interface Seen {
  readonly home: HubId | undefined
  readonly text: string
}

export class Statuses {
  readonly #scene: Scene
  readonly #tell: (touch: Touch) => void
  readonly #projects = new Map<Slug, Seen>()
  readonly #byHome = new Map<HubId, Set<Slug>>()
  readonly #hubs = new Map<HubId, { readonly status: string; readonly rest: string }>()
  /** When the grace of homes that are gone is over. */
  readonly #graces = new Map<HubId, Millis>()
  /** Never later than the first moment at which a home that tells nothing is silent (P3). */
  #silentAt: Millis = never
  #round: Iterator<Slug> | undefined
  #stepAt: Millis

  /** Takes everything as it is; `tell` is told of what is no longer so. */
  constructor(scene: Scene, tell: (touch: Touch) => void, now: Now) {
    this.#scene = scene
    this.#tell = tell
    this.#stepAt = now.mono + stepMs
    for (const slug of scene.hub.desk.projects()) this.#note(slug, this.#look(slug, now), now)
    for (const member of scene.views.members(now)) {
      const hub = member.hub_id as HubId
      this.#hubs.set(hub, signsOf(member))
      this.#watchGrace(hub, member, now)
    }
  }

  deadline(): Millis {
    return Math.min(this.#stepAt, this.#silentAt, ...this.#graces.values())
  }

  tick(now: Now): void {
    for (const [hub, at] of this.#graces) {
      if (at > now.mono) continue
      this.#graces.delete(hub)
      this.#lookAtHome(hub, now)
    }
    if (this.#silentAt <= now.mono) this.#lookForSilence(now)
    if (this.#stepAt > now.mono) return
    this.#stepAt = now.mono + stepMs
    for (let left = Math.ceil(this.#projects.size / roundSteps); left > 0; left--) {
      this.#round ??= this.#projects.keys()
      const { value: slug, done } = this.#round.next()
      if (done === true) {
        this.#round = undefined
        break
      }
      this.project(slug, now)
    }
  }

  /** The entry was written, and is told of: how the project is, too. */
  written(slug: Slug, now: Now): void {
    if (this.#scene.hub.desk.projects().has(slug)) this.#note(slug, this.#look(slug, now), now)
    else this.#forget(slug)
  }

  /** How the project is may have changed. */
  project(slug: Slug, now: Now): void {
    if (!this.#scene.hub.desk.projects().has(slug)) return
    const before = this.#projects.get(slug)
    const seen = this.#look(slug, now)
    if (before?.text === seen.text) return
    this.#note(slug, seen, now)
    this.#tell({ event: 'project', op: 'status', slug })
  }

  /** Something about the hub may have changed, and with it about the projects whose home it is. */
  hub(hub: HubId, now: Now): void {
    const before = this.#hubs.get(hub)
    const member = this.#scene.views.member(hub, now)
    if (member === undefined) this.#hubs.delete(hub)
    else this.#hubs.set(hub, signsOf(member))
    const after = this.#hubs.get(hub)
    if (after?.rest !== before?.rest) this.#tell({ event: 'hub', op: 'put', hub })
    else if (after?.status !== before?.status) this.#tell({ event: 'hub', op: 'status', hub })
    this.#watchGrace(hub, member, now)
    this.#lookAtHome(hub, now)
  }

  #watchGrace(hub: HubId, member: Member | undefined, now: Now): void {
    const isGone = member?.status === 'dead' || member?.status === 'left'
    const since = factsOf(this.#scene.hub, hub)?.since.mono ?? now.mono
    if (isGone) this.#graces.set(hub, since + this.#scene.hub.settings.presence.homeGraceMs)
    else this.#graces.delete(hub)
  }

  #lookAtHome(hub: HubId, now: Now): void {
    for (const slug of [...(this.#byHome.get(hub) ?? [])]) this.project(slug, now)
  }

  /** Leases that nobody has told for too long; most were told again meanwhile. */
  #lookForSilence(now: Now): void {
    this.#silentAt = never
    const { presence, info, settings } = this.#scene.hub
    for (const [home, slugs] of this.#byHome) {
      if (home === info.hub) continue
      for (const slug of [...slugs]) {
        const at = (presence.held(slug)?.heardAt ?? now.mono) + settings.presence.staleThresholdMs + 1
        if (at <= now.mono) this.project(slug, now)
        else this.#silentAt = Math.min(this.#silentAt, at)
      }
    }
  }

  #look(slug: Slug, now: Now): Seen {
    const { presence, lease, homeRegion } = seenOf(this.#scene.hub, slug, now)
    const home = lease?.claim[1]
    return { home, text: JSON.stringify([presence, home, homeRegion, lease?.report.version]) }
  }

  #note(slug: Slug, seen: Seen, now: Now): void {
    if (this.#projects.get(slug)?.home !== seen.home) {
      this.#forget(slug)
      const slugs = seen.home === undefined ? undefined : (this.#byHome.get(seen.home) ?? new Set())
      if (seen.home !== undefined && slugs !== undefined) this.#byHome.set(seen.home, slugs.add(slug))
    }
    this.#projects.set(slug, seen)
    const { presence, info, settings } = this.#scene.hub
    const heardAt = presence.held(slug)?.heardAt
    if (heardAt === undefined || seen.home === info.hub) return
    // One that is silent already is looked at when it is told of again.
    const at = heardAt + settings.presence.staleThresholdMs + 1
    if (at > now.mono) this.#silentAt = Math.min(this.#silentAt, at)
  }

  #forget(slug: Slug): void {
    const home = this.#projects.get(slug)?.home
    this.#projects.delete(slug)
    if (home === undefined) return
    const slugs = this.#byHome.get(home)
    slugs?.delete(slug)
    if (slugs?.size === 0) this.#byHome.delete(home)
  }
}

/** What is told of a hub, without what differs at every look. */
function signsOf({ status, degraded_reasons, draining, since, as_of, rtt_ms, ...rest }: Member) {
  return { status: JSON.stringify([status, degraded_reasons, draining]), rest: JSON.stringify(rest) }
}
