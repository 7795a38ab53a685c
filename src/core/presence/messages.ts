// What homes tell everyone about leases, beats on their way to their home, and what hubs ask of each other where they differ.

import type { Static } from 'typebox'
import { Type } from '../schema.ts'
import { bytesUpTo, CountSchema, HubIdSchema, type Kind, kind } from '../wire.ts'
import { ageBytes } from './ages.ts'
import { LeaseSchema, ReportSchema, SlugSchema } from './lease.ts'

/** Most leases one message carries: below the gossip bound of 64 KiB at some 200 bytes each. */
export const maxLeases = 200
/** Most leases of a section: their ages take 6 kB. */
export const maxSection = 2_000
/** Most sections of one list: at some 130 bytes each. */
export const maxSections = 400
/** Most sections that are asked for at once. */
export const maxWanted = 40

/** Slugs in [from, to). */
const RangeSchema = Type.Object({ from: Type.String({ maxLength: 51 }), to: Type.String({ maxLength: 51 }) })
export type SlugRange = Static<typeof RangeSchema>

/**
 * Leases of one home. With `covers`, the message is one part of a refresh: of the slugs in [from, to) these are all;
 * leases that it does not name are gone.
 */
const Leases = Type.Object({
  home: HubIdSchema,
  rev: CountSchema,
  leases: Type.Array(LeaseSchema, { maxItems: maxLeases }),
  covers: Type.Optional(RangeSchema),
  /** The question that this answers: those of its slugs that are not named the home does not hold. */
  answers: Type.Optional(Type.Object({ asker: HubIdSchema, call: CountSchema })),
})
export type LeasesBody = Static<typeof Leases>

const section = {
  home: HubIdSchema,
  rev: CountSchema,
  covers: RangeSchema,
  /** The same where a hub holds the same: of slug, claim, revision and state of each lease, whatever their order. */
  mark: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  count: CountSchema,
}
const SectionSchema = Type.Object(section)
/** What a hub holds of one home's leases in a range of slugs, without saying it. */
export type Section = Static<typeof SectionSchema>

/** P6: the home holds what has this mark, which includes these changes. Who does not, asks. */
const Refresh = Type.Object({
  ...section,
  /** Unix ms by the home's clock, from which the ages of the beats count back, in the order of the slugs. */
  at: CountSchema,
  ages: bytesUpTo(ageBytes * maxSection),
  leases: Type.Array(LeaseSchema, { maxItems: maxLeases }),
})
export type RefreshBody = Static<typeof Refresh>

/** What a hub holds: told to a peer over a new link, or instead of what was asked for and is held otherwise. */
const Marks = Type.Object({ sections: Type.Array(SectionSchema, { maxItems: maxSections }) })

/** Sections that are asked for whole; answered with `presence.leases` that cover them. */
const Want = Type.Object({ sections: Type.Array(SectionSchema, { maxItems: maxWanted }) })

/** Some of a home's leases by name, as they are now; answered with `presence.leases` that say so. */
const Ask = Type.Object({
  home: HubIdSchema,
  asker: HubIdSchema,
  /** The asker's own number of it. */
  call: CountSchema,
  slugs: Type.Array(SlugSchema, { maxItems: maxLeases }),
})
export type AskBody = Static<typeof Ask>

/** A home that is about to end gives these projects away (P10). */
const Take = Type.Object({
  home: HubIdSchema,
  to: HubIdSchema,
  /** Unix ms by the home's clock. */
  at: CountSchema,
  leases: Type.Array(LeaseSchema, { maxItems: maxLeases }),
})
export type TakeBody = Static<typeof Take>

/** A beat that reached a hub which is not the home; the home takes it as its own. */
const Beat = Type.Object({ home: HubIdSchema, slug: SlugSchema, report: ReportSchema })

export type PresenceMessage =
  | { readonly kind: 'presence.leases'; readonly body: LeasesBody }
  | { readonly kind: 'presence.refresh'; readonly body: RefreshBody }
  | { readonly kind: 'presence.marks'; readonly body: Static<typeof Marks> }
  | { readonly kind: 'presence.want'; readonly body: Static<typeof Want> }
  | { readonly kind: 'presence.ask'; readonly body: AskBody }
  | { readonly kind: 'presence.take'; readonly body: TakeBody }
  | { readonly kind: 'presence.beat'; readonly body: Static<typeof Beat> }

export const presenceKinds: readonly Kind<PresenceMessage['body']>[] = [
  kind('presence.leases', Leases),
  kind('presence.refresh', Refresh),
  kind('presence.marks', Marks),
  kind('presence.want', Want),
  kind('presence.ask', Ask),
  kind('presence.take', Take),
  kind('presence.beat', Beat),
]
