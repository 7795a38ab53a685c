// What happens around every request: its id, whether the caller may ask at all, and what is counted and logged of it.

import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { Audit, isRefusal } from './auth/audit.ts'
import { isAdmin } from './auth/need.ts'
import type { Answered, App, HttpOptions } from './options.ts'
import { Refused } from './problems.ts'

const requestIdPattern = /^[A-Za-z0-9._:/+=-]{1,128}$/

/** Of this process: nobody else's ids begin so. */
const ownPrefix = randomUUID().slice(0, 24)
let ownIds = 0

/** The caller's X-Request-Id where it is harmless in a log line and a header; otherwise a fresh one, a UUID by its looks. */
export function acceptRequestId(said: string | string[] | undefined): string {
  if (typeof said === 'string' && requestIdPattern.test(said)) return said
  return ownPrefix + (++ownIds).toString(16).padStart(12, '0')
}

const hubPaths = /^\/(api\/|admin\/|health(\/ready)?\/?(\?|$))/

/** What only a hub that has started can answer is answered 503 until then. */
export function refuseEarly(app: App, { hasStarted }: Pick<HttpOptions, 'hasStarted'>): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (hasStarted() || !hubPaths.test(request.routeOptions.url ?? request.url)) done()
    else done(new Refused({ code: 'starting', detail: 'This hub is just starting; try again' }))
  })
}

export function observeRequests(app: App, { log, audit: auditLog, metrics }: HttpOptions): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
  const trail = new Audit(auditLog)
  // A stream is answered when it begins: how long a client watches says nothing of the hub.
  const begun = new WeakMap<FastifyRequest, number>()
  app.addHook('onSend', (...[request, reply, payload, done]) => {
    if (payload instanceof Readable) begun.set(request, reply.elapsedTime)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const elapsedMs = begun.get(request) ?? reply.elapsedTime
    const { method } = request
    const route = request.routeOptions.url ?? 'none'
    const status = reply.statusCode
    const answered: Answered = { method, route, status, seconds: elapsedMs / 1_000 }
    metrics.observe(answered)
    if (isRefusal(status)) metrics.refused(status, isAdmin(route))
    const fields = fieldsOf(request.id, answered)
    const isAudited = trail.write(request, { method, route, status, fields })
    if (!isAudited) log[levelOf(answered)](fields, 'request answered')
    done()
  })
}

/** What the log says of a request. */
export function fieldsOf(id: string, { method, route, status, seconds }: Answered): object {
  return { request_id: id, operation: `${method} ${route}`, status, duration_ms: round(seconds * 1_000) }
}

/** What is not audited, reads and heartbeats, comes by the thousand and tells nothing; defects do. */
function levelOf({ status }: Answered): 'error' | 'debug' {
  return status === 500 ? 'error' : 'debug'
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}
