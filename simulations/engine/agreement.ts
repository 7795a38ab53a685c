// Liveness, the second act: the network is whole, users have stopped writing; now all hubs must come to see the same, and
// it must be what the users were promised. Says what is still missing, so that a run that fails says why.

import type { HubId } from '../../src/core/ids.ts'
import type { Millis } from '../../src/core/time.ts'
import type { LocalHub } from '../../src/hub/calls.ts'
import type { Hub } from '../../src/hub/hub.ts'
import type { Ledger } from './ledger.ts'

/** A running hub as the judge sees it. */
export interface Witness {
  readonly id: HubId
  readonly hub: Hub
  readonly desk: LocalHub
}

/** The first way in which the hubs do not agree yet; undefined when they do. `known`: hubs that ran at some time. */
export function disagreement(witnesses: readonly Witness[], known: ReadonlySet<HubId>): string | undefined {
  const running = new Set(witnesses.map(({ id }) => id))
  for (const { id, hub } of witnesses) {
    if (hub.state !== 'ready') return `${id} is ${hub.state}`
    const wrong = wrongBelief(hub, running, known)
    if (wrong !== undefined) return `${id} believes ${wrong}`
    const { maxLinks } = hub.settings.hierarchy
    if (hub.links.size > maxLinks) return `${id} holds ${hub.links.size} links of ${maxLinks}`
  }
  const [first, ...others] = witnesses
  if (first === undefined) return undefined
  const digest = first.hub.catalog.replicas.digest()
  for (const { id, hub } of others) {
    if (hub.catalog.replicas.digest() !== digest) return `${id} holds another catalog than ${first.id}`
    const slug = differentHome(first.hub, hub)
    if (slug !== undefined) return `${id} and ${first.id} name different homes for ${slug}`
  }
  return undefined
}

/** M: who runs is alive everywhere, and nobody else is. */
export function wrongBelief(hub: Hub, running: ReadonlySet<HubId>, known: ReadonlySet<HubId>): string | undefined {
  for (const id of known) {
    if (id === hub.info.hub) continue
    const status = statusOf(hub, id)
    if (running.has(id) ? status !== 'alive' : status === 'alive' || status === 'suspect') {
      return `that ${id} is ${status ?? 'unknown'}`
    }
  }
  return undefined
}

export function statusOf(hub: Hub, id: HubId): string | undefined {
  for (const swim of hub.pools) {
    const member = swim.members().get(id)
    if (member !== undefined) return member.status
  }
  return hub.hierarchy.foreign().get(id)?.status
}

/** P1: the home of a project is the same everywhere, as long as that home lives. */
function differentHome(a: Hub, b: Hub): string | undefined {
  for (const [slug, { lease }] of a.presence.leases()) {
    const [, home] = lease.claim
    const isHomeUp = home === a.info.hub || statusOf(a, home) === 'alive'
    if (lease.state === 'gone' || !isHomeUp) continue
    const other = b.presence.held(slug)?.lease
    if (other?.claim[0] !== lease.claim[0] || other.claim[1] !== home) return slug
  }
  return undefined
}

/** P3: a project that beats is online everywhere. The first that is not; `since`: beats older than that do not count. */
export function unseenBeat(witnesses: readonly Witness[], ledger: Ledger, since: Millis): string | undefined {
  const running = new Set(witnesses.map(({ id }) => id))
  for (const entry of ledger.entries()) {
    const isBeating = entry.beatenAt >= since && ledger.due(entry, (hub) => running.has(hub)).type === 'visible'
    for (const { id, hub, desk } of isBeating ? witnesses : []) {
      const status = hub.statusOf(entry.slug, desk.now())
      if (status !== 'online') return `${id} shows ${entry.slug} as ${status}, which beats`
    }
  }
  return undefined
}

/** Hubs asked for every promise: they hold the same slices by then, so a few speak for all. */
const askedForPromises = 20

/** C4, C12: what is due to the users and not there, once the hubs agree. */
export function brokenPromises(witnesses: readonly Witness[], ledger: Ledger): string[] {
  const broken: string[] = []
  const stride = Math.ceil(witnesses.length / askedForPromises)
  const asked = witnesses.filter((_, index) => index % stride === 0)
  const running = new Set(witnesses.map(({ id }) => id))
  for (const entry of ledger.entries()) {
    const due = ledger.due(entry, (hub) => running.has(hub))
    for (const { id, desk } of due.type === 'open' ? [] : asked) {
      const read = desk.views.project(entry.slug, desk.now())
      const name = read.ok ? read.project.name : undefined
      if (due.type === 'gone' && read.ok) broken.push(`${id} shows ${entry.slug}, whose removal was acknowledged`)
      if (due.type === 'visible' && (name === undefined || !due.names.has(name))) {
        const promised = [...due.names].join(' or ')
        broken.push(`${id} shows ${entry.slug} as ${name ?? 'nothing'}; acknowledged was ${promised}`)
      }
    }
  }
  return broken
}
