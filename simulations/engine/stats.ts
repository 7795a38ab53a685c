// What a run cost and how quick the hubs were, gathered from outside.

import type { Millis } from '../../src/core/time.ts'
import type { Codec } from '../../src/hub/ports.ts'
import type { Meter } from './fabric.ts'

export interface Traffic {
  readonly messages: number
  readonly bytes: number
}

/** Counts what is received, by the kind of message. */
export class TrafficMeter implements Meter {
  readonly #kinds = new WeakMap<Uint8Array, string>()
  readonly #decoded = new WeakMap<Uint8Array, unknown>()
  readonly #traffic = new Map<string, { messages: number; bytes: number }>()

  /**
   * The same codec, with every encoded message remembered by its kind. What hundreds of hubs receive as one publication
   * is decoded once and frozen: whoever changed it would change it for all.
   */
  watch(codec: Codec): Codec {
    return {
      encode: (value) => {
        const bytes = codec.encode(value)
        this.#kinds.set(bytes, kindOf(value))
        return bytes
      },
      decode: (bytes) => {
        if (this.#decoded.has(bytes)) return this.#decoded.get(bytes)
        const value = freeze(codec.decode(bytes))
        this.#decoded.set(bytes, value)
        return value
      },
    }
  }

  sent(bytes: Uint8Array, copies: number): void {
    const kind = this.#kinds.get(bytes) ?? 'unknown'
    const counted = this.#traffic.get(kind) ?? { messages: 0, bytes: 0 }
    counted.messages += copies
    counted.bytes += copies * bytes.length
    this.#traffic.set(kind, counted)
  }

  byKind(): ReadonlyMap<string, Traffic> {
    return this.#traffic
  }
}

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
