// What hubs say to each other to hold the same slices: deltas by gossip, digests and runs over links.

import type { Static } from 'typebox'
import type { PeerId } from '../ids.ts'
import { Type } from '../schema.ts'
import { bytesUpTo, CountSchema, HubIdSchema, type Kind, kind } from '../wire.ts'
import { CardSchema } from './card.ts'
import { maxMarkBytes } from './estimate.ts'
import { HeadSchema } from './head.ts'
import { maxNumberBytes } from './numbers.ts'
import { RecordSchema } from './record.ts'
import { EpochSchema } from './slice.ts'

/** Most slice versions one message lists; a larger federation is listed in several. */
export const maxVersions = 1000
/** Bytes of records, without heads, after which a run is cut into another part (a message's gossip cost is the same up to 16 KB). */
export const partBytes = 16 * 1024
/** Most records of one part. */
export const partRecords = 200

/** Most slices that one message asks for or brings. */
export const maxSlices = 64
/** Longest row of seqs that is told at once: as many slices as one peer may list. */
export const maxRow = 20_000
/** Bytes of the longest sketch: of 500 differences, beyond which the row itself is seldom longer. */
export const maxSketchBytes = 2_000

/** So many numbers at most. As bytes only to a peer that said `brief`: those of 0.3.0 read lists alone. */
const Row = (most: number) =>
  Type.Union([Type.Array(CountSchema, { maxItems: most }), bytesUpTo(most * maxNumberBytes)])
const Brief = Type.Optional(Type.Boolean())

const Records = Type.Array(RecordSchema, { maxItems: partRecords })

/** C8: all records whose latest seq lies in (from, to], with the head at `to`. */
const Delta = Type.Object({
  hub: HubIdSchema,
  epoch: EpochSchema,
  from: CountSchema,
  to: CountSchema,
  records: Records,
  head: HeadSchema,
})
const DigestSchema = Type.String({ maxLength: 64 })
/** A state of the catalog by its digest, and how long ago (ms) a hub was in it that had been for a while. */
const HeldSchema = Type.Tuple([DigestSchema, CountSchema])
/** Most states that one message tells of. */
export const maxHeld = 8

/** C11: a fingerprint of everything held. `reply` asks for an answer. C17: `held` only where hubs were found to differ. */
const Digest = Type.Object({
  digest: DigestSchema,
  reply: Type.Boolean(),
  held: Type.Optional(Type.Array(HeldSchema, { maxItems: maxHeld })),
})
const VersionSchema = Type.Tuple([HubIdSchema, EpochSchema, CountSchema])
/**
 * Slice by slice, `last` closes the list. With `reply` everything that is held, and the receiver is to answer with what it
 * holds further; without, that answer. `digest`: of all that the sender holds.
 */
const Versions = Type.Object({
  versions: Type.Array(VersionSchema, { maxItems: maxVersions }),
  last: Type.Boolean(),
  reply: Type.Boolean(),
  digest: Type.Optional(DigestSchema),
})
/** C11: a summary of all seqs, in the roster that the digest names, from which a few differences can be told. */
const Sketch = Type.Object({ digest: DigestSchema, symbols: bytesUpTo(maxSketchBytes), brief: Brief })
/** C11: there are more differences than a sketch told. Marks of parts of the row say about how many; none: tell all. */
const Doubt = Type.Object({ marks: bytesUpTo(maxMarkBytes), brief: Brief })
/** C11: all seqs in the roster that the digest names; with `at`, those of some places: each as its distance from the last. */
const Seqs = Type.Object({
  digest: DigestSchema,
  seqs: Row(maxRow),
  at: Type.Optional(Row(maxRow)),
})
/** C9: asks for the part after `after` of the run (have, to]; `to` is 0 in the first request: the source names it. */
const Want = Type.Object({
  hub: HubIdSchema,
  epoch: EpochSchema,
  have: CountSchema,
  to: CountSchema,
  after: CountSchema,
})
/**
 * A part of a run. `done` closes it, with the author's head at `to` (C10). `floor`: the run is the whole slice, and what the
 * source has dropped lies up to there (C14).
 */
