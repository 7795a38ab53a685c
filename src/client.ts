// `hubmesh/client`, for programs beside a federation. `HubMesh` asks and beats, with other hubs to fall back on. `watch` is what
// happens, as an async iterable. It outlives hubs that restart: the connection is made anew with growing pauses, and goes on
// from the last cursor, so that nothing is missed in between.

import { setTimeout as wait } from 'node:timers/promises'
import { keepBeating } from './client/beating.ts'
import type { FailureCode, FailureFacts } from './client/failure.ts'
import { Hubs, type Request } from './client/hubs.ts'
import { type Environment, settled } from './client/settings.ts'
import type * as Stream from './client/stream.ts'
import { parsed, problemOf } from './client/stream.ts'
import type * as Types from './client/types.ts'

export type Project = Types.Project
export type ProjectStatus = Types.ProjectStatus
export type ProjectFilter = Types.ProjectFilter
export type Description = Types.Description
export type Registration = Types.Registration
export type Heartbeat = Types.Heartbeat
export type HeartbeatReply = Types.HeartbeatReply

export interface HubMeshOptions {
  /** Addresses of hubs, the preferred first; otherwise FEDERATION_URL (several with commas), or http://localhost:8080. */
  readonly hubs?: string | URL | readonly (string | URL)[]
  /** Sent as X-API-Key; otherwise FEDERATION_API_KEY. */
  readonly apiKey?: string
  /** false: nobody is asked anything; otherwise FEDERATION_ENABLED (false, 0, no, off). */
  readonly enabled?: boolean
  /** How long each hub has to answer; 5,000. */
  readonly timeoutMs?: number
  /** Closes the client. */
  readonly signal?: AbortSignal
  /** Left out: the runtime's. */
  readonly fetch?: typeof fetch
  /** Left out: the process's. */
  readonly env?: Environment
}

export interface HeartbeatOptions {
  /** What each beat says; a function is asked before each, and has an interval's time to answer. */
  readonly beat?: Heartbeat | (() => Heartbeat | Promise<Heartbeat>)
  /** With it the project is registered where no hub knows it. One that was removed stays removed. */
  readonly registration?: Description
  readonly onBeat?: (reply: HeartbeatReply) => void
  /** A beat failed at every hub; the next is tried after the pause. */
  readonly onError?: (error: Error, pauseMs: number) => void
  readonly signal?: AbortSignal
  /** false: waiting for the next beat does not keep the process alive. */
  readonly keepsAlive?: boolean
}

export interface Pulse {
  stop(): void
  /** Fulfilled when it has stopped; never rejected. */
  readonly ended: Promise<void>
}

/** No hub did what was asked. `code` is that of docs/errors.md, or unreachable, timeout, no-hub, disabled or closed. */
export class HubMeshError extends Error {
  readonly code: FailureCode
  /** Of the answer; undefined where there was none. */
  readonly status: number | undefined
  /** The hub that was asked last. */
  readonly hub: string | undefined
  constructor({ code, detail, status, hub, cause }: FailureFacts) {
    super(detail, cause === undefined ? {} : { cause })
    this.name = 'HubMeshError'
    this.code = code
    this.status = status
    this.hub = hub
  }
}

/** A federation, through its hubs. Methods throw `HubMeshError`; `heartbeat` never does. */
export class HubMesh {
  readonly #hubs: Hubs
  readonly #isEnabled: boolean
  readonly #ending = new AbortController()
  readonly #pulses = new Set<Promise<void>>()

