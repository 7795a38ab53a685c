// The words of the timekeeper: what it is told, and what it finds wrong with the clock.

import type { PeerId } from '../ids.ts'
import type { Tick } from '../machine.ts'
import type { Millis } from '../time.ts'
import type { ClockMessage } from './messages.ts'

/** Why the wall clock cannot be relied on, and by how much it is off, as far as that is known. */
export type Doubt =
  /** Against the monotonic clock, and no peer has said yet which of the two is right. */
  | { readonly reason: 'jumped'; readonly byMs: Millis }
  /** Of so many peers that were asked. */
  | { readonly reason: 'ahead' | 'behind'; readonly byMs: Millis; readonly peers: number }

export type ClockInput =
  /** Also whenever the clock has jumped: see `hasJumped`. */
  | Tick
  | { readonly type: 'message'; readonly from: PeerId; readonly message: ClockMessage }
  | { readonly type: 'link-up'; readonly peer: PeerId }
  | { readonly type: 'link-down'; readonly peer: PeerId }

/** Without a doubt: the clock can be relied on again. */
export interface ClockChange {
  readonly type: 'clock'
  readonly doubt?: Doubt
}

export interface ClockProtocol {
  readonly input: ClockInput
  readonly message: ClockMessage
  readonly change: ClockChange
  readonly result: never
}
