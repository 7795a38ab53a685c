// Hubs that an operator forgot, as the catalog keeps them: one entry a hub with the last incarnation that is forgotten, and
// the last epoch of its slice. So forgetting is durable, reaches every hub, and survives any partition; a hub that boots
// anew is above it and welcome.

import { Compile } from 'typebox/schema'
import { type Burial, forgottenKind } from '../core/catalog/burials.ts'
import { exists, type Joined } from '../core/catalog/record.ts'
import type { Replicas } from '../core/catalog/replicas.ts'
import { type Epoch, EpochSchema } from '../core/catalog/slice.ts'
import type { Write } from '../core/catalog/writes.ts'
import { type HubId, isHubId } from '../core/ids.ts'
import { isPlausible } from '../core/membership/member.ts'
import type { Now } from '../core/time.ts'

/**
 * Each forgetting is a field of its own: of several the furthest holds, in whatever order they meet, and none is taken back.
 * A value that is false or null says nothing.
 */
const incarnationPrefix = 'incarnation:'
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

/** The entry that forgets a hub up to its incarnation, and up to where its slice is held here. */
export function forgetWrite({ hub, incarnation, withData }: ForgetPlan, replicas: Replicas): Write {
  const epoch = replicas.slice(hub)?.version.epoch
  const fields: Record<string, unknown> = { [`${incarnationPrefix}${incarnation}`]: true, with_data: withData }
  if (epoch !== undefined) fields[`${epochPrefix}${epoch[0]}/${epoch[1]}`] = true
  return { op: 'put', kind: forgottenKind, key: hub, fields, initial: {}, sets: {} }
}

/** Whether an entry is of the kind that forgets hubs: there is no need to join the others. */
export function isForgetting(id: string): boolean {
  return id.startsWith(`${forgottenKind}/`)
}

/** What a catalog entry forgets; undefined for entries of other kinds, and for one that peers made up. */
export function forgottenIn(id: string, joined: Joined, now: Now): Forgotten | undefined {
  if (!isForgetting(id) || !exists(joined)) return undefined
  const hub = id.slice(forgottenKind.length + 1)
  if (!isHubId(hub)) return undefined
  // One that no hub can have had yet would bar a living hub for ever (M5).
  const plausible = membersOf(joined, incarnationPrefix)
    .map(Number)
    .filter((number) => Number.isSafeInteger(number) && isPlausible(number, 0, now.wall))
  if (plausible.length === 0) return undefined
  const forgotten = { hub, incarnation: Math.max(...plausible) }
  const epochs = epochsOf(joined)
  if (epochs.length === 0) return forgotten
  return { ...forgotten, burial: { hub, epochs, withData: joined.fields['with_data']?.[0] === true } }
}

function membersOf({ fields }: Joined, prefix: string): string[] {
  return Object.entries(fields).flatMap(([name, [value]]) =>
    name.startsWith(prefix) && value === true ? [name.slice(prefix.length)] : [],
  )
}

function epochsOf(joined: Joined): Epoch[] {
  return membersOf(joined, epochPrefix)
    .map((text) => text.split('/'))
    .map(([number, nonce]): unknown => [Number(number), nonce])
    .filter((epoch): epoch is Epoch => epochCheck.Check(epoch))
}
