// C10: the head of a slice, its author's signed word on what the slice holds at one seq. Whoever passes the slice on passes the
// head along, so that nobody has to trust who passes it on.

import type { Static } from 'typebox'
import { canonical } from '../hash.ts'
import type { HubId, PeerId } from '../ids.ts'
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

/** What the store keeps of a slice besides its records; `size` is how many those are. */
export interface StoredHead {
  readonly epoch: [number, string]
  readonly seq: number
  readonly size: number
  readonly surplusEpoch?: [number, string]
  readonly floor?: number
  /** Missing from what hubs of 0.2 stored. */
  readonly head?: Head
}

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

/** Who signs the heads of the own slice. */
export interface Signing {
  readonly peer: PeerId
  readonly federation: string
  /** The text under this hub's key, at once. */
  readonly sign: (text: string) => string
}

/**
 * The head of the own slice as it was stored, before its signature was made: now it is made. What another key was to sign
 * is no head.
 */
function attested(head: Head | undefined, of: Headed, { peer, federation, sign }: Signing): Head | undefined {
  if (head?.signature !== '') return head
  return head.peer === peer ? { ...head, signature: sign(headText(federation, of, head)) } : undefined
}

/** Signs what this hub's key is to sign, also under a name that the hub had before; what another's was to sign is no head. */
export function attestAll(
  slices: readonly {
    readonly hub: HubId
    readonly version: { readonly epoch: Headed['epoch']; readonly seq: number }
    head: Head | undefined
  }[],
  signing: Signing,
): void {
  for (const slice of slices) {
    const { hub, version, head } = slice
    slice.head = attested(head, { hub, epoch: version.epoch, to: version.seq }, signing)
  }
}
