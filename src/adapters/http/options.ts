// What the HTTP API is made with, and what it reports to.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { Role } from '../../core/roles.ts'
import type { Millis } from '../../core/time.ts'
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
  /** A request was refused for who asked, or how often. */
  refused(status: number, isAdmin: boolean): void
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
  isLevelEnabled(level: string): boolean
  error(fields: object, message: string): void
  warn(fields: object, message: string): void
  info(fields: object, message: string): void
  debug(fields: object, message: string): void
}

/** What the network counts and whom it reaches, by topic. */
export interface GossipReading {
  readonly gossip: Readonly<
    Record<string, { published: number; received: number; mesh: readonly string[]; subscribers: number }>
  >
  readonly oversized: number
  readonly waiting: number
  readonly dropped: Readonly<Record<string, number>>
  readonly garbage: Readonly<Record<string, number>>
}

/** What can be seen and set of the process from outside. */
export interface Inside {
  /** Logs at that level from now on, and says at which it did. */
  readonly logAt: (level: string) => string
  readonly queues: () => object
  readonly caches: () => object
  /** Writes a heap snapshot. */
  readonly heap: () => Promise<{ readonly file: string; readonly bytes: number; readonly took_ms: number }>
}

export interface NatsReading {
  readonly status: 'connected' | 'disconnected' | 'disabled'
  readonly url: string | null
}

/** Who may ask, and over which lines. */
export interface Access {
  /** `hash`: `sha256:` and 64 hexadecimal digits. */
  readonly keys: readonly { readonly name: string; readonly hash: string; readonly role: Role }[]
  readonly jwt?: {
    readonly issuer?: string | undefined
    /** Either this or `jwks`, a URL. */
    readonly secret?: string | undefined
    readonly jwks?: string | undefined
    readonly maxLifeMs: Millis
  }
  /** Value of a token's claim → role. */
  readonly roles: Readonly<Record<string, Role>>
  /** Addresses and ranges, here and below. */
  readonly adminTrust: readonly string[]
  readonly trustedProxies: readonly string[]
  /** Requests a second of one caller. */
  readonly requestRate: number
  /** Files (PEM). */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string | undefined }
  /** A listener of its own for `/admin`. */
  readonly admin?: { readonly host: string; readonly port: number }
}

export interface HttpOptions {
  readonly access: Access
  /** Where lines on admin calls and writes go. */
  readonly audit: HttpLog
  readonly inside: Inside
  readonly network: () => GossipReading
  readonly hub: LocalHub
  /** Whether the hub can be asked: the port is bound before the hub exists. */
  readonly hasStarted: () => boolean
  /** The bridge from NATS as it is now. */
  readonly nats: () => NatsReading
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
