// What peers say to each other: a versioned envelope of plain data. Bytes become values in the codec, values become
// messages here, and nothing a peer sends throws past `parse`. Unknown fields pass; unknown kinds are counted and skipped.

import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/schema'
import { canonical } from './hash.ts'
import type { Address, HubId, PeerId, Region, Tier } from './ids.ts'
import { hubIdPattern, labelPattern, regionPattern } from './ids.ts'
import { Type } from './schema.ts'

/** Raised when old readers would misread a message; new fields and kinds do not need it. */
export const wireVersion = 3
/** A larger frame is dropped unread by the receiver's framer. Gossip has its own, smaller bound (settings). */
export const maxFrameBytes = 256 * 1024
/** Deepest nesting of a value inside a message. */
export const maxDepth = 8

export interface Envelope {
  readonly v: number
  readonly kind: string
  readonly body: unknown
}

export type Reason = 'malformed' | 'version' | 'unknown-kind' | 'oversized'
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: Reason }

const envelopeCheck = Compile(
  Type.Object({ v: Type.Integer(), kind: Type.String({ maxLength: 40 }), body: Type.Unknown() }),
)

/** One kind of message: how it is told from garbage. */
export interface Kind<T> {
  readonly kind: string
  readonly check: (body: unknown) => body is T
}

/** Declares a message kind by its schema. */
export function kind<S extends TSchema>(name: string, schema: S): Kind<Static<S>> {
  const compiled = Compile(schema)
  return { kind: name, check: (body): body is Static<S> => compiled.Check(body) }
}

export function seal(kind: string, body: unknown): Envelope {
  return { v: wireVersion, kind, body }
}

/** A decoded value as an envelope of this version, its body still unchecked. */
export function open(value: unknown): Parsed<Envelope> {
  if (!envelopeCheck.Check(value)) return { ok: false, reason: 'malformed' }
  if (value.v !== wireVersion) return { ok: false, reason: 'version' }
  return { ok: true, value }
}

/** A decoded value as one of the given kinds. */
export function parse<T>(kinds: ReadonlyMap<string, Kind<T>>, value: unknown): Parsed<{ kind: string; body: T }> {
  const envelope = open(value)
  if (!envelope.ok) return envelope
  const known = kinds.get(envelope.value.kind)
  if (known === undefined) return { ok: false, reason: 'unknown-kind' }
  const body = envelope.value.body
  if (!known.check(body)) return { ok: false, reason: 'malformed' }
  return { ok: true, value: { kind: known.kind, body } }
}

/**
 * Whether the value is plain data (what JSON can say), no deeper than `depth`. Text with halves of letters is none: it does
 * not come out of a codec as it went in, and then hubs hold something else than was signed.
 */
export function isPlain(value: unknown, depth: number = maxDepth): boolean {
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || depth <= 0) return false
  if (Array.isArray(value)) return value.every((item) => isPlain(item, depth - 1))
  const proto: unknown = Object.getPrototypeOf(value)
  if (proto !== Object.prototype && proto !== null) return false
  return Object.entries(value).every(([name, item]) => name.isWellFormed() && isPlain(item, depth - 1))
}

// Schemas that several features use.

export const HubIdSchema = Type.Unsafe<HubId>(Type.String({ pattern: hubIdPattern }))
export const RegionSchema = Type.Unsafe<Region>(Type.String({ pattern: regionPattern }))
export const PeerIdSchema = Type.Unsafe<PeerId>(Type.String({ minLength: 1, maxLength: 100 }))
export const TierSchema = Type.Unsafe<Tier>(Type.Enum(['global', 'regional', 'local']))
export const AddressSchema = Type.Unsafe<Address>(Type.String({ minLength: 1, maxLength: 200 }))
/** A whole number that survives every codec: incarnations, sequence numbers, Unix milliseconds. */
export const CountSchema = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

/** Bytes as they are, at most so many. */
export function bytesUpTo(most: number) {
  const bytes = Type.Unsafe<Uint8Array>(Type.Unknown())
  return Type.Refine(bytes, (value) => value instanceof Uint8Array && value.length <= most)
}

export const CoordinatesSchema = Type.Object({
  latitude: Type.Number({ minimum: -90, maximum: 90 }),
  longitude: Type.Number({ minimum: -180, maximum: 180 }),
})
export type Coordinates = Static<typeof CoordinatesSchema>

/** What an operator says of a hub: `zone` keeps two parents apart; the other names are free. */
export const LabelsSchema = Type.Record(
  Type.String({ pattern: labelPattern }),
  Type.String({ minLength: 1, maxLength: 63 }),
  { maxProperties: 16, additionalProperties: false },
)
export type Labels = Static<typeof LabelsSchema>

/** What a hub says about itself, everywhere a hub is described. */
export const HubInfoSchema = Type.Object({
  hub: HubIdSchema,
  peer: PeerIdSchema,
  region: RegionSchema,
  tier: TierSchema,
  version: Type.String({ maxLength: 40 }),
  addresses: Type.Array(AddressSchema, { maxItems: 16 }),
  coordinates: Type.Optional(CoordinatesSchema),
  /** Why it calls itself degraded; left out while it is well. */
  degraded: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 40 }), { maxItems: 8 })),
  labels: Type.Optional(LabelsSchema),
})
export type HubInfo = Static<typeof HubInfoSchema>

/** What is said of a hub, by itself or by others: in rumours, exchanges, reports and introductions. */
export const StatementSchema = Type.Object({
  info: HubInfoSchema,
  incarnation: CountSchema,
  status: Type.Enum(['alive', 'suspect', 'dead', 'left']),
  /** By the hub's own key, over `signedText`: nobody else can make it alive, or let it leave. */
  signature: Type.String({ maxLength: 100 }),
})
export type Statement = Static<typeof StatementSchema>

/** The statement alone, without what its holder adds to it. */
export function statementOf({ info, incarnation, status, signature }: Statement): Statement {
  return { info, incarnation, status, signature }
}

/**
 * What a hub signs of what it says of itself. Suspicion and death are words of others: they carry the signature of the
 * alive word they are about.
 */
export function signedText(federation: string, { info, incarnation, status }: Omit<Statement, 'signature'>): string {
  return canonical(['hubmesh/member/2', federation, status === 'left' ? 'left' : 'alive', incarnation, info])
}
