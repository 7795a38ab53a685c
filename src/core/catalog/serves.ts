// Serving runs of slices to other hubs: what fits a message, part by part.

import type { PeerId } from '../ids.ts'
import { headIn } from './head.ts'
import { maxSlices, type PartBody, type WantBody } from './messages.ts'
import type { CatalogRecord } from './record.ts'
import { fitting, Room } from './room.ts'
import { compareEpochs, floorOf, type Run } from './slice.ts'

/** Runs served at once; the oldest is forgotten first, its receiver starts again. */
export const maxServed = 32

/** A run stays as it was when it was first asked for, however the slice goes on. */
export class Serves {
  readonly #runs = new Map<string, Run>()

  /** The parts asked for, as many of the first ones as fit a message; `snapshot` reads a run afresh. */
  answer(peer: PeerId, wants: readonly WantBody[], snapshot: (want: WantBody) => Run | undefined): PartBody[] {
    const page = new Page()
    for (const want of wants) if (!page.add(this.#part(peer, want, () => snapshot(want)))) break
    return page.parts
  }

  /** For a first request afresh. A run that is no more is told as empty. */
  #part(peer: PeerId, want: WantBody, snapshot: () => Run | undefined): PartBody {
    const name = `${peer} ${want.hub}`
    const held = this.#runs.get(name)
    const isHeld =
      held !== undefined &&
      held.to === want.to &&
      held.from === want.have &&
      compareEpochs(held.epoch, want.epoch) === 0
    const run = isHeld ? held : want.to === 0 ? snapshot() : undefined
    if (run === undefined) {
      const { hub, epoch, have, after } = want
      return { hub, epoch, from: have, to: have, after, records: [], done: true }
    }
    // Asked for the rest of a slice, and told all of it: from its beginning.
    const after = run.from < want.have ? 0 : want.after
    const { part, isLast } = nextPart(run.records, after)
    this.#runs.delete(name)
    // Kept after the last of several parts, too: the receiver asks again when that one is lost.
    if (!isLast || want.to !== 0) this.#runs.set(name, run)
    const oldest = this.#runs.size > maxServed ? this.#runs.keys().next().value : undefined
    if (oldest !== undefined) this.#runs.delete(oldest)
    const { hub, epoch, from, to, floor = 0, head } = run
    const body = { hub, epoch, from, to, after, records: part, done: isLast, ...floorOf(floor) }
    return isLast ? { ...body, ...headIn(head) } : body
  }

  dropPeer(peer: PeerId): void {
    for (const name of this.#runs.keys()) if (name.startsWith(`${peer} `)) this.#runs.delete(name)
  }
}

/** Parts that travel in one message: at least one, then as many as fit. */
export class Page {
  readonly parts: PartBody[] = []
  readonly #room = new Room()

  constructor(...parts: readonly PartBody[]) {
    for (const part of parts) this.add(part)
  }

  /** False when it does not fit any more. */
  add(part: PartBody): boolean {
    if (this.parts.length >= maxSlices || !this.#room.takes(part.records)) return false
    this.parts.push(part)
    return true
  }
}

/** The records after `after`, in order of seq, up to the size of a part; at least one. */
export function nextPart(
  records: readonly CatalogRecord[],
  after: number,
): { readonly part: CatalogRecord[]; readonly isLast: boolean } {
  const rest = records.filter((record) => record.seq > after).sort((a, b) => a.seq - b.seq)
  const part = fitting(rest)
  return { part: [...part], isLast: part.length === rest.length }
}
