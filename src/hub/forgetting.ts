// Hubs that an operator forgot, as the catalog keeps them: one entry a hub with the last incarnation that is forgotten. So
// forgetting is durable, reaches every hub, and survives any partition; a hub that boots anew is above it and welcome.

import { exists, type Joined } from '../core/catalog/record.ts'
import type { Write } from '../core/catalog/writes.ts'
import { type HubId, isHubId } from '../core/ids.ts'
import { isPlausible } from '../core/membership/member.ts'
import type { Now } from '../core/time.ts'

const forgottenKind = 'forgotten'

export interface Forgotten {
  readonly hub: HubId
  /** This one and all before it. */
  readonly incarnation: number
}

export function forgetWrite({ hub, incarnation }: Forgotten): Write {
  return { op: 'put', kind: forgottenKind, key: hub, fields: { incarnation }, initial: {}, sets: {} }
}

/** What a catalog entry forgets; undefined for entries of other kinds, and for one that peers made up. */
export function forgottenIn(id: string, joined: Joined, now: Now): Forgotten | undefined {
  if (!id.startsWith(`${forgottenKind}/`) || !exists(joined)) return undefined
  const hub = id.slice(forgottenKind.length + 1)
  const incarnation = joined.fields['incarnation']?.[0]
  if (!isHubId(hub) || typeof incarnation !== 'number' || !Number.isSafeInteger(incarnation)) return undefined
  // One that no hub can have had yet would bar a living hub for ever (M5).
  return isPlausible(incarnation, 0, now.wall) ? { hub, incarnation } : undefined
}
