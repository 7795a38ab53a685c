// What hubs say to each other to hold the same slices: deltas by gossip, digests and runs over links.

import type { Static } from 'typebox'
import { Type } from 'typebox'
import { CountSchema, HubIdSchema, type Kind, kind } from '../wire.ts'
import { RecordSchema } from './record.ts'
import { EpochSchema } from './slice.ts'

/** Most slice versions one message lists; a larger federation is listed in several. */
export const maxVersions = 1000
/** Bytes of records after which a run is cut into another part (16 KB: a message's gossip cost is the same up to there). */
export const partBytes = 16 * 1024
/** Most records of one part. */
export const partRecords = 200

const Records = Type.Array(RecordSchema, { maxItems: partRecords })

/** C8: all records whose latest seq lies in (from, to]. */
const Delta = Type.Object({
  hub: HubIdSchema,
  epoch: EpochSchema,
  from: CountSchema,
  to: CountSchema,
  records: Records,
})
/** A state of the catalog by its digest, and how long ago (ms) a hub was in it that had been for a while. */
const HeldSchema = Type.Tuple([Type.String({ maxLength: 64 }), CountSchema])
/** Most states that one message tells of. */
export const maxHeld = 8

/** C11: a fingerprint of everything held. `reply` asks for an answer. C17: `held` only where hubs were found to differ. */
const Digest = Type.Object({
  digest: Type.String({ maxLength: 64 }),
  reply: Type.Boolean(),
  held: Type.Optional(Type.Array(HeldSchema, { maxItems: maxHeld })),
})
const VersionSchema = Type.Tuple([HubIdSchema, EpochSchema, CountSchema])
/** Everything held, slice by slice; `last` closes the list, `reply` asks for the receiver's. */
const Versions = Type.Object({
  versions: Type.Array(VersionSchema, { maxItems: maxVersions }),
  last: Type.Boolean(),
  reply: Type.Boolean(),
})
/** C9: asks for the part after `after` of the run (have, to]; `to` is 0 in the first request: the source names it. */
const Want = Type.Object({
  hub: HubIdSchema,
  epoch: EpochSchema,
  have: CountSchema,
  to: CountSchema,
  after: CountSchema,
})
/** A part of a run. `done` closes it. `floor`: the run is the whole slice, and what the source has dropped lies up to there (C14). */
const Part = Type.Object({
  hub: HubIdSchema,
  epoch: EpochSchema,
  from: CountSchema,
  to: CountSchema,
  after: CountSchema,
  records: Records,
  done: Type.Boolean(),
  floor: Type.Optional(CountSchema),
})

export type Held = Static<typeof HeldSchema>
export type DigestBody = Static<typeof Digest>
export type ListedVersion = Static<typeof VersionSchema>
export type WantBody = Static<typeof Want>
export type PartBody = Static<typeof Part>

export type CatalogMessage =
  | { readonly kind: 'catalog.delta'; readonly body: Static<typeof Delta> }
  | { readonly kind: 'catalog.digest'; readonly body: DigestBody }
  | { readonly kind: 'catalog.versions'; readonly body: Static<typeof Versions> }
  | { readonly kind: 'catalog.want'; readonly body: WantBody }
  | { readonly kind: 'catalog.part'; readonly body: PartBody }

export const catalogKinds: readonly Kind<CatalogMessage['body']>[] = [
  kind('catalog.delta', Delta),
  kind('catalog.digest', Digest),
  kind('catalog.versions', Versions),
  kind('catalog.want', Want),
  kind('catalog.part', Part),
]
