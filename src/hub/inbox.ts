// Where messages are told apart: bytes that the codec read become a message of one feature, or a reason against them.

import { type CatalogMessage, catalogKinds } from '../core/catalog/messages.ts'
import { type ClockMessage, clockKinds } from '../core/clock/messages.ts'
import { type EchoMessage, echoKinds } from '../core/echo/messages.ts'
import { type TierMessage, tierKinds } from '../core/hierarchy/messages.ts'
import type { HubId, PeerId } from '../core/ids.ts'
import type { Notary } from '../core/keys.ts'
import type { Topic } from '../core/machine.ts'
import { type SwimMessage, swimKinds } from '../core/membership/messages.ts'
import { type PresenceMessage, presenceKinds } from '../core/presence/messages.ts'
import { type Kind, parse, type Reason } from '../core/wire.ts'

/** A message and the feature whose it is. */
export type Letter =
  | { readonly feature: 'membership'; readonly message: SwimMessage }
  | { readonly feature: 'hierarchy'; readonly message: TierMessage }
  | { readonly feature: 'presence'; readonly message: PresenceMessage }
  | { readonly feature: 'catalog'; readonly message: CatalogMessage }
  | { readonly feature: 'clock'; readonly message: ClockMessage }
  | { readonly feature: 'echo'; readonly message: EchoMessage }

type Feature = Letter['feature']

const featureKinds: Readonly<Record<Feature, readonly Kind<unknown>[]>> = {
  membership: swimKinds,
  hierarchy: tierKinds,
  presence: presenceKinds,
  catalog: catalogKinds,
  clock: clockKinds,
  echo: echoKinds,
}
const kinds = new Map(Object.values(featureKinds).flatMap((each) => each.map((kind) => [kind.kind, kind])))
const features = new Map(
  Object.entries(featureKinds).flatMap(([feature, each]) => each.map((kind) => [kind.kind, feature])),
)

export type Opened =
  | { readonly ok: true; readonly letter: Letter }
  | { readonly ok: false; readonly reason: Reason | 'foreign-voice' }

/** What arrived: a decoded value, still unchecked. `topic`: it was published, and `from` signed it. */
export interface Arrival {
  readonly from: PeerId
  readonly topic?: Topic
  readonly value: unknown
}

/** What was made of values that are frozen throughout: a simulator hands one publication to hundreds of hubs. */
const judged = new WeakMap<object, Opened>()

/** A published value, which may be one and the same for many hubs, as a message of this version. */
export function openPublished(value: unknown): Opened {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return openMessage(value)
  const opened = judged.get(value) ?? openMessage(value)
  judged.set(value, opened)
  return opened
}

/** The decoded value as a message of this version. */
export function openMessage(value: unknown): Opened {
  const parsed = parse(kinds, value)
  if (!parsed.ok) return parsed
  const { kind, body } = parsed.value
  // The schema of this kind has accepted the body, so feature, kind and body are one member of the union.
  return { ok: true, letter: { feature: features.get(kind), message: { kind, body } } as Letter }
}

/** What arrived, with nothing in it that its speaker may not say. */
export function openArrival(arrival: Arrival, notary: Notary, keyOf: (hub: HubId) => PeerId | undefined): Opened {
  const opened = arrival.topic === undefined ? openMessage(arrival.value) : openPublished(arrival.value)
  if (!opened.ok) return opened
  const { letter } = opened
  // What is published speaks for the hub whose key signed it.
  const speaker = arrival.topic === undefined ? undefined : speakerOf(letter)
  const known = speaker === undefined ? undefined : keyOf(speaker)
  if (known !== undefined && known !== arrival.from) return { ok: false, reason: 'foreign-voice' }
  if (letter.feature !== 'hierarchy') return opened
  return { ok: true, letter: { feature: 'hierarchy', message: proved(letter.message, notary) } }
}

/** The hub in whose name a published message speaks; undefined when it speaks in nobody's. */
export function speakerOf({ message }: Letter): HubId | undefined {
  switch (message.kind) {
    case 'catalog.delta':
      return message.body.hub
    case 'presence.leases':
    case 'presence.refresh':
    case 'presence.take':
      return message.body.home
    case 'presence.ask':
      return message.body.asker
    case 'tier.report':
      return message.body.reporter
    case 'echo.call':
      return message.body.by
    default:
      return undefined
  }
}

/** M7: the message with only those words in it that the hubs they are about have signed. */
function proved(message: TierMessage, notary: Notary): TierMessage {
  switch (message.kind) {
    case 'tier.report': {
      const words = message.body.words.filter((word) => notary.vouches(word))
      return { kind: message.kind, body: { ...message.body, words } }
    }
    case 'tier.introduction': {
      const words = message.body.words.filter((word) => notary.vouches(word))
      return { kind: message.kind, body: { ...message.body, words } }
    }
    default:
      return message
  }
}

/** Bulk is paced on a stream of its own, so that a probe never waits behind it. */
export function isBulk(kind: string): boolean {
  return kind.startsWith('catalog.')
}
