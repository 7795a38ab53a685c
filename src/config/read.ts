// One value, from whatever a file, a variable or a flag said, to what the setting's schema holds. YAML gives typed values,
// variables and flags give text; both take the same path, so that `http_port: "8080"` and `HUBMESH_NETWORK__HTTP_PORT=8080`
// mean the same. Nothing is guessed: what does not fit is refused with the reason.

import { Errors } from 'typebox/schema'
import { formatDuration, formatSize, parseDuration, parseSize } from '../core/units.ts'
import { conceal, type SettingSchema } from './kinds.ts'
import { nearest } from './nearest.ts'

export type Reading =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string; readonly hint?: string }

const words: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  yes: true,
  no: false,
  on: true,
  off: false,
}

/** The checked value: durations in milliseconds, sizes in bytes, lists as arrays. */
export function readValue(schema: SettingSchema, raw: unknown): Reading {
  const typed = asType(schema, raw)
  if (!typed.ok && schema.isSecret === true) return unsaid(schema, { message: 'is not what belongs here' })
  if (!typed.ok) return asType(schema, conceal(schema, raw))
  const [, [error]] = Errors(schema, typed.value)
  if (error === undefined) return typed
  if (schema.isSecret === true) return unsaid(schema, error)
  return { ok: false, message: `${show(conceal(schema, raw))} ${constraint(schema, error.message)}`, ...hintOf(schema) }
}

/** A refusal that says which entry is wrong and how, not what stands there. */
function unsaid(schema: SettingSchema, error: { readonly instancePath?: string; readonly message: string }): Reading {
  const [, entry, field] = error.instancePath?.split('/') ?? []
  const where = entry === undefined ? '' : `entry ${Number(entry) + 1}${field === undefined ? '' : `: ${field}`} `
  return { ok: false, message: `${where}${error.message}`, ...hintOf(schema) }
}

function hintOf({ shape }: SettingSchema): { readonly hint?: string } {
  return shape === undefined ? {} : { hint: shape }
}

/** The value as a person writes it in YAML. */
export function writeValue(schema: SettingSchema, value: unknown): unknown {
  if (typeof value !== 'number') return value
  if (schema.unit === 'duration') return formatDuration(value)
  if (schema.unit === 'size') return formatSize(value)
  return value
}

function asType(schema: SettingSchema, raw: unknown): Reading {
  if (schema.unit === 'duration') {
    const hint = 'write seconds, or a number with ms, s, m or h: 30s, 500ms'
    return number(parseDuration(raw), refusal(raw, 'is no duration', hint))
  }
  if (schema.unit === 'size') {
    const hint = 'write bytes, or a number with KiB, MiB or GiB: 64 KiB'
    return number(parseSize(raw), refusal(raw, 'is no size', hint))
  }
  if (schema.enum !== undefined) return choice(schema.enum, raw)
  switch (schema.type) {
    case 'integer':
    case 'number':
      return number(asNumber(raw), refusal(raw, 'is no number', undefined))
    case 'boolean':
      return boolean(raw)
    case 'array':
      return list(raw)
    case 'object':
      return pairs(raw)
    default:
      if (typeof raw === 'string') return { ok: true, value: raw }
      return refusal(raw, 'is no text', typeof raw === 'number' ? 'put it in quotes' : undefined)
  }
}

function asNumber(raw: unknown): number | undefined {
  if (typeof raw === 'number') return raw
  return typeof raw === 'string' && /^-?\d+(\.\d+)?$/.test(raw.trim()) ? Number(raw) : undefined
}

function number(value: number | undefined, otherwise: Reading): Reading {
  return value === undefined || !Number.isFinite(value) ? otherwise : { ok: true, value }
}

function boolean(raw: unknown): Reading {
  const value = typeof raw === 'string' ? words[raw.trim().toLowerCase()] : raw
  return typeof value === 'boolean' ? { ok: true, value } : refusal(raw, 'is neither true nor false', undefined)
}

/** Case does not matter; `warning` is the old word for `warn`. */
function choice(options: readonly string[], raw: unknown): Reading {
  const text = String(raw).trim().toLowerCase()
  const word = text === 'warning' && options.includes('warn') ? 'warn' : text
  if (options.includes(word)) return { ok: true, value: word }
  const meant = nearest(word, options)
  return refusal(raw, `is none of ${options.join(', ')}`, meant === undefined ? undefined : `did you mean "${meant}"?`)
}

function list(raw: unknown): Reading {
  if (Array.isArray(raw)) return { ok: true, value: raw }
  if (typeof raw !== 'string') return refusal(raw, 'is no list', undefined)
  if (!raw.trim().startsWith('[')) {
    const items = raw.split(',').map((item) => item.trim())
    return { ok: true, value: items.filter((item) => item !== '') }
  }
  try {
    return { ok: true, value: JSON.parse(raw) }
  } catch {
    return refusal(raw, 'is no JSON list', 'write ["a", "b"] or a,b')
  }
}

/** Names with values: an object, or text like `zone=a,rack=3`. */
function pairs(raw: unknown): Reading {
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) return { ok: true, value: asTexts(raw) }
  const hint = 'write zone=a,rack=3 or {"zone": "a"}'
  if (typeof raw !== 'string') return refusal(raw, 'is no list of names with values', hint)
  if (raw.trim().startsWith('{')) {
    const value = parseObject(raw)
    return value === undefined ? refusal(raw, 'is no JSON object', hint) : { ok: true, value: asTexts(value) }
  }
  const items = raw.split(',').filter((item) => item.trim() !== '')
  const split = items.map((item) => item.split('=').map((part) => part.trim()))
  if (split.some((parts) => parts.length !== 2)) return refusal(raw, 'is no list of names with values', hint)
  return { ok: true, value: Object.fromEntries(split) }
}

/** A number in YAML is meant as text here: `rack: 3`. */
function asTexts(value: object): object {
  const text = (held: unknown) => (typeof held === 'number' || typeof held === 'boolean' ? String(held) : held)
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, text(held)]))
}

/** JSON text as an object; undefined when it is none. */
export function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function refusal(raw: unknown, message: string, hint: string | undefined): Reading {
  return { ok: false, message: `${show(raw)} ${message}`, ...(hint === undefined ? {} : { hint }) }
}

/** TypeBox speaks of the value as the hub holds it; people wrote it with a unit. */
function constraint(schema: SettingSchema, message: string): string {
  return message.replace(/-?\d+(\.\d+)?$/, (held) => String(writeValue(schema, Number(held))))
}

const shownLength = 60

function show(raw: unknown): string {
  const text = JSON.stringify(raw) ?? String(raw)
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text
}
