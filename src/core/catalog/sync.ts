// Fetching runs of slices from other hubs, part by part. The receiver asks for a few slices at a time (its request is
// the credit), keeps the parts on a stage, and takes those of a slice together when the run is complete (C9): records applied
// one by one would let two hubs claim the same prefix with different content. What breaks off goes on where it was (stages.ts).

import type { HubId, PeerId } from '../ids.ts'
import { type Millis, type Now, never, second } from '../time.ts'
import { maxSlices, type PartBody, type WantBody } from './messages.ts'
import { compareEpochs, isFurther, type Run, type Version } from './slice.ts'
import { completed, type Stage, Stages, type Wish } from './stages.ts'

/** Requests under way at once; further wishes wait. */
export const maxAsked = 4
/** A request asks for slices until they may be so many records: what fits a part, when records are of the usual 310 bytes. */
const recordsAsked = 52
/** Slices wished for at once; what a list names beyond them is named again by the next one. */
const maxWishes = 20_000
/** A part that does not come in this time is asked for again, and after a few times the request is given up. */
const partTimeoutMs = 3 * second
const maxRetries = 3

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

/** A slice that a peer said it holds. */
export interface Promised {
  readonly hub: HubId
  readonly peer: PeerId
}

/** What parts brought: runs that are complete, the next request, and parts that nobody asked for. */
export interface Received {
  readonly runs: readonly Run[]
  readonly requests: readonly Request[]
  readonly strays: readonly PartBody[]
  /** What came instead of these is not what the peer said it holds. */
  readonly withheld: readonly Promised[]
}

type Position = (hub: HubId, version: Version) => number | undefined

/** The receiving side. */
export class Fetches {
  readonly #maxRecords: number
  readonly #stages: Stages
  /** Those of few records first, once they are in order. */
  #wishes = new Map<HubId, Wish>()
  #isInOrder = true
  readonly #asked = new Set<Asked>()
  /** Slice → who broke off in the middle of it, until it is complete. One entry a slice. */
  readonly #broken = new Map<HubId, PeerId>()

  /** `maxRecords`: a stage that grows beyond it is given up. */
  constructor(maxRecords: number) {
    this.#maxRecords = maxRecords
    this.#stages = new Stages(maxRecords)
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
    if (held !== undefined && !isFurther(wish.version, held.version)) return
    this.#wishes.set(hub, wish)
    this.#isInOrder = false
  }

