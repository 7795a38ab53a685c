// What the schemas of settings are made of: durations, counts, sizes and lists, each with what the loader, the commented file
// and the documentation must know of it.

import type { TSchema } from 'typebox'
import type { Tier } from '../core/ids.ts'
import { Type } from '../core/schema.ts'
import { withoutUserinfo } from '../core/userinfo.ts'

/** How a person writes the value, where that is not how the hub holds it. */
export type Unit = 'duration' | 'size'

/** What kind of network the hubs of a pool are on. */
export const presets = ['lan', 'wan', 'local'] as const
export type Preset = (typeof presets)[number]

export interface Facts {
  readonly description: string
  readonly default?: unknown
  readonly unit?: Unit
  /** The default depends on membership.preset. */
  readonly byPreset?: Readonly<Record<Preset, number>>
  /** The default depends on the hub's tier. */
  readonly byTier?: Readonly<Record<Tier, number>>
  /** The default follows from other settings, as the loader says. */
  readonly derived?: string
  /** Its value is never repeated: not in messages, and not by `config show` where it is a text. */
  readonly isSecret?: boolean
  /** An address before whose @ stands who somebody is: that is not repeated. */
  readonly hasUserinfo?: boolean
  /** How it, or one entry of a list, is written: the hint where it is not. */
  readonly shape?: string
}

/** What the loader reads of a setting's schema. */
export type SettingSchema = TSchema & Facts & { readonly type?: string; readonly enum?: readonly string[] }

export const duration = (description: string, facts: Omit<Facts, 'description'> & { readonly minimum?: number }) =>
  Type.Number({ minimum: 1, ...facts, description, unit: 'duration' })
export const count = (description: string, facts: Omit<Facts, 'description'> & { readonly maximum?: number }) =>
  Type.Integer({ minimum: 1, ...facts, description })
export const size = (description: string, bytes: number, minimum: number) =>
  Type.Integer({ minimum, default: bytes, description, unit: 'size' })
export const list = (description: string, facts: Omit<Facts, 'description'> & { readonly minItems?: number }) =>
  Type.Array(Type.String({ minLength: 1 }), { maxItems: 64, ...facts, description })

export const s = 1_000
export const KiB = 1024
export const MiB = 1024 * KiB

/** What of a value may be repeated. */
export function conceal({ isSecret, hasUserinfo }: Facts, value: unknown): unknown {
  if (typeof value === 'string' && isSecret === true) return '(secret)'
  return hasUserinfo === true ? inTexts(value, withoutUserinfo) : value
}

function inTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((one) => inTexts(one, change))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [change(key), inTexts(held, change)]))
}