  /** Throws a TypeError when an address is none. */
  constructor(options: HubMeshOptions = {}) {
    const { isEnabled, ...hubs } = settled(options)
    this.#hubs = new Hubs(hubs)
    this.#isEnabled = isEnabled
    const { signal } = options
    if (signal?.aborted === true) this.#ending.abort()
    else signal?.addEventListener('abort', () => this.#ending.abort(), { once: true, signal: this.#ending.signal })
  }

  /** The address of the hub that is asked first: the last that answered. */
  get hub(): string {
    return this.#hubs.current
  }

  async list(filter: ProjectFilter = {}): Promise<Project[]> {
    const said = Object.entries(filter).filter(([, value]) => value !== undefined)
    const query = new URLSearchParams(said).toString()
    return this.#ask<Project[]>({ method: 'GET', path: `${projects}${query === '' ? '' : `?${query}`}` })
  }

  get(slug: string): Promise<Project> {
    return this.#ask<Project>({ method: 'GET', path: pathOf(slug) })
  }

  /** Registers a project, or updates it. */
  register(registration: Registration): Promise<Project> {
    return this.#ask<Project>({ method: 'POST', path: projects, body: registration })
  }

  /** Throws where there is no such project. */
  async update(slug: string, changes: Description): Promise<Project> {
    try {
      return await this.#ask<Project>({ method: 'PATCH', path: pathOf(slug), body: changes })
    } catch (error) {
      // Older hubs know no PATCH.
      if (!(error instanceof HubMeshError && error.status === 405)) throw error
      await this.get(slug)
      return this.register({ ...changes, slug })
    }
  }

  /** It stays removed until it is registered again. */
  async remove(slug: string): Promise<void> {
    const reply = await this.#reply({ method: 'DELETE', path: pathOf(slug) })
    // A hub that did not answer in time may have removed it all the same.
    if (reply.ok || (reply.tries > 1 && reply.failure.code === 'project-removed')) return
    throw new HubMeshError(reply.failure)
  }

  /** One beat. */
  beat(slug: string, beat: Heartbeat = {}): Promise<HeartbeatReply> {
    return this.#ask<HeartbeatReply>(beatOf(slug, beat))
  }

  /** Keeps beating until it is stopped or the client is closed. Where the client is not enabled, nothing happens. */
  heartbeat(slug: string, options: HeartbeatOptions = {}): Pulse {
    const ending = new AbortController()
    const stop = () => ending.abort()
    const signals = [this.#ending.signal, ...(options.signal === undefined ? [] : [options.signal])]
    for (const signal of signals) {
      if (signal.aborted) stop()
      signal.addEventListener('abort', stop, { once: true, signal: ending.signal })
    }
    if (!this.#isEnabled) stop()
    const { beat: said = {}, registration, onBeat, onError, keepsAlive = true } = options
    const { signal } = ending
    const content = typeof said === 'function' ? said : () => said
    const whole = registration && { ...registration, slug }
    const beat = (body: Heartbeat) => this.#beatOnce(beatOf(slug, body), whole, signal)
    const ended = keepBeating({ content, beat, onBeat, onError, keepsAlive, signal })
    this.#pulses.add(ended)
    void ended.then(() => this.#pulses.delete(ended))
    return { stop, ended }
  }

  /** Ends what is under way; fulfilled when nothing of it is left. */
  async close(): Promise<void> {
    this.#ending.abort()
    await Promise.all(this.#pulses)
  }

  async #beatOnce(request: Request, registration: Registration | undefined, signal: AbortSignal) {
    try {
      return await this.#ask<HeartbeatReply>(request, signal)
    } catch (error) {
      const isUnknown = error instanceof HubMeshError && error.code === 'unknown-project'
      if (!isUnknown || registration === undefined) throw error
      await this.#ask({ method: 'POST', path: projects, body: registration }, signal)
      return this.#ask<HeartbeatReply>(request, signal)
    }
  }

  async #ask<T>(request: Request, signal?: AbortSignal): Promise<T> {
    const reply = await this.#reply(request, signal)
    if (!reply.ok) throw new HubMeshError(reply.failure)
    return reply.body as T
  }

  async #reply(request: Request, signal = this.#ending.signal): ReturnType<Hubs['ask']> {
    if (this.#isEnabled) return this.#hubs.ask(request, signal)
    const failure = { code: 'disabled', detail: 'the federation is switched off (FEDERATION_ENABLED)' }
    return { ok: false, tries: 0, failure }
  }
}

const projects = '/api/fed/projects'

function beatOf(slug: string, body: Heartbeat): Request {
  return { method: 'POST', path: `${pathOf(slug)}/heartbeat`, body }
}

function pathOf(slug: string): string {
  return `${projects}/${encodeURIComponent(slug)}`
}

/** `cursor`: where to go on after this event, on any hub. `value` is the whole thing as it is; null when there is none any more. */
export type WatchedEvent = Stream.WatchedEvent

export interface WatchOptions {
  /** A hub's HTTP address. */
  readonly url: string | URL
  /** The cursor of the last event that was taken; left out: begin with what is there. */
  readonly since?: string | undefined
  /** Ends the iteration. */
  readonly signal?: AbortSignal
  readonly apiKey?: string
  /** The stream ended or did not begin, and is tried again after the pause; throw to give up. */
  readonly onRetry?: (error: Error, pauseMs: number) => void
}

/** The hub will not answer this request, however often it is asked. */
export class WatchRefused extends Error {
  readonly status: number
  /** Of the problem, where the answer is one. */
  readonly code: string | undefined
  constructor({ status, code, detail }: { status: number; code?: string | undefined; detail: string }) {
    super(detail)
    this.name = 'WatchRefused'
    this.status = status
    this.code = code
  }
}

const firstPauseMs = 250
const longestPauseMs = 10_000
/** Three keep-alives of a hub: whoever is silent for longer is gone, whatever the connection says. */
const silenceMs = 45_000

/** Watches until the signal says so. Throws `WatchRefused` where trying again is of no use. */
export async function* watch(options: WatchOptions): AsyncGenerator<WatchedEvent, void> {
  const { signal, onRetry } = options
  let cursor = options.since
  let failures = 0
  while (signal?.aborted !== true) {
    let error: Error
    try {
      for await (const event of connection(options, cursor)) {
        failures = 0
        cursor = event.cursor
        yield event
      }
      error = new Error('the hub ended the stream')
    } catch (thrown) {
      if (isAborted(signal)) return
      if (!(thrown instanceof Error) || thrown instanceof WatchRefused) throw thrown
      error = thrown
    }
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** failures++) * (0.5 + Math.random() / 2)
    onRetry?.(error, pauseMs)
    await wait(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
  }
}

/** One connection, until it ends. A consumer that breaks off closes it. */
async function* connection(options: WatchOptions, cursor: string | undefined): AsyncGenerator<WatchedEvent> {
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(new Error('the hub has been silent for too long')), silenceMs)
  try {
    const signals = options.signal === undefined ? [] : [options.signal]
    const body = await opened(options, cursor, AbortSignal.any([silence.signal, ...signals]))
    const { parser, take } = parsed(cursor ?? '')
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      timer.refresh()
      parser.feed(chunk)
      yield* take()
    }
  } finally {
    clearTimeout(timer)
    silence.abort()
  }
}

async function opened({ url, apiKey }: WatchOptions, cursor: string | undefined, signal: AbortSignal) {
  const headers = {
    accept: 'text/event-stream',
    ...(cursor === undefined ? {} : { 'last-event-id': cursor }),
    ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
  }
  const response = await fetch(new URL('/api/fed/watch', url), { headers, signal, redirect: 'manual' })
  const { ok, status, body } = response
  if (ok && body !== null && response.headers.get('content-type')?.startsWith('text/event-stream') === true) return body
  const { detail, code } = await problemOf(response)
  if (status === 429 || status >= 500) throw new Error(detail ?? `the hub answers ${status}`)
  throw new WatchRefused({ status, code, detail: detail ?? 'this is no hub that can be watched' })
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}
