// The directory of hubs, as the catalog keeps it: each hub writes one entry about itself into its own slice. It outlives the
// member lists, which drop the dead after a while: so who holds a part of the catalog and is gone is still known by name,
// address and key, and can be forgotten.

import { Compile } from 'typebox/schema'
import { type Card, cardText, hubKind, saidIn, sealIn, signedField } from '../core/catalog/card.ts'
import type { Cards } from '../core/catalog/cards.ts'
import { exists, type Field, type Joined } from '../core/catalog/record.ts'
import type { Replicas } from '../core/catalog/replicas.ts'
import type { Write } from '../core/catalog/writes.ts'
import { canonical } from '../core/hash.ts'
import { compareText, type HubId } from '../core/ids.ts'
import type { Notary } from '../core/keys.ts'
import { type Millis, minute, type Now } from '../core/time.ts'
import { type HubInfo, HubInfoSchema } from '../core/wire.ts'
import { isoOf } from './iso.ts'
import type { DirectoryEntry, MemberStatus } from './shapes.ts'

/** How often a hub looks whether its entry says what it is: it may have been forgotten, or its clock was in doubt. */
const lookMs: Millis = 1 * minute
const infoCheck = Compile(HubInfoSchema)

export interface DirectoryParts {
  readonly self: { readonly info: HubInfo }
  readonly notary: Notary
  readonly catalog: { readonly replicas: Replicas }
}

/** This hub's own entry. */
export class OwnEntry {
  readonly #parts: DirectoryParts
  #lookAt: Millis = 0

  constructor(parts: DirectoryParts) {
    this.#parts = parts
  }

  deadline(): Millis {
    return this.#lookAt
  }

  /** What has to be written so that the entry says what this hub is; undefined when it does. */
  look(now: Now): Write | undefined {
    this.#lookAt = now.mono + lookMs
    const { self, catalog } = this.#parts
    const { hub, degraded: _, coordinates = null, labels = null, ...rest } = self.info
    const fields = { ...rest, coordinates, labels }
    const joined = catalog.replicas.joined(idOf(hub))
    const isSaid = ([name, value]: [string, unknown]): boolean =>
      canonical(joined.fields[name]?.[0] ?? null) === canonical(value)
    const own = catalog.replicas.slice(hub)?.get(idOf(hub))
    const seal = sealIn(own)
    const isSealed = seal?.signature === this.#signature(hub, saidIn(own), seal?.at ?? 0)
    if (exists(joined) && Object.entries(fields).every(isSaid) && isSealed) return undefined
    // C20: over all that the entry will say, also what a later version has written.
    const said = Object.entries({ ...saidIn(own), ...fields }).filter(([, value]) => value !== null)
    const at = now.wall
    const signed = { at, signature: this.#signature(hub, Object.fromEntries(said), at) }
    return { op: 'put', kind: hubKind, key: hub, fields: { ...fields, [signedField]: signed }, initial: {}, sets: {} }
  }

  #signature(hub: HubId, said: Card['said'], at: Millis): string {
    const { notary } = this.#parts
    return notary.signText(cardText(notary.federation, { hub, said, at }))
  }
}

/** Whether the catalog knows a hub of that name: it is listed, or its slice is held. */
export function isListed(replicas: Replicas, hub: HubId): boolean {
  return replicas.slice(hub) !== undefined || exists(replicas.joined(idOf(hub)))
}

/** All that are listed and all of whom a slice is held, by name; and those of whom only a card has come. */
export function directoryOf(
  { replicas, cards }: { readonly replicas: Replicas; readonly cards: Cards },
  statusOf: (hub: HubId) => MemberStatus | undefined,
): readonly DirectoryEntry[] {
  const slices = new Set([...replicas.slices()].map((slice) => slice.hub))
  const listed = [...replicas.entries()].filter((id) => id.startsWith(`${hubKind}/`) && exists(replicas.joined(id)))
  const known = new Set([...slices, ...listed.map((id) => id.slice(hubKind.length + 1) as HubId)])
  const provisional = new Map([...cards.all()].flatMap((card) => (known.has(card.hub) ? [] : [[card.hub, card]])))
  return [...known, ...provisional.keys()].sort(compareText).map((hub) => {
    const card = provisional.get(hub)
    const joined = replicas.joined(idOf(hub))
    const info = card === undefined ? infoIn(hub, joined) : infoOf(hub, card.said)
    const updatedAt = card?.at ?? lastOf(Object.values(joined.fields))
    return {
      hub_id: hub,
      peer_id: info?.peer ?? null,
      region: info?.region ?? null,
      tier: info?.tier ?? null,
      version: info?.version ?? null,
      addresses: info?.addresses ?? [],
      coordinates: info?.coordinates ?? null,
      labels: info?.labels ?? {},
      status: statusOf(hub) ?? 'unknown',
      records: replicas.slice(hub)?.size ?? 0,
      provisional: card !== undefined,
      updated_at: info === undefined ? null : isoOf(updatedAt),
    }
  })
}

/** What the entry says; undefined when there is none that reads as one. */
function infoIn(hub: HubId, joined: Joined): HubInfo | undefined {
  if (!exists(joined)) return undefined
  const said = Object.entries(joined.fields).map(([name, [value]]) => [name, value ?? undefined] as const)
  const { life: _, ...rest }: Record<string, unknown> = Object.fromEntries(said)
  return infoOf(hub, rest)
}

function infoOf(hub: HubId, said: Readonly<Record<string, unknown>>): HubInfo | undefined {
  const info = { ...said, hub }
  return infoCheck.Check(info) ? info : undefined
}

function lastOf(fields: readonly Field[]): Millis {
  return Math.max(...fields.map(([, [wall]]) => wall))
}

function idOf(hub: HubId): string {
  return `${hubKind}/${hub}`
}
