// What happens around every request: its id, whether the caller may ask at all, and what is counted and logged of it.

import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { foreignness } from './local.ts'
import type { Answered, App, HttpOptions } from './options.ts'
import { Refused } from './problems.ts'

const requestIdPattern = /^[A-Za-z0-9._:/+=-]{1,128}$/

/** The caller's X-Request-Id where it is harmless in a log line and a header; a fresh one otherwise. */
export function acceptRequestId(request: IncomingMessage): string {
  const said = request.headers['x-request-id']
  return typeof said === 'string' && requestIdPattern.test(said) ? said : randomUUID()
}

/** Answered to everybody: probes and Prometheus come from other machines. */
const openPaths = /^\/(health(\/.*)?|metrics)\/?$/

export function refuseForeigners(app: App): void {
  app.addHook('onRequest', async (request) => {
    if (openPaths.test(request.url.split('?')[0] ?? '')) return
    const reason = foreignness({ ip: request.socket.remoteAddress, headers: request.headers })
    if (reason === undefined) return
    throw new Refused({ code: 'not-local', detail: `Without credentials only this machine is answered, but ${reason}` })
  })
}

const hubPaths = /^\/(api\/|health(\/ready)?\/?(\?|$))/

/** What only a hub that has started can answer is answered 503 until then. */
export function refuseEarly(app: App, { hasStarted }: HttpOptions): void {
  app.addHook('onRequest', async (request) => {
    if (hasStarted() || !hubPaths.test(request.url)) return
    throw new Refused({ code: 'starting', detail: 'This hub is just starting; try again' })
  })
}

export function observeRequests(app: App, { log, metrics }: HttpOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  // A stream is answered when it begins: how long a client watches says nothing of the hub.
  const begun = new WeakMap<FastifyRequest, number>()
  app.addHook('onSend', async (request, reply, payload) => {
    if (payload instanceof Readable) begun.set(request, reply.elapsedTime)
  })
  app.addHook('onResponse', async (request, reply) => {
    const elapsedMs = begun.get(request) ?? reply.elapsedTime
    const answered: Answered = {
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      seconds: elapsedMs / 1_000,
    }
    metrics.observe(answered)
    const operation = `${answered.method} ${answered.route}`
    const fields = { request_id: request.id, operation, status: answered.status, duration_ms: round(elapsedMs) }
    log[levelOf(answered)](fields, 'request answered')
  })
}

/** Reads and heartbeats come by the thousand and tell nothing; changes of the catalog and defects do. */
function levelOf({ method, route, status }: Answered): 'error' | 'info' | 'debug' {
  if (status === 500) return 'error'
  const isRoutine = method === 'GET' || method === 'HEAD' || route.endsWith('/heartbeat')
  return isRoutine ? 'debug' : 'info'
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}
