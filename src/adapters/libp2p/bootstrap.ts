// The addresses that the operator gave: dialled at start, and again for ever whenever no connection leads there and whoever
// answered there is not known to live. It never stops because the hub once joined: two halves of a federation find each
// other again through these.

import type { Address, PeerId } from '../../core/ids.ts'
import type { Millis } from '../../core/time.ts'
import { asMultiaddr, bare } from './addresses.ts'
import { type Dialler, dial } from './dial.ts'
import { backOff, type Cancel, jitter, type Timers } from './timers.ts'

/** After a lost connection: at once, but not all in step. */
const redialMs: Millis = 200
/** How often the federation is asked after a hub that ended the link here because it keeps few (H14). */
const askMs: Millis = 5_000

interface Entry {
  readonly address: ReturnType<typeof asMultiaddr>
  /** Who answered there last: its peer id is not given. */
  peer?: PeerId
  failures: number
  next: Cancel | undefined
}

export interface BootstrapParts extends Dialler {
  readonly addresses: readonly string[]
  readonly timers: Timers
  /** Whether membership knows the peer to live: others hold links to it. */
  readonly isPresent: (peer: PeerId) => boolean
}

export class Bootstrap {
  readonly #parts: BootstrapParts
  readonly #entries: Entry[]

  constructor(parts: BootstrapParts) {
    this.#parts = parts
    this.#entries = parts.addresses.map((text) => ({ address: asMultiaddr(text), failures: 0, next: undefined }))
  }

  /** `own` are the addresses of this hub: an operator may give all hubs the same list. */
  start(own: readonly Address[]): void {
    for (const entry of this.#entries) if (!own.includes(bare(entry.address))) this.#dialIn(entry, 0)
  }

  /** A connection to this peer is gone. */
  lost(peer: PeerId): void {
    for (const entry of this.#entries) if (entry.peer === peer) this.#dialIn(entry, jitter(redialMs))
  }

  #dialIn(entry: Entry, delay: number): void {
    entry.next?.()
    entry.next = this.#parts.timers.after(delay, () => void this.#attempt(entry))
  }

  async #attempt(entry: Entry): Promise<void> {
    const { links, isPresent } = this.#parts
    if (entry.peer !== undefined && links.isConnected(entry.peer)) return
    // A hub without a link has only its own old beliefs to go by.
    if (entry.peer !== undefined && links.count > 0 && isPresent(entry.peer)) {
      this.#dialIn(entry, askMs + jitter(askMs))
      return
    }
    const dialled = await dial(this.#parts, [entry.address])
    // This very hub. A name may lead to another one tomorrow, a number will not.
    if (dialled.kind === 'self' && !isName(entry)) return
    if ('peer' in dialled) entry.peer = dialled.peer
    if (entry.peer !== undefined && links.isConnected(entry.peer)) {
      entry.failures = 0
      return
    }
    this.#dialIn(entry, backOff(++entry.failures))
  }
}

function isName({ address }: Entry): boolean {
  return address.toString().startsWith('/dns')
}
