// What the network tells a hub, made into its inputs: hellos are judged, bytes become values.

import { type Millis, minute, type Now } from '../core/time.ts'
import type { HubChange, HubInput } from './effects.ts'
import { judgeHello, sayHello } from './hello.ts'
import type { Hub } from './hub.ts'
import type { Codec, NetworkEvents } from './ports.ts'
import type { Settings } from './settings.ts'
import { isAlive } from './sight.ts'

/** Clocks that are further apart say nothing of how long a message took. */
const longestMs: Millis = 1 * minute

export interface ListeningParts {
  readonly codec: Codec
  readonly settings: Settings
  readonly now: () => Now
  /** Undefined while there is none that could be told anything. */
  readonly hub: () => Hub | undefined
  readonly feed: (input: HubInput) => void
  readonly tell: (change: HubChange) => void
}

export function listening({ codec, settings, now, hub, feed, tell }: ListeningParts): NetworkEvents {
  return {
    hello: () => {
      const running = hub()
      if (running === undefined) throw new Error('the hub is asked for its hello before it has started')
      return codec.encode(sayHello(settings, running.info, now().mono - running.bootedAt.mono))
    },
    admit: (peer, bytes) => {
      if (hub() === undefined) return { ok: false, reason: 'not-running' }
      const judged = judgeHello(settings, peer, codec.decode(bytes))
      if (judged.ok) return { ok: true, hub: judged.hello.info.hub }
      tell({ type: 'hello-refused', peer, reason: judged.reason })
      if (judged.namesake === undefined) return { ok: false, reason: judged.reason }
      feed({ type: 'namesake', ...judged.namesake })
      // M9: which of the two goes, each finds by the other's hello.
      return { ok: false, reason: judged.reason, isMutual: true }
    },
    isPresent: (peer) => {
      const running = hub()
      return running !== undefined && isAlive(running, peer)
    },
    linkUp: (peer, bytes) => {
      const judged = judgeHello(settings, peer, codec.decode(bytes))
      if (!judged.ok) return
      const { info, uptimeMs } = judged.hello
      feed({ type: 'link-up', info, uptimeMs })
    },
    linkDown: (peer, reason) => feed({ type: 'link-down', peer, reason }),
    dialFailed: (peer, reason) => feed({ type: 'dial-failed', peer, reason }),
    message: (from, bytes) => feed({ type: 'message', from, value: codec.decode(bytes) }),
    gossip: (topic, author, bytes) => {
      const value = codec.decode(bytes)
      const tookMs = now().wall - saidAt(value)
      if (Math.abs(tookMs) < longestMs) tell({ type: 'heard', topic, tookMs: Math.max(0, tookMs) })
      feed({ type: 'message', from: author, topic, value })
    },
    garbage: (reason) => tell({ type: 'dropped', reason }),
  }
}

/** What was published says when, by its author's clock; hubs of 0.3 do not. */
function saidAt(value: unknown): Millis {
  const isSaid = typeof value === 'object' && value !== null && 'at' in value && typeof value.at === 'number'
  return isSaid ? (value.at as Millis) : Number.NEGATIVE_INFINITY
}
