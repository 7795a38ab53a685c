// Hashes that are the same on every hub and in the simulator. SHA-256 by @noble/hashes, pure JavaScript.

import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/** SHA-256 of the parts, each prefixed by its length so that no two lists collide; lower-case hex, 64 digits. */
export function hashOf(parts: readonly (string | number)[]): string {
  return bytesToHex(sha256(utf8ToBytes(parts.map((part) => `${String(part).length}:${part}`).join(''))))
}

/** The value as text, object keys sorted: equal values give equal text on every hub. Written for speed: each record is told so. */
export function canonical(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null'
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  let text = ''
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) text += i === 0 ? canonical(value[i]) : `,${canonical(value[i])}`
    return `[${text}]`
  }
  const held = value as Readonly<Record<string, unknown>>
  for (const key of Object.keys(value).sort()) {
    text += `${text === '' ? '' : ','}${quoted(key)}:${canonical(held[key])}`
  }
  return `{${text}}`
}

/** ASCII that JSON shows as it is. */
const simple = /^[ !#-[\]-~]*$/

function quoted(text: string): string {
  return simple.test(text) ? `"${text}"` : JSON.stringify(text)
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
