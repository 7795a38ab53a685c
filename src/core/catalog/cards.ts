// C20: cards of hubs whose slices are still to come. Whoever lists a slice that is not held here is asked for its author's card;
// what comes is verified by itself and shown as provisional until the slice has taken its place. Nothing of it is stored,
// passed on or part of the catalog, which changes by whole slices alone (C9).

import type { HubId, PeerId } from '../ids.ts'
import type { Effect } from '../machine.ts'
import { type Millis, minute, type Now, second } from '../time.ts'
import { type Card, cardIn, cardText, hubKind, isFitCard, signerOf } from './card.ts'
import {
  type CardMessage,
  type CardsBody,
  type ListedVersion,
  maxSlices,
  partBytes,
  type SeekBody,
} from './messages.ts'
import type { CatalogProtocol } from './protocol.ts'
import type { Replicas } from './replicas.ts'
import { compareEpochs, type Epoch, isSurplus } from './slice.ts'

type Effects = Effect<CatalogProtocol>[]

/** Hubs of which a card is held or sought, and how much those may say together (characters): beyond it slices bring the rest. */
const maxCards = 20_000
const maxText = 8 * 1024 * 1024
/** Cards whose signature is being verified at once. */
const maxVerifying = 256
/** What nobody has listed for so long is shown no more. */
const cardMs: Millis = 10 * minute
/** Who has not answered in this time may be asked again. */
const answerMs: Millis = 10 * second

export interface CardsOptions {
  readonly hub: HubId
  readonly federation: string
  readonly replicas: Replicas
  readonly keyOf: (hub: HubId) => PeerId | undefined
  /** C15: the last epoch of a hub that was forgotten. */
  readonly forgottenUpTo: (hub: HubId) => Epoch | undefined
  readonly maxClockDriftMs: Millis
}

interface Held {
  readonly card: Card
  readonly length: number
  until: Millis
}

/** Whose cards a peer is to bring; of the first ones it was asked. */
interface Sought {
  readonly hubs: readonly HubId[]
  readonly until: Millis
}

export class Cards {
  readonly #options: CardsOptions
  readonly #held = new Map<HubId, Held>()
  readonly #sought = new Map<PeerId, Sought>()
  readonly #verifying = new Map<number, Card>()
  #length = 0
  #expiredAt: Millis = Number.NEGATIVE_INFINITY
  /** Below zero: those above are of runs. */
  #token = 0

  constructor(options: CardsOptions) {
    this.#options = options
  }

