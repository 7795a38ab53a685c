// Validators of cached answers and guards of writes (RFC 9110, sections 8.8 and 13.1).

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Guard } from '../../hub/calls.ts'

/** A list or a project has no strong validator: its heartbeats move without changing it. */
export function weakTag(mark: string): string {
  return `W/"${mark}"`
}

/** Answers 304 where the caller holds just that; says whether it did. The reply has its tag either way. */
export function isHeld(request: FastifyRequest, reply: FastifyReply, mark: string): boolean {
  const tag = weakTag(mark)
  reply.header('etag', tag)
  if (!matches(request.headers['if-none-match'], tag)) return false
  reply.code(304).send()
  return true
}

/** Whether what a caller holds (If-None-Match) is that. */
export function matches(held: string | undefined, tag: string): boolean {
  return held !== undefined && (held === tag || lists(held, opaque(tag) ?? ''))
}

function lists(header: string, mark: string): boolean {
  return header.split(',').some((each) => each.trim() === '*' || opaque(each) === mark)
}

/** What is between the quotes, whether the tag is weak or strong. */
function opaque(tag: string): string | undefined {
  return /^\s*(?:W\/)?"([^"]*)"\s*$/.exec(tag)?.[1]
}

/** What a write is bound to: the revision that the caller has seen, alone or as it stands in the tag of a project. */
export function guardOf({ headers }: FastifyRequest): Guard | undefined {
  const match = headers['if-match']
  const noneMatch = headers['if-none-match']
  if (noneMatch?.trim() === '*') return { type: 'absent' }
  if (match === undefined) return undefined
  if (match.trim() === '*') return { type: 'present' }
  const revisions = match.split(',').flatMap((each) => opaque(each)?.split('-')[0] ?? [])
  return { type: 'revision', revisions }
}
