// Moving runs of slices from one hub to another, part by part. The receiver asks for a few slices at a time (its request is
// the credit), keeps the parts on a stage, and takes those of a slice together when the run is complete (C9): records applied
// one by one would let two hubs claim the same prefix with different content.

import type { HubId, PeerId } from '../ids.ts'
import { type Millis, type Now, never, second } from '../time.ts'
import { maxSlices, type PartBody, partBytes, partRecords, type WantBody } from './messages.ts'
import type { CatalogRecord } from './record.ts'
import { compareEpochs, floorOf, isFurther, type Run, type Version } from './slice.ts'

/** Requests under way at once; further wishes wait. */
export const maxAsked = 4
/** A request asks for slices until they may be so many records: what fits a part, when records are of the usual size. */
const recordsAsked = 56
/** Slices wished for at once; what a list names beyond them is named again by the next one. */
const maxWishes = 20_000
/** Runs served at once; the oldest is forgotten first, its receiver starts again. */
export const maxServed = 32
/** A part that does not come in this time is asked for again, and after a few times the request is given up. */
const partTimeoutMs = 3 * second
const maxRetries = 3

/** A slice that a peer holds further than this hub. */
export interface Wish {
  readonly peer: PeerId
  readonly version: Version
  /** Where this hub stands in that epoch. */
  readonly have: number
}

interface Stage extends Wish {
  readonly to: number
  readonly after: number
  readonly records: readonly CatalogRecord[]
}

/** What one request asked of a peer: the first of these slices may have come in part, the others wait behind it. */
interface Asked {
  readonly peer: PeerId
  readonly stages: Map<HubId, Stage>
  until: Millis
  retries: number
}

export interface Request {
  readonly to: PeerId
  readonly wants: readonly WantBody[]
}

/** What parts brought: runs that are complete, the next request, and parts that nobody asked for. */
export interface Received {
  readonly runs: readonly Run[]
  readonly requests: readonly Request[]
  readonly strays: readonly PartBody[]
}

type Position = (hub: HubId, version: Version) => number | undefined

/** The receiving side. */
export class Fetches {
  readonly #maxRecords: number
  readonly #wishes = new Map<HubId, Wish>()
  readonly #asked = new Set<Asked>()

  /** `maxRecords`: a stage that grows beyond it is given up. */
  constructor(maxRecords: number) {
    this.#maxRecords = maxRecords
  }

