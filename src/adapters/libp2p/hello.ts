// The first thing two hubs say on a connection, before any protocol: who dials says its hello, the other judges it and
// answers with its own, the dialer judges that one. A resolved dial means nothing yet: libp2p reports a gated connection as
// open and aborts it later. Only when both said yes is there a link.
//
//   dialer → life, hello        listener → yes, life, hello | no, reason        dialer → yes | no, reason
//
// A listener that refuses for a reason which is the dialer's as well says its hello all the same: the dialer then refuses it.

import { randomBytes } from 'node:crypto'
import type { Stream } from '@libp2p/interface'
import { plainBytesOf } from '../../core/packed.ts'
import type { Millis } from '../../core/time.ts'
import type { Admission } from '../../hub/ports.ts'
import { frame, messages } from './framer.ts'

/** Both bounds of the whole conversation. */
export const maxHelloBytes = 16 * 1024
export const helloTimeoutMs: Millis = 5_000

/** Drawn once per process: tells a peer that came back from a second connection to the same one. */
const lifeBytes = 8
const maxReasonBytes = 200
const yes = 1
const no = 0

export interface Admitted {
  readonly kind: 'admitted'
  readonly life: string
  readonly hello: Uint8Array
  readonly rttMs: Millis
}

export type Greeting = Admitted | { readonly kind: 'refused'; readonly reason: string } | { readonly kind: 'broken' }

export interface Greeter {
  readonly life: Uint8Array
  hello(): Uint8Array
  judge(hello: Uint8Array): Admission
}

export function freshLife(): Uint8Array {
  return new Uint8Array(randomBytes(lifeBytes))
}

/** The dialer's part. Never throws: a peer that says nonsense, or nothing in time, is `broken`. */
export function greet(stream: Stream, self: Greeter): Promise<Greeting> {
  return converse(stream, async (hear) => {
    const asked = performance.now()
    stream.send(frame(join(self.life, self.hello())))
    const answer = await hear()
    const rttMs = performance.now() - asked
    if (answer[0] !== yes) return { kind: 'refused', reason: reasonIn(answer) }
    const admission = judge(self, answer.subarray(1))
    stream.send(frame(admission.ok ? Uint8Array.of(yes) : refusal(admission.reason)))
    return admitted(admission, answer.subarray(1), rttMs)
  })
}

/** The listener's part. Never throws. */
export function answer(stream: Stream, self: Greeter): Promise<Greeting> {
  return converse(stream, async (hear) => {
    const asked = await hear()
    const admission = judge(self, asked)
    if (!admission.ok && admission.isMutual !== true) {
      stream.send(frame(refusal(admission.reason)))
      return { kind: 'refused', reason: admission.reason }
    }
    const told = performance.now()
    stream.send(frame(join(Uint8Array.of(yes), self.life, self.hello())))
    const verdict = await hear()
    if (verdict[0] !== yes) return { kind: 'refused', reason: reasonIn(verdict) }
    return admitted(admission, asked, performance.now() - told)
  })
}

type Hear = () => Promise<Uint8Array>

async function converse(stream: Stream, talk: (hear: Hear) => Promise<Greeting>): Promise<Greeting> {
  const inbox = messages(stream, maxHelloBytes + lifeBytes + 1)
  const late = setTimeout(() => stream.abort(new Error('no hello in time')), helloTimeoutMs)
  try {
    const greeting = await talk(async () => {
      const next = await inbox.next()
      if (next.done) throw new Error('the peer hung up')
      return next.value
    })
    // Not waited for: what was said is in the hands of the muxer.
    stream.close().catch(() => {})
    return greeting
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)))
    return { kind: 'broken' }
  } finally {
    clearTimeout(late)
  }
}

function judge(self: Greeter, said: Uint8Array): Admission {
  const hello = said.slice(lifeBytes)
  const isSized = said.length >= lifeBytes && plainBytesOf(hello) <= maxHelloBytes
  return isSized ? self.judge(hello) : { ok: false, reason: 'malformed hello' }
}

function admitted(admission: Admission, said: Uint8Array, rttMs: Millis): Greeting {
  if (!admission.ok) return { kind: 'refused', reason: admission.reason }
  const life = Buffer.from(said.subarray(0, lifeBytes)).toString('hex')
  return { kind: 'admitted', life, hello: said.slice(lifeBytes), rttMs }
}

function refusal(reason: string): Uint8Array {
  return join(Uint8Array.of(no), new TextEncoder().encode(reason).subarray(0, maxReasonBytes))
}

/** A peer's words go into logs and counters: printable and short. */
function reasonIn(answer: Uint8Array): string {
  const text = new TextDecoder().decode(answer.subarray(1, 1 + maxReasonBytes))
  return text.replace(/[^\x20-\x7e]/g, '?') || 'no reason given'
}

function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}
