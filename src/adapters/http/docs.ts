// The page at /docs: Swagger UI, which few ask for. So its fifty modules are loaded for the first who does, into an app of its
// own, because one that listens takes no more routes; what that one answers is passed on.

import swagger from '@fastify/swagger'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { App } from './options.ts'

/** What the page consists of. */
const urls = ['/docs', '/docs/json', '/docs/yaml', '/docs/static/*']
/** Of one answer on its way, not of what it says. */
const hopHeaders = ['connection', 'date', 'transfer-encoding']

/** Must run after the documentation is set up. */
export function docsRoutes(app: App): void {
  let page: Promise<FastifyInstance> | undefined
  const answer = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    page ??= pageOf(app)
    const { url, headers } = request
    // HEAD is answered by this app, with what it gets for GET.
    const got = await (await page).inject({ method: 'GET', url, headers })
    if (got.statusCode === 404) {
      reply.callNotFound()
      return reply
    }
    for (const [name, value] of Object.entries(got.headers))
      if (value !== undefined && !hopHeaders.includes(name)) reply.header(name, value)
    return reply.code(got.statusCode).send(got.rawPayload.length > 0 ? got.rawPayload : undefined)
  }
  for (const url of urls) app.get(url, { schema: { hide: true } }, answer)
  app.addHook('onClose', async () => (await page)?.close())
}

async function pageOf(app: App): Promise<FastifyInstance> {
  const { default: swaggerUi } = await import('@fastify/swagger-ui')
  const page = Fastify({ logger: false, routerOptions: { ignoreTrailingSlash: true } })
  // The plugin's types know 3.1 where it makes the document, and not where it is given one.
  const document = JSON.parse(JSON.stringify(app.swagger()))
  await page.register(swagger, { mode: 'static', specification: { document } })
  await page.register(swaggerUi, { routePrefix: '/docs', staticCSP: true, uiConfig: { url: '/openapi.json' } })
  await page.ready()
  return page
}
