// `hubmesh import`: the projects of a central service, registered at a hub. What the hub has as it is there is left alone, so
// that an import that broke off is begun again, and one that was done writes nothing. What was removed there stays removed.

import { Command } from 'commander'
import { Errors } from 'typebox/schema'
import { Type } from '../core/schema.ts'
import { type Project, ProjectSchema, type Registration, RegistrationSchema } from '../hub/shapes.ts'
import {
  type AskOptions,
  ask,
  credentials,
  detailOf,
  reasonOf,
  refuseRedirect,
  tell,
  urlOf,
  withHub,
} from './client.ts'
import { CommandFailed, exit } from './exit.ts'
import { Progress } from './progress.ts'
import { table } from './table.ts'

const projectsPath = '/api/fed/projects'
const timeoutMs = 30_000
/** Registrations under way at once. */
const atOnce = 8

interface ImportOptions extends AskOptions {
  readonly from: string
  readonly fromKey?: string
  readonly dryRun?: boolean
  readonly revive?: boolean
}

/** What became of a project, or would. */
interface Outcome {
  readonly slug: string
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'left' | 'refused'
  readonly reason?: string
}

export function importCommand(): Command {
  const command = new Command('import')
    .description('register the projects of a central service at a hub; what is there as it should be is left alone')
    .requiredOption('--from <url>', 'address of the central service: http://old:8001')
    .option('--from-key <key>', 'key for the central service; otherwise FEDERATION_FROM_KEY')
    .option('--revive', 'bring back projects that were removed at the hub')
    .option('--dry-run', 'say what would be done, and do nothing')
  return withHub(command).action(importAll)
}

async function importAll(options: ImportOptions): Promise<void> {
  const [listed, there] = await Promise.all([
    listedAt(urlOf(options.from), options.fromKey ?? (process.env['FEDERATION_FROM_KEY'] || undefined)),
    ask(options, projectsPath, Type.Array(ProjectSchema)),
  ])
  const known = new Map(there.map((project) => [project.slug, project]))
  const wanted = lastOfEach(listed)
  const outcomes: Outcome[] = []
  const progress = new Progress('looked at', 'projects')
  try {
    for (let at = 0; at < wanted.length; at += atOnce) {
      const some = wanted.slice(at, at + atOnce)
      outcomes.push(...(await Promise.all(some.map((one) => taken(one, known, options)))))
      progress.add(some.length)
    }
  } finally {
    progress.end()
  }
  say(outcomes, options)
}

/** What the central service lists, unread. */
async function listedAt(url: URL, key: string | undefined): Promise<readonly unknown[]> {
  let response: Response
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    response = await fetch(new URL(projectsPath, url), {
      headers: credentials(key),
      redirect: 'manual',
      signal,
    })
  } catch (error) {
    throw new CommandFailed(exit.failed, `nothing answers at ${url} (${reasonOf(error)}): check --from`)
  }
  refuseRedirect(response, url, '--from')
  const body: unknown = await response.json().catch(() => undefined)
  const hint = response.status === 401 || response.status === 403 ? ': pass --from-key' : `: ${detailOf(body)}`
  if (!response.ok) throw new CommandFailed(exit.failed, `${url} answers ${response.status}${hint}`)
  if (Array.isArray(body)) return body
  throw new CommandFailed(exit.failed, `${url} answers, but with no list of projects: check --from`)
}

interface Wanted {
  readonly registration: Registration
  /** In the list. */
  readonly index: number
}

/** Of several with one slug the last; what has none stands for itself. */
function lastOfEach(listed: readonly unknown[]): readonly Wanted[] {
  const all = listed.map((raw, index) => ({ registration: registrationOf(raw), index }))
  return [...new Map(all.map((one) => [one.registration.slug ?? one, one])).values()]
}

