// What happens around every request: its id, whether the caller may ask at all, and what is counted and logged of it.

import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { Audit, isRefusal } from './auth/audit.ts'
import { isAdmin } from './auth/need.ts'
import type { Answered, App, HttpOptions } from './options.ts'
import { Refused } from './problems.ts'

const requestIdPattern = /^[A-Za-z0-9._:/+=-]{1,128}$/

/** The caller's X-Request-Id where it is harmless in a log line and a header; a fresh one otherwise. */
export function acceptRequestId(request: IncomingMessage): string {
  const said = request.headers['x-request-id']
  return typeof said === 'string' && requestIdPattern.test(said) ? said : randomUUID()
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
    const operation = `${method} ${route}`
    const fields = { request_id: request.id, operation, status, duration_ms: round(elapsedMs) }
    const isAudited = trail.write(request, { method, route, status, fields })
    if (!isAudited) log[levelOf(answered)](fields, 'request answered')
    done()
  })
}

/** What is not audited, reads and heartbeats, comes by the thousand and tells nothing; defects do. */
function levelOf({ status }: Answered): 'error' | 'debug' {
  return status === 500 ? 'error' : 'debug'
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}
