// The first words between two hubs. Each says who it is; each judges the other before anything else is exchanged.

import type { Static } from 'typebox'
import type { PeerId } from '../core/ids.ts'
import { Type } from '../core/schema.ts'
import type { Millis } from '../core/time.ts'
import type { HubInfo } from '../core/wire.ts'
import { CountSchema, type Envelope, HubInfoSchema, type Kind, kind, parse, seal } from '../core/wire.ts'
import type { Settings } from './settings.ts'

const HelloSchema = Type.Object({
  federation: Type.String({ maxLength: 100 }),
  info: HubInfoSchema,
  /** How long the sender has been up, milliseconds: clocks of two hubs do not compare. */
  uptimeMs: CountSchema,
})
export type Hello = Static<typeof HelloSchema>

const helloKinds: ReadonlyMap<string, Kind<Hello>> = new Map([['hub.hello', kind('hub.hello', HelloSchema)]])

export function sayHello(settings: Settings, info: HubInfo, uptimeMs: Millis): Envelope {
  const hello: Hello = { federation: settings.federation, info, uptimeMs: Math.max(0, Math.floor(uptimeMs)) }
  return seal('hub.hello', hello)
}

export type Judged =
  | { readonly ok: true; readonly hello: Hello }
  /** `namesake`: its key is its own, but its name is this hub's. */
  | { readonly ok: false; readonly reason: string; readonly namesake?: Pick<Hello, 'info' | 'uptimeMs'> }

/** Whether a peer belongs here: same federation, a wire version both know, its own key, a name of its own. */
export function judgeHello(settings: Settings, peer: PeerId, said: unknown): Judged {
  const parsed = parse(helloKinds, said)
  if (!parsed.ok) return { ok: false, reason: parsed.reason === 'version' ? 'wire-version' : 'malformed-hello' }
  const hello = parsed.value.body
  if (hello.federation !== settings.federation) return { ok: false, reason: 'other-federation' }
  if (hello.info.peer !== peer) return { ok: false, reason: 'foreign-key' }
  if (hello.info.hub === settings.hub) return { ok: false, reason: 'same-name', namesake: hello }
  return { ok: true, hello }
}
