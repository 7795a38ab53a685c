// Where messages are told apart: bytes that the codec read become a message of one feature, or a reason against them.

import { type CatalogMessage, catalogKinds } from '../core/catalog/messages.ts'
import { type TierMessage, tierKinds } from '../core/hierarchy/messages.ts'
import type { HubId } from '../core/ids.ts'
import { type SwimMessage, swimKinds } from '../core/membership/messages.ts'
import { type PresenceMessage, presenceKinds } from '../core/presence/messages.ts'
import { type Kind, parse, type Reason } from '../core/wire.ts'

/** A message and the feature whose it is. */
export type Letter =
  | { readonly feature: 'membership'; readonly message: SwimMessage }
  | { readonly feature: 'hierarchy'; readonly message: TierMessage }
  | { readonly feature: 'presence'; readonly message: PresenceMessage }
  | { readonly feature: 'catalog'; readonly message: CatalogMessage }

type Feature = Letter['feature']

const featureKinds: Readonly<Record<Feature, readonly Kind<unknown>[]>> = {
  membership: swimKinds,
  hierarchy: tierKinds,
  presence: presenceKinds,
  catalog: catalogKinds,
}
const kinds = new Map(Object.values(featureKinds).flatMap((each) => each.map((kind) => [kind.kind, kind])))
const features = new Map(
  Object.entries(featureKinds).flatMap(([feature, each]) => each.map((kind) => [kind.kind, feature])),
)

export type Opened = { readonly ok: true; readonly letter: Letter } | { readonly ok: false; readonly reason: Reason }

/** The decoded value as a message of this version. */
export function openMessage(value: unknown): Opened {
  const parsed = parse(kinds, value)
  if (!parsed.ok) return parsed
  const { kind, body } = parsed.value
  // The schema of this kind has accepted the body, so feature, kind and body are one member of the union.
  return { ok: true, letter: { feature: features.get(kind), message: { kind, body } } as Letter }
}

/** The hub in whose name a published message speaks; undefined when it speaks in nobody's. */
export function speakerOf({ message }: Letter): HubId | undefined {
  switch (message.kind) {
    case 'catalog.delta':
      return message.body.hub
    case 'presence.leases':
      return message.body.home
    case 'tier.report':
      return message.body.reporter
    default:
      return undefined
  }
}

/** Bulk is paced on a stream of its own, so that a probe never waits behind it. */
export function isBulk(kind: string): boolean {
  return kind.startsWith('catalog.')
}
