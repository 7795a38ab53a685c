// Hubs that an operator forgot, as the catalog keeps them: one entry a hub with the last incarnation that is forgotten, and
// the last epoch of its slice. So forgetting is durable, reaches every hub, and survives any partition; a hub that boots
// anew is above it and welcome.

import { Compile } from 'typebox/compile'
import type { Burial } from '../core/catalog/burials.ts'
import { exists, type Joined } from '../core/catalog/record.ts'
import type { Replicas } from '../core/catalog/replicas.ts'
import { compareEpochs, type Epoch, EpochSchema } from '../core/catalog/slice.ts'
import type { Write } from '../core/catalog/writes.ts'
import { type HubId, isHubId } from '../core/ids.ts'
import { isPlausible } from '../core/membership/member.ts'
import type { Now } from '../core/time.ts'

export const forgottenKind = 'forgotten'
/** Each epoch is a field of its own, as tags are (C6): of several forgettings the furthest holds, in whatever order. */
const epochPrefix = 'epoch:'
const epochCheck = Compile(EpochSchema)

export interface Forgotten {
  readonly hub: HubId
  /** This one and all before it. */
  readonly incarnation: number
  /** C15: of its slice; undefined where nobody who forgot it held any. */
  readonly burial?: Burial
}

export interface ForgetPlan {
  readonly hub: HubId
  readonly incarnation: number
  readonly withData: boolean
}

/** The entry that forgets a hub up to where its slice is held here, and never less far than it was forgotten before. */
export function forgetWrite({ hub, incarnation, withData }: ForgetPlan, replicas: Replicas): Write {
  const before = lastEpoch(replicas.joined(`${forgottenKind}/${hub}`))
  const held = replicas.slice(hub)?.version.epoch
  const epoch = laterOf(before, held)
  const fields = { incarnation, with_data: withData }
  const sets = { [epochPrefix]: epoch === undefined ? [] : [`${epoch[0]}/${epoch[1]}`] }
  return { op: 'put', kind: forgottenKind, key: hub, fields, initial: {}, sets }
}

/** What a catalog entry forgets; undefined for entries of other kinds, and for one that peers made up. */
export function forgottenIn(id: string, joined: Joined, now: Now): Forgotten | undefined {
  if (!id.startsWith(`${forgottenKind}/`) || !exists(joined)) return undefined
  const hub = id.slice(forgottenKind.length + 1)
  const incarnation = joined.fields['incarnation']?.[0]
  if (!isHubId(hub) || typeof incarnation !== 'number' || !Number.isSafeInteger(incarnation)) return undefined
  // One that no hub can have had yet would bar a living hub for ever (M5).
  if (!isPlausible(incarnation, 0, now.wall)) return undefined
  const epoch = lastEpoch(joined)
  if (epoch === undefined) return { hub, incarnation }
  return { hub, incarnation, burial: { hub, epoch, withData: joined.fields['with_data']?.[0] === true } }
}

function lastEpoch({ fields }: Joined): Epoch | undefined {
  let last: Epoch | undefined
  for (const [name, [value]] of Object.entries(fields)) {
    if (!name.startsWith(epochPrefix) || value === null) continue
    const [number = '', nonce] = name.slice(epochPrefix.length).split('/')
    const epoch = [Number(number), nonce]
    if (epochCheck.Check(epoch)) last = laterOf(last, epoch)
  }
  return last
}

function laterOf(a: Epoch | undefined, b: Epoch | undefined): Epoch | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return compareEpochs(a, b) > 0 ? a : b
}