  /** Those that are believed: signed by the hubs themselves, whose slices have not come. */
  *all(): Generator<Card, undefined> {
    for (const { card } of this.#held.values()) yield card
  }

  /** Asks a peer for the cards of whom it holds slices that are not held here. */
  seek(from: PeerId, listed: readonly ListedVersion[], now: Now): Effects {
    this.#expire(now)
    if (listed.length === 0) return []
    const sought = new Set([...this.#sought.values()].flatMap(({ hubs }) => hubs))
    const hubs = new Set<HubId>()
    for (const [hub, epoch, seq] of listed) {
      const isLive = this.#isLive(hub, epoch)
      const held = this.#believed(hub)
      if (held !== undefined && isLive) held.until = now.mono + cardMs
      // A slice of one record is as short as its card.
      const isKnown = held !== undefined || sought.has(hub) || seq <= 1
      if (!isKnown && this.#isAwaited(hub) && isLive) hubs.add(hub)
    }
    const room = Math.max(0, maxCards - this.#held.size - sought.size)
    const before = this.#sought.get(from)?.hubs ?? []
    const next = [...hubs].slice(0, room)
    if (next.length === 0) return []
    if (before.length === 0) return this.#ask(from, next, now)
    this.#sought.set(from, { hubs: [...before, ...next], until: now.mono + answerMs })
    return []
  }

  /** What a peer asks for, or brings. */
  receive(from: PeerId, message: CardMessage, now: Now): Effects {
    return message.kind === 'catalog.seek' ? this.#serve(from, message.body) : this.#take(from, message.body, now)
  }

  /** Its signature was looked at. */
  verified({ token, ok }: { readonly token: number; readonly ok: boolean }, now: Now): Effects {
    const card = this.#verifying.get(token)
    this.#verifying.delete(token)
    if (card === undefined || !this.#isAwaited(card.hub)) return []
    if (!ok) return [dropped('forged-card')]
    const length = JSON.stringify(card).length
    const before = this.#held.get(card.hub)
    if (before !== undefined && before.card.at >= card.at) return []
    this.drop(card.hub)
    if (this.#length + length > maxText) return []
    this.#length += length
    this.#held.set(card.hub, { card, length, until: now.mono + cardMs })
    return []
  }

  /** C15: nothing that is under way brings it back. */
  forget(hub: HubId): void {
    this.drop(hub)
    for (const [token, card] of this.#verifying) if (card.hub === hub) this.#verifying.delete(token)
    for (const [peer, { hubs, until }] of this.#sought) {
      // Its place stays taken: answers count the names that they are to.
      if (hubs.includes(hub))
        this.#sought.set(peer, { hubs: hubs.map((each) => (each === hub ? this.#options.hub : each)), until })
    }
  }

  /** What is held, unless its key turned out to be another's. */
  #believed(hub: HubId): Held | undefined {
    const held = this.#held.get(hub)
    const known = this.#options.keyOf(hub)
    if (held === undefined || known === undefined || signerOf(held.card) === known) return held
    this.drop(hub)
    return undefined
  }

  /** The slice is here. */
  drop(hub: HubId): void {
    this.#length -= this.#held.get(hub)?.length ?? 0
    this.#held.delete(hub)
  }

  /** The link to a peer is gone: others are asked when they are compared with. */
  dropPeer(peer: PeerId): void {
    this.#sought.delete(peer)
  }

  /** What a peer asked for, as many of the first ones as fit a message. */
  #serve(to: PeerId, { hubs }: SeekBody): Effects {
    const cards: Card[] = []
    let length = 0
    let looked = 0
    for (const hub of hubs) {
      const card = cardIn(this.#options.replicas.slice(hub)?.get(`${hubKind}/${hub}`))
      length += card === undefined ? 0 : JSON.stringify(card).length
      if (cards.length > 0 && length > partBytes) break
      if (card !== undefined) cards.push(card)
      looked++
    }
    return [{ type: 'send', to, message: { kind: 'catalog.cards', body: { cards, looked } } }]
  }

  /** Cards that came: only what was asked for is looked at. */
  #take(from: PeerId, { cards, looked }: CardsBody, now: Now): Effects {
    const { hubs = [] } = this.#sought.get(from) ?? {}
    const asked = new Set(hubs.slice(0, Math.min(looked, maxSlices)))
    this.#sought.delete(from)
    const out = cards.flatMap((card) => (asked.delete(card.hub) ? this.#vet(card, now) : [dropped('unasked-card')]))
    const rest = looked > 0 ? hubs.slice(Math.min(looked, maxSlices)) : []
    return rest.length > 0 ? [...out, ...this.#ask(from, rest, now)] : out
  }

  #isAwaited(hub: HubId): boolean {
    return hub !== this.#options.hub && this.#options.replicas.slice(hub) === undefined
  }

  /** Whether the slice may still come. */
  #isLive(hub: HubId, epoch: Epoch): boolean {
    const until = this.#options.forgottenUpTo(hub)
    return !isSurplus(epoch) && (until === undefined || compareEpochs(epoch, until) > 0)
  }

  #expire({ mono }: Now): void {
    if (mono - this.#expiredAt < second) return
    this.#expiredAt = mono
    for (const [hub, { until }] of this.#held) if (until <= mono) this.drop(hub)
    for (const [peer, { until }] of this.#sought) if (until <= mono) this.#sought.delete(peer)
  }

  #ask(to: PeerId, hubs: readonly HubId[], now: Now): Effects {
    this.#sought.set(to, { hubs, until: now.mono + answerMs })
    return [{ type: 'send', to, message: { kind: 'catalog.seek', body: { hubs: hubs.slice(0, maxSlices) } } }]
  }

  /** The key is the one that the hub is believed to have, where one is known (C10), and what it stamps is not of the future (C2). */
  #vet(card: Card, now: Now): Effects {
    const { federation, keyOf, maxClockDriftMs } = this.#options
    const peer = signerOf(card)
    if (peer === undefined || !isFitCard(card) || card.at > now.wall + maxClockDriftMs) return [dropped('unfit-card')]
    const known = keyOf(card.hub)
    if (known !== undefined && known !== peer) return [dropped('forged-card')]
    if (!this.#isAwaited(card.hub) || this.#verifying.size >= maxVerifying) return []
    const token = --this.#token
    this.#verifying.set(token, card)
    const { signature } = card
    return [{ type: 'verify', token, peer, signature, text: cardText(federation, card) }]
  }
}

function dropped(reason: string): Effects[number] {
  return { type: 'change', change: { type: 'dropped', reason } }
}
