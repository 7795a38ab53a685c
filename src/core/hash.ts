// Hashes that are the same on every hub and in the simulator. SHA-256 by @noble/hashes, pure JavaScript.

import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/** SHA-256 of the parts, each prefixed by its length so that no two lists collide; lower-case hex, 64 digits. */
export function hashOf(parts: readonly (string | number)[]): string {
  return bytesToHex(sha256(utf8ToBytes(parts.map((part) => `${String(part).length}:${part}`).join(''))))
}

/** The value as text, object keys sorted: equal values give equal text on every hub. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${entries.map(([key, held]) => `${JSON.stringify(key)}:${canonical(held)}`).join(',')}}`
}
