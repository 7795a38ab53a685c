// An old configuration as one of today: what is called differently, what means nothing here, what cannot work. All of it is
// read from the one table in names.ts; secrets stay where they are.

import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import type { Tier } from '../core/ids.ts'
import { type Environment, readYaml } from './file.ts'
import { conceal } from './kinds.ts'
import { loadConfig } from './load.ts'
import { meaningless, oldKeys, oldVariables, ownProject } from './names.ts'
import { readValue, writeValue } from './read.ts'
import { type Setting, settings } from './schema.ts'
import { commentedYaml } from './show.ts'
import { type Collected, collect, type Given } from './sources.ts'

export interface Change {
  readonly kind: 'renamed' | 'meaningless' | 'refused' | 'unknown' | 'kept' | 'missing'
  readonly name: string
  /** What it is called now. */
  readonly setting?: string
  readonly message: string
}

export type Migrated =
  | { readonly ok: true; readonly text: string; readonly changes: readonly Change[] }
  | { readonly ok: false; readonly reason: string }

/** A name of the environment: DATABASE_URL. */
const variable = /^[A-Z][A-Z0-9_]*$/
const why = 'secrets do not belong into this file'
/** What such a variable holds is no business of a file that people show each other. */
const secret = /KEY|SECRET|PASSWORD|TOKEN|CREDENTIAL/

/** Reads a tiered installation's YAML file, or a central one's variables: a `.env`, or a compose file that sets them. */
export function migrate(file: string): Migrated {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return { ok: false, reason: `cannot be read: ${error instanceof Error ? error.message : error}` }
  }
  const changes: Change[] = []
  const dotenv = isDotenv(text) ? parseEnv(text) : undefined
  const read = dotenv === undefined ? readYaml(file, asWritten) : { value: undefined, mistakes: [] }
  const [mistake] = read.mistakes
  if (mistake !== undefined) return { ok: false, reason: `${mistake.path}: ${mistake.message}` }
  const env: Environment | undefined = dotenv ?? variablesIn(read.value)
  const collected = env === undefined ? collect({ file, env: {}, filling: asWritten }) : fromVariables(env, changes)
  for (const { path, message, hint = '' } of collected.mistakes)
    changes.push({ kind: isKnown(path) ? 'refused' : 'unknown', name: path, message: sentence(message, hint) })
  for (const { name, message } of collected.notes) changes.push({ kind: 'meaningless', name, message })
  for (const [setting, { from }] of collected.given) {
    const name = from.split(', ').at(-1) ?? from
    if (name === file) continue
    changes.push({ kind: 'renamed', name, setting, message: sentence(`is ${setting}`, oldKeys[name]?.why ?? '') })
  }
  const kept = fitting(new Map([...collected.given, ...standIns(collected.given)]), changes)
  const written = { ...writtenOf(kept), ...secretsLeft(collected.given, kept, changes) }
  const tier = (written['node.hub_tier'] ?? 'local') as Tier
  return { ok: true, text: `${headOf(changes)}${commentedYaml(written, tier)}`, changes }
}

/** Variables that a file names are filled in when a hub reads it, not here. */
const asWritten: Environment = new Proxy<Record<string, string>>({}, { get: (_, name) => `\${${String(name)}}` })

/** A text that is a secret, or in which one stands. */
function isSecret({ schema }: Setting, raw: unknown): raw is string {
  return typeof raw === 'string' && (schema.isSecret === true || conceal(schema, raw) !== raw)
}

const reference = /^\$\{\w+\}$/

/** A secret that a file takes from a variable is not known here; the rules between settings take one that could be. */
function standIns(given: ReadonlyMap<string, Given>): [string, Given][] {
  const key = { name: 'stand-in', hash: `sha256:${'0'.repeat(64)}`, role: 'viewer' }
  return settings.flatMap((setting): [string, Given][] => {
    const said = given.get(setting.path)
    if (said === undefined || !isSecret(setting, said.raw) || !reference.test(said.raw)) return []
    return [
      [setting.path, { ...said, raw: setting.schema.type === 'array' ? [key] : 'stands for a secret of some length' }],
    ]
  })
}

