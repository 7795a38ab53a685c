// What a pool believes about one hub, and when news about it supersedes that belief.
// Order of SWIM (Das et al. 2002, section 4.2): a higher incarnation wins; within one, the graver status wins,
// because only the hub itself may take a word about it back, by a higher incarnation.

import type { Millis } from '../time.ts'
import type { Statement } from '../wire.ts'

/** What membership believes of a hub is what it says of it. */
export type State = Statement
export type Status = Statement['status']

/** A statement and when this hub came to believe it. */
export interface Member extends State {
  readonly since: { readonly mono: Millis; readonly wall: Millis }
  /** Smoothed round trip of direct probes, milliseconds; it follows later probes. */
  rttMs?: number
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

/** How far an incarnation may lie above what is known: 2^20 ms, some 17 minutes, more than clocks that are kept differ. */
export const maxLeap = 2 ** 20

/**
 * M5: whether an honest hub can have this incarnation. It starts from the boot's Unix time in milliseconds and rises by
 * one a refutation, so one far above both what is known of the hub and the own clock is a lie or a broken clock, and would
 * outrank the truth for ever.
 */
export function isPlausible(incarnation: number, known: number, wall: Millis): boolean {
  return incarnation <= Math.max(known, wall) + maxLeap
}

/** Above this difference a hub that was accused has not refuted, it has restarted: refutations rise by one each. */
const refutationSpan = 64

/** Whether going from one incarnation to the next was taking a word back, not a restart. */
export function isRefutation(from: number, to: number): boolean {
  return to > from && to - from <= refutationSpan
}
