// A hub's card: what its entry in the directory says, under its own signature. The head of a slice vouches for all of it at
// once (C10), so the entry of a hub with many projects would be believed only after the last of them. A card is believed by
// itself: who joins is shown where every hub is before the first project has come (C20).

import type { Static } from 'typebox'
import { Compile } from 'typebox/schema'
import { canonical } from '../hash.ts'
import type { HubId, PeerId } from '../ids.ts'
import { Type } from '../schema.ts'
import { CountSchema, HubIdSchema, isPlain, PeerIdSchema } from '../wire.ts'
import { type CatalogRecord, fieldNamePattern, join, lifeField, maxFields } from './record.ts'

/** The kind of the entries by which hubs list themselves. The entry of a hub that is forgotten goes with its slice. */
export const hubKind = 'hub'
/** The field in which the entry carries its signature, and when it was made. */
export const signedField = 'signed'
/** Longest card, as JSON text: more than a hub can say of itself by its settings. */
export const maxCardText = 8 * 1024

/** What the entry says, whatever this version knows of it (C16), `peer` among it: the key that signed. */
const SaidSchema = Type.Record(Type.String({ pattern: fieldNamePattern }), Type.Unknown(), {
  maxProperties: maxFields,
  additionalProperties: false,
})
type Said = Static<typeof SaidSchema>
const SealSchema = Type.Object({
  /** Unix ms: of two cards of a hub the later one holds. */
  at: CountSchema,
  signature: Type.String({ maxLength: 100 }),
})
export type Seal = Static<typeof SealSchema>

export const CardSchema = Type.Object({ hub: HubIdSchema, said: SaidSchema, ...SealSchema.properties })
export type Card = Static<typeof CardSchema>

const sealCheck = Compile(SealSchema)
const peerCheck = Compile(PeerIdSchema)

/** What the hub signs. */
export function cardText(federation: string, { hub, at, said }: Omit<Card, 'signature'>): string {
  return canonical(['hubmesh/card/1', federation, hub, at, said])
}

/** What the entry in a hub's own slice says. Voids are left out: they may be dropped before the next writing (C14). */
export function saidIn(record: CatalogRecord | undefined): Said {
  if (record === undefined) return {}
  const values = Object.entries(join([record]).fields).map(([name, [value]]) => [name, value] as const)
  return Object.fromEntries(
    values.filter(([name, value]) => value !== null && name !== lifeField && name !== signedField),
  )
}

/** The seal that the entry carries; undefined while it has none. */
export function sealIn(record: CatalogRecord | undefined): Seal | undefined {
  const seal = record?.fields[signedField]?.[0]
  return sealCheck.Check(seal) ? seal : undefined
}

/** The entry in a hub's own slice as its card. */
export function cardIn(record: CatalogRecord | undefined): Card | undefined {
  const seal = sealIn(record)
  if (record === undefined || seal === undefined || record.kind !== hubKind) return undefined
  const card = { hub: record.key as HubId, said: saidIn(record), at: seal.at, signature: seal.signature }
  return isFitCard(card) ? card : undefined
}

/** Whose key a card says it is signed with. */
export function signerOf({ said }: Card): PeerId | undefined {
  const { peer } = said
  return peerCheck.Check(peer) ? peer : undefined
}

/** Whether it is plain, and no longer than a card may be. */
export function isFitCard(card: Card): boolean {
  return isPlain(card.said) && JSON.stringify(card).length <= maxCardText
}
