// Beating for a project, for as long as it is up: sooner than the hub demands, at no common moment, and when it fails with
// growing pauses. Nothing that happens here ends it but its signal.

import { letGo } from './hubs.ts'
import type { Heartbeat, HeartbeatReply } from './types.ts'

export interface Beating {
  /** The program's: it may fail, and it may never answer. */
  readonly content: () => Heartbeat | Promise<Heartbeat>
  /** One beat. */
  readonly beat: (content: Heartbeat) => Promise<HeartbeatReply>
  readonly onBeat: ((reply: HeartbeatReply) => void) | undefined
  /** The next try is after the pause. */
  readonly onError: ((error: Error, pauseMs: number) => void) | undefined
  /** Whether waiting for the next beat keeps a process alive. */
  readonly keepsAlive: boolean
  readonly signal: AbortSignal
}

const firstPauseMs = 500
/** A third of the lease of a hub with default settings: a hub that is back within it finds the project online. */
const longestPauseMs = 30_000
const shortestIntervalMs = 50
const longestIntervalMs = 3_600_000
const usualIntervalMs = 30_000

/** Until the signal is aborted. Never throws. */
export async function keepBeating(beating: Beating): Promise<void> {
  const { beat, onBeat, onError, keepsAlive, signal } = beating
  let intervalMs = usualIntervalMs
  for (let failures = 0; !signal.aborted; ) {
    let pauseMs: number
    try {
      const reply = await beat(await contentWithin(intervalMs, beating))
      failures = 0
      intervalMs = intervalOf(reply)
      pauseMs = intervalMs * (0.7 + 0.2 * Math.random())
      tell(() => onBeat?.(reply))
    } catch (thrown) {
      if (signal.aborted) return
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** failures++) * (0.5 + Math.random() / 2)
      tell(() => onError?.(error, pauseMs))
    }
    await pause(pauseMs, signal, keepsAlive)
  }
}

/** Throws when it is not there in time, or the signal is aborted before. */
async function contentWithin(ms: number, { content, keepsAlive, signal }: Beating): Promise<Heartbeat> {
  const ending = new AbortController()
  const end = () => ending.abort()
  signal.addEventListener('abort', end)
  const late = async (): Promise<never> => {
    await pause(ms, ending.signal, keepsAlive)
    throw new Error(`the beat function did not answer within ${ms} ms`)
  }
  try {
    return await Promise.race([content(), late()])
  } finally {
    signal.removeEventListener('abort', end)
    end()
  }
}

function intervalOf({ next_within_s }: HeartbeatReply): number {
  const ms = next_within_s * 1_000
  return Number.isFinite(ms) ? Math.min(longestIntervalMs, Math.max(shortestIntervalMs, ms)) : usualIntervalMs
}

/** What a listener throws is its own affair. */
function tell(listener: () => void): void {
  try {
    listener()
  } catch {
    // Nobody is there to be told.
  }
}

function pause(ms: number, signal: AbortSignal, keepsAlive: boolean): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    if (!keepsAlive) letGo(timer)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
