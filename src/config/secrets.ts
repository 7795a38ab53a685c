// Secrets on their way into a configuration: from files of their own, and from variables of older installations that hold keys
// in clear. Nothing here, and no message about it, repeats one.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Mistake } from './mistake.ts'
import { settings } from './schema.ts'
import { type ApiKey, placeholder } from './security.ts'

/** What of a key is written down. Keys are 32 random bytes: nothing can be guessed, so a fast hash is as good as a slow one. */
export function hashOfKey(key: string): string {
  return `sha256:${createHash('sha256').update(key).digest('hex')}`
}

/** Of a key that somebody made up; those of `hubmesh api-key new` have 47 characters. */
const leastKey = 16

export type BareKeys =
  | { readonly ok: true; readonly keys: readonly ApiKey[] }
  | { readonly ok: false; readonly message: string; readonly hint: string }

/** A list of bare keys, as FEDERATION_API_KEYS has it: a JSON array, or a text with commas. */
export function bareKeys(raw: string): BareKeys {
  const keys = textsIn(raw)
  if (keys === undefined) return { ok: false, message: 'is no list of keys', hint: 'write ["key", "another"]' }
  const wrong = keys.map(whyNoKey)
  const first = wrong.findIndex((reason) => reason !== undefined)
  if (first >= 0) {
    return { ok: false, message: `key ${first + 1} ${wrong[first]}`, hint: 'hubmesh api-key new makes one' }
  }
  return {
    ok: true,
    keys: keys.map((key, i) => ({ name: `federation-${i + 1}`, hash: hashOfKey(key), role: 'operator' })),
  }
}

function whyNoKey(key: string): string | undefined {
  if (placeholder.test(key)) return 'is the placeholder of an example'
  return key.length < leastKey ? `has fewer than ${leastKey} characters` : undefined
}

/** Undefined where it is JSON, or was meant to be, and no array of texts. */
function textsIn(raw: string): readonly string[] | undefined {
  const value = jsonIn(raw)
  if (value === undefined && !/^\s*[[{"]/.test(raw)) return raw.split(',').map((key) => key.trim())
  if (!Array.isArray(value) || !value.every((key) => typeof key === 'string')) return undefined
  return value.map((key) => key.trim())
}

function jsonIn(raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch {
    return undefined
  }
}

interface Said {
  readonly raw: unknown
  readonly from: string
}

/** A secret beside which `<key>_file` is set is what that file holds, without the line's end. */
export function readSecretFiles(given: Map<string, Said>): Mistake[] {
  return settings.flatMap(({ path, schema }): Mistake[] => {
    const file = given.get(`${path}_file`)
    if (schema.isSecret !== true || file === undefined) return []
    const said = given.get(path)
    if (said !== undefined) {
      return [{ path, message: `is set, and so is ${path}_file`, hint: 'remove one of them', from: said.from }]
    }
    try {
      given.set(path, { raw: readFileSync(String(file.raw), 'utf8').replace(/\r?\n$/, ''), from: String(file.raw) })
      return []
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return [{ path: `${path}_file`, message: `cannot be read: ${reason}`, from: file.from }]
    }
  })
}
