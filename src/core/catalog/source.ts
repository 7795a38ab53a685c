// What this hub gives of the slices it holds: the parts of the runs that a peer asks for, and the short runs that it is found
// to lack.

import type { PeerId } from '../ids.ts'
import { headIn } from './head.ts'
import type { Lack } from './lack.ts'
import { type ListedVersion, type PartBody, partRecords, type WantBody } from './messages.ts'
import type { Replicas } from './replicas.ts'
import { Page, Serves } from './serves.ts'
import { compareEpochs, floorOf, isSurplus, type Run } from './slice.ts'
import { maxAsked } from './sync.ts'

export class Source {
  readonly #replicas: Replicas
  readonly #serves = new Serves()

  constructor(replicas: Replicas) {
    this.#replicas = replicas
  }

  answer(peer: PeerId, wants: readonly WantBody[]): PartBody[] {
    return this.#serves.answer(peer, wants, (want) => this.#snapshot(want))
  }

  dropPeer(peer: PeerId): void {
    this.#serves.dropPeer(peer)
  }

  /**
   * Whole runs, message by message, and the versions of what is left. A comparison is the peer's credit for as many messages
   * as it would ask for at once.
   */
  shortRuns(lacking: readonly Lack[]): { readonly pages: readonly Page[]; readonly rest: readonly ListedVersion[] } {
    const pages: Page[] = []
    const rest: ListedVersion[] = []
    for (const lack of lacking) {
      const part = pages.length <= maxAsked ? this.#whole(lack) : undefined
      if (part === undefined) {
        rest.push(lack.version)
        continue
      }
      if (pages.at(-1)?.add(part)) continue
      pages.push(new Page(part))
    }
    // The last one shows that there is no room left.
    for (const { parts } of pages.splice(maxAsked))
      rest.push(...parts.map(({ hub, epoch, to }): ListedVersion => [hub, epoch, to]))
    return { pages, rest }
  }

  /** The run that a peer lacks, if it is a short one. A surplus is asked for by its author alone (C13). */
  #whole({ version: [hub, epoch, seq], have }: Lack): PartBody | undefined {
    if (isSurplus(epoch) || seq - have > partRecords) return undefined
    const run = this.#snapshot({ hub, epoch, have, to: 0, after: have })
    if (run === undefined || run.from < have || run.floor !== undefined) return undefined
    return { ...run, after: run.from, records: [...run.records], done: true }
  }

  /** C9: the run as it stands now; of an epoch that is over, what is left of it. */
  #snapshot(want: WantBody): Run | undefined {
    const slice = this.#replicas.slice(want.hub)
    if (slice === undefined) return undefined
    const { epoch, seq } = slice.version
    if (compareEpochs(want.epoch, epoch) === 0) {
      // C14: of what was dropped, who stands below hears by the whole slice alone.
      const from = want.have < slice.floor ? 0 : want.have
      const floor = from === 0 ? floorOf(slice.floor) : {}
      return { hub: want.hub, epoch, from, to: seq, records: slice.after(from), ...floor, ...headIn(slice.head) }
    }
    const surplus = slice.surplus()
    return surplus !== undefined && compareEpochs(want.epoch, surplus.epoch) === 0 ? surplus : undefined
  }
}
