// Prometheus' view of this hub: a route of the API, and a listener of its own for networks that keep the two apart.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Type } from '../../core/schema.ts'
import type { App, HttpMetrics } from './options.ts'

export function metricsRoute(app: App, metrics: HttpMetrics): void {
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['health'],
        summary: 'Metrics in the text format of Prometheus',
        produces: ['text/plain'],
        response: { 200: Type.String() },
      },
    },
    // A string that already has a type is sent as it is, not as JSON.
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  )
}

export interface MetricsListener {
  readonly url: string
  close(): void
}

/** Answers GET /metrics, and nothing else, on that port; 0: the system chooses. Throws when it cannot listen there. */
export async function listenForMetrics(
  metrics: HttpMetrics,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<MetricsListener> {
  const server = createServer(async ({ method, url }, response) => {
    if (method !== 'GET' || url?.split('?')[0] !== '/metrics') return response.writeHead(404).end()
    const text = await metrics.text().catch(() => undefined)
    if (text === undefined) return response.writeHead(500).end()
    return response.writeHead(200, { 'content-type': metrics.contentType }).end(text)
  })
  server.listen(port, host)
  await once(server, 'listening')
  const { address, family, port: bound } = server.address() as AddressInfo
  const name = family === 'IPv6' ? `[${address}]` : address
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://${name}:${bound}`, close }
}
