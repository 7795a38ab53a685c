// Keeping replicas equal: who is linked, what each peer says it holds, which runs to fetch and to serve.
// Peers compare one fingerprint (C11); where it differs they list their versions, and each fetches what it lacks.

import type { HubId, PeerId } from '../ids.ts'
import type { Random } from '../random.ts'
import { type Millis, type Now, never, second } from '../time.ts'
import { Told } from '../told.ts'
import { maxEpochLeap } from './burials.ts'
import { Census } from './census.ts'
import { Gaps } from './gaps.ts'
import { type CatalogMessage, type DigestBody, type ListedVersion, maxVersions, type WantBody } from './messages.ts'
import type { Replicas } from './replicas.ts'
import { compareEpochs, floorOf, isSurplus, type Run, type Version } from './slice.ts'
import { Fetches, type Request, Serves } from './sync.ts'

interface Outgoing {
  readonly type: 'send'
  readonly to: PeerId
  readonly message: CatalogMessage
}

/** What a message brought. */
export interface Brought {
  readonly send: readonly Outgoing[]
  /** Runs to take, in order. */
  readonly runs: readonly Run[]
  /** Whether this peer has nothing more to teach about the own slice (C13). */
  readonly isCaughtUp: boolean
}

export interface ReplicationOptions {
  readonly hub: HubId
  readonly random: Random
  readonly replicas: Replicas
  readonly syncIntervalMs: Millis
  /** Most records of a run. */
  readonly maxRecords: number
}

const nothing: Brought = { send: [], runs: [], isCaughtUp: false }
/** Most versions taken from one peer's list. */
const maxListed = 20_000
/** Epochs and surpluses of the own slice that are remembered as taken over; one forgotten is fetched once more. */
const maxAbsorbed = 1_000
/** Sync intervals after which a delta put aside is given up. */
const asideIntervals = 3
/** A list that has not changed is not told again within this time; later it may have been lost. */
const repeatMs = 2 * second
/** A gap noticed in gossip is closed by a digest this soon. */
const repairMs = 200

export class Replication {
  readonly #options: ReplicationOptions
  readonly #fetches: Fetches
  readonly #serves = new Serves()
  readonly #gaps = new Gaps()
  readonly #peers = new Set<PeerId>()
  readonly #census: Census
  /** Lists of what is held here, by the digest of it. */
  readonly #told = new Told(repeatMs)
  /** Parts of a long list of versions, until its last message. */
  readonly #listing = new Map<PeerId, ListedVersion[]>()
  /** How far the epochs of the own slice that peers hold were taken over already (C13). */
  readonly #absorbed = new Map<string, number>()
  #behindAt: Millis | undefined
  #highestOwn = 0
  #syncAt: Millis

  constructor(options: ReplicationOptions, now: Now) {
    this.#options = options
    this.#fetches = new Fetches(options.maxRecords)
    this.#census = new Census(options.syncIntervalMs, now.mono)
    this.#syncAt = now.mono + options.random.real() * options.syncIntervalMs
  }

  /** Slices known to be behind what a peer holds. */
  get behind(): number {
    return this.#fetches.pending + this.#gaps.size
  }

  /** The highest number of an epoch of the own slice that a peer holds. */
  get highestOwn(): number {
    return this.#highestOwn
  }

