// What a run cost and how quick the hubs were, gathered from outside.

import type { Millis } from '../../src/core/time.ts'
import type { Codec } from '../../src/hub/ports.ts'
import type { Meter } from './fabric.ts'

export interface Traffic {
  readonly messages: number
  readonly bytes: number
}

/** Publications kept decoded: what is on its way at one time is far less. */
const maxShared = 2_000

/** Counts what is received, by the kind of message. */
export class TrafficMeter implements Meter {
  readonly #traffic = new Map<string, { messages: number; bytes: number }>()
  /** A hub sends what it encoded last: its bytes, and their kind. */
  #encoded: Uint8Array | undefined
  #kind = 'unknown'
  /** Publications, and what they say once somebody has read them. */
  readonly #shared = new Map<Uint8Array, unknown>()

  /**
   * The same codec, with the kind of what was encoded noted. What hundreds of hubs receive as one publication is
   * decoded once and frozen: whoever changed it would change it for all.
   */
  watch(codec: Codec): Codec {
    const noted = (value: unknown, bytes: Uint8Array): Uint8Array => {
      this.#encoded = bytes
      this.#kind = kindOf(value)
      return bytes
    }
    return {
      encode: (value) => noted(value, codec.encode(value)),
      pack: (value) => noted(value, codec.pack(value)),
      decode: (bytes) => {
        const shared = this.#shared.get(bytes)
        if (shared !== undefined && shared !== unread) return shared
        const value = codec.decode(bytes)
        if (shared === unread) this.#shared.set(bytes, freeze(value))
        return value
      },
    }
  }

  sent(bytes: Uint8Array, copies: number): void {
    const kind = this.#encoded === bytes ? this.#kind : 'unknown'
    let counted = this.#traffic.get(kind)
    if (counted === undefined) {
      counted = { messages: 0, bytes: 0 }
      this.#traffic.set(kind, counted)
    }
    counted.messages += copies
    counted.bytes += copies * bytes.length
    if (copies > 1) this.#share(bytes)
  }

  byKind(): ReadonlyMap<string, Traffic> {
    return this.#traffic
  }

  #share(bytes: Uint8Array): void {
    this.#shared.set(bytes, unread)
    const oldest = this.#shared.keys().next().value
    if (this.#shared.size > maxShared && oldest !== undefined) this.#shared.delete(oldest)
  }
}

const unread = Symbol('unread')

function kindOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return 'unknown'
  return typeof value.kind === 'string' ? value.kind : 'unknown'
}

function freeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  for (const part of Object.values(value)) freeze(part)
  return Object.freeze(value)
}

/** The value that `share` (0 to 1) of the sorted values do not exceed; undefined when there are none. */
export function quantile(values: readonly Millis[], share: number): Millis | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]
}
