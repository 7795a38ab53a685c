// C10: the door for slices of other hubs. What no honest hub sends is turned away; what somebody forged, or made up, is
// fetched from somebody else; what remains is verified, and comes back from there.

import type { Hashing } from '../keys.ts'
import type { Effect } from '../machine.ts'
import type { Millis, Now } from '../time.ts'
import type { CatalogInput, CatalogProtocol } from './protocol.ts'
import type { QuarantineReason } from './quarantine.ts'
import type { Replicas } from './replicas.ts'
import type { Replication } from './replication.ts'
import type { Run } from './slice.ts'
import { isSound } from './tally.ts'
import type { Vetting } from './vetting.ts'

type Effects = Effect<CatalogProtocol>[]

export interface IntakeOptions {
  readonly vetting: Vetting
  readonly replicas: Replicas
  readonly hashing: Hashing
  readonly replication: Replication
  readonly maxClockDriftMs: Millis
  readonly maxEntries: number
}

export class Intake {
  readonly #options: IntakeOptions

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /** A run arrived: it, if it can be taken at once. */
  offer(run: Run, now: Now, out: Effects): Run | undefined {
    const verdict = this.#options.vetting.begin(run, { wall: now.wall, ...this.#options })
    switch (verdict.type) {
      case 'fine':
        return run
      case 'verify':
        out.push(verdict)
        return undefined
      case 'forged':
        this.#bar(run, verdict.reason, now)
        return undefined
      case 'refused':
        out.push({ type: 'change', change: { type: 'run-refused', hub: run.hub, reason: verdict.reason } })
        if (verdict.reason === 'malformed' || run.isMixed === true) this.#bar(run, 'malformed', now)
        return undefined
      case 'later':
        return undefined
    }
  }

  /** The signature of a run's head was looked at: the run, if it holds. */
  verified({ token, ok }: CatalogInput & { readonly type: 'verified' }, now: Now): Run | undefined {
    const run = this.#options.vetting.end(token)
    if (run === undefined || ok) return run
    this.#bar(run, 'signature', now)
    return undefined
  }

  /** Whether the run, which follows what is held, is what its author signed. */
  isWhole(run: Run, now: Now, out: Effects): boolean {
    const { vetting, replicas, hashing } = this.#options
    if (vetting.isWhole(run)) return true
    const held = replicas.slice(run.hub)
    if (held === undefined || isSound(held, hashing)) this.#bar(run, 'root', now)
    else {
      replicas.doubt(run.hub)
      out.push({ type: 'change', change: { type: 'run-refused', hub: run.hub, reason: 'unsound' } })
    }
    return false
  }

  /** The head is the word of who sent it. The records of several may be false by any of them: nobody is blamed for those. */
  #bar(run: Run, reason: QuarantineReason, now: Now): void {
    const { replication } = this.#options
    const { hub, source, isMixed } = run
    if (isMixed === true && (reason === 'root' || reason === 'malformed')) replication.seekAlone(run, now)
    else if (source !== undefined) replication.bar({ hub, peer: source }, reason, now)
  }
}
