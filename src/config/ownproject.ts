// The project that an older installation named by two variables: the hub registers it and beats for it.

import { Errors } from 'typebox/schema'
import { asSlug, type Slug } from '../core/ids.ts'
import { RegistrationSchema } from '../hub/shapes.ts'
import type { Environment } from './file.ts'
import type { Mistake, Note } from './mistake.ts'
import { ownProject } from './names.ts'

export interface OwnProject {
  readonly slug: Slug
  readonly hub_url: string
}

export interface OwnProjectRead {
  /** Undefined when the variables name none. */
  readonly project?: OwnProject
  readonly mistakes: readonly Mistake[]
  readonly notes: readonly Note[]
}

/** What PROJECT_SLUG and HUB_URL say. HUB_URL alone is the variable of somebody else. */
export function readOwnProject(env: Environment): OwnProjectRead {
  const text = env[ownProject.slug] || undefined
  const hub_url = env[ownProject.url] || undefined
  if (text === undefined) return { mistakes: [], notes: [] }
  if (hub_url === undefined) {
    const message = `it names a project that nobody beats for: set ${ownProject.url} as well, or unset it`
    return { mistakes: [], notes: [{ name: ownProject.slug, message }] }
  }
  const slug = asSlug(text)
  const mistakes: Mistake[] = slug === undefined ? [{ path: ownProject.slug, message: `"${text}" is no slug` }] : []
  const [, [error]] = Errors(RegistrationSchema, { hub_url })
  if (error !== undefined)
    mistakes.push({ path: ownProject.url, message: error.message, hint: 'write http://host:port' })
  if (slug === undefined || mistakes.length > 0) return { mistakes, notes: [] }
  return { project: { slug, hub_url }, mistakes, notes: [] }
}
