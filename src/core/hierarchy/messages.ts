// What hubs of different pools say to each other: reports about a pool, what they hold of all reports, and the tie
// between child and parent.

import type { Static } from 'typebox'
import { Type } from '../schema.ts'
import { CountSchema, HubIdSchema, type Kind, kind, type Statement, StatementSchema } from '../wire.ts'

/** Most hubs one report may speak of. */
export const maxReport = 100
/** And does: a larger pool is reported in several, each below the bound of a published message. */
const partSize = 50
/** Most ledgers one message lists, and one request asks for. */
export const maxLedgers = 1_000
export const maxRequest = 8

/** What a hub says of another when it reports. */
export type Word = Statement

const MarkSchema = Type.String({ maxLength: 16 })

/** Where a reporter's ledger stands: its life, how many changes it told in it, how many words it holds, and their mark. */
const StandSchema = Type.Object({ epoch: CountSchema, seq: CountSchema, count: CountSchema, mark: MarkSchema })
export type Stand = Static<typeof StandSchema>

/**
 * What `reporter` believes about hubs of its own pools. With a stand the words are the changes that led to it, or, if
 * `whole`, a part of all its words. Without one they are what a hub that keeps no ledger says.
 */
const Report = Type.Object({
  reporter: HubIdSchema,
  words: Type.Array(StatementSchema, { maxItems: maxReport }),
  stand: Type.Optional(StandSchema),
  whole: Type.Optional(Type.Boolean()),
})
export type Report = Static<typeof Report>

/** The living whom a newly linked peer will want links to. Hearsay (H5): it introduces, it never kills. */
const Introduction = Type.Object({ words: Type.Array(StatementSchema, { maxItems: maxReport }) })

/** A mark of all ledgers that the sender holds; who holds others answers with a list. */
const Compare = Type.Object({ digest: MarkSchema })
/** The ledgers the sender holds; `reply` asks for the receiver's list. */
const Ledgers = Type.Object({
  held: Type.Array(Type.Object({ reporter: HubIdSchema, epoch: CountSchema, seq: CountSchema }), {
    maxItems: maxLedgers,
  }),
  reply: Type.Boolean(),
})
/** Asks for whole ledgers, told as reports. */
const Request = Type.Object({ reporters: Type.Array(HubIdSchema, { maxItems: maxRequest }) })

/**
 * A child keeps its tie to a parent alive, and says what it holds. `ask`: it only wants to know how full the receiver is;
 * `insist`: it wants to be taken although there is no room (H12).
 */
const Attach = Type.Object({
  hub: HubIdSchema,
  digest: Type.Optional(MarkSchema),
  ask: Type.Optional(Type.Boolean()),
  insist: Type.Optional(Type.Boolean()),
})
const Attached = Type.Object({
  hub: HubIdSchema,
  accepted: Type.Boolean(),
  digest: Type.Optional(MarkSchema),
  /** Of the asking hub's tier: how many children it has, and should have at most. */
  children: Type.Optional(CountSchema),
  capacity: Type.Optional(CountSchema),
})

export type TierMessage =
  | { readonly kind: 'tier.report'; readonly body: Report }
  | { readonly kind: 'tier.introduction'; readonly body: Static<typeof Introduction> }
  | { readonly kind: 'tier.compare'; readonly body: Static<typeof Compare> }
  | { readonly kind: 'tier.ledgers'; readonly body: Static<typeof Ledgers> }
  | { readonly kind: 'tier.request'; readonly body: Static<typeof Request> }
  | { readonly kind: 'tier.attach'; readonly body: Static<typeof Attach> }
  | { readonly kind: 'tier.attached'; readonly body: Static<typeof Attached> }

export const tierKinds: readonly Kind<TierMessage['body']>[] = [
  kind('tier.report', Report),
  kind('tier.introduction', Introduction),
  kind('tier.compare', Compare),
  kind('tier.ledgers', Ledgers),
  kind('tier.request', Request),
  kind('tier.attach', Attach),
  kind('tier.attached', Attached),
]

/** The words in as many parts as messages are needed for them. */
export function inParts(words: readonly Word[]): Word[][] {
  const parts: Word[][] = []
  for (let from = 0; from < words.length; from += partSize) parts.push(words.slice(from, from + partSize))
  return parts
}
