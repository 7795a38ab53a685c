// Is this hub well? One check a concern, each a claim with its reason; pure over what the hub believes.

import { lifeField } from '../core/catalog/record.ts'
import { isAbove } from '../core/hierarchy/tiers.ts'
import { type Now, second } from '../core/time.ts'
import type { Check } from './shapes.ts'
import { type Eyes, everyone } from './sight.ts'

interface Patient extends Eyes {
  readonly links: ReadonlyMap<string, unknown>
  readonly state: 'starting' | 'ready' | 'leaving'
}

export function checksOf(hub: Patient, now: Now): Record<string, Check> {
  const others = [...everyone(hub, now).values()].filter(({ info }) => info.hub !== hub.info.hub)
  const present = others.filter(({ status }) => status === 'alive' || status === 'suspect')
  return {
    storage: hub.catalog.isStuck
      ? { status: 'fail', details: 'the disk refuses writes; they are tried again every second' }
      : { status: 'pass', details: 'the disk takes writes' },
    membership: { status: 'pass', details: `${present.length} of ${others.length} other hubs are alive` },
    runtime: runtimeCheck((hub.info.degraded ?? []).filter((reason) => reason !== 'clock')),
    gossip:
      present.length > 0 && hub.links.size === 0
        ? { status: 'warn', details: 'no link is open although other hubs are alive' }
        : { status: 'pass', details: `${hub.links.size} links are open` },
    hierarchy: hierarchyCheck(hub, present.filter(({ info }) => isAbove(info.tier, hub.info.tier)).length),
    sync: { status: hub.catalog.quarantine.forged(now.mono) > 0 ? 'warn' : 'pass', details: syncDetails(hub, now) },
    clock: clockCheck(hub, now),
  }
}

function runtimeCheck(strains: readonly string[]): Check {
  if (strains.length === 0) return { status: 'pass', details: 'the process keeps up' }
  return { status: 'warn', details: `this process is strained: ${strains.join(', ')}` }
}

/** A hub that cannot write for its clock is degraded, not unhealthy: what it reads and relays is as good as ever. */
function clockCheck({ timekeeper, catalog }: Patient, now: Now): Check {
  const { doubt } = timekeeper
  const warn = (details: string): Check => ({ status: 'warn', details: `${details}; nothing is written meanwhile` })
  if (doubt?.reason === 'jumped') {
    const where = doubt.byMs > 0 ? 'forward' : 'back'
    return warn(`the clock jumped ${where} by ${inSeconds(doubt.byMs)} and no peer has confirmed it yet`)
  }
  if (doubt !== undefined) {
    const from = `catalog.max_clock_drift, going by ${doubt.peers} peers`
    return warn(`the clock is ${doubt.reason} by ${inSeconds(doubt.byMs)}, more than ${from}: set it right`)
  }
  if (catalog.isDrifted(now)) {
    return warn('the clock is behind what this hub has seen by more than catalog.max_clock_drift')
  }
  return { status: 'pass', details: 'the clock keeps up with what this hub has seen, and with its peers' }
}

function inSeconds(ms: number): string {
  return `${Math.round(Math.abs(ms) / second)} s`
}

function syncDetails({ catalog }: Patient, now: Now): string {
  const forged = catalog.quarantine.forged(now.mono)
  if (forged > 0) return `${forged} slices were forged by peers and are fetched from others: see the log for whose`
  if (catalog.behind > 0) return `${catalog.behind} slices are being fetched`
  const { size } = catalog.reserve
  if (size > 0)
    return `${size} slices of other hubs, from before a long absence, wait until peers say that they hold no more`
  const { announced } = catalog.absence
  if (announced === undefined) return 'no slice is known to be behind'
  return `no slice is known to be behind; ${announced} entries of this hub were announced anew, because it was away for longer than catalog.removal_retention`
}

const overfull =
  'more children than network.max_child_hubs or max_regional_hubs, here or at a parent: add a hub of the tier above'

/** How many projects this hub's own slice holds. */
function projectsRegistered({ catalog, info }: Patient): number {
  let count = 0
  for (const { kind, fields } of catalog.replicas.slice(info.hub)?.records() ?? []) {
    if (kind === 'project' && fields[lifeField] !== undefined) count++
  }
  return count
}

/** One live parent of two is enough; none is a warning only where a live hub could be one. */
function hierarchyCheck(hub: Patient, candidates: number): Check {
  const parents = hub.hierarchy.parents().map((parent) => parent.hub)
  if (hub.hierarchy.isOverfull) return { status: 'warn', details: overfull }
  const { maxClusters } = hub.settings.hierarchy
  const clusters = hub.info.tier === 'local' ? projectsRegistered(hub) : 0
  if (clusters > maxClusters) {
    return {
      status: 'warn',
      details: `${clusters} projects are registered here; network.max_clusters is ${maxClusters}`,
    }
  }
  if (parents.length > 0) return { status: 'pass', details: `attached to ${parents.join(', ')}` }
  if (candidates > 0) return { status: 'warn', details: 'attached to no parent although a hub above is alive' }
  return {
    status: 'pass',
    details: hub.info.tier === 'global' ? 'a global hub has no parent' : 'no hub above is known',
  }
}
