// `hubmesh diff`: where the catalogs of two hubs differ: projects by revision, slices by what they hold. What is on its way
// looks like a difference; it is gone a moment later.

import { Command } from 'commander'
import { Type } from '../core/schema.ts'
import { type DirectoryEntry, DirectoryEntrySchema, type Project, ProjectSchema, StatusSchema } from '../hub/shapes.ts'
import { ask, urlOf } from './client.ts'
import { exit } from './exit.ts'
import { table } from './table.ts'

interface Difference {
  readonly kind: 'project' | 'slice'
  readonly name: string
  readonly where: 'both' | 'a' | 'b'
  /** Of a project that both have: the fields that differ, as they are at the one and the other. */
  readonly fields: Readonly<Record<string, readonly [a: unknown, b: unknown]>>
}

export function diffCommand(): Command {
  return new Command('diff')
    .description('where the catalogs of two hubs differ; ends with 1 where they do')
    .argument('<hub-a>', 'HTTP address of one: http://host:port')
    .argument('<hub-b>', 'and of the other')
    .option('--json', 'print JSON')
    .action(diff)
}

async function diff(a: string, b: string, options: { readonly json?: boolean }): Promise<void> {
  const [one, other] = await Promise.all([held(a), held(b)])
  const differences = [...projectsApart(one.projects, other.projects), ...slicesApart(one.slices, other.slices)]
  const isSame = differences.length === 0 && one.digest === other.digest
  if (options.json === true) {
    const hubs = [one, other].map(({ hub_id, digest, projects }) => ({ hub_id, digest, projects: projects.length }))
    console.log(JSON.stringify({ same: isSame, hubs, differences }, null, 2))
  } else if (isSame)
    console.log(
      `${one.hub_id} and ${other.hub_id} hold the same: ${one.projects.length} projects, digest ${one.digest}`,
    )
  else console.log(describe(differences, [one, other]))
  process.exitCode = isSame ? exit.fine : exit.failed
}

type Held = Awaited<ReturnType<typeof held>>

async function held(text: string) {
  const url = urlOf(text).href
  const [status, projects, slices] = await Promise.all([
    ask({ url }, '/api/status', StatusSchema),
    ask({ url }, '/api/fed/projects', Type.Array(ProjectSchema)),
    ask({ url }, '/api/directory', Type.Array(DirectoryEntrySchema)),
  ])
  return { hub_id: status.hub_id, digest: status.view.digest, projects, slices }
}

/** Of these alone: what presence says of a project is worked out by each hub anew. */
const compared = [
  'name',
  'hub_url',
  'mesh_namespace',
  'tags',
  'allow_fanout',
  'created_at',
  'updated_at',
  'revision',
] as const

function projectsApart(one: readonly Project[], other: readonly Project[]): Difference[] {
  return apart(one, other, ({ slug }) => slug).flatMap(([name, a, b]): Difference[] => {
    if (a === undefined || b === undefined)
      return [{ kind: 'project', name, where: b === undefined ? 'a' : 'b', fields: {} }]
    if (a.revision === b.revision) return []
    const differing = compared.filter((field) => JSON.stringify(a[field]) !== JSON.stringify(b[field]))
    const fields = Object.fromEntries(differing.map((field) => [field, [a[field], b[field]] as const]))
    return [{ kind: 'project', name, where: 'both', fields }]
  })
}

function slicesApart(one: readonly DirectoryEntry[], other: readonly DirectoryEntry[]): Difference[] {
  return apart(one, other, ({ hub_id }) => hub_id).flatMap(([name, a, b]): Difference[] => {
    if (a === undefined || b === undefined)
      return [{ kind: 'slice', name, where: b === undefined ? 'a' : 'b', fields: {} }]
    if (a.records === b.records) return []
    return [{ kind: 'slice', name, where: 'both', fields: { records: [a.records, b.records] } }]
  })
}

/** By name, what the one and the other have. */
function apart<T>(
  one: readonly T[],
  other: readonly T[],
  nameOf: (item: T) => string,
): [string, T | undefined, T | undefined][] {
  const [a, b] = [one, other].map((items) => new Map(items.map((item) => [nameOf(item), item])))
  const names = [...new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])])].sort()
  return names.map((name) => [name, a?.get(name), b?.get(name)])
}

function describe(differences: readonly Difference[], [one, other]: readonly [Held, Held]): string {
  const rows = differences.map(({ kind, name, where, fields }) => {
    const only = where === 'both' ? '' : `only at ${where === 'a' ? one.hub_id : other.hub_id}`
    const told = Object.entries(fields).map(
      ([field, [a, b]]) => `${field}: ${JSON.stringify(a)} / ${JSON.stringify(b)}`,
    )
    return [kind, name, only || told.join(', ')]
  })
  const digests = `digests: ${one.hub_id} ${one.digest}, ${other.hub_id} ${other.digest}`
  if (rows.length === 0)
    return `${digests}\nnothing else differs: a write is on its way, or a removal is held by one alone`
  return `${table(['WHAT', 'NAME', `${one.hub_id} / ${other.hub_id}`], rows)}\n\n${digests}`
}
