// C10: the head of a slice, its author's signed word on what the slice holds at one seq. Whoever passes the slice on passes the
// head along, so that nobody has to trust who passes it on.

import type { Static } from 'typebox'
import { canonical } from '../hash.ts'
import type { HubId } from '../ids.ts'
import { Type } from '../schema.ts'
import { CountSchema, PeerIdSchema } from '../wire.ts'

export const HeadSchema = Type.Object({
  /** Whose key signed it. */
  peer: PeerIdSchema,
  /** Unix ms: what had done its work by then is not in the root (C14). Never falls within an epoch. */
  horizon: CountSchema,
  /** Over all records of the slice, by `Tally`. */
  root: Type.String({ minLength: 1, maxLength: 64 }),
  signature: Type.String({ maxLength: 100 }),
})
export type Head = Static<typeof HeadSchema>

/** What a head is of. */
export interface Headed {
  readonly hub: HubId
  readonly epoch: readonly [number, string]
  readonly to: number
}

/** What the author signs. */
export function headText(federation: string, { hub, epoch, to }: Headed, head: Omit<Head, 'signature'>): string {
  return canonical(['hubmesh/slice/3', federation, hub, epoch, to, head.peer, head.horizon, head.root])
}

/** A head as it is stored and sent: left out where there is none. */
export function headIn(head: Head | undefined): { readonly head?: Head } {
  return head === undefined ? {} : { head }
}
