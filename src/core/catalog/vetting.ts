// C10: runs between their arrival and their being taken. The signature of the head is verified off the event loop, so its
// answer comes later; until then nothing of the run is seen, stored or passed on.
// Whose key: within an epoch the one it was first held under, for another epoch the one that the hub is believed to have, and
// of a hub that nobody here knows the one that its head names.

import type { HubId, PeerId } from '../ids.ts'
import type { Hashing, Signed } from '../keys.ts'
import { headText } from './head.ts'
import type { QuarantineReason } from './quarantine.ts'
import { type RunLimits, type RunRefusal, reasonAgainst } from './refusal.ts'
import type { Replicas } from './replicas.ts'
import { compareEpochs, isSurplus, type Run } from './slice.ts'
import { Tally } from './tally.ts'

/** Runs whose signature is being verified at once; what comes beyond them is told again by sync. */
const maxVetted = 256

export interface VettingOptions {
  readonly hub: HubId
  readonly federation: string
  readonly replicas: Replicas
  readonly hashing: Hashing
  readonly keyOf: (hub: HubId) => PeerId | undefined
  readonly isCredulous?: boolean
}

export type Verdict =
  | { readonly type: 'refused'; readonly reason: RunRefusal }
  | { readonly type: 'forged'; readonly reason: QuarantineReason }
  | ({ readonly type: 'verify'; readonly token: number } & Signed)
  | { readonly type: 'fine' }
  /** Too many are looked at. */
  | { readonly type: 'later' }

export class Vetting {
  readonly #options: VettingOptions
  readonly #runs = new Map<number, Run>()
  #tokens = 0

  constructor(options: VettingOptions) {
    this.#options = options
  }

  /** Runs that are being verified. */
  get size(): number {
    return this.#runs.size
  }

  /** Of whom they are. */
  hubs(): Iterable<HubId> {
    return [...this.#runs.values()].map(({ hub }) => hub)
  }

  /** Whether a run of that hub's slice is being verified. */
  has(hub: HubId): boolean {
    for (const run of this.#runs.values()) if (run.hub === hub) return true
    return false
  }

  /** What is to be done about a run that arrived. */
  begin(run: Run, limits: RunLimits): Verdict {
    const { federation, hub, replicas, isCredulous } = this.#options
    const reason = reasonAgainst(run, replicas.slice(run.hub), limits)
    if (reason !== undefined) return { type: 'refused', reason }
    // C13: what is left of earlier epochs nobody has signed as it is; its author alone takes it.
    if (isCredulous === true || (run.hub === hub && isSurplus(run.epoch))) return { type: 'fine' }
    const { head } = run
    if (head === undefined) return { type: 'refused', reason: 'malformed' }
    if (this.#isForeignKey(run, head.peer)) return { type: 'forged', reason: 'key' }
    if (this.#runs.size >= maxVetted) return { type: 'later' }
    const token = ++this.#tokens
    this.#runs.set(token, run)
    const { peer, signature } = head
    return { type: 'verify', token, peer, signature, text: headText(federation, run, head) }
  }

  /** The run that was verified by this; undefined when there is none. */
  end(token: number): Run | undefined {
    const run = this.#runs.get(token)
    this.#runs.delete(token)
    return run
  }

  /** Whether the run, which follows what is held, leads to the records that its head was signed for. */
  isWhole(run: Run): boolean {
    const { hub, replicas, hashing, isCredulous } = this.#options
    const { head } = run
    if (isCredulous === true) return true
    if (head === undefined) return run.hub === hub
    if (run.hub === hub) return Tally.of(run.records, hashing, head.horizon).root() === head.root
    return replicas.rootAfter(run, head.horizon, hashing) === head.root
  }

  #isForeignKey({ hub, epoch }: Run, peer: PeerId): boolean {
    const held = this.#options.replicas.slice(hub)
    const isSame = held !== undefined && compareEpochs(held.version.epoch, epoch) === 0
    const known = (isSame ? held.head?.peer : undefined) ?? this.#options.keyOf(hub)
    return known !== undefined && peer !== known
  }
}
