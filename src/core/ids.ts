// Names of things. Branded, so that a hub's name never stands where its key's name is meant.

declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** A hub's name, chosen by its operator; unique in a federation. */
export type HubId = Brand<string, 'HubId'>
/** The name of a hub's key (libp2p peer id, base58). */
export type PeerId = Brand<string, 'PeerId'>
/** A region's name; all hubs of a region form one membership pool. */
export type Region = Brand<string, 'Region'>
/** A project's name in URLs. */
export type Slug = Brand<string, 'Slug'>
/** A multiaddr in text form, e.g. `/ip4/10.0.0.7/tcp/8081`. */
export type Address = Brand<string, 'Address'>

export const tiers = ['global', 'regional', 'local'] as const
export type Tier = (typeof tiers)[number]

export const hubIdPattern = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'
export const regionPattern = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'
export const labelPattern = '^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$'
export const slugPattern = '^[a-z0-9-]{1,50}$'

const slugRegex = new RegExp(slugPattern)

/** The text as a slug, or undefined when it is none. */
export function asSlug(text: string): Slug | undefined {
  return slugRegex.test(text) ? (text as Slug) : undefined
}

const hubIdRegex = new RegExp(hubIdPattern)

export function isHubId(text: string): text is HubId {
  return hubIdRegex.test(text)
}

/** Code-unit order, the same on every machine (localeCompare is not). */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
