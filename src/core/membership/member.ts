// What a pool believes about one hub, and when news about it supersedes that belief.
// Order of SWIM (Das et al. 2002, section 4.2): a higher incarnation wins; within one, the graver status wins,
// because only the hub itself may take a word about it back, by a higher incarnation.

import type { Static } from 'typebox'
import { Type } from 'typebox'
import { hour, type Millis } from '../time.ts'
import { CountSchema, HubInfoSchema } from '../wire.ts'

export const StatusSchema = Type.Enum(['alive', 'suspect', 'dead', 'left'])
export type Status = Static<typeof StatusSchema>

/** A statement about a hub, as it travels in rumours, exchanges and reports. */
export const StateSchema = Type.Object({ info: HubInfoSchema, incarnation: CountSchema, status: StatusSchema })
export type State = Static<typeof StateSchema>

/** A statement and when this hub came to believe it. */
export interface Member extends State {
  readonly since: { readonly mono: Millis; readonly wall: Millis }
  /** Round trip of the last direct probe, milliseconds. */
  readonly rttMs?: number
}

const gravity: Record<Status, number> = { alive: 0, suspect: 1, dead: 2, left: 3 }

/** Whether `news` replaces `held` (undefined: nothing is known). M2: suspicion and death never insert a hub. */
export function supersedes(news: State, held: State | undefined): boolean {
  if (held === undefined) return news.status === 'alive'
  if (news.incarnation !== held.incarnation) return news.incarnation > held.incarnation
  return gravity[news.status] > gravity[held.status]
}

/** Whether the hub takes part: it can be probed, can help, and counts in the size of the pool. */
export function isPresent(status: Status): boolean {
  return status === 'alive' || status === 'suspect'
}

/**
 * Whether an honest hub can have this incarnation: it starts from the boot's Unix time in milliseconds and rises by one
 * a refutation, so one from more than a day ahead is a lie or a broken clock, and would outrank the truth for ever.
 */
export function isPlausible(incarnation: number, wall: Millis): boolean {
  return incarnation <= wall + 24 * hour
}

/** The statement alone, without what this hub adds to it. */
export function stateOf(state: State): State {
  return { info: state.info, incarnation: state.incarnation, status: state.status }
}
