// config/projects.yaml: the projects that a hub registers at start. Checked as a whole before anything is written, with the
// same schema as a registration over HTTP.

import { existsSync } from 'node:fs'
import { Errors } from 'typebox/schema'
import { asSlug, type Slug } from '../core/ids.ts'
import { type Registration, RegistrationSchema } from '../hub/shapes.ts'
import { type Environment, readYaml } from './file.ts'
import type { Mistake } from './mistake.ts'
import { nearest } from './nearest.ts'

export type ProjectEntry = Registration & { readonly slug: Slug }

export type LoadedProjects =
  /** Without entries: there is no file, which is not the same as an empty one. */
  | { readonly ok: true; readonly entries?: readonly ProjectEntry[] }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] }

const fields = Object.keys(RegistrationSchema.properties)

/**
 * The entries of the file, each with its slug. A file that is not there is no mistake when it is `optional` (nobody named
 * it).
 */
export function loadProjects(file: string, env: Environment, optional: boolean): LoadedProjects {
  if (file === '' || (optional && !existsSync(file))) return { ok: true }
  const { value, mistakes, placeOf } = readYaml(file, env)
  if (mistakes.length > 0) return { ok: false, mistakes }
  // A file without a word, as an editor leaves it for a moment, asks for nothing; `projects: []` asks for none.
  if (value === undefined) return { ok: true }
  const list = listIn(value)
  if (list === undefined) {
    return { ok: false, mistakes: [{ path: file, message: 'is no mapping with a list under the key projects' }] }
  }
  const place = (index: number, field?: string) => placeOf(['projects', index, ...(field === undefined ? [] : [field])])
  const read = list.map((entry, index) => readEntry(entry, index, place))
  const found = [...read.flatMap((one) => one.mistakes), ...duplicates(read, place)]
  if (found.length > 0) return { ok: false, mistakes: found }
  return { ok: true, entries: read.flatMap(({ entry }) => (entry === undefined ? [] : [entry])) }
}

/** The line of the file where an entry stands, or a field of it. */
type Place = (index: number, field?: string) => string

interface Read {
  readonly entry: ProjectEntry | undefined
  readonly mistakes: readonly Mistake[]
}

function listIn(value: unknown): readonly unknown[] | undefined {
  if (typeof value !== 'object' || value === null || !('projects' in value)) return undefined
  if (value.projects === null) return []
  return Array.isArray(value.projects) ? value.projects : undefined
}

function readEntry(raw: unknown, index: number, place: Place): Read {
  const path = `projects[${index}]`
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return { entry: undefined, mistakes: [{ path, message: 'is no project', from: place(index) }] }
  }
  const mistakes: Mistake[] = Object.keys(raw)
    .filter((key) => !fields.includes(key))
    .map((key) => unknownField(key, path, place(index, key)))
  for (const error of Errors(RegistrationSchema, raw)[1]) {
    const inner = error.instancePath.replaceAll('/', '.')
    mistakes.push({ path: `${path}${inner}`, message: error.message, from: place(index, inner.split('.')[1]) })
  }
  const { project_slug: old, ...rest } = raw as Registration
  const slug = asSlug(String(rest.slug ?? old ?? ''))
  if (rest.slug === undefined && old === undefined) {
    mistakes.push({ path: `${path}.slug`, message: 'is not set', from: place(index) })
  } else if (rest.slug !== undefined && old !== undefined && rest.slug !== old) {
    mistakes.push({
      path: `${path}.project_slug`,
      message: `is not ${rest.slug}, the slug`,
      from: place(index, 'project_slug'),
    })
  }
  return { entry: slug === undefined ? undefined : { ...rest, slug }, mistakes }
}

function unknownField(key: string, path: string, from: string): Mistake {
  const meant = nearest(key, fields)
  return {
    path: `${path}.${key}`,
    message: 'is no field of a project',
    ...(meant === undefined ? {} : { hint: `did you mean ${meant}?` }),
    from,
  }
}

function duplicates(read: readonly Read[], place: Place): Mistake[] {
  const seen = new Map<Slug, number>()
  return read.flatMap(({ entry }, index) => {
    if (entry === undefined) return []
    const first = seen.get(entry.slug)
    seen.set(entry.slug, first ?? index)
    if (first === undefined) return []
    return [
      { path: `projects[${index}].slug`, message: `${entry.slug} is projects[${first}] already`, from: place(index) },
    ]
  })
}
