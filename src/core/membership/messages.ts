// What members of a pool say to each other. Every message may carry rumours.

import type { Static } from 'typebox'
import { Type } from 'typebox'
import { CountSchema, HubIdSchema, type Kind, kind, StatementSchema } from '../wire.ts'

/** Most rumours one message carries. */
export const maxRumors = 8
/** Most members one exchange carries; a larger pool is sent in several. */
export const maxExchange = 200

const Pool = Type.String({ minLength: 1, maxLength: 80 })
const Rumors = Type.Array(StatementSchema, { maxItems: maxRumors })

const Ping = Type.Object({ pool: Pool, seq: CountSchema, rumors: Rumors })
const Ack = Type.Object({ pool: Pool, seq: CountSchema, rumors: Rumors })
/** Asks the receiver to ping `target` and to pass its ack back under `seq`. */
const PingRequest = Type.Object({ pool: Pool, seq: CountSchema, target: HubIdSchema, rumors: Rumors })
const Gossip = Type.Object({ pool: Pool, rumors: Rumors })
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
  | { readonly kind: 'swim.gossip'; readonly body: Static<typeof Gossip> }
  | { readonly kind: 'swim.exchange'; readonly body: Static<typeof Exchange> }

export const swimKinds: readonly Kind<SwimMessage['body']>[] = [
  kind('swim.ping', Ping),
  kind('swim.ack', Ack),
  kind('swim.ping-request', PingRequest),
  kind('swim.gossip', Gossip),
  kind('swim.exchange', Exchange),
]
