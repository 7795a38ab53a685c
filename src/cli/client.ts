// Asks a running hub over its HTTP API.

import type { Command } from 'commander'
import type { Static, TSchema } from 'typebox'
import { Check } from 'typebox/schema'
import { isLoopback } from '../config/addresses.ts'
import { CommandFailed, exit } from './exit.ts'
import { configured, type Options, withConfig } from './sources.ts'

const timeoutMs = 10_000

export interface AskOptions extends Options {
  readonly url?: string
  readonly json?: boolean
}

/** The options of every command that asks a hub. */
export function withHub(command: Command): Command {
  return withConfig(command)
    .option(
      '--url <url>',
      "the hub's HTTP address; otherwise FEDERATION_URL, or the configuration's port on this machine",
    )
    .option('--json', 'print JSON')
}

/** The hub's answer at this path. Throws `CommandFailed` when it cannot be reached, refuses, or is no hub. */
export async function ask<S extends TSchema>(options: AskOptions, path: string, schema: S): Promise<Static<S>> {
  return request(options, { path }, schema)
}

/** Says something to the hub and returns its answer. Throws like `ask`. */
export async function tell<S extends TSchema>(
  options: AskOptions,
  said: Said & { readonly body: unknown },
  schema: S,
): Promise<Static<S>> {
  return request(options, said, schema)
}

async function request<S extends TSchema>(options: AskOptions, said: Said, schema: S): Promise<Static<S>> {
  const response = await respond(options, said, AbortSignal.timeout(timeoutMs))
  const body: unknown = await response.json().catch(() => undefined)
  if (Check(schema, body)) return body
  const url = baseUrl(options)
  throw new CommandFailed(exit.failed, `${url} answers, but not as a hub does: pass the --url of a hub`)
}

export interface Said {
  readonly path: string
  readonly body?: unknown
  /** Left out: POST with a body, GET without. */
  readonly method?: 'POST' | 'PATCH'
}

/** The hub's answer, its body unread. Throws `CommandFailed` when it cannot be reached or refuses. */
export async function respond(
  options: AskOptions,
  { path, body, method = 'POST' }: Said,
  signal: AbortSignal | null = null,
): Promise<Response> {
  const url = baseUrl(options)
  const said = body === undefined ? {} : { method, body: JSON.stringify(body) }
  const headers = { ...credentials(apiKey()), ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  let response: Response
  try {
    response = await fetch(new URL(path, url), { signal, headers, redirect: 'manual', ...said })
  } catch (error) {
    throw new CommandFailed(exit.failed, `no hub answers at ${url} (${reasonOf(error)}): start one, or pass --url`)
  }
  if (response.ok) return response
  refuseRedirect(response, url, '--url')
  const problem: unknown = await response.json().catch(() => undefined)
  throw new CommandFailed(exit.failed, `${url} answers ${response.status}: ${detailOf(problem)}`, codeOf(problem))
}

/** A key must not follow a redirect to somebody else: `fetch` is told `manual`, and this says where it leads. */
export function refuseRedirect({ status, headers }: Response, url: URL, flag: '--url' | '--from'): void {
  const location = headers.get('location')
  if (status < 300 || status > 399 || location === null) return
  const target = URL.canParse(location, url.href) ? new URL(location, url).href : 'no address'
  throw new CommandFailed(exit.failed, `${url} answers with a redirect to ${target}: ask there, with ${flag}`)
}

/** The key that FEDERATION_API_KEY holds. A variable that is set to nothing says nothing. */
export function apiKey(): string | undefined {
  return process.env['FEDERATION_API_KEY'] || undefined
}

/** What a hub that wants a key is shown. */
export function credentials(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { 'x-api-key': key }
}

/** Where the hub is that the options name. */
export function baseUrl(options: AskOptions): URL {
  const said = options.url ?? (process.env['FEDERATION_URL'] || undefined)
  if (said !== undefined) return urlOf(said)
  const { network, security } = configured(options, false).config
  const { http_host: host, http_port: port } = network
  const scheme = security.tls === undefined ? 'http' : 'https'
  return new URL(`${scheme}://${isLoopback(host) ? hostPart(host) : '127.0.0.1'}:${port}`)
}

/** Throws `CommandFailed` where it is no HTTP address. */
export function urlOf(text: string): URL {
  if (/^https?:/.test(text) && URL.canParse(text)) return new URL(text)
  throw new CommandFailed(exit.invalid, `${text} is no URL: write http://host:port`)
}

function hostPart(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

export function detailOf(body: unknown): string {
  return typeof body === 'object' && body !== null && 'detail' in body ? String(body.detail) : 'no hub of this kind'
}

function codeOf(body: unknown): string | undefined {
  return typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : undefined
}

export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  if (cause instanceof Error && 'code' in cause) return String(cause.code)
  return error instanceof Error ? error.message : String(error)
}