const Part = Type.Object({
  hub: HubIdSchema,
  epoch: EpochSchema,
  from: CountSchema,
  to: CountSchema,
  after: CountSchema,
  records: Records,
  done: Type.Boolean(),
  floor: Type.Optional(CountSchema),
  head: Type.Optional(HeadSchema),
})
const Wants = Type.Object({ wants: Type.Array(Want, { minItems: 1, maxItems: maxSlices }) })
const Parts = Type.Object({ parts: Type.Array(Part, { minItems: 1, maxItems: maxSlices }) })
const RosterSchema = Type.String({ maxLength: 8 })
/** Wants of whole runs in a roster that both stand in: of each slice its place, as the distance from the last, and `have`. */
const Ask = Type.Object({ roster: RosterSchema, at: Row(2 * maxSlices) })
/**
 * Whole runs in a roster that both stand in: of each the distance from the last place, how far the run goes on behind its
 * last record (C14 may have dropped that), and `to` less `from`. So no number is longer than it must be. Each has its head.
 * As bytes the distance is doubled; where it is even the run ends with its last record and has one for each seq, and the other
 * two numbers are left out.
 */
const Runs = Type.Object({
  roster: RosterSchema,
  at: Row(3 * maxSlices),
  records: Type.Array(Records, { maxItems: maxSlices }),
  heads: Type.Array(HeadSchema, { maxItems: maxSlices }),
})

/** C20: asks for the cards of these hubs, of which the receiver holds slices. */
const Seek = Type.Object({ hubs: Type.Array(HubIdSchema, { minItems: 1, maxItems: maxSlices }) })
/** C20: of the first `looked` hubs that were asked for, those that have one. */
const Cards = Type.Object({ cards: Type.Array(CardSchema, { maxItems: maxSlices }), looked: CountSchema })

export type Held = Static<typeof HeldSchema>
export type DigestBody = Static<typeof Digest>
export type ListedVersion = Static<typeof VersionSchema>
export type VersionsBody = Static<typeof Versions>
export type SketchBody = Static<typeof Sketch>
export type DoubtBody = Static<typeof Doubt>
export type SeqsBody = Static<typeof Seqs>
export type WantBody = Static<typeof Want>
export type PartBody = Static<typeof Part>
export type AskBody = Static<typeof Ask>
export type RunsBody = Static<typeof Runs>
export type SeekBody = Static<typeof Seek>
export type CardsBody = Static<typeof Cards>

/** What moves slices. */
export type SyncMessage =
  | { readonly kind: 'catalog.delta'; readonly body: Static<typeof Delta> }
  | { readonly kind: 'catalog.digest'; readonly body: DigestBody }
  | { readonly kind: 'catalog.versions'; readonly body: VersionsBody }
  | { readonly kind: 'catalog.sketch'; readonly body: SketchBody }
  | { readonly kind: 'catalog.doubt'; readonly body: DoubtBody }
  | { readonly kind: 'catalog.seqs'; readonly body: SeqsBody }
  | { readonly kind: 'catalog.want'; readonly body: Static<typeof Wants> }
  | { readonly kind: 'catalog.part'; readonly body: Static<typeof Parts> }
  | { readonly kind: 'catalog.ask'; readonly body: AskBody }
  | { readonly kind: 'catalog.runs'; readonly body: RunsBody }

/** What shows hubs before their slices have come. */
export type CardMessage =
  | { readonly kind: 'catalog.seek'; readonly body: SeekBody }
  | { readonly kind: 'catalog.cards'; readonly body: CardsBody }

export type CatalogMessage = SyncMessage | CardMessage

export const catalogKinds: readonly Kind<CatalogMessage['body']>[] = [
  kind('catalog.delta', Delta),
  kind('catalog.digest', Digest),
  kind('catalog.versions', Versions),
  kind('catalog.sketch', Sketch),
  kind('catalog.doubt', Doubt),
  kind('catalog.seqs', Seqs),
  kind('catalog.want', Wants),
  kind('catalog.part', Parts),
  kind('catalog.ask', Ask),
  kind('catalog.runs', Runs),
  kind('catalog.seek', Seek),
  kind('catalog.cards', Cards),
]

/** What is compared and moved, by name or by place in a roster. */
export interface Outgoing {
  readonly type: 'send'
  readonly to: PeerId
  readonly message: CatalogMessage
}
