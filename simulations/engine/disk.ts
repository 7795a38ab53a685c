// A disk that forgets like one. A batch is with the system when its write ends, and on the platter when a synced write at
// or after it ends. A crash keeps what is on the platter and, of the rest, any number of batches from the front: nobody
// may rely on more, and nobody may be surprised by more. Writes take time, and end in the order of the calls.

import { compareText } from '../../src/core/ids.ts'
import type { Random } from '../../src/core/random.ts'
import type { Millis } from '../../src/core/time.ts'
import type { Store, StoredEntry, StoredOp } from '../../src/hub/ports.ts'
import type { Life, World } from './world.ts'

/** Typical of a cloud volume and of the page cache; each write takes up to twice as long. */
const syncMs: Millis = 2
const cachedMs: Millis = 0.05

/** The system writes back by itself before more than this many batches wait. */
const dirtyBatches = 1_000

type Batch = readonly StoredOp[]

/** What outlives the process. */
export class Disk {
  /** While true every write fails, as on a full disk. */
  full = false
  /** While true it says that writes are synced and leaves them in its cache. No hub can survive that: it proves checkers. */
  lies = false
  readonly #platter = new Map<string, Uint8Array>()
  /** Not on the platter yet, in the order of the calls. */
  #pending: Batch[] = []
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /**
   * The process ends without a word, and with it the system's memory: of what is not on the platter any number of batches is
   * left, or none. The one behind them is torn, and dropped whole: that is what a checksum in a log does.
   */
  crash(left: 'any' | 'none' = 'any'): void {
    const survivors = left === 'none' ? 0 : this.#random.below(this.#pending.length + 1)
    for (const batch of this.#pending.slice(0, survivors)) this.#settle(batch)
    this.#pending = []
  }

  /** A store for one life of the process. */
  mount(world: World, life: Life): Store {
    let free: Millis = 0
    const take = (ms: Millis): Millis => {
      free = Math.max(free, world.now) + ms * (1 + this.#random.real())
      return free
    }
    return {
      load: (done) => world.at(take(syncMs), () => done(this.#entries(), false), life),
      persist: (batch, synced, done) => {
        const ends = take(synced ? syncMs : cachedMs)
        if (this.full) {
          world.at(ends, () => done(false), life)
          return
        }
        this.#pending.push(batch)
        if (this.#pending.length > dirtyBatches) this.#sync(this.#pending[0] as Batch)
        const end = () => {
          if (synced && !this.lies) this.#sync(batch)
          done(true)
        }
        world.at(ends, end, life)
      },
    }
  }

  /** Everything up to this batch is on the platter. */
  #sync(batch: Batch): void {
    const upTo = this.#pending.indexOf(batch) + 1
    for (const earlier of this.#pending.splice(0, upTo)) this.#settle(earlier)
  }

  #settle(batch: Batch): void {
    for (const op of batch) {
      if ('del' in op) this.#platter.delete(op.del)
      else this.#platter.set(op.put, op.value)
    }
  }

  #entries(): StoredEntry[] {
    const all = new Map(this.#platter)
    for (const op of this.#pending.flat()) {
      if ('del' in op) all.delete(op.del)
      else all.set(op.put, op.value)
    }
    return [...all].map(([key, value]) => ({ key, value })).sort((a, b) => compareText(a.key, b.key))
  }
}