async function taken(
  { registration, index }: Wanted,
  known: ReadonlyMap<string, Project>,
  options: ImportOptions,
): Promise<Outcome> {
  const slug = registration.slug ?? `[${index}]`
  const [, [error]] = Errors(RegistrationSchema, registration)
  if (error !== undefined || registration.slug === undefined) {
    const field = error?.instancePath.slice(1) ?? ''
    return {
      slug,
      outcome: 'refused',
      reason: error === undefined ? 'it has no slug' : `${field} ${error.message}`.trim(),
    }
  }
  const there = known.get(slug)
  if (there !== undefined && isAlready(there, registration)) return { slug, outcome: 'unchanged' }
  const outcome = there === undefined ? 'created' : 'updated'
  try {
    if (options.revive !== true && there === undefined && (await wasRemoved(slug, options))) return left(slug)
    if (options.dryRun === true) return { slug, outcome }
    // PATCH brings nothing back that was removed since the list was read.
    const isUpdate = options.revive !== true && there !== undefined
    const said = isUpdate ? ({ path: pathOf(slug), method: 'PATCH' } as const) : { path: projectsPath }
    await tell(options, { ...said, body: registration }, ProjectSchema)
    return { slug, outcome }
  } catch (refusal) {
    if (!(refusal instanceof CommandFailed)) throw refusal
    if (refusal.problem === removed) return left(slug)
    return { slug, outcome: 'refused', reason: refusal.message }
  }
}

const removed = 'project-removed'

function left(slug: string): Outcome {
  return { slug, outcome: 'left', reason: 'removed here; --revive brings it back' }
}

function pathOf(slug: string): string {
  return `${projectsPath}/${slug}`
}

/** Whether the hub, whose list lacks this project, had it once. Throws `CommandFailed`. */
async function wasRemoved(slug: string, options: ImportOptions): Promise<boolean> {
  try {
    await ask(options, pathOf(slug), ProjectSchema)
  } catch (refusal) {
    if (!(refusal instanceof CommandFailed)) throw refusal
    if (refusal.problem === removed) return true
    if (refusal.problem !== 'unknown-project') throw refusal
  }
  return false
}

const fields = Object.keys(RegistrationSchema.properties).filter((name) => name !== 'project_slug')

/** What is said of the project that a hub keeps: status and times are its own to find out; null is nothing. */
function registrationOf(raw: unknown): Registration {
  if (typeof raw !== 'object' || raw === null) return {}
  const said = { ...raw, slug: 'slug' in raw ? raw.slug : 'project_slug' in raw ? raw.project_slug : undefined }
  const kept = Object.entries(said).filter(
    ([name, value]) => fields.includes(name) && value !== null && value !== undefined,
  )
  return Object.fromEntries(kept) as Registration
}

function isAlready(there: Project, wanted: Registration): boolean {
  return Object.entries(wanted).every(([name, value]) => plain(there[name as keyof Project]) === plain(value))
}

/** Lists are sets. */
function plain(value: unknown): string {
  return JSON.stringify(Array.isArray(value) ? [...new Set(value)].sort() : value)
}

function say(outcomes: readonly Outcome[], { json, dryRun }: ImportOptions): void {
  const count = (one: Outcome['outcome']): number => outcomes.filter(({ outcome }) => outcome === one).length
  const [created, updated, unchanged, left] = [count('created'), count('updated'), count('unchanged'), count('left')]
  const refused = outcomes.filter(({ outcome }) => outcome === 'refused')
  if (json === true) {
    const projects = outcomes.filter(({ outcome }) => outcome !== 'unchanged')
    console.log(
      JSON.stringify(
        { dry_run: dryRun === true, created, updated, unchanged, left, refused: refused.length, projects },
        null,
        2,
      ),
    )
  } else {
    const shown = dryRun === true ? outcomes : outcomes.filter(({ reason }) => reason !== undefined)
    const rows = shown.map(({ slug, outcome, reason = '' }) => [slug, outcome, reason])
    if (rows.length > 0) console.log(table(['PROJECT', dryRun === true ? 'WOULD BE' : '', 'WHY'], rows))
    const would = dryRun === true ? 'would be ' : ''
    const ends = `${left > 0 ? `left ${left}, ` : ''}refused ${refused.length}`
    console.log(`${would}created ${created}, updated ${updated}, unchanged ${unchanged}, ${ends}`)
  }
  if (refused.length > 0) process.exitCode = exit.failed
}
