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

/** Whether two plain values are equal, in whatever order their keys stand: then their canonical texts are too. */
export function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (a === b) return true
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, index) => isSame(item, b[index]))
  }
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  const [held, other] = [a, b] as Readonly<Record<string, unknown>>[]
  return keys.every((key) => held?.[key] !== undefined && isSame(held[key], other?.[key]))
}
