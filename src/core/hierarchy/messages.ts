// What hubs of different pools say to each other: reports about a pool, and the tie between child and parent.

import type { Static } from 'typebox'
import { Type } from 'typebox'
import { HubIdSchema, type Kind, kind, type Statement, StatementSchema } from '../wire.ts'

/** Most hubs one report speaks of; a larger pool is reported in several. */
export const maxReport = 100

/** What a hub says of another when it reports. */
export type Word = Statement

/** What `reporter` believes about hubs of its own pools. */
const Report = Type.Object({ reporter: HubIdSchema, words: Type.Array(StatementSchema, { maxItems: maxReport }) })
/** The living whom a newly linked peer will want links to. Hearsay (H5): it introduces, it never kills. */
const Introduction = Type.Object({ words: Type.Array(StatementSchema, { maxItems: maxReport }) })
/** A child keeps its tie to a parent alive. */
const Attach = Type.Object({ hub: HubIdSchema })
const Attached = Type.Object({ hub: HubIdSchema, accepted: Type.Boolean() })

export type TierMessage =
  | { readonly kind: 'tier.report'; readonly body: Static<typeof Report> }
  | { readonly kind: 'tier.introduction'; readonly body: Static<typeof Introduction> }
  | { readonly kind: 'tier.attach'; readonly body: Static<typeof Attach> }
  | { readonly kind: 'tier.attached'; readonly body: Static<typeof Attached> }

export const tierKinds: readonly Kind<TierMessage['body']>[] = [
  kind('tier.report', Report),
  kind('tier.introduction', Introduction),
  kind('tier.attach', Attach),
  kind('tier.attached', Attached),
]

/** The words in as many parts as messages are needed for them. */
export function inParts(words: readonly Word[]): Word[][] {
  const parts: Word[][] = []
  for (let from = 0; from < words.length; from += maxReport) parts.push(words.slice(from, from + maxReport))
  return parts
}
