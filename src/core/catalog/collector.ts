// C14: drops what the retention is over for, a bounded part of the catalog a minute, round after round. Which moment is
// past the retention is judged by a time that has surely come: a clock that jumps forward would make this hub drop what the
// others keep, and one of those whom a removal guards against would then find it unguarded here.

import type { HubId } from '../ids.ts'
import { type Millis, minute, type Now, never } from '../time.ts'
import { type CatalogRecord, type EntryId, entryId, stampsOf } from './record.ts'
import type { Replicas } from './replicas.ts'
import { type Trim, withoutPast } from './retention.ts'

const paceMs = 1 * minute
/** Entries looked at a minute: a full catalog of 100,000 takes two hours, a small part of any sensible retention. */
const partSize = 1_000

export interface CollectorOptions {
  readonly hub: HubId
  readonly replicas: Replicas
  readonly retentionMs: Millis
  /** A Unix time that had surely come when this hub last ran. */
  readonly sureWall: Millis
}

export class Collector {
  readonly #options: CollectorOptions
  #round: Iterator<EntryId>
  /** Not before everything is here that a peer holds: what a removal covers may be in a slice still to be fetched. */
  #nextAt: Millis = never
  /** The time that has surely come, and when (monotonic) that was last said. */
  #sure: Millis
  #saidAt: Millis

  constructor(options: CollectorOptions, now: Now) {
    this.#options = options
    this.#round = options.replicas.entries()
    this.#sure = Math.min(options.sureWall, now.wall)
    this.#saidAt = now.mono
  }

  deadline(): Millis {
    return this.#nextAt
  }

  /**
   * Unix time as far as it can be relied on: from where it stood when this hub last ran it goes on with the monotonic clock,
   * never past the wall clock. It lags by the time that the hub was down or asleep, until others are heard to be further.
   */
  sureWall(now: Now): Millis {
    this.#sure = Math.min(now.wall, this.#sure + (now.mono - this.#saidAt))
    this.#saidAt = now.mono
    return this.#sure
  }

  /** Another hub wrote this: by its clock that time has come, and by this hub's it is no more than the drift away. */
  witness(records: Iterable<CatalogRecord>, now: Now): void {
    let latest = this.sureWall(now)
    for (const record of records) for (const [wall] of stampsOf(record)) latest = Math.max(latest, wall)
    this.#sure = Math.min(now.wall, latest)
  }

  /** All that can be fetched is here, or nobody is there to fetch from. */
  begin(now: Now): void {
    if (this.#nextAt === never) this.#nextAt = now.mono + paceMs
  }

  /** The next part of the round, when it is time; while slices are behind it is put off. */
  tick(now: Now, isBehind: boolean): Trim[] {
    if (this.#nextAt > now.mono) return []
    this.#nextAt = now.mono + paceMs
    if (isBehind) return []
    const { hub, replicas } = this.#options
    const ids: EntryId[] = []
    while (ids.length < partSize) {
      const next = this.#round.next()
      if (next.done === true) {
        this.#round = replicas.entries()
        break
      }
      ids.push(next.value)
    }
    const horizon = this.horizon(now)
    return ids.flatMap((id) => replicas.past(id, horizon, hub))
  }

  /**
   * Own removals past the retention, whatever they cover: of a hub that was away, others may have dropped them long ago. Not
   * what may guard against a slice in reserve.
   */
  ownPast(now: Now, isKept: (id: EntryId) => boolean): Trim[] {
    const { hub, replicas } = this.#options
    const horizon = this.horizon(now)
    return [...(replicas.slice(hub)?.records() ?? [])].flatMap((from) => {
      const left = isKept(entryId(from)) ? from : withoutPast(from, horizon)
      return left === from ? [] : [{ hub, id: entryId(from), from, left }]
    })
  }

  /** What was stamped before has done its work (Unix ms). */
  horizon(now: Now): Millis {
    return Math.max(0, Math.floor(this.sureWall(now) - this.#options.retentionMs))
  }
}
