// `hubmesh/client`: what happens in a federation, as an async iterable. It outlives hubs that restart: the connection is
// made anew with growing pauses, and goes on from the last cursor, so that nothing is missed in between.

import { setTimeout as wait } from 'node:timers/promises'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { HubEvent, ProjectEvent, ResetEvent } from './hub/events.ts'

/** `cursor`: where to go on after this event, on any hub. `value` is the whole thing as it is; null when there is none any more. */
export type WatchedEvent = { readonly cursor: string } & (
  | ({ readonly event: 'project' } & ProjectEvent)
  | ({ readonly event: 'hub' } & HubEvent)
  /** With the scope `all`: drop everything you hold, it is told again. */
  | ({ readonly event: 'reset' } & ResetEvent)
  /** All that was there has been told; changes follow. A hub that was not told of since it connected is gone. */
  | { readonly event: 'caught-up' }
)

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
  const response = await fetch(new URL('/api/fed/watch', url), { headers, signal })
  const { ok, status, body } = response
  if (ok && body !== null && response.headers.get('content-type')?.startsWith('text/event-stream') === true) return body
  const said: unknown = await response.json().catch(() => undefined)
  const { detail, code } = problemIn(said)
  if (status === 429 || status >= 500) throw new Error(detail ?? `the hub answers ${status}`)
  throw new WatchRefused({ status, code, detail: detail ?? 'this is no hub that can be watched' })
}

function problemIn(said: unknown): { readonly detail?: string; readonly code?: string } {
  if (typeof said !== 'object' || said === null) return {}
  return {
    ...('detail' in said && typeof said.detail === 'string' ? { detail: said.detail } : {}),
    ...('code' in said && typeof said.code === 'string' ? { code: said.code } : {}),
  }
}

/** Text in, events out. An event without an id stands where the one before stood. */
function parsed(since: string) {
  const waiting: WatchedEvent[] = []
  let cursor = since
  const parser = createParser({
    onEvent(message) {
      cursor = message.id ?? cursor
      const event = eventOf(message, cursor)
      if (event !== undefined) waiting.push(event)
    },
    onComment(comment) {
      const [word, at] = comment.trim().split(' ')
      if (word !== 'caught-up') return
      cursor = at ?? cursor
      waiting.push({ event: 'caught-up', cursor })
    },
  })
  return { parser, take: () => waiting.splice(0) }
}

/** Events of later versions that nobody here knows are passed over. */
function eventOf({ event, data }: EventSourceMessage, cursor: string): WatchedEvent | undefined {
  if (event !== 'project' && event !== 'hub' && event !== 'reset') return undefined
  return { event, cursor, ...JSON.parse(data) }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}
