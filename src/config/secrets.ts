// Secrets on their way into a configuration: from files of their own, and from variables of older installations that hold keys
// in clear. Nothing here, and no message about it, repeats one.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Mistake } from './mistake.ts'
import { settings } from './schema.ts'
import type { ApiKey } from './security.ts'

/** What of a key is written down. Keys are 32 random bytes: nothing can be guessed, so a fast hash is as good as a slow one. */
export function hashOfKey(key: string): string {
  return `sha256:${createHash('sha256').update(key).digest('hex')}`
}

/** A list of bare keys, as FEDERATION_API_KEYS has it: JSON, or with commas. Undefined when it is none. */
export function bareKeys(raw: string): readonly ApiKey[] | undefined {
  const keys = raw.trim().startsWith('[') ? jsonList(raw) : raw.split(',')
  const texts = keys?.map((key) => (typeof key === 'string' ? key.trim() : ''))
  if (texts === undefined || texts.some((text) => text === '')) return undefined
  return texts.map((text, i) => ({ name: `federation-${i + 1}`, hash: hashOfKey(text), role: 'operator' }))
}

function jsonList(raw: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(raw)
    return Array.isArray(value) ? value : undefined
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
