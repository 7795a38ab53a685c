// From all sources to one frozen configuration, or to all that is wrong with it. Nothing is opened before this succeeds.

import type { Tier } from '../core/ids.ts'
import type { Preset, SettingSchema } from './kinds.ts'
import { lint } from './lint.ts'
import type { Mistake, Note } from './mistake.ts'
import { readValue } from './read.ts'
import { type Config, type Setting, settings } from './schema.ts'
import { readSecretFiles } from './secrets.ts'
import { hasCredentials } from './security.ts'
import { collect, type Sources } from './sources.ts'

export type Loaded =
  | {
      readonly ok: true
      readonly config: Config
      readonly origins: ReadonlyMap<string, string>
      /** Names that mean nothing here. */
      readonly notes: readonly Note[]
    }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] }

/**
 * Reads file, environment and flags, in rising strength. `origins` says per setting which of them spoke; a setting that is
 * not in it has its default. Durations come in milliseconds, sizes in bytes.
 */
export function loadConfig(sources: Sources): Loaded {
  const collected = collect(sources)
  const given = new Map(collected.given)
  const mistakes = [...collected.mistakes, ...readSecretFiles(given)]
  const faulty = new Set<string>()
  const values = new Map<string, unknown>()
  const fault = (mistake: Mistake) => {
    faulty.add(mistake.path)
    mistakes.push(mistake)
  }
  for (const { path, schema } of settings) {
    const said = given.get(path)
    if (said === undefined) continue
    const reading = readValue(schema, said.raw)
    if (reading.ok) values.set(path, reading.value)
    else fault({ path, message: reading.message, ...hint(reading.hint), from: said.from })
  }
  for (const path of missing(values, faulty)) fault(path)
  const config = build(values)
  mistakes.push(...lint(config, faulty).map((mistake) => ({ ...mistake, ...from(given.get(mistake.path)?.from) })))
  if (mistakes.length > 0) return { ok: false, mistakes }
  const origins = new Map([...given].map(([path, said]) => [path, said.from]))
  return { ok: true, config: freeze(config), origins, notes: collected.notes }
}

/** Settings without a default: the hub's name, and half of a pair of coordinates. */
function missing(values: ReadonlyMap<string, unknown>, faulty: ReadonlySet<string>): Mistake[] {
  const absent = (path: string) => !values.has(path) && !faulty.has(path)
  const latitude = 'node.coordinates.latitude'
  const longitude = 'node.coordinates.longitude'
  return [
    ...(absent('node.id')
      ? [
          {
            path: 'node.id',
            message: 'is not set',
            hint: 'set it in the file, with HUBMESH_NODE__ID or with --node-id',
          },
        ]
      : []),
    ...(absent(latitude) !== absent(longitude) && !faulty.has(latitude) && !faulty.has(longitude)
      ? [{ path: absent(latitude) ? latitude : longitude, message: 'is not set', hint: 'set both or none' }]
      : []),
  ]
}

/** The whole tree with defaults filled in. Faulty values have their default here, for the rules that do not read them. */
function build(values: ReadonlyMap<string, unknown>): Config {
  const tier = (values.get('node.hub_tier') ?? 'local') as Tier
  const preset = (values.get('membership.preset') ?? 'lan') as Preset
  const tree: Record<string, unknown> = {}
  for (const setting of settings) {
    const value = values.get(setting.path) ?? defaultOf(setting.schema, { tier, preset })
    if (value !== undefined) put(tree, setting, value)
  }
  const config = tree as Config
  const isOpen = hasCredentials(config.security)
  if (!values.has('network.http_host')) config.network.http_host = isOpen ? '0.0.0.0' : '127.0.0.1'
  return config
}

/** What defaults of other settings depend on. */
export interface Kindred {
  readonly tier: Tier
  readonly preset: Preset
}

/** The default of a setting for such a hub; undefined for a required, derived or optional one. */
export function defaultOf(schema: SettingSchema, { tier, preset }: Kindred): unknown {
  return schema.byTier?.[tier] ?? schema.byPreset?.[preset] ?? schema.default
}

function put(tree: Record<string, unknown>, setting: Setting, value: unknown): void {
  const keys = setting.path.split('.')
  const leaf = keys.pop() ?? ''
  let node = tree
  for (const key of keys) {
    node[key] ??= {}
    node = node[key] as Record<string, unknown>
  }
  node[leaf] = structuredClone(value)
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const inner of Object.values(value)) freeze(inner)
  return Object.freeze(value)
}

function hint(text: string | undefined): { hint?: string } {
  return text === undefined ? {} : { hint: text }
}

function from(source: string | undefined): { from?: string } {
  return source === undefined ? {} : { from: source }
}