  /** Starts as many requests as there is room for. `have` is read again: deltas may have closed the gap meanwhile. */
  start(now: Now, have: Position): Request[] {
    const requests: Request[] = []
    if (!this.#isInOrder) this.#wishes = new Map([...this.#wishes].sort(([, a], [, b]) => missing(a) - missing(b)))
    this.#isInOrder = true
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
    const withheld: Promised[] = []
    const answered = new Set<Asked>()
    for (const part of parts) {
      const asked = this.#askedFor(part.hub)
      if (asked?.peer !== from) strays.push(part)
      else {
        const taken = this.#take(asked, part, now)
        if (taken === undefined) continue
        answered.add(asked)
        if (taken.run !== undefined) runs.push(taken.run)
        if (taken.isWithheld === true) withheld.push({ hub: part.hub, peer: from })
      }
    }
    const requests: Request[] = []
    for (const asked of answered) {
      this.#fill(asked, have)
      asked.until = now.mono + partTimeoutMs
      asked.retries = 0
      if (asked.stages.size > 0) requests.push(requestFor(asked))
      else this.#asked.delete(asked)
    }
    return { runs, requests, strays, withheld }
  }

  /**
   * Asks again for parts that are overdue; gives up requests that stay silent. `silent`: what the answers would have begun
   * with. Of what else such a peer was to bring somebody may be asked who answers.
   */
  retry(now: Now): { readonly requests: readonly Request[]; readonly silent: readonly Promised[] } {
    const requests: Request[] = []
    const silent: Promised[] = []
    this.#stages.expire(now)
    for (const asked of this.#asked) {
      if (asked.until > now.mono) continue
      if (asked.retries >= maxRetries) {
        this.#breakOff(asked, now)
        const [first] = requestFor(asked).wants
        if (first !== undefined) silent.push({ hub: first.hub, peer: asked.peer })
        for (const [hub, wish] of this.#wishes) if (wish.peer === asked.peer) this.#wishes.delete(hub)
        continue
      }
      asked.until = now.mono + partTimeoutMs
      asked.retries++
      requests.push(requestFor(asked))
    }
    return { requests, silent }
  }

  /** That slice is not fetched from that peer. `isForged`: nor is what it brought of it of any use. */
  unwish({ hub, peer }: Promised, isForged: boolean): void {
    if (this.#wishes.get(hub)?.peer === peer) this.#wishes.delete(hub)
    if (isForged) this.#stages.forget(hub, peer)
  }

  /** C10: up to that version the slice is to come from one peer alone. */
  seekAlone(hub: HubId, version: Version): void {
    this.#stages.seekAlone(hub, version)
  }

  /** The link to a peer is gone; returns whether something was to come over it, and must be had elsewhere. */
  dropPeer(peer: PeerId, now: Now): boolean {
    const pending = this.pending
    for (const asked of this.#asked) if (asked.peer === peer) this.#breakOff(asked, now)
    for (const [hub, wish] of this.#wishes) if (wish.peer === peer) this.#wishes.delete(hub)
    return this.pending < pending
  }

  #breakOff(asked: Asked, now: Now): void {
    this.#asked.delete(asked)
    for (const [hub, stage] of asked.stages) this.#stages.keep(hub, stage, now)
  }

  /** Adds slices that this peer is wished for, up to a part's worth: before what is larger, however much of that is here. */
  #fill(asked: Asked, have: Position): void {
    for (const [hub, wish] of this.#wishes) {
      if (asked.stages.size >= maxSlices) return
      if (wish.peer !== asked.peer || this.#askedFor(hub) !== undefined || asked.stages.has(hub)) continue
      if (recordsBefore(wish, asked) >= recordsAsked) return
      this.#wishes.delete(hub)
      const position = have(hub, wish.version)
      if (position !== undefined) asked.stages.set(hub, this.#stages.open(hub, wish, position))
    }
  }

  /** One part: the run when it is complete; undefined when the part is none to come. */
  #take(
    { peer, stages }: Asked,
    part: PartBody,
    now: Now,
  ): { readonly run?: Run; readonly isWithheld?: boolean } | undefined {
    const waiting = stages.get(part.hub)
    if (waiting === undefined) return undefined
    const stage = isWholeAnew(waiting, part) ? anew(waiting, part) : waiting
    if (part.after !== stage.after) return undefined
    if (compareEpochs(part.epoch, stage.version.epoch) !== 0 || part.from !== stage.have) return undefined
    const { hub, to, done } = part
    const records = [...stage.records, ...part.records]
    const after = part.records.reduce((most, record) => Math.max(most, record.seq), stage.after)
    const isOtherRun = part.to <= part.from || (stage.to !== 0 && part.to !== stage.to)
    const isTooLarge = records.length + (stage.begun?.records.length ?? 0) > this.#maxRecords
    const isEndless = isTooLarge || (!done && after === stage.after)
    const isShort = part.to < stage.version.seq
    if (isOtherRun || isEndless || isShort) {
      stages.delete(hub)
      // Too much with what others had sent before, which may say the same twice: begun anew, and nobody to blame.
      if (isTooLarge && stage.begun !== undefined) return { isWithheld: false }
      if (!isTooLarge) this.#stages.keep(hub, stage, now)
      return { isWithheld: this.#isWithheld(hub, peer, stage.to > 0) }
    }
    const next: Stage = { ...stage, to, after, records }
    if (!done) {
      stages.set(hub, next)
      return {}
    }
    stages.delete(hub)
    this.#broken.delete(hub)
    return { run: completed(hub, next, part) }
  }

  /** Whoever serves many forgets a run that is under way, but hardly the same one twice. */
  #isWithheld(hub: HubId, peer: PeerId, isUnderWay: boolean): boolean {
    const isFirst = isUnderWay && this.#broken.get(hub) !== peer
    if (isFirst) this.#broken.set(hub, peer)
    return !isFirst
  }

  #askedFor(hub: HubId): Asked | undefined {
    for (const asked of this.#asked) if (asked.stages.has(hub)) return asked
    return undefined
  }

  #stage(hub: HubId): Stage | undefined {
    return this.#askedFor(hub)?.stages.get(hub)
  }
}

/** C14: what the source has dropped, a receiver from before hears of by the whole slice. */
function isWholeAnew({ to, have }: Stage, part: PartBody): boolean {
  return to === 0 && part.from === 0 && part.after === 0 && (part.floor ?? 0) > have
}

/** Whatever had come of it before. */
function anew({ begun: _, ...stage }: Stage, { floor = 0 }: PartBody): Stage {
  return { ...stage, have: 0, after: 0, floor }
}

/** Records that are to come, at most: what was written again since counts twice. */
function missing({ version, have }: Wish): number {
  return version.seq - have
}

function missingOf(stage: Stage): number {
  return stage.version.seq - stage.after
}

/** Of the slices asked for, those that come no later than this one would. */
function recordsBefore(wish: Wish, { stages }: Asked): number {
  let records = 0
  for (const stage of stages.values()) if (missingOf(stage) <= missing(wish)) records += missingOf(stage)
  return records
}

/** The slice of which the least is missing goes first: the answer begins with it. */
function requestFor({ peer, stages }: Asked): Request {
  const all = [...stages].sort(([, a], [, b]) => missingOf(a) - missingOf(b))
  const wants = all.map(([hub, { version, have, to, after }]) => ({ hub, epoch: version.epoch, have, to, after }))
  return { to: peer, wants }
}
