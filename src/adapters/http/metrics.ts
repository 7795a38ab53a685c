// Prometheus' view of this hub.

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
