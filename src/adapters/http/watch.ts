// What happens in the federation, as it happens.

import type { Readable } from 'node:stream'
import { refuse } from '../../core/errors.ts'
import { Type } from '../../core/schema.ts'
import type { Millis } from '../../core/time.ts'
import { callerOf } from './auth/caller.ts'
import { problem } from './openapi.ts'
import type { App, HttpOptions } from './options.ts'
import { Refused } from './problems.ts'
import { EventStream } from './stream.ts'
import { Turns } from './turns.ts'

const keepAliveMs: Millis = 15_000
/** A timer can wait for 24.8 days. */
const longestTimerMs: Millis = 2 ** 31 - 1

const description = `Server-sent events: \`project\` (data: ProjectEvent), \`hub\` (HubEvent) and \`reset\` (ResetEvent).

A client without a cursor is told what is there, every project and every hub, then the comment \`: caught-up <cursor>\`, then
changes. With \`Last-Event-ID\` or \`since\` (the header counts) it goes on from that cursor, the \`id\` of an event, on any hub
of the federation: every project that was written or removed since, then how all hubs and projects are, then that
comment. A hub that is not told of by then is not known any more. \`value\` is always the whole thing as it is when it is
sent, so several changes may be one event, and one may be told twice. A long \`id\` is left out where it has not changed.

\`reset\` says that the cursor does not fit. Scope \`hub\`: all that this hub wrote is told again, removals included. Scope
\`all\`: drop everything, it is all told again. Also a client that reads so slowly that it is 10,000 changes behind gets
that, and one that takes nothing for a minute is cut. Every 15 s without an event there is a comment. The stream ends when
the hub stops, and when the token that it was begun with ends: connect again, there or elsewhere.`

type WatchOptions = Pick<HttpOptions, 'hub' | 'metrics' | 'maxWatchers'>

export function watchRoute(app: App, options: WatchOptions): void {
  const streams = streamsOf(app, options)
  app.get(
    '/api/fed/watch',
    {
      // It would never end.
      exposeHeadRoute: false,
      schema: {
        tags: ['watch'],
        summary: 'What happens, as it happens',
        description,
        querystring: Type.Object(
          { since: Type.Optional(Type.String({ description: 'The id of the last event that was taken' })) },
          { additionalProperties: false },
        ),
        headers: Type.Object({
          'last-event-id': Type.Optional(Type.String({ description: 'The same, as browsers send it' })),
        }),
        response: {
          200: {
            description: 'Events',
            content: { 'text/event-stream': { schema: Type.Unsafe<Readable>({ type: 'string' }) } },
          },
          400: problem,
          429: problem,
          503: problem,
        },
      },
    },
    async (request, reply) => {
      const { query, headers } = request
      // A header that is set to nothing says nothing; a browser that connects again sends both.
      const stream = streams.open(headers['last-event-id'] || query.since || undefined, callerOf(request)?.until)
      reply.header('cache-control', 'no-cache, no-transform').header('x-accel-buffering', 'no')
      return reply.type('text/event-stream').send(stream.readable)
    },
  )
}

/** All that are open: bounded, kept alive together, ended before the server closes. */
function streamsOf(app: App, { hub, metrics, maxWatchers }: WatchOptions) {
  const open = new Set<EventStream>()
  const turns = new Turns()
  let isClosing = false
  const timer = setInterval(() => {
    for (const stream of open) stream.keepAlive()
  }, keepAliveMs).unref()
  app.addHook('preClose', async () => {
    isClosing = true
    clearInterval(timer)
    for (const stream of open) stream.end()
  })
  return {
    /** `until`: Unix time in ms at which whoever watches is let in no more. */
    open(since: string | undefined, until: number | undefined): EventStream {
      if (isClosing) throw new Refused(refuse('leaving', 'This hub is stopping; watch another one'))
      if (open.size >= maxWatchers) {
        const detail = `This hub has ${maxWatchers} watchers (limits.watchers); watch another one`
        throw new Refused(refuse('limit-reached', detail))
      }
      const stream = new EventStream({
        open: (wake) => {
          const watched = hub.watch(since, wake)
          if (!watched.ok) throw new Refused(watched)
          return watched.watching
        },
        onSent: metrics.sent,
        later: turns.take,
      })
      open.add(stream)
      metrics.watchers(open.size)
      const ending = until === undefined ? undefined : setTimeout(() => stream.end(), msTo(until)).unref()
      stream.readable.once('close', () => {
        clearTimeout(ending)
        open.delete(stream)
        metrics.watchers(open.size)
      })
      return stream
    },
  }
}

/** A token that is good for longer than a timer waits ends its streams early: their clients go on from their cursors. */
function msTo(until: number): Millis {
  return Math.min(until - Date.now(), longestTimerMs)
}
