// Access as a whole: the servers that the API listens with, the gate in front of its routes, the listener for `/admin`, and
// what /health says of certificates and keys.

import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Millis } from '../../core/time.ts'
import type { Check } from '../../hub/shapes.ts'
import { guard, type MayRead } from './auth/guard.ts'
import { Tokens } from './auth/tokens.ts'
import { Certificates } from './certificates.ts'
import type { Access, App, HttpLog, HttpOptions } from './options.ts'
import { refuseOnSocket } from './problems.ts'

/** Time for a request to arrive whole. */
const requestTimeoutMs: Millis = 30_000
/** Longer, and `close` waits for idle clients. */
const keepAliveTimeoutMs: Millis = 5_000
/** Of all headers together: the cursor of a large federation is one of them, and Node takes 16 KiB unless told otherwise. */
const maxHeaderBytes = 64 * 1024

/** Answers a request before the router has seen it, or says that it does not. */
export type ShortWay = (request: IncomingMessage, response: ServerResponse) => boolean
type Make = (handler: RequestListener) => Server

/** Throws when the certificate cannot be used. */
export async function openAccess({ access, log }: Pick<HttpOptions, 'access' | 'log'>, short: ShortWay) {
  const certificates = access.tls === undefined ? undefined : await Certificates.open(access.tls, log)
  const tokens = tokensOf(access, log)
  const make: Make = (handler) => serverWith(certificates, handler)
  return {
    /** Fastify's options. */
    server: {
      serverFactory: (handler: RequestListener) =>
        make((request, response) => {
          if (!short(request, response)) handler(request, response)
        }),
      trustProxy: access.trustedProxies.length === 0 ? false : [...access.trustedProxies],
    },
    guard(app: App): MayRead {
      const { keys, adminTrust, requestRate, admin } = access
      const isAdminListener = admin === undefined ? undefined : adminListener(app, { make, admin, log })
      app.addHook('onClose', async () => {
        tokens?.close()
        certificates?.close()
      })
      return guard(app, { keys, tokens, adminTrust, requestRate, isAdminListener })
    },
    checks: (): Readonly<Record<string, Check>> => ({
      ...(certificates === undefined ? {} : { tls: certificates.check() }),
      ...(access.jwt?.jwks === undefined ? {} : { tokens: tokensCheck(tokens?.failure) }),
    }),
  }
}

function serverWith(certificates: Certificates | undefined, handler: RequestListener): Server {
  const options = {
    maxHeaderSize: maxHeaderBytes,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
  }
  if (certificates === undefined) return createServer(options, handler)
  const server = createSecureServer({ ...options, ...certificates.options }, handler)
  certificates.serve(server)
  return server
}

function tokensOf({ jwt, roles, requestRate }: Access, log: HttpLog): Tokens | undefined {
  if (jwt === undefined) return undefined
  const operation = 'tokens'
  const onKeys = (error: string | undefined): void => {
    if (error === undefined) log.info({ operation }, 'the keys that tokens are signed with are there again')
    else log.warn({ operation, error }, 'the keys that tokens are signed with cannot be fetched')
  }
  return new Tokens({ ...jwt, roles, onKeys }, { perSecond: requestRate, burst: requestRate })
}

function tokensCheck(failure: string | undefined): Check {
  if (failure === undefined) return { status: 'pass', details: 'the keys that tokens are signed with can be fetched' }
  return { status: 'warn', details: `the keys that tokens are signed with cannot be fetched: ${failure}` }
}

interface AdminListener {
  readonly make: Make
  readonly admin: { readonly host: string; readonly port: number }
  readonly log: HttpLog
}

/** Another server before the same routes; returns whether a request came over it. */
function adminListener(app: App, { make, admin, log }: AdminListener): (request: { readonly raw: object }) => boolean {
  const came = new WeakSet<object>()
  const server = make((request, response) => {
    came.add(request)
    app.routing(request, response)
  })
  server.on('clientError', refuseOnSocket)
  app.addHook('onReady', async () => {
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const isTaken = error.code === 'EADDRINUSE'
        const where = `${admin.host}:${admin.port}`
        reject(isTaken ? new Error(`${where} is in use by another process: set security.admin_host to another`) : error)
      })
      server.listen(admin, resolve)
    })
    log.info({ operation: 'admin', listener: server.address() }, 'admin calls are answered here alone')
  })
  app.addHook('preClose', async () => {
    server.close()
    server.closeIdleConnections()
  })
  app.addHook('onClose', async () => server.closeAllConnections())
  return ({ raw }) => came.has(raw)
}
