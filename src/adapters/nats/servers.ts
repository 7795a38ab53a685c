// Where the NATS servers are and who this hub is to them, as the client wants to be told.

import { readFile } from 'node:fs/promises'
import { type ConnectionOptions, credsAuthenticator } from '@nats-io/transport-node'
import { type Millis, second } from '../../core/time.ts'
import { withoutUserinfo } from '../../core/userinfo.ts'

export interface NatsSettings {
  /** `nats://host:4222`, several with commas; empty or left out: there is no bridge. */
  readonly url?: string
  readonly user?: string
  readonly password?: string
  readonly credsFile?: string
  readonly isTls: boolean
}

/** Of one connection: a server that answers no sooner is tried again. */
const connectTimeoutMs: Millis = 5 * second
/** Between two tries at the same server, with as much again as jitter: a fleet of hubs comes back spread out. */
const retryMs: Millis = 0.5 * second
/** A server that is silent for three of these is gone, whatever the connection says. */
const pingIntervalMs: Millis = 20 * second
const maxPingsOut = 2

/** The servers as people may see them: without users, passwords and tokens. */
export function shownServers(url: string): string {
  return withoutUserinfo(url)
}

/** Reads the credentials file afresh. Throws when it cannot, or when a URL is none. */
export async function connectionOptions(settings: NatsSettings, hub: string): Promise<ConnectionOptions> {
  const { url = '', credsFile, isTls } = settings
  const servers = url.split(',')
  const isSecure = isTls || servers.some((server) => server.startsWith('tls://'))
  return {
    servers: servers.map((server) => server.replace(/^\w+:\/\//, '').replace(/^.*@/, '')),
    name: `hubmesh ${hub}`,
    ...(isSecure ? { tls: {} } : {}),
    ...(credsFile === undefined
      ? identityOf(settings, servers)
      : { authenticator: credsAuthenticator(await readFile(credsFile)) }),
    timeout: connectTimeoutMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: retryMs,
    reconnectJitter: retryMs,
    reconnectJitterTLS: retryMs,
    // Credentials are mended at the server as often as here: no refusal is the last word.
    ignoreAuthErrorAbort: true,
    pingInterval: pingIntervalMs,
    maxPingOut: maxPingsOut,
  }
}

type Identity = Pick<ConnectionOptions, 'user' | 'pass' | 'token'>

/** Settings before what stands in the URL: `user:password@`, or `token@`. */
function identityOf({ user, password = '' }: NatsSettings, servers: readonly string[]): Identity {
  if (user !== undefined) return { user, pass: password }
  const said = servers.map((server) => /^(?:\w+:\/\/)?([^/]*)@/.exec(server)?.[1]).find((one) => one !== undefined)
  if (said === undefined) return {}
  const [first = '', ...rest] = said.split(':')
  if (rest.length === 0) return { token: decodeURIComponent(first) }
  return { user: decodeURIComponent(first), pass: decodeURIComponent(rest.join(':')) }
}
