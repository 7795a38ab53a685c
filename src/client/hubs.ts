// The hubs that a client may ask: it stays with the one that answers, and goes on to the next when that one does not, or
// cannot serve it now. Every request may be sent twice: a hub takes the second for the first.

import { type FailureFacts, isPassing } from './failure.ts'

export interface HubsOptions {
  /** At least one, in order of preference. */
  readonly urls: readonly string[]
  readonly apiKey?: string | undefined
  /** For each hub that is asked. */
  readonly timeoutMs: number
  readonly fetch: typeof fetch
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below the hub's address, with its query. */
  readonly path: string
  readonly body?: unknown
}

/** `tries`: how many hubs were asked. */
export type Reply = { readonly tries: number } & (
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly failure: FailureFacts }
)

export class Hubs {
  readonly #options: HubsOptions
  #current = 0

  constructor(options: HubsOptions) {
    this.#options = options
  }

  /** The address of the one that is asked first. */
  get current(): string {
    return this.#options.urls[this.#current] ?? ''
  }

  /** Never throws. An aborted signal is a failure with the code `closed`. */
  async ask(request: Request, signal: AbortSignal): Promise<Reply> {
    const { urls } = this.#options
    const first = this.#current
    for (let tries = 1; ; tries++) {
      const answer = await this.#askOne(this.current, request, signal)
      if (answer.ok || !isPassing(answer.failure) || tries === urls.length) return { ...answer, tries }
      this.#current = (first + tries) % urls.length
    }
  }

  async #askOne(hub: string, request: Request, signal: AbortSignal) {
    const { timeoutMs } = this.#options
    const ending = new AbortController()
    const end = () => ending.abort()
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      end()
    }, timeoutMs)
    letGo(timer)
    signal.addEventListener('abort', end, { once: true })
    try {
      if (signal.aborted) end()
      return await this.#exchange(hub, request, ending.signal)
    } catch (cause) {
      if (signal.aborted) return failed({ code: 'closed', detail: 'it was given up before a hub answered', hub })
      if (isLate) return failed({ code: 'timeout', detail: `${hub} did not answer within ${timeoutMs} ms`, hub })
      return failed({ code: 'unreachable', detail: `${hub} cannot be reached: ${reasonOf(cause)}`, hub, cause })
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
    }
  }

  async #exchange(hub: string, { method, path, body }: Request, signal: AbortSignal) {
    const { apiKey, fetch } = this.#options
    const headers = {
      accept: 'application/json',
      ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    // A key must not follow a redirection to somebody else.
    const response = await fetch(hub + path, { method, headers, signal, redirect: 'error', ...sent })
    const { ok, status } = response
    if (status === 204) return { ok: true, body: undefined } as const
    const said: unknown = await response.json().catch(() => undefined)
    if (ok && said !== undefined) return { ok, body: said } as const
    return failed({ hub, status, ...problemIn(said, hub, status) })
  }
}

/** In Node a timer keeps its process alive; elsewhere it is a number. */
export function letGo(timer: unknown): void {
  if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function')
    timer.unref()
}

function failed(failure: FailureFacts) {
  return { ok: false, failure } as const
}

function problemIn(said: unknown, hub: string, status: number): { readonly code: string; readonly detail: string } {
  const { code, detail } = typeof said === 'object' && said !== null ? (said as Record<string, unknown>) : {}
  if (typeof code === 'string' && typeof detail === 'string') return { code, detail }
  return { code: 'no-hub', detail: `${hub} answers ${status}, but not as a hub does` }
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message
}
