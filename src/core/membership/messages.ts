// What members of a pool say to each other. Every probe and answer may carry rumours.

import type { Static } from 'typebox'
import { Type } from '../schema.ts'
import { CountSchema, HubIdSchema, type Kind, kind, type Statement, StatementSchema } from '../wire.ts'
import { maxScore } from './health.ts'

/** Bytes of rumours that one message carries: with its head it fits into one TCP segment of an Ethernet. */
export const rumorBudgetBytes = 1_200
/** Most rumours of one message. */
export const maxRumors = 32
/** Most members one exchange carries; a larger pool is sent in several. */
export const maxExchange = 200
/** Most hubs that one hub says it reaches only through others. */
export const maxBlind = 16

const Pool = Type.String({ minLength: 1, maxLength: 80 })

/** How an accuser came to it: nobody reached the hub; its port refused; another hub's table said so. */
export const paths = ['probe', 'refused', 'exchange'] as const
export type Path = (typeof paths)[number]

/** M2, M4: a word against a hub. It names the incarnation it is about, applies to that one alone, and introduces nobody. */
const AccusationSchema = Type.Object({
  accused: HubIdSchema,
  incarnation: CountSchema,
  status: Type.Enum(['suspect', 'dead']),
  by: HubIdSchema,
  path: Type.Enum(paths),
  /** The accuser's own score: 0 when it hears well. */
  health: Type.Integer({ minimum: 0, maximum: maxScore }),
  /** What the accuser's direct probes of it used to take. */
  rttMs: Type.Optional(Type.Number({ minimum: 0 })),
})
export type Accusation = Static<typeof AccusationSchema>

/** Whom a hub reaches only through others. `seq` rises with every such word of one hub, from its boot's Unix time. */
const SightSchema = Type.Object({
  by: HubIdSchema,
  seq: CountSchema,
  blind: Type.Array(HubIdSchema, { maxItems: maxBlind }),
})
export type SightWord = Static<typeof SightSchema>

export type Rumor = Statement | Accusation | SightWord

const Rumors = Type.Array(Type.Union([StatementSchema, AccusationSchema, SightSchema]), { maxItems: maxRumors })

const Ping = Type.Object({ pool: Pool, seq: CountSchema, rumors: Rumors })
const Ack = Type.Object({ pool: Pool, seq: CountSchema, rumors: Rumors })
/** Asks the receiver to ping `target` and to pass its ack back under `seq`, or to say that none came. */
const PingRequest = Type.Object({ pool: Pool, seq: CountSchema, target: HubIdSchema, rumors: Rumors })
/** The helper did not hear the target in time, and is there itself. */
const Nack = Type.Object({ pool: Pool, seq: CountSchema, rumors: Rumors })
const Gossip = Type.Object({ pool: Pool, rumors: Rumors })
/** A fingerprint of the sender's table; who has another one answers with its own table, whole. */
const Digest = Type.Object({ pool: Pool, digest: Type.String({ maxLength: 64 }) })
/** A full copy of the sender's members; `reply` asks for the receiver's in return. */
const Exchange = Type.Object({
  pool: Pool,
  reply: Type.Boolean(),
  members: Type.Array(StatementSchema, { maxItems: maxExchange }),
})

export type SwimMessage =
  | { readonly kind: 'swim.ping'; readonly body: Static<typeof Ping> }
  | { readonly kind: 'swim.ack'; readonly body: Static<typeof Ack> }
  | { readonly kind: 'swim.ping-request'; readonly body: Static<typeof PingRequest> }
  | { readonly kind: 'swim.nack'; readonly body: Static<typeof Nack> }
  | { readonly kind: 'swim.gossip'; readonly body: Static<typeof Gossip> }
  | { readonly kind: 'swim.digest'; readonly body: Static<typeof Digest> }
  | { readonly kind: 'swim.exchange'; readonly body: Static<typeof Exchange> }

export const swimKinds: readonly Kind<SwimMessage['body']>[] = [
  kind('swim.ping', Ping),
  kind('swim.ack', Ack),
  kind('swim.ping-request', PingRequest),
  kind('swim.nack', Nack),
  kind('swim.gossip', Gossip),
  kind('swim.digest', Digest),
  kind('swim.exchange', Exchange),
]
