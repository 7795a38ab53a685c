// The machines of one hub, each with its own seed and its own part of the settings.

import { Catalog } from '../core/catalog/catalog.ts'
import { Timekeeper } from '../core/clock/timekeeper.ts'
import { Hierarchy } from '../core/hierarchy/hierarchy.ts'
import { isBackbone, poolsOf } from '../core/hierarchy/tiers.ts'
import type { Address, HubId, PeerId } from '../core/ids.ts'
import { type Hashing, type Keys, Notary } from '../core/keys.ts'
import { Swim } from '../core/membership/swim.ts'
import { Presence } from '../core/presence/presence.ts'
import { Random } from '../core/random.ts'
import type { Now } from '../core/time.ts'
import type { HubInfo } from '../core/wire.ts'
import { Self } from './self.ts'
import type { Settings } from './settings.ts'
import type { Remembered } from './stored.ts'

export interface Boot {
  readonly settings: Settings
  readonly remembered: Remembered
  /** Above every earlier one, and durable. */
  readonly incarnation: number
  readonly addresses: readonly Address[]
  readonly keys: Keys & Hashing
  /** Whether a message to the peer has a way to go: it is linked. */
  readonly reaches: (peer: PeerId) => boolean
  readonly now: Now
}

/** The pool of all regional and global hubs. */
export const backbonePool = 'backbone'

export interface Machines {
  readonly notary: Notary
  readonly self: Self
  /** The region's pool, and the backbone where the hub's tier is in it. */
  readonly pools: readonly Swim[]
  readonly hierarchy: Hierarchy
  readonly presence: Presence
  readonly catalog: Catalog
  readonly timekeeper: Timekeeper
}

/** What they are built with, and the composition needs as well. */
export interface Built extends Machines {
  /** For what the composition itself draws. */
  readonly random: Random
  /** Whether a message to the peer has a way to go: it is linked. */
  readonly reaches: (peer: PeerId) => boolean
}

export function buildMachines(boot: Boot): Built {
  const { settings, remembered, incarnation, addresses, keys, reaches, now } = boot
  const { hub, peer, region, tier, version } = settings
  const where = settings.coordinates === undefined ? {} : { coordinates: settings.coordinates }
  const said = settings.labels === undefined ? {} : { labels: settings.labels }
  const info: HubInfo = { hub, peer, region, tier, version, addresses: [...addresses], ...where, ...said }
  const random = new Random(settings.seed)
  const notary = new Notary(settings.federation, keys)
  const word = notary.sign({ info, incarnation, status: 'alive' })
  const common = (): { word: typeof word; random: Random } => ({ word, random: new Random(random.seed()) })
  const names = [`region/${region}`, ...(isBackbone(tier) ? [backbonePool] : [])]
  const { deadRetentionMs } = settings.membership
  const { parents: preferredParents } = settings
  const { isReturning, lived, reserve, lastBeats } = remembered
  const { slices, lost } = remembered.catalog
  const lostOwn = lost.find((slice) => slice.hub === hub)
  const maxLeases = settings.catalog.maxProjects
  // Asked while it runs, when both are there: a hub probes whom it keeps links to.
  const watches = (other: PeerId): boolean => hierarchy.watched().has(other)
  const swim = { ...settings.membership, notary, reaches, watches }
  const pools = names.map(
    (pool) => new Swim({ ...common(), ...swim, pool, belongs: (said) => poolsOf(said).includes(pool) }, now),
  )
  const rttMsOf = (other: HubId) =>
    pools
      .find((pool) => pool.members().get(other)?.rttMs)
      ?.members()
      .get(other)?.rttMs
  const hierarchy = new Hierarchy(
    { ...common(), ...settings.hierarchy, self: info, deadRetentionMs, pools: names, preferredParents, rttMsOf },
    now,
  )
  const timekeeper = new Timekeeper(settings.catalog.maxClockDriftMs, now)
  const isClockRight = (): boolean => timekeeper.doubt === undefined
  const sureWall = lived?.sure ?? now.wall
  return {
    notary,
    self: new Self(notary, word),
    pools,
    hierarchy,
    presence: new Presence({ ...common(), ...settings.presence, self: hub, incarnation, maxLeases, lastBeats }, now),
    catalog: new Catalog(
      {
        ...common(),
        ...settings.catalog,
        ...{ isClockRight, hub, peer, slices, lostOwn, isReturning, reserve, sureWall },
        federation: settings.federation,
        hashing: keys,
        sign: (text) => keys.sign(text),
        keyOf: (id) =>
          [...pools.map((pool) => pool.members()), hierarchy.foreign()].find((known) => known.has(id))?.get(id)?.info
            .peer,
      },
      now,
    ),
    timekeeper,
    random,
    reaches,
  }
}
