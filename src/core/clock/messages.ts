// What hubs say to each other about the time.

import type { Static } from 'typebox'
import { Type } from '../schema.ts'
import { CountSchema, type Kind, kind } from '../wire.ts'

/** What time is it there? */
const Ask = Type.Object({})
/** Unix milliseconds, when the question was read. */
const Tell = Type.Object({ wall: CountSchema })

export type ClockMessage =
  | { readonly kind: 'clock.ask'; readonly body: Static<typeof Ask> }
  | { readonly kind: 'clock.tell'; readonly body: Static<typeof Tell> }

export const clockKinds: readonly Kind<ClockMessage['body']>[] = [kind('clock.ask', Ask), kind('clock.tell', Tell)]
