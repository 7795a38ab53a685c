// The HTTP API of one hub: Fastify, with the TypeBox schemas of hub/shapes validating, typing and documenting every route.
// Reads come from the hub's views; writes are calls that answer once durable. It decides nothing itself.

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify from 'fastify'
import type { Millis } from '../../core/time.ts'
import { openAccess } from './access.ts'
import { backupRoute } from './backup.ts'
import { debugRoutes } from './debug.ts'
import { docsRoutes } from './docs.ts'
import { entryRoutes } from './entries.ts'
import { Fetching } from './fetching.ts'
import { healthRoutes } from './health.ts'
import { heartbeatRoutes } from './heartbeats.ts'
import { hubRoutes } from './hub.ts'
import { metricsRoute } from './metrics.ts'
import { natsCheck, natsRoute } from './nats.ts'
import { openapi } from './openapi.ts'
import type { App, HttpOptions } from './options.ts'
import { Paths } from './paths.ts'
import { asRefused, Refused, refuseOnSocket, sendProblem } from './problems.ts'
import { projectRoutes } from './projects.ts'
import { acceptRequestId, observeRequests, refuseEarly } from './requests.ts'
import { ShortWay } from './short.ts'
import { surroundingRoutes } from './surroundings.ts'
import { watchRoute } from './watch.ts'

/** A slug that is too long is an invalid slug, not an unknown path. */
const maxParamLength = 1_000

/** What a caller said is judged as it was said: nothing is coerced, filled in or dropped, and every problem is told. */
const validation = {
  ...{ allErrors: true, coerceTypes: false, removeAdditional: false, useDefaults: false },
  // The schemas are ours, and a test looks whether they are schemas; here that took 40 ms of every start.
  validateSchema: false,
}
/** The shapes themselves are tested; a schema-driven serialiser would silently drop what it does not list. */
const buildSerializer = () => () => (data: unknown) => JSON.stringify(data)

/** The API, not yet listening. */
export async function createHttp(options: HttpOptions): Promise<App> {
  const { log, maxBodyBytes } = options
  const short = new ShortWay(options)
  const access = await openAccess(options, short.take)
  const app: App = Fastify({
    logger: false,
    ...access.server,
    bodyLimit: maxBodyBytes,
    genReqId: ({ headers }) => acceptRequestId(headers['x-request-id']),
    clientErrorHandler: refuseOnSocket,
    routerOptions: { maxParamLength, ignoreTrailingSlash: true },
    ajv: { customOptions: validation },
    schemaController: { compilersFactory: { buildSerializer } },
    // What is wrong is told item by item; Fastify would join all of it into one line first.
    schemaErrorFormatter: () => new Error('the request does not match the schema'),
    frameworkErrors: (error, request, reply) =>
      sendProblem(request, reply, new Refused({ code: 'invalid-request', detail: error.message })),
  }).withTypeProvider<TypeBoxTypeProvider>()
  const paths = new Paths()
  app.addHook('onRoute', ({ url, method }) => paths.add(url, [method].flat()))
  acceptBodies(app)
  observeRequests(app, options)
  short.open(app, access.guard(app))
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
  docsRoutes(app)
  healthRoutes(app, options.hub, () => ({ ...access.checks(), ...natsCheck(options.nats()) }))
  natsRoute(app, options.nats)
  hubRoutes(app, options.hub)
  const fetching = new Fetching(options.hub, options.metrics.asked)
  projectRoutes(app, { ...options, fetching, remember: short.remember })
  entryRoutes(app, options.hub)
  heartbeatRoutes(app, options)
  surroundingRoutes(app, options)
  watchRoute(app, options)
  backupRoute(app, options)
  debugRoutes(app, options)
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

/** JSON alone, with no list that is too long. */
function acceptBodies(app: App): void {
  acceptJsonAlone(app)
  refuseLongLists(app)
}

/** Longest list in a body. Every item that is wrong is told of, so a list of a million would hold the hub up for seconds. */
const maxItems = 10_000

function refuseLongLists(app: App): void {
  app.addHook('preValidation', (request, _reply, done) => {
    const { body } = request
    const lists = typeof body === 'object' && body !== null ? [body, ...Object.values(body)] : []
    const isLong = lists.some((list) => Array.isArray(list) && list.length > maxItems)
    const detail = `A list in the body is longer than ${maxItems}`
    done(isLong ? new Refused({ code: 'invalid-request', detail }) : undefined)
  })
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
