// The stream of a hub's events, read: text in, events out.

import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { HubEvent, ProjectEvent, ResetEvent } from '../hub/events.ts'

/** `cursor`: where to go on after this event, on any hub. `value` is the whole thing as it is; null when there is none any more. */
export type WatchedEvent = { readonly cursor: string } & (
  | ({ readonly event: 'project' } & ProjectEvent)
  | ({ readonly event: 'hub' } & HubEvent)
  /** With the scope `all`: drop everything you hold, it is told again. */
  | ({ readonly event: 'reset' } & ResetEvent)
  /** All that was there has been told; changes follow. A hub that was not told of since it connected is gone. */
  | { readonly event: 'caught-up' }
)

/** Text in, events out. An event without an id stands where the one before stood. */
export function parsed(since: string) {
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

/** What an answer says that is no stream. A key must not follow a redirect to somebody else. */
export async function problemOf(response: Response): Promise<{ readonly detail?: string; readonly code?: string }> {
  const location = response.headers.get('location')
  if (response.status >= 300 && response.status < 400 && location !== null) {
    return { detail: `it answers with a redirect to ${location}; ask there` }
  }
  const said: unknown = await response.json().catch(() => undefined)
  if (typeof said !== 'object' || said === null) return {}
  return {
    ...('detail' in said && typeof said.detail === 'string' ? { detail: said.detail } : {}),
    ...('code' in said && typeof said.code === 'string' ? { code: said.code } : {}),
  }
}
