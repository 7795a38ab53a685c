// A message on `hub.presence.<slug>` as a heartbeat. Publishers of older installations send JSON such as
// {project_slug, mesh_namespace, hub_url, timestamp}, with more or less in it, or nothing at all: the subject says who it is.

import { Compile } from 'typebox/schema'
import { asSlug, type Slug } from '../../core/ids.ts'
import { type Heartbeat, HeartbeatSchema } from '../../hub/heartbeats.ts'

export type Read =
  | { readonly ok: true; readonly slug: Slug; readonly beat: Heartbeat }
  | { readonly ok: false; readonly reason: string }

export const presenceSubject = 'hub.presence.*'

/** A heartbeat with every field at its longest has less. */
const maxBytes = 16 * 1024
const check = Compile(HeartbeatSchema)
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Never throws. */
export function readBeat(subject: string, bytes: Uint8Array): Read {
  const named = subject.slice(subject.lastIndexOf('.') + 1).toLowerCase()
  const slug = asSlug(named)
  if (slug === undefined) return wrong('the subject ends in no slug')
  if (bytes.length > maxBytes) return wrong(`it has more than ${maxBytes} bytes`)
  const body = bodyOf(bytes)
  if (body === undefined) return wrong('it is no JSON object')
  const { project_slug: said = body['slug'], ...fields } = body
  if (said !== undefined && (typeof said !== 'string' || said.toLowerCase() !== named)) {
    return wrong('its project_slug is not that of its subject')
  }
  const beat = heartbeatIn(fields)
  return check.Check(beat) ? { ok: true, slug, beat } : wrong('its fields are not those of a heartbeat')
}

/** What is null was not said: so write publishers for whom every field is there. An empty message says nothing more. */
function bodyOf(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const text = utf8.decode(bytes).trim()
    const value: unknown = text === '' ? {} : JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    return Object.fromEntries(Object.entries(value).filter(([, held]) => held !== null))
  } catch {
    return undefined
  }
}

/** Fields that a heartbeat knows. Old publishers have words of their own for `status`: whoever beats is up. */
function heartbeatIn(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { status, ...others } = Object.fromEntries(
    Object.entries(fields).filter(([name]) => name in HeartbeatSchema.properties),
  )
  const isDegraded = typeof status === 'string' && status.toLowerCase() === 'degraded'
  return isDegraded ? { ...others, status: 'degraded' } : others
}

function wrong(reason: string): Read {
  return { ok: false, reason }
}
