// What a client is told by its program, and by the environment where the program says nothing.

import type { HubsOptions } from './hubs.ts'

export type Environment = Readonly<Record<string, string | undefined>>

interface Said {
  readonly hubs?: string | URL | readonly (string | URL)[]
  readonly apiKey?: string
  readonly enabled?: boolean
  readonly timeoutMs?: number
  readonly fetch?: typeof fetch
  readonly env?: Environment
}

const usualHub = 'http://localhost:8080'
const usualTimeoutMs = 5_000
const noes: readonly string[] = ['false', '0', 'no', 'off']

/** Throws a TypeError when an address is none. A variable that is set to nothing is not set. */
export function settled(said: Said): HubsOptions & { readonly isEnabled: boolean } {
  const env = said.env ?? processEnv()
  const hubs = said.hubs ?? (env['FEDERATION_URL'] || usualHub)
  const list = typeof hubs === 'string' ? hubs.split(',') : [hubs].flat()
  const urls = list.map(addressOf).filter((url) => url !== '')
  if (urls.length === 0) throw new TypeError('no hub is named: pass hubs, or set FEDERATION_URL')
  return {
    urls,
    apiKey: said.apiKey ?? (env['FEDERATION_API_KEY'] || undefined),
    isEnabled: said.enabled ?? !noes.includes((env['FEDERATION_ENABLED'] ?? '').trim().toLowerCase()),
    timeoutMs: said.timeoutMs ?? usualTimeoutMs,
    fetch: said.fetch ?? fetch,
  }
}

/** Without a slash at its end: paths are put behind it, also where a proxy has the hub below a path. */
function addressOf(hub: string | URL): string {
  const text = String(hub).trim()
  if (text === '') return ''
  const { protocol, origin, pathname } = new URL(text)
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`${text} is no http address`)
  return `${origin}${pathname}`.replace(/\/+$/, '')
}

/** There is none in a browser. */
function processEnv(): Environment {
  return typeof process === 'undefined' ? {} : process.env
}