  /** Slices known to be behind. */
  get pending(): number {
    let pending = this.#wishes.size
    for (const { stages } of this.#asked) pending += stages.size
    return pending
  }

  /** Whose slices they are. */
  hubs(): Iterable<HubId> {
    return [...this.#wishes.keys(), ...[...this.#asked].flatMap(({ stages }) => [...stages.keys()])]
  }

  deadline(): Millis {
    let first = never
    for (const { until } of this.#asked) first = Math.min(first, until)
    return first
  }

  /** Whether a slice is to come from that peer. */
  seeks(hub: HubId, peer: PeerId): boolean {
    return this.#wishes.get(hub)?.peer === peer || this.#stage(hub)?.peer === peer
  }

  /** Remembers the furthest peer for a slice, unless that run is already under way. */
  wish(hub: HubId, wish: Wish): void {
    const stage = this.#stage(hub)
    if (stage !== undefined && !isFurther(wish.version, stage.version)) return
    const held = this.#wishes.get(hub)
    if (held === undefined && this.#wishes.size >= maxWishes) return
    if (held === undefined || isFurther(wish.version, held.version)) this.#wishes.set(hub, wish)
  }

  /** Starts as many requests as there is room for. `have` is read again: deltas may have closed the gap meanwhile. */
  start(now: Now, have: Position): Request[] {
    const requests: Request[] = []
    for (const { peer } of this.#wishes.values()) {
      if (this.#asked.size >= maxAsked) break
      const asked: Asked = { peer, stages: new Map(), until: now.mono + partTimeoutMs, retries: 0 }
      this.#fill(asked, have)
      if (asked.stages.size === 0) continue
      this.#asked.add(asked)
      requests.push(requestFor(asked))
    }
    return requests
  }

  /** Takes the parts of one answer. */
  receive(from: PeerId, parts: readonly PartBody[], { now, have }: { now: Now; have: Position }): Received {
    const runs: Run[] = []
    const strays: PartBody[] = []
    const answered = new Set<Asked>()
    for (const part of parts) {
      const asked = this.#askedFor(part.hub)
      if (asked?.peer !== from) strays.push(part)
      else if (this.#take(asked, part, runs)) answered.add(asked)
    }
    const requests: Request[] = []
    for (const asked of answered) {
      this.#fill(asked, have)
      asked.until = now.mono + partTimeoutMs
      asked.retries = 0
      if (asked.stages.size > 0) requests.push(requestFor(asked))
      else this.#asked.delete(asked)
    }
    return { runs, requests, strays }
  }

  /** Asks again for parts that are overdue; gives up requests that stay silent. */
  retry(now: Now): Request[] {
    const requests: Request[] = []
    for (const asked of this.#asked) {
      if (asked.until > now.mono) continue
      if (asked.retries >= maxRetries) {
        this.#asked.delete(asked)
        continue
      }
      asked.until = now.mono + partTimeoutMs
      asked.retries++
      requests.push(requestFor(asked))
    }
    return requests
  }

  /** The link to a peer is gone; returns whether something was to come over it, and must be had elsewhere. */
  dropPeer(peer: PeerId): boolean {
    const pending = this.pending
    for (const asked of this.#asked) if (asked.peer === peer) this.#asked.delete(asked)
    for (const [hub, wish] of this.#wishes) if (wish.peer === peer) this.#wishes.delete(hub)
    return this.pending < pending
  }

  /** Adds slices that this peer is wished for, up to a part's worth. */
  #fill(asked: Asked, have: Position): void {
    let records = 0
    for (const { version, have } of asked.stages.values()) records += version.seq - have
    for (const [hub, wish] of this.#wishes) {
      if (asked.stages.size >= maxSlices || (records >= recordsAsked && asked.stages.size > 0)) return
      if (wish.peer !== asked.peer || this.#askedFor(hub) !== undefined || asked.stages.has(hub)) continue
      this.#wishes.delete(hub)
      const position = have(hub, wish.version)
      if (position === undefined) continue
      asked.stages.set(hub, { ...wish, have: position, to: 0, after: position, records: [] })
      records += wish.version.seq - position
    }
  }

  /** One part: adds the run to `runs` when it is complete; returns whether the part was one to come. */
  #take({ stages }: Asked, part: PartBody, runs: Run[]): boolean {
    const waiting = stages.get(part.hub)
    if (waiting === undefined) return false
    // C14: what the source has dropped, a receiver from before hears of by the whole slice.
    const isWhole = waiting.to === 0 && part.from === 0 && part.after === 0 && (part.floor ?? 0) > waiting.have
    const stage = isWhole ? { ...waiting, have: 0, after: 0 } : waiting
    if (part.after !== stage.after) return false
    if (compareEpochs(part.epoch, stage.version.epoch) !== 0 || part.from !== stage.have) return false
    const records = [...stage.records, ...part.records]
    const after = part.records.reduce((most, record) => Math.max(most, record.seq), stage.after)
    const isOtherRun = part.to <= part.from || (stage.to !== 0 && part.to !== stage.to)
    const isEndless = records.length > this.#maxRecords || (!part.done && after === stage.after)
    const isOver = part.done || isOtherRun || isEndless
    if (isOver) stages.delete(part.hub)
    else stages.set(part.hub, { ...stage, to: part.to, after, records })
    const { hub, epoch, from, to, floor = 0 } = part
    if (part.done && !isOtherRun && !isEndless) runs.push({ hub, epoch, from, to, records, ...floorOf(floor) })
    return true
  }

  #askedFor(hub: HubId): Asked | undefined {
    for (const asked of this.#asked) if (asked.stages.has(hub)) return asked
    return undefined
  }

  #stage(hub: HubId): Stage | undefined {
    return this.#askedFor(hub)?.stages.get(hub)
  }
}

/** A slice of which a part is here goes first: the answer begins with it. */
function requestFor({ peer, stages }: Asked): Request {
  const wants = [...stages].map(([hub, { version, have, to, after }]) => ({
    hub,
    epoch: version.epoch,
    have,
    to,
    after,
  }))
  return { to: peer, wants: wants.sort((a, b) => Number(b.to > 0) - Number(a.to > 0)) }
}

/** The sending side: a run stays as it was when it was first asked for, however the slice goes on. */
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
    const { hub, epoch, from, to, floor = 0 } = run
    return { hub, epoch, from, to, after, records: part, done: isLast, ...floorOf(floor) }
  }

  dropPeer(peer: PeerId): void {
    for (const name of this.#runs.keys()) if (name.startsWith(`${peer} `)) this.#runs.delete(name)
  }
}

/** Parts that travel in one message: at least one, then as many as fit. */
export class Page {
  readonly parts: PartBody[] = []
  #bytes = 0
  #records = 0

  constructor(...parts: readonly PartBody[]) {
    for (const part of parts) this.add(part)
  }

  /** False when it does not fit any more. */
  add(part: PartBody): boolean {
    const bytes = this.#bytes + part.records.reduce((sum, record) => sum + JSON.stringify(record).length, 0)
    const records = this.#records + part.records.length
    const isOver = bytes > partBytes || records > partRecords || this.parts.length >= maxSlices
    if (isOver && this.parts.length > 0) return false
    this.#bytes = bytes
    this.#records = records
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
  let bytes = 0
  let count = 0
  for (const record of rest) {
    bytes += JSON.stringify(record).length
    if (count > 0 && (bytes > partBytes || count >= partRecords)) break
    count++
  }
  return { part: rest.slice(0, count), isLast: count === rest.length }
}
