// Moving a run of a slice from one hub to another, part by part. The receiver asks for each part (its request is the
// credit), keeps the parts on a stage, and takes them together when the run is complete (C9): records applied one by
// one would let two hubs claim the same prefix with different content.

import type { HubId, PeerId } from '../ids.ts'
import { type Millis, type Now, never, second } from '../time.ts'
import { type PartBody, partBytes, partRecords, type WantBody } from './messages.ts'
import type { CatalogRecord } from './record.ts'
import { compareEpochs, floorOf, isFurther, type Run, type Version } from './slice.ts'

/** Runs fetched at once; further wishes wait. */
export const maxStages = 4
/** Slices wished for at once; what a list names beyond them is named again by the next one. */
const maxWishes = 20_000
/** Runs served at once; the oldest is forgotten first, its receiver starts again. */
export const maxServed = 32
/** A part that does not come in this time is asked for again, and after a few times the run is given up. */
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
  readonly until: Millis
  readonly retries: number
}

export interface Request {
  readonly to: PeerId
  readonly body: WantBody
}

/** The receiving side. */
export class Fetches {
  readonly #maxRecords: number
  readonly #wishes = new Map<HubId, Wish>()
  readonly #stages = new Map<HubId, Stage>()

  /** `maxRecords`: a stage that grows beyond it is given up. */
  constructor(maxRecords: number) {
    this.#maxRecords = maxRecords
  }

  /** Slices known to be behind. */
  get pending(): number {
    return this.#wishes.size + this.#stages.size
  }

  /** Whose slices they are. */
  hubs(): Iterable<HubId> {
    return [...this.#wishes.keys(), ...this.#stages.keys()]
  }

  deadline(): Millis {
    let first = never
    for (const stage of this.#stages.values()) first = Math.min(first, stage.until)
    return first
  }

  /** Remembers the furthest peer for a slice, unless that run is already under way. */
  wish(hub: HubId, wish: Wish): void {
    const stage = this.#stages.get(hub)
    if (stage !== undefined && !isFurther(wish.version, stage.version)) return
    const held = this.#wishes.get(hub)
    if (held === undefined && this.#wishes.size >= maxWishes) return
    if (held === undefined || isFurther(wish.version, held.version)) this.#wishes.set(hub, wish)
  }

  /** Starts as many wishes as there is room for. `have` is read again: deltas may have closed the gap meanwhile. */
  start(now: Now, have: (hub: HubId, version: Version) => number | undefined): Request[] {
    const requests: Request[] = []
    for (const [hub, wish] of this.#wishes) {
      if (this.#stages.size >= maxStages) break
      if (this.#stages.has(hub)) continue
      this.#wishes.delete(hub)
      const position = have(hub, wish.version)
      if (position === undefined) continue
      const stage: Stage = {
        ...wish,
        have: position,
        to: 0,
        after: position,
        records: [],
        until: now.mono + partTimeoutMs,
        retries: 0,
      }
      this.#stages.set(hub, stage)
      requests.push(requestFor(hub, stage))
    }
    return requests
  }

  /** Takes a part: the completed run, or the request for the next part, or nothing when it fits no stage. */
  receive(from: PeerId, part: PartBody, now: Now): { readonly run?: Run; readonly request?: Request } {
    const asked = this.#stages.get(part.hub)
    if (asked === undefined || asked.peer !== from) return {}
    // C14: what the source has dropped, a receiver from before hears of by the whole slice.
    const isWhole = asked.to === 0 && part.from === 0 && part.after === 0 && (part.floor ?? 0) > asked.have
    const stage = isWhole ? { ...asked, have: 0, after: 0 } : asked
    if (part.after !== stage.after) return {}
    if (compareEpochs(part.epoch, stage.version.epoch) !== 0 || part.from !== stage.have) return {}
    const records = [...stage.records, ...part.records]
    const after = Math.max(stage.after, ...part.records.map((record) => record.seq))
    const isOtherRun = part.to <= part.from || (stage.to !== 0 && part.to !== stage.to)
    const isEndless = records.length > this.#maxRecords || (!part.done && after === stage.after)
    if (part.done || isOtherRun || isEndless) this.#stages.delete(part.hub)
    if (isOtherRun || isEndless) return {}
    const { hub, epoch, to } = part
    if (part.done) return { run: { hub, epoch, from: part.from, to, records, ...floorOf(part.floor ?? 0) } }
    const next: Stage = { ...stage, to: part.to, after, records, until: now.mono + partTimeoutMs, retries: 0 }
    this.#stages.set(part.hub, next)
    return { request: requestFor(part.hub, next) }
  }

  /** Asks again for parts that are overdue; gives up runs that stay silent. */
  retry(now: Now): Request[] {
    const requests: Request[] = []
    for (const [hub, stage] of this.#stages) {
      if (stage.until > now.mono) continue
      if (stage.retries >= maxRetries) {
        this.#stages.delete(hub)
        continue
      }
      const next: Stage = { ...stage, until: now.mono + partTimeoutMs, retries: stage.retries + 1 }
      this.#stages.set(hub, next)
      requests.push(requestFor(hub, next))
    }
    return requests
  }

  /** The link to a peer is gone; returns whether something was to come over it, and must be had elsewhere. */
  dropPeer(peer: PeerId): boolean {
    const pending = this.pending
    for (const [hub, stage] of this.#stages) if (stage.peer === peer) this.#stages.delete(hub)
    for (const [hub, wish] of this.#wishes) if (wish.peer === peer) this.#wishes.delete(hub)
    return this.pending < pending
  }
}

function requestFor(hub: HubId, stage: Stage): Request {
  const { peer, version, have, to, after } = stage
  return { to: peer, body: { hub, epoch: version.epoch, have, to, after } }
}

/** The sending side: a run stays as it was when it was first asked for, however the slice goes on. */
export class Serves {
  readonly #runs = new Map<string, Run>()

  /** The part asked for; `snapshot` reads the run afresh for a first request. A run that is no more is told as empty. */
  answer(peer: PeerId, want: WantBody, snapshot: () => Run | undefined): PartBody {
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
    // Kept after the last part too: the receiver asks again when that part is lost.
    this.#runs.delete(name)
    this.#runs.set(name, run)
    const oldest = this.#runs.size > maxServed ? this.#runs.keys().next().value : undefined
    if (oldest !== undefined) this.#runs.delete(oldest)
    const { hub, epoch, from, to, floor = 0 } = run
    return { hub, epoch, from, to, after, records: part, done: isLast, ...floorOf(floor) }
  }

  dropPeer(peer: PeerId): void {
    for (const name of this.#runs.keys()) if (name.startsWith(`${peer} `)) this.#runs.delete(name)
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
