// Projects as the catalog keeps them: how a registration becomes fields, and fields a project.

import type { Stamp } from '../core/catalog/hlc.ts'
import { exists, type Joined } from '../core/catalog/record.ts'
import type { Write } from '../core/catalog/writes.ts'
import { canonical, hashOf } from '../core/hash.ts'
import { compareText, type Slug } from '../core/ids.ts'
import type { Lease, Presence } from '../core/presence/lease.ts'
import type { Millis } from '../core/time.ts'
import { isoOf } from './iso.ts'
import type { Patch, Project, Registration } from './shapes.ts'

export const projectKind = 'project'
const idPrefix = `${projectKind}/`
const tagPrefix = 'tag:'

export function projectId(slug: Slug): string {
  return idPrefix + slug
}

/** The slug of a catalog entry that is a project. */
export function slugOf(id: string): Slug | undefined {
  return id.startsWith(idPrefix) ? (id.slice(idPrefix.length) as Slug) : undefined
}

/** What a registration writes: the given fields, and defaults for those a new project lacks. */
export function registrationWrite(slug: Slug, registration: Patch, wall: Millis): Write {
  const { name, hub_url, mesh_namespace, allow_fanout, tags } = registration
  const given = Object.entries({ name, hub_url, mesh_namespace, allow_fanout })
  return {
    op: 'put',
    kind: projectKind,
    key: slug,
    fields: Object.fromEntries(given.filter(([, value]) => value !== undefined)),
    initial: { created: Math.floor(wall), name: slug, mesh_namespace: `hub.${slug}` },
    sets: tags === undefined ? {} : { [tagPrefix]: tags },
  }
}

/** Every field, those that are not given as a new project has them. */
export function wholeRegistration(slug: Slug, given: Patch): Patch {
  return { name: slug, hub_url: null, mesh_namespace: `hub.${slug}`, tags: [], allow_fanout: [], ...given }
}

/** Equal for equal entries of a projects file. */
export function registrationHash(registration: Registration): string {
  return hashOf([canonical(registration)]).slice(0, 32)
}

/** What presence says of a project, as far as this hub knows. */
export interface Seen {
  readonly presence: Presence
  readonly lease: Lease | undefined
  readonly homeRegion: string | undefined
}

/** A catalog entry as users see it; undefined when it does not exist. */
export function projectFrom(slug: Slug, joined: Joined, seen: Seen): Project | undefined {
  if (!exists(joined)) return undefined
  const text = (name: string): string | undefined => {
    const value = joined.fields[name]?.[0]
    return typeof value === 'string' ? value : undefined
  }
  const created = joined.fields['created']?.[0]
  const updated = lastStamp(joined)[0]
  const fanout = joined.fields['allow_fanout']?.[0]
  const { lease } = seen
  return {
    id: slug,
    slug,
    name: text('name') ?? slug,
    hub_url: text('hub_url') ?? null,
    mesh_namespace: text('mesh_namespace') ?? `hub.${slug}`,
    status: seen.presence.status,
    status_reasons: [...seen.presence.reasons],
    tags: tagsOf(joined),
    allow_fanout: Array.isArray(fanout) ? fanout.filter((each) => typeof each === 'string') : [],
    home: lease?.claim[1] ?? null,
    region: seen.homeRegion ?? null,
    version: lease?.report.version ?? null,
    last_heartbeat_at: lease === undefined ? null : isoOf(lease.beatAt),
    created_at: isoOf(typeof created === 'number' ? created : updated),
    updated_at: isoOf(updated),
    revision: revisionOf(joined),
  }
}

/** What registers a project as it is; undefined when there is none. */
export function registrationFrom(slug: Slug, joined: Joined): Registration | undefined {
  const offline = { presence: { status: 'offline', reasons: [] }, lease: undefined, homeRegion: undefined } as const
  const project = projectFrom(slug, joined, offline)
  if (project === undefined) return undefined
  const { name, hub_url, mesh_namespace, tags, allow_fanout } = project
  return { name, mesh_namespace, tags, allow_fanout, ...(hub_url === null ? {} : { hub_url }) }
}

function tagsOf(joined: Joined): string[] {
  return Object.entries(joined.fields)
    .filter(([name, [value]]) => name.startsWith(tagPrefix) && value !== null)
    .map(([name]) => name.slice(tagPrefix.length))
    .sort(compareText)
}

function lastStamp(joined: Joined): Stamp {
  const stamps = Object.values(joined.fields).map(([, stamp]) => stamp)
  return stamps.reduce((a, b) => (b[0] > a[0] ? b : a))
}

const revisions = new WeakMap<Joined, string>()

/** Changes with every change of the entry; equal on hubs that agree. */
export function revisionOf(joined: Joined): string {
  const held = revisions.get(joined)
  if (held !== undefined) return held
  const fresh = hashOf([canonical(joined.fields)]).slice(0, 16)
  revisions.set(joined, fresh)
  return fresh
}