  /** C13: a run of the own slice was taken over; its like is no news any more. */
  absorb(run: Run): void {
    if (this.#absorbed.size >= maxAbsorbed) this.#absorbed.clear()
    this.#absorbed.set(String(run.epoch), run.to)
  }

  /** C17: hubs whose slices are known to be behind what a peer holds. */
  laggards(): ReadonlySet<HubId> {
    return new Set([...this.#fetches.hubs(), ...this.#gaps.hubs()])
  }

  /** Since when some are, on the monotonic clock. */
  get behindAt(): Millis | undefined {
    return this.#behindAt
  }

  /** C17: different states of the catalog that hubs are in. */
  digestsAlive(mono: Millis): number {
    this.#census.hold(this.#options.replicas.digest(), mono)
    return this.#census.alive(mono)
  }

  deadline(): Millis {
    return Math.min(this.#peers.size > 0 ? this.#syncAt : never, this.#fetches.deadline())
  }

  linkUp(peer: PeerId, now: Now): Outgoing[] {
    this.#peers.add(peer)
    return [this.#digest(peer, true, now)]
  }

  linkDown(peer: PeerId, now: Now): void {
    this.#peers.delete(peer)
    this.#told.forget(peer)
    this.#listing.delete(peer)
    this.#serves.dropPeer(peer)
    if (this.#fetches.dropPeer(peer)) this.#syncAt = Math.min(this.#syncAt, now.mono + repairMs)
  }

  /** Tells every linked peer at once; after a new epoch of the own slice. */
  tellAll(now: Now): Outgoing[] {
    return [...this.#peers].map((peer) => this.#digest(peer, true, now))
  }

  tick(now: Now): Outgoing[] {
    const out = this.#ticked(now)
    this.#noteLag(now)
    return out
  }

  #ticked(now: Now): Outgoing[] {
    const out = asSends(this.#fetches.retry(now))
    if (this.#syncAt <= now.mono) {
      this.#gaps.expire(now.mono - asideIntervals * this.#options.syncIntervalMs)
      this.#syncAt = now.mono + this.#options.syncIntervalMs * (0.75 + 0.5 * this.#options.random.real())
      const peer = this.#options.random.pick([...this.#peers])
      if (peer !== undefined) out.push(this.#digest(peer, true, now))
    }
    return [...out, ...this.#start(now)]
  }

  /** After a run was taken: the next delta that was waiting for it. */
  nextAside(hub: HubId): Run | undefined {
    const version = this.#options.replicas.slice(hub)?.version
    return version === undefined ? undefined : this.#gaps.next(hub, version)
  }

  receive(from: PeerId, message: CatalogMessage, now: Now): Brought {
    const brought = this.#received(from, message, now)
    this.#noteLag(now)
    return brought
  }

  #received(from: PeerId, message: CatalogMessage, now: Now): Brought {
    switch (message.kind) {
      case 'catalog.delta':
        return this.#delta(message.body, from, now)
      case 'catalog.digest':
        return this.#compare(from, message.body, now)
      case 'catalog.versions':
        return this.#list(from, message.body, now)
      case 'catalog.want': {
        const body = this.#serves.answer(from, message.body, () => this.#snapshot(message.body))
        return { ...nothing, send: [{ type: 'send', to: from, message: { kind: 'catalog.part', body } }] }
      }
      case 'catalog.part': {
        const { run, request } = this.#fetches.receive(from, message.body, now)
        const send = [...asSends(request === undefined ? [] : [request]), ...this.#start(now)]
        return { ...nothing, send, runs: run === undefined ? [] : [run] }
      }
    }
  }

  #noteLag(now: Now): void {
    this.#behindAt = this.behind === 0 ? undefined : (this.#behindAt ?? now.mono)
  }

  /** C8: a delta applies only where this replica stands inside of it; one from further on waits. */
  #delta(run: Run, from: PeerId, now: Now): Brought {
    if (run.hub === this.#options.hub || run.to <= run.from) return nothing
    const position = this.#options.replicas.position(run.hub, { epoch: run.epoch, seq: run.to })
    if (position === undefined) return nothing
    if (run.from <= position) return { ...nothing, runs: [run] }
    this.#gaps.keep(run, now.mono)
    this.#syncAt = Math.min(this.#syncAt, now.mono + repairMs)
    return this.#peers.has(from) ? { ...nothing, send: [this.#digest(from, true, now)] } : nothing
  }

  #compare(from: PeerId, body: DigestBody, now: Now): Brought {
    this.#hear(body, now)
    if (body.digest !== this.#options.replicas.digest()) return { ...nothing, send: this.#versions(from, true, now) }
    return { send: body.reply ? [this.#digest(from, false, now)] : [], runs: [], isCaughtUp: true }
  }

  /** Wishes for everything the peer holds further; the own slice has rules of its own. */
  #list(from: PeerId, body: { versions: ListedVersion[]; last: boolean; reply: boolean }, now: Now): Brought {
    const listed = [...(this.#listing.get(from) ?? []), ...body.versions].slice(0, maxListed)
    this.#listing.set(from, listed)
    if (!body.last) return nothing
    this.#listing.delete(from)
    this.#hear({ digest: this.#options.replicas.digestOf(listed) }, now)
    let isCaughtUp = true
    for (const [hub, epoch, seq] of listed) {
      const version: Version = { epoch, seq }
      if (hub === this.#options.hub) {
        if (!this.#isPlausible(version)) continue
        this.#highestOwn = Math.max(this.#highestOwn, epoch[0])
        if (!this.#isNewsOfOwn(version)) continue
        isCaughtUp = false
        this.#fetches.wish(hub, { peer: from, version, have: 0 })
      } else if (!isSurplus(epoch)) {
        const have = this.#options.replicas.position(hub, version)
        if (have !== undefined) this.#fetches.wish(hub, { peer: from, version, have })
      }
    }
    const isTold = this.#told.has(from, this.#options.replicas.digest(), now.mono)
    const answer = body.reply && !isTold ? this.#versions(from, false, now) : []
    return { send: [...answer, ...this.#start(now)], runs: [], isCaughtUp }
  }

  /** C13: an epoch that this hub can have had: one made up would leave it no number to open another under. */
  #isPlausible({ epoch: [number] }: Version): boolean {
    const { hub, replicas } = this.#options
    const known = Math.max(this.#highestOwn, replicas.slice(hub)?.version.epoch[0] ?? 0)
    return number <= known + maxEpochLeap
  }

  /** C13: a peer holds records of this hub that this hub does not know: from a lost disk, or an epoch before. */
  #isNewsOfOwn(version: Version): boolean {
    const own = this.#options.replicas.slice(this.#options.hub)?.version
    if (own !== undefined && compareEpochs(version.epoch, own.epoch) === 0) return version.seq > own.seq
    return version.seq > (this.#absorbed.get(String(version.epoch)) ?? 0)
  }

  #hear({ digest, held = [] }: Pick<DigestBody, 'digest' | 'held'>, { mono }: Now): void {
    this.#census.hold(this.#options.replicas.digest(), mono)
    this.#census.hear(digest, held, mono)
  }

  #start(now: Now): Outgoing[] {
    return asSends(
      this.#fetches.start(now, (hub, version) =>
        hub === this.#options.hub ? 0 : this.#options.replicas.position(hub, version),
      ),
    )
  }

  /** C9: the run as it stands now; of an epoch that is over, what is left of it. */
  #snapshot(want: WantBody): Run | undefined {
    const slice = this.#options.replicas.slice(want.hub)
    if (slice === undefined) return undefined
    const { epoch, seq } = slice.version
    if (compareEpochs(want.epoch, epoch) === 0) {
      // C14: of what was dropped, who stands below hears by the whole slice alone.
      const from = want.have < slice.floor ? 0 : want.have
      return {
        hub: want.hub,
        epoch,
        from,
        to: seq,
        records: slice.after(from),
        ...(from === 0 ? floorOf(slice.floor) : {}),
      }
    }
    const surplus = slice.surplus()
    return surplus !== undefined && compareEpochs(want.epoch, surplus.epoch) === 0 ? surplus : undefined
  }

  #digest(to: PeerId, reply: boolean, { mono }: Now): Outgoing {
    const digest = this.#options.replicas.digest()
    this.#census.hold(digest, mono)
    const held = this.#census.tell(mono)
    const body = { digest, reply, ...(held.length === 0 ? {} : { held }) }
    return { type: 'send', to, message: { kind: 'catalog.digest', body } }
  }

  #versions(to: PeerId, reply: boolean, now: Now): Outgoing[] {
    const all = this.#options.replicas.versions()
    this.#told.note(to, this.#options.replicas.digest(), now.mono)
    const out: Outgoing[] = []
    for (let from = 0; from === 0 || from < all.length; from += maxVersions) {
      const body = { versions: all.slice(from, from + maxVersions), last: from + maxVersions >= all.length, reply }
      out.push({ type: 'send', to, message: { kind: 'catalog.versions', body } })
    }
    return out
  }
}

function asSends(requests: readonly Request[]): Outgoing[] {
  return requests.map(({ to, body }) => ({ type: 'send', to, message: { kind: 'catalog.want', body } }))
}
