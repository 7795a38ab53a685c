// A configuration as text: the whole of it with where each value came from, or a commented file to start from.

import { stringify } from 'yaml'
import type { Tier } from '../core/ids.ts'
import { conceal, type Preset } from './kinds.ts'
import { defaultOf } from './load.ts'
import { writeValue } from './read.ts'
import { type Config, type Setting, settings } from './schema.ts'

/** Every setting that has a value, as a person writes it, with who set it. */
export interface Shown {
  readonly path: string
  readonly value: unknown
  /** A file, variable or flag; `default` otherwise. */
  readonly from: string
}

export function showConfig(config: Config, origins: ReadonlyMap<string, string>): readonly Shown[] {
  return settings.flatMap(({ path, schema }) => {
    const value = path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)?.[key], config)
    if (value === undefined) return []
    const written = writeValue(schema, value)
    // Of keys there are only hashes.
    const told = typeof value === 'string' ? conceal(schema, written) : written
    return [{ path, value: told, from: origins.get(path) ?? 'default' }]
  })
}

/** The configuration as YAML, each value followed by its origin. */
export function showYaml(shown: readonly Shown[]): string {
  const width = Math.max(...shown.map((one) => line(one.path, one.value).length))
  return sectioned(shown, (one) => `${line(one.path, one.value).padEnd(width)}  # ${one.from}`)
}

/**
 * A commented file: what is `chosen` (setting path → value) is set, everything else stands there as a comment with its
 * default, so that the file says what there is without pinning it.
 */
export function commentedYaml(chosen: Readonly<Record<string, unknown>>, tier: Tier): string {
  const kindred = { tier, preset: (chosen['membership.preset'] ?? 'lan') as Preset }
  const head = [
    '# HubMesh. Every setting is here; what is commented out has the value shown.',
    `# Durations: seconds, or 500ms, 30s, 72h. Sizes: bytes, or 64 KiB. \${VARIABLE} is filled in from the environment.`,
    '# HUBMESH_<SECTION>__<KEY> overrides any key. Check with: hubmesh config validate --config THIS_FILE',
    '',
  ]
  const body = sectioned(settings, (setting) => {
    const { path, schema } = setting
    const value = chosen[path] ?? (schema.derived === undefined ? defaultOf(schema, kindred) : undefined)
    const comment = `${indent(path)}# ${schema.description}`
    if (path in chosen) return `${comment}\n${line(path, chosen[path])}`
    return `${comment}\n${commented(setting, value)}`
  })
  return `${head.join('\n')}\n${body}`
}

function commented({ path, schema }: Setting, value: unknown): string {
  if (schema.derived !== undefined) return `${indent(path)}# ${leafOf(path)}: (${schema.derived})`
  if (value === undefined) return `${indent(path)}# ${leafOf(path)}:`
  return `${indent(path)}# ${line(path, writeValue(schema, value)).trimStart()}`
}

/** One block a section, with the headings of groups (`node.coordinates`) written once. */
function sectioned<T extends { readonly path: string }>(items: readonly T[], write: (item: T) => string): string {
  const lines: string[] = []
  let open = ''
  for (const item of items) {
    const group = item.path.slice(0, item.path.lastIndexOf('.'))
    if (group !== open) lines.push(...headings(open, group))
    open = group
    lines.push(write(item))
  }
  return `${lines.join('\n').trimStart()}\n`
}

function headings(from: string, to: string): string[] {
  const had = from.split('.')
  return to.split('.').flatMap((name, depth) => {
    if (
      had.slice(0, depth + 1).join('.') ===
      to
        .split('.')
        .slice(0, depth + 1)
        .join('.')
    )
      return []
    return depth === 0 ? ['', `${name}:`] : [`${'  '.repeat(depth)}${name}:`]
  })
}

function line(path: string, value: unknown): string {
  const text = stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim()
  return `${indent(path)}${leafOf(path)}: ${text}`
}

function leafOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1)
}

function indent(path: string): string {
  return '  '.repeat(path.split('.').length - 1)
}
