// Which links this hub wants: to its neighbours in each pool, to its parents, and to a few of the unreachable.

import type { HubId, PeerId } from '../ids.ts'
import type { Random } from '../random.ts'
import { type Millis, type Now, second } from '../time.ts'
import type { HubInfo } from '../wire.ts'
import { Healer } from './healer.ts'
import type { Word } from './messages.ts'
import { ringLinks } from './rings.ts'
import { poolsOf, sharesPool } from './tiers.ts'

/** Remembered hubs that are dialled when nothing better is known. */
const maxFallbackLinks = 16

/** A hub that boots finds parents through its mates; after this long without any it dials those of other regions. */
const patienceMs: Millis = 10 * second

/** What is known when links are chosen. */
export interface Known {
  /** The members of each own pool, the dead included. */
  readonly pools: ReadonlyMap<string, ReadonlyMap<HubId, Pick<Word, 'info' | 'status'>>>
  readonly foreign: Iterable<Pick<Word, 'info' | 'status'>>
  readonly parents: readonly HubInfo[]
}

export class Neighbours {
  readonly #self: HubInfo
  readonly #degree: number
  readonly #healer: Healer
  /** Hubs remembered from an earlier run and not yet met. */
  readonly #book = new Map<HubId, HubInfo>()
  readonly #watched = new Set<PeerId>()
  /** When a parent was last had. */
  #attachedAt: Millis

  constructor(parts: { self: HubInfo; degree: number; random: Random }, now: Now) {
    this.#self = parts.self
    this.#degree = parts.degree
    this.#healer = new Healer(parts.random)
    this.#attachedAt = now.mono
  }

  /** Whom pool links are kept to: the members of the own pools that this hub keeps an eye on. */
  watched(): ReadonlySet<PeerId> {
    return this.#watched
  }

  /** When the choice among the unreachable is to be renewed. */
  deadline(): Millis {
    return this.#healer.deadline()
  }

  remember(infos: readonly HubInfo[]): void {
    for (const info of infos) this.#book.set(info.hub, info)
  }

  /** The hub was met, or told of: what is remembered of it counts no more. */
  met(hub: HubId): void {
    this.#book.delete(hub)
  }

  /** M8: the hub is dialled no more. */
  forget(hub: HubId): void {
    this.#book.delete(hub)
  }

  /** H6, H7: everyone to keep a link to. */
  choose({ pools, foreign, parents }: Known, now: Now): HubInfo[] {
    const wanted = new Map<HubId, HubInfo>()
    const lost = new Map<HubId, HubInfo>()
    const [outsiders, goneOutsiders] = parted(foreign)
    const book = [...this.#book.values()]
    let living = 1
    this.#watched.clear()
    for (const [pool, members] of pools) {
      const isMate = (info: HubInfo): boolean => poolsOf(info).includes(pool)
      const [present, gone] = parted(members.values())
      const remembered = book.filter(isMate)
      // A hub that is told of a mate may not be known to it yet: it takes its place on the rings all the same.
      const near = [...present, ...outsiders.filter(isMate)]
      const others = near.length > 0 ? near : remembered
      const chosen = ringLinks(
        this.#self.hub,
        others.map(({ hub }) => hub),
        this.#degree,
      )
      for (const info of others) if (chosen.has(info.hub)) wanted.set(info.hub, info)
      for (const { hub, peer } of present) if (chosen.has(hub)) this.#watched.add(peer)
      for (const info of [...gone, ...remembered]) lost.set(info.hub, info)
      living = Math.max(living, present.length + 1)
    }
    for (const info of parents) wanted.set(info.hub, info)
    if (parents.length > 0) this.#attachedAt = now.mono
    if (this.#self.tier === 'local' && now.mono - this.#attachedAt >= patienceMs) {
      const isStranger = (info: HubInfo): boolean => !sharesPool(this.#self, info)
      for (const info of [...goneOutsiders, ...book].filter(isStranger)) lost.set(info.hub, info)
    }
    for (const hub of wanted.keys()) lost.delete(hub)
    for (const info of this.#healer.choose([...lost.values()], living, now)) wanted.set(info.hub, info)
    if (wanted.size === 0) for (const info of book.slice(0, maxFallbackLinks)) wanted.set(info.hub, info)
    return [...wanted.values()]
  }
}

/** Who is there, and who is dead; who left wants no links. */
function parted(all: Iterable<Pick<Word, 'info' | 'status'>>): [present: HubInfo[], gone: HubInfo[]] {
  const present: HubInfo[] = []
  const gone: HubInfo[] = []
  for (const { info, status } of all) {
    if (status === 'alive' || status === 'suspect') present.push(info)
    else if (status === 'dead') gone.push(info)
  }
  return [present, gone]
}
