// The HTTP API of one hub: Fastify, with the TypeBox schemas of hub/shapes validating, typing and documenting every route.
// Reads come from the hub's views; writes are calls that answer once durable. It decides nothing itself.

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify from 'fastify'
import type { Millis } from '../../core/time.ts'
import { backupRoute } from './backup.ts'
import { entryRoutes } from './entries.ts'
import { Fetching } from './fetching.ts'
import { healthRoutes } from './health.ts'
import { heartbeatRoutes } from './heartbeats.ts'
import { hubRoutes } from './hub.ts'
import { metricsRoute } from './metrics.ts'
import { openapi } from './openapi.ts'
import type { App, HttpOptions } from './options.ts'
import { Paths } from './paths.ts'
import { asRefused, Refused, refuseOnSocket, sendProblem } from './problems.ts'
import { projectRoutes } from './projects.ts'
import { acceptRequestId, observeRequests, refuseEarly, refuseForeigners } from './requests.ts'
import { watchRoute } from './watch.ts'

/** Time for a request to arrive whole. */
const requestTimeoutMs: Millis = 30_000
/** Longer, and `close` waits for idle clients. */
const keepAliveTimeoutMs: Millis = 5_000
/** Of all headers together: the cursor of a large federation is one of them, and Node takes 16 KiB unless told otherwise. */
const maxHeaderBytes = 64 * 1024
/** A slug that is too long is an invalid slug, not an unknown path. */
const maxParamLength = 1_000

/** The API, not yet listening. */
export async function createHttp(options: HttpOptions): Promise<App> {
  const { log, maxBodyBytes } = options
  const app: App = Fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    genReqId: acceptRequestId,
    clientErrorHandler: refuseOnSocket,
    http: { maxHeaderSize: maxHeaderBytes },
    routerOptions: { maxParamLength, ignoreTrailingSlash: true },
    // What a caller said is judged as it was said: nothing is coerced, filled in or dropped, and every problem is told.
    ajv: { customOptions: { allErrors: true, coerceTypes: false, removeAdditional: false, useDefaults: false } },
    frameworkErrors: (error, request, reply) =>
      sendProblem(request, reply, new Refused({ code: 'invalid-request', detail: error.message })),
  }).withTypeProvider<TypeBoxTypeProvider>()
  const paths = new Paths()
  app.addHook('onRoute', ({ url, method }) => paths.add(url, [method].flat()))
  acceptJsonAlone(app)
  // The shapes themselves are tested; a schema-driven serialiser would silently drop what it does not list.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  observeRequests(app, options)
  refuseForeigners(app)
  refuseEarly(app, options)
  app.setErrorHandler((error, request, reply) => {
    const refused = asRefused(error, maxBodyBytes)
    if (refused === undefined) log.error({ request_id: request.id, error: stackOf(error) }, 'a request met a defect')
    const defect = { code: 'internal', detail: 'The hub met a defect; its log has the request id' } as const
    return sendProblem(request, reply, refused ?? new Refused(defect))
  })
  app.setNotFoundHandler((request, reply) => {
    const methods = paths.methodsAt(request.url.split('?')[0] ?? '')
    if (methods.length === 0) {
      return sendProblem(
        request,
        reply,
        new Refused({ code: 'not-found', detail: 'There is nothing at this path; see /docs' }),
      )
    }
    reply.header('allow', methods.join(', '))
    const detail = `${request.method} is not possible here; ${methods.join(', ')} are`
    return sendProblem(request, reply, new Refused({ code: 'method-not-allowed', detail }))
  })
  await openapi(app, options.version)
  healthRoutes(app, options.hub)
  hubRoutes(app, options.hub)
  projectRoutes(app, { ...options, fetching: new Fetching(options.hub, options.metrics.asked) })
  entryRoutes(app, options.hub)
  heartbeatRoutes(app, options)
  watchRoute(app, options)
  backupRoute(app, options)
  if (options.exposesMetrics) metricsRoute(app, options.metrics)
  await app.ready()
  return app
}

/** Stops accepting, lets answers finish, and after the grace cuts what is left (idle keep-alive would hold it for long). */
export async function closeHttp(app: App, graceMs: Millis): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), graceMs)
  try {
    await app.close()
  } finally {
    clearTimeout(cut)
  }
}

/** An empty body is no body, whatever its type says: clients beat without one. */
function acceptJsonAlone(app: App): void {
  app.removeAllContentTypeParsers()
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else parse(request, body.toString(), done)
  })
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
