// What the HTTP API is made with, and what it reports to.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { Backup } from '../../hub/backup.ts'
import type { LocalHub } from '../../hub/calls.ts'

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** What HTTP reports of each answered request. */
export interface Answered {
  readonly method: string
  /** The route's pattern, never the path: bounded. */
  readonly route: string
  readonly status: number
  readonly seconds: number
}

export interface HttpMetrics {
  readonly contentType: string
  observe(answered: Answered): void
  /** So many watch now. */
  readonly watchers: (count: number) => void
  /** A watcher was sent an event. */
  readonly sent: (event: 'project' | 'hub' | 'reset') => void
  /** A home was asked for so many projects. */
  readonly asked: (projects: number) => void
  /** The Prometheus text. */
  text(): Promise<string>
}

/** Where lines go; pino fits. */
export interface HttpLog {
  error(fields: object, message: string): void
  info(fields: object, message: string): void
  debug(fields: object, message: string): void
}

export interface HttpOptions {
  readonly hub: LocalHub
  /** Whether the hub can be asked: the port is bound before the hub exists. */
  readonly hasStarted: () => boolean
  readonly log: HttpLog
  readonly metrics: HttpMetrics
  /** Whether `/metrics` answers. */
  readonly exposesMetrics: boolean
  /** The text of an archive, in pieces; with the hub's key where it is asked for. */
  readonly archive: (backup: Backup, withIdentity: boolean) => Promise<Iterable<string>>
  readonly maxBodyBytes: number
  /** Heartbeats in a request, projects on a page. */
  readonly maxBatch: number
  readonly maxPage: number
  readonly maxWatchers: number
  readonly version: string
}