/** Secrets as they are written: those from variables still are, and others are left out. */
function secretsLeft(given: ReadonlyMap<string, Given>, kept: ReadonlyMap<string, Given>, changes: Change[]) {
  const written: Record<string, unknown> = {}
  for (const setting of settings) {
    const { path, variable } = setting
    const raw = given.get(path)?.raw
    if (!kept.has(path) || !isSecret(setting, raw)) continue
    if (reference.test(raw)) written[path] = raw
    else changes.push({ kind: 'kept', name: path, message: `is left out; set ${variable}: ${why}` })
  }
  return written
}

function isDotenv(text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#'))
  return lines.length > 0 && lines.every((line) => /^\s*(export\s+)?[A-Za-z_]\w*\s*=/.test(line))
}

/** What a compose file, or a mapping of variables, sets; undefined where the value is none. */
function variablesIn(value: unknown): Record<string, string> | undefined {
  if (!isMapping(value)) return undefined
  const { services } = value
  const places = isMapping(services)
    ? Object.values(services).map((service) => (isMapping(service) ? service['environment'] : undefined))
    : [value]
  const pairs = places.flatMap((place): [string, unknown][] => {
    if (Array.isArray(place))
      return place.map((item) => [String(item).split('=', 1)[0] ?? '', afterEquals(String(item))])
    return isMapping(place) ? Object.entries(place) : []
  })
  if (!isMapping(services) && !pairs.every(([name]) => variable.test(name))) return undefined
  return Object.fromEntries(pairs.map(([name, held]) => [name, String(held ?? '')]))
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function afterEquals(text: string): string {
  return text.slice(text.indexOf('=') + 1)
}

function fromVariables(env: Environment, changes: Change[]): Collected {
  const old = new Set([...oldVariables.flatMap(Object.keys), ...Object.keys(meaningless)])
  const told: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(env)) {
    if (name === ownProject.slug || name === ownProject.url) {
      changes.push({ kind: 'kept', name, message: 'stays a variable: the hub registers that project and beats for it' })
    } else if (!old.has(name) && !name.startsWith('HUBMESH_')) {
      changes.push({ kind: 'unknown', name, message: 'is no variable of a hub' })
    } else if (secret.test(name) && !(name in meaningless)) {
      changes.push({ kind: 'kept', name, message: `stays a variable: ${why}` })
    } else told[name] = value
  }
  return collect({ env: told })
}

/** What a hub takes; the rest is left at its default, with the reason. */
function fitting(given: ReadonlyMap<string, Given>, changes: Change[]): Map<string, Given> {
  const kept = new Map(given)
  for (;;) {
    const loaded = loadConfig({ env: {}, flags: Object.fromEntries(kept) })
    if (loaded.ok) return kept
    const wrong = loaded.mistakes.filter(({ path }) => kept.delete(path))
    const mistakes = wrong.length > 0 ? wrong : loaded.mistakes
    for (const { path, message, hint = '' } of mistakes) {
      const kind = wrong.length > 0 ? 'refused' : 'missing'
      changes.push({ kind, name: path, setting: path, message: sentence(message, hint) })
    }
    if (wrong.length === 0) return kept
  }
}

function writtenOf(kept: ReadonlyMap<string, Given>): Record<string, unknown> {
  const written: Record<string, unknown> = {}
  for (const setting of settings) {
    const { path, schema } = setting
    const said = kept.get(path)
    const reading = said === undefined || isSecret(setting, said.raw) ? undefined : readValue(schema, said.raw)
    if (reading?.ok === true) written[path] = writeValue(schema, reading.value)
  }
  return written
}

const words: Readonly<Record<Change['kind'], string>> = {
  renamed: 'renamed',
  meaningless: 'no meaning here',
  refused: 'cannot work',
  unknown: 'unknown',
  kept: 'kept',
  missing: 'to be set',
}

/** `renamed          network.listen_port: is network.http_port` */
export function describeChange({ kind, name, message }: Change): string {
  return `${words[kind].padEnd(16)} ${name}: ${message}`
}

function headOf(changes: readonly Change[]): string {
  if (changes.length === 0) return ''
  return `${['# What changed:', ...changes.map((change) => `#   ${describeChange(change)}`), '#'].join('\n')}\n`
}

function isKnown(path: string): boolean {
  return path in meaningless || settings.some((setting) => setting.path === path)
}

function sentence(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('; ')
}
