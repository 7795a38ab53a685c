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

/** What a write is bound to: revisions that the caller has seen, alone or as they stand in the tag of a project. */
export function guardsOf({ headers }: FastifyRequest): Guard[] {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers
  const guards: Guard[] = []
  if (match !== undefined) {
    guards.push(match.trim() === '*' ? { type: 'present' } : { type: 'at', revisions: revisionsIn(match) })
  }
  if (noneMatch !== undefined) {
    guards.push(noneMatch.trim() === '*' ? { type: 'absent' } : { type: 'not-at', revisions: revisionsIn(noneMatch) })
  }
  return guards
}

function revisionsIn(header: string): string[] {
  return header.split(',').flatMap((each) => opaque(each)?.split('-')[0] ?? [])
}
