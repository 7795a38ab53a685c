// A message that only asks whether it was heard, and the answer to it.

import type { Static } from 'typebox'
import { Type } from '../schema.ts'
import { HubIdSchema, type Kind, kind } from '../wire.ts'

const IdSchema = Type.String({ minLength: 1, maxLength: 80 })

/** `isOpen`: who has no link to `by` publishes its answer; in large federations only linked hubs answer. */
const Call = Type.Object({ id: IdSchema, by: HubIdSchema, isOpen: Type.Boolean() })
const Answer = Type.Object({ id: IdSchema, hub: HubIdSchema })

export type EchoMessage =
  | { readonly kind: 'echo.call'; readonly body: Static<typeof Call> }
  | { readonly kind: 'echo.answer'; readonly body: Static<typeof Answer> }

export const echoKinds: readonly Kind<EchoMessage['body']>[] = [kind('echo.call', Call), kind('echo.answer', Answer)]
