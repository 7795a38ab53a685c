// What calls of local users make the machines do, and what they are told whose write did not go in.

import { clockRefusal } from '../core/catalog/author.ts'
import type { CatalogInput } from '../core/catalog/protocol.ts'
import type { Outcome, Write } from '../core/catalog/writes.ts'
import { type Refusal, refuse } from '../core/errors.ts'
import type { CallId, StoreOp } from '../core/machine.ts'
import type { PresenceInput } from '../core/presence/protocol.ts'
import type { Millis, Now } from '../core/time.ts'
import type { Answer } from './calls.ts'
import type { Settings } from './settings.ts'

/** What a call makes the machines do. An answer is read when its turn comes: after the steps before it. */
export type DeskStep =
  | { readonly type: 'catalog'; readonly input: CatalogInput }
  | { readonly type: 'presence'; readonly input: PresenceInput }
  | { readonly type: 'echo'; readonly call: CallId; readonly waitMs: Millis }
  | { readonly type: 'answer'; readonly call: CallId; readonly answer: () => Answer }

export type Then = (outcomes: readonly Outcome[]) => readonly DeskStep[]

export interface DeskJob {
  readonly writes: readonly Write[]
  readonly extra?: readonly StoreOp[]
  readonly answers?: number
  /** What was not taken is for what follows to look at. */
  readonly isPartial?: boolean
}

export interface Asked {
  readonly call: CallId
  readonly now: Now
}

/** What a caller is told whose write did not go in. */
export const refusals: Partial<Readonly<Record<Outcome, Refusal>>> = {
  'too-many-fields': refuse('limit-reached', 'The entry would have more than 256 fields; give it fewer tags'),
  'slice-full': refuse('limit-reached', "This hub's slice holds limits.slice records; use another hub"),
  unfit: refuse('limit-reached', 'The entry is longer than hubs take, or no proper text; shorten or mend its texts'),
  'clock-drift': refuse('clock-drift', clockRefusal),
}

export function answer(call: CallId, result: Answer): DeskStep {
  return answered(call, () => result)
}

/** Read when its turn comes. */
export function answered(call: CallId, read: () => Answer): DeskStep {
  return { type: 'answer', call, answer: read }
}

export function fullness({ catalog }: Settings): Refusal {
  return refuse('limit-reached', `The federation holds limits.projects (${catalog.maxProjects}) projects`)
}
