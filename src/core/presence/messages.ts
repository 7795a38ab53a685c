// What homes tell everyone about leases, and beats on their way to their home.

import type { Static } from 'typebox'
import { Type } from '../schema.ts'
import { CountSchema, HubIdSchema, type Kind, kind } from '../wire.ts'
import { LeaseSchema, ReportSchema, SlugSchema } from './lease.ts'

/** Most leases one message carries: below the gossip bound of 64 KiB at some 200 bytes each. */
export const maxLeases = 200

/**
 * Leases of one home. With `covers`, the message is one part of a refresh: of the slugs in [from, to) these are all;
 * leases that it does not name are gone.
 */
const Leases = Type.Object({
  home: HubIdSchema,
  rev: CountSchema,
  leases: Type.Array(LeaseSchema, { maxItems: maxLeases }),
  covers: Type.Optional(Type.Object({ from: Type.String({ maxLength: 51 }), to: Type.String({ maxLength: 51 }) })),
})

/** A beat that reached a hub which is not the home; the home takes it as its own. */
const Beat = Type.Object({ home: HubIdSchema, slug: SlugSchema, report: ReportSchema })

export type LeasesBody = Static<typeof Leases>

export type PresenceMessage =
  | { readonly kind: 'presence.leases'; readonly body: LeasesBody }
  | { readonly kind: 'presence.beat'; readonly body: Static<typeof Beat> }

export const presenceKinds: readonly Kind<PresenceMessage['body']>[] = [
  kind('presence.leases', Leases),
  kind('presence.beat', Beat),
]
