// How a connection comes about: a packet there and back, then a hello there and back, each judged by the other side. Both
// ends of a pair may do this at once; the one that finishes second finds the link there and leaves it alone.

import type { Address, PeerId } from '../../src/core/ids.ts'
import { type Millis, second } from '../../src/core/time.ts'
import type { Fabric } from './fabric.ts'
import type { Listener } from './listener.ts'
import { connection } from './socket.ts'

export type DialFailure = 'refused' | 'timeout' | 'not-admitted'
export type DialOutcome = 'linked' | DialFailure

const dialTimeoutMs: Millis = 5 * second

export interface DialPlan {
  readonly from: Listener
  readonly address: Address
  /** The key that must answer; any does for a bootstrap address. */
  readonly expected: PeerId | undefined
}

/** Answers once: after about two round trips, or after the timeout where the way is cut or no host has the address. */
export function dial(fabric: Fabric, plan: DialPlan, done: (outcome: DialOutcome) => void): void {
  const { from, address, expected } = plan
  let isSettled = false
  const finish = (outcome: DialOutcome): void => {
    if (isSettled) return
    isSettled = true
    done(outcome)
  }
  fabric.world.after(dialTimeoutMs, () => finish('timeout'), from.life)
  const host = fabric.hostAt(address)
  if (host === undefined) return
  const there = { from: from.host, to: host }
  const back = { from: host, to: from.host }

  /** The kernel answers, even for a frozen process. */
  const knock = (): void => {
    const isListening = fabric.listener(host) !== undefined
    fabric.hop(back, isListening ? greet : () => finish('refused'), from.life)
  }
  const greet = (): void => {
    const hello = from.hello()
    const to = fabric.listener(host)
    // Another key than the expected one fails the handshake, a full hub breaks it off: nobody has said a word.
    if (to === undefined || to.isFull || (expected !== undefined && to.peer !== expected)) finish('timeout')
    else fabric.hop(there, () => answer(to, hello), to.life)
  }
  const answer = (to: Listener, greeting: Uint8Array): void => {
    const admission = to.peer === from.peer ? undefined : to.admits(from.peer, greeting)
    const isWelcome = admission?.ok === true
    const isTold = isWelcome || admission?.isMutual === true
    const met: Meeting = { to, isWelcome, hello: to.hello(), greeting }
    fabric.hop(back, () => (isTold ? judge(met) : finish('not-admitted')), from.life)
  }
  const judge = (met: Meeting): void => {
    if (isSettled) return
    const isWelcome = from.admits(met.to.peer, met.hello).ok && met.isWelcome
    if (isWelcome) establish(fabric, from, met)
    finish(isWelcome ? 'linked' : 'not-admitted')
  }
  fabric.hop(there, knock)
}

interface Meeting {
  readonly to: Listener
  readonly isWelcome: boolean
  /** What the other side said, and what it was told. */
  readonly hello: Uint8Array
  readonly greeting: Uint8Array
}

/** The dialer's end comes up now, the other one a packet later. */
function establish(fabric: Fabric, from: Listener, { to, hello, greeting }: Meeting): void {
  for (const end of from.ends) {
    if (end.remote.owner === to && !end.remote.isClosed) return
  }
  if (!to.life.alive) return
  const { near, far, opens } = connection(fabric, from, to)
  fabric.world.at(opens, () => to.accept(far, greeting), to.life)
  from.accept(near, hello)
}
