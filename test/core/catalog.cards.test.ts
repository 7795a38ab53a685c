// What a hub shows of others before their slices have come: their cards, each under its own hub's signature.

import { describe, expect, it } from 'vitest'
import { type Card, cardIn, cardText, maxCardText, saidIn } from '../../src/core/catalog/card.ts'
import { Cards } from '../../src/core/catalog/cards.ts'
import type { CardMessage, CardsBody, ListedVersion } from '../../src/core/catalog/messages.ts'
import { maxSlices, partBytes } from '../../src/core/catalog/messages.ts'
import type { CatalogProtocol } from '../../src/core/catalog/protocol.ts'
import type { CatalogRecord } from '../../src/core/catalog/record.ts'
import { Replicas } from '../../src/core/catalog/replicas.ts'
import type { Epoch } from '../../src/core/catalog/slice.ts'
import type { PeerId } from '../../src/core/ids.ts'
import type { Effect } from '../../src/core/machine.ts'
import { minute, second } from '../../src/core/time.ts'
import { parse, seal } from '../../src/core/wire.ts'
import { headOf } from './catalog.heads.ts'
import { kinds } from './catalog.kit.ts'
import { at, hubId, jsonCodec, peerOf, testKeys, wallStart } from './kit.ts'

type Done = readonly Effect<CatalogProtocol>[]

const epoch: Epoch = [1, 'aa']
const peer = peerOf('source')

/** A card as its hub makes it. */
function cardOf(name: string, { said = {}, atMs = wallStart, signer = name, federation = 'test' } = {}): Card {
  const bare = { hub: hubId(name), at: atMs, said: { peer: peerOf(signer), region: 'north', ...said } }
  return { ...bare, signature: testKeys(peerOf(signer)).sign(cardText(federation, bare)) }
}

/** The entry that says the same. */
function entryOf({ hub, said, at: atMs, signature }: Card, seq = 1): CatalogRecord {
  const values = Object.entries({ life: true, ...said, coordinates: null, signed: { at: atMs, signature } })
  const fields = values.map(([name, value]) => [name, [value, [wallStart, 0, hub]]])
  return { kind: 'hub', key: hub, seq, fields: Object.fromEntries(fields) }
}

function run(name: string, records: readonly CatalogRecord[]) {
  const headed = { hub: hubId(name), epoch, from: 0, to: records.length }
  return { ...headed, records, head: headOf(headed, records) }
}

class Side {
  readonly replicas = new Replicas()
  readonly keys = new Map<string, PeerId>()
  readonly forgotten = new Map<string, Epoch>()
  readonly cards: Cards
  readonly dropped: string[] = []

  constructor(name = 'me') {
    this.cards = new Cards({
      hub: hubId(name),
      federation: 'test',
      replicas: this.replicas,
      keyOf: (hub) => this.keys.get(hub),
      forgottenUpTo: (hub) => this.forgotten.get(hub),
      maxClockDriftMs: 30_000,
    })
  }

  /** What is said to a peer that lists slices of these. */
  seek(names: readonly string[], ms = 0, from = peer): CardMessage[] {
    const listed = names.map((name): ListedVersion => [hubId(name), epoch, 1_000])
    return this.#done(this.cards.seek(from, listed, at(ms)))
  }

  hear(message: CardMessage, ms = 1, from = peer): CardMessage[] {
    const parsed = parse(kinds, jsonCodec.decode(jsonCodec.encode(seal(message.kind, message.body))))
    if (!parsed.ok) throw new Error(parsed.reason)
    return this.#done(this.cards.receive(from, message, at(ms)))
  }

  bring(cards: readonly Card[], looked = cards.length, ms = 1): CardMessage[] {
    return this.hear({ kind: 'catalog.cards', body: { cards: [...cards], looked } }, ms)
  }

  shown(): string[] {
    return [...this.cards.all()].map(({ hub }) => hub).sort()
  }

  #done(effects: Done): CardMessage[] {
    const said: CardMessage[] = []
    for (const effect of effects) {
      if (effect.type === 'send') said.push(effect.message as CardMessage)
      if (effect.type === 'change' && effect.change.type === 'dropped') this.dropped.push(effect.change.reason)
      if (effect.type !== 'verify') continue
      expect(effect.token).toBeLessThan(0)
      const ok = testKeys(peerOf('me')).verify(effect.peer, effect.text, effect.signature)
      said.push(...this.#done(this.cards.verified({ token: effect.token, ok }, at(1))))
    }
    return said
  }
}

const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `hub-${i}`)

describe('a card', () => {
  it('says what the entry says, voids and the signature apart, and whatever a later version adds', () => {
    const card = cardOf('a', { said: { capabilities: ['x', { y: 1 }] } })
    expect(cardIn(entryOf(card))).toEqual(card)
    expect(saidIn(entryOf(card))).toEqual(card.said)
    expect(cardIn(undefined)).toBeUndefined()
    const { signed: _, ...unsigned } = entryOf(card).fields
    expect(cardIn({ ...entryOf(card), fields: unsigned })).toBeUndefined()
  })

  it('is of one hub, one federation and one moment', () => {
    const { signature, ...card } = cardOf('a')
    const text = cardText('test', card)
    const others = [cardText('other', card), cardText('test', { ...card, hub: hubId('b') })]
    others.push(cardText('test', { ...card, at: card.at + 1 }), cardText('test', { ...card, said: {} }))
    const verify = (said: string) => testKeys(peer).verify(peerOf('a'), said, signature)
    expect([verify(text), ...others.map(verify)]).toEqual([true, false, false, false, false])
  })
})

describe('a hub that lacks slices', () => {
  it('asks for the cards of their hubs, once, and shows those that the hubs signed', () => {
    const me = new Side()
    expect(me.seek(['a', 'b', 'me'])).toEqual([{ kind: 'catalog.seek', body: { hubs: ['a', 'b'] } }])
    expect(me.seek(['a', 'b'], 1, peerOf('other'))).toEqual([])
    expect(me.bring([cardOf('a'), cardOf('b')])).toEqual([])
    expect([me.shown(), me.dropped]).toEqual([['a', 'b'], []])
    expect(me.seek(['a', 'b'], 2)).toEqual([])
  })

  it('shows none that somebody else signed, and counts them', () => {
    const me = new Side()
    me.keys.set('d', peerOf('d'))
    me.seek(['a', 'b', 'c', 'd', 'e', 'f'])
    const altered = { ...cardOf('b'), said: { peer: peerOf('b'), region: 'south' } }
    const forged = [{ ...cardOf('a'), signature: 'x' }, altered, cardOf('c', { federation: 'other' })]
    me.bring([...forged, cardOf('d', { signer: 'liar' }), cardOf('e', { said: { peer: 7 } }), cardOf('f')])
    expect(me.shown()).toEqual(['f'])
    expect(me.dropped.toSorted()).toEqual([...Array.from({ length: 4 }, () => 'forged-card'), 'unfit-card'])
  })

  it('looks at nothing that it did not ask for, that is too long, or that is of the time to come (C2)', () => {
    const me = new Side()
    me.bring([cardOf('a')])
    me.seek(['b', 'c', 'd'])
    const long = cardOf('c', { said: { text: 'x'.repeat(maxCardText) } })
    me.bring([cardOf('b'), cardOf('b'), long, cardOf('d', { atMs: wallStart + 31_000 })], 3)
    expect(me.shown()).toEqual(['b'])
    expect(me.dropped.toSorted()).toEqual(['unasked-card', 'unasked-card', 'unfit-card', 'unfit-card'])
  })

  it('lets a card go when the slice has come, its hub is forgotten, or nobody lists it any more', () => {
    const me = new Side()
    me.seek(['a', 'b', 'c'])
    me.bring([cardOf('a'), cardOf('b'), cardOf('c')])
    me.cards.drop(hubId('a'))
    me.forgotten.set('a', epoch)
    expect([me.shown(), me.seek(['a'], 2)]).toEqual([['b', 'c'], []])
    me.seek(['b'], 9 * minute)
    me.seek([], 10 * minute + 1)
    expect(me.shown()).toEqual(['b'])
    me.replicas.apply(run('d', [entryOf(cardOf('d'))]))
    expect(me.seek(['d'])).toEqual([])
  })

  it('is not shown a hub that was forgotten while its card was under way', () => {
    const me = new Side()
    me.seek(['a', 'b'])
    me.cards.forget(hubId('a'))
    me.forgotten.set('a', epoch)
    me.bring([cardOf('a'), cardOf('b')])
    expect(me.shown()).toEqual(['b'])
  })

  it('lets a card go, and asks anew, once its hub is known by another key', () => {
    const me = new Side()
    me.seek(['a'])
    me.bring([cardOf('a', { signer: 'liar' })])
    expect(me.shown()).toEqual(['a'])
    me.keys.set('a', peerOf('a'))
    expect(me.seek(['a'], 2)).toEqual([{ kind: 'catalog.seek', body: { hubs: ['a'] } }])
    expect(me.shown()).toEqual([])
  })

  it('asks somebody else when a peer goes or stays silent', () => {
    const me = new Side()
    me.seek(['a'])
    me.cards.dropPeer(peer)
    expect(me.seek(['a'], 1, peerOf('other'))).toHaveLength(1)
    expect(me.seek(['a'], 2)).toEqual([])
    expect(me.seek(['a'], 11 * second)).toHaveLength(1)
  })

  it('asks for no more than a message at a time, and goes on while the peer does', () => {
    const me = new Side()
    const all = names(maxSlices + 10)
    const first = me.seek(all)[0]?.body
    expect(first).toEqual({ hubs: all.slice(0, maxSlices) })
    expect(me.seek(['later'])).toEqual([])
    const next = me.bring(
      all.slice(0, 40).map((name) => cardOf(name)),
      40,
    )
    expect(next[0]?.body).toEqual({ hubs: [...all.slice(40), 'later'] })
    expect(me.bring([], 0)).toEqual([])
    expect(me.shown()).toHaveLength(40)
  })
})

describe('a hub that holds slices', () => {
  const bodyOf = (said: readonly CardMessage[]) => said[0]?.body as CardsBody

  it('hands over the cards in them, as many as fit a message', () => {
    const source = new Side('source')
    const all = names(20)
    const long = { text: 'x'.repeat(2_000) }
    for (const name of all) source.replicas.apply(run(name, [entryOf(cardOf(name, { said: long }))]))
    const { cards, looked } = bodyOf(source.hear({ kind: 'catalog.seek', body: { hubs: ['none', ...all].map(hubId) } }))
    expect(cards).toEqual(all.slice(0, looked - 1).map((name) => cardOf(name, { said: long })))
    expect([cards.length > 2, JSON.stringify(cards).length < partBytes + 100]).toEqual([true, true])
  })

  it('hands over nothing of a hub that it has only a card of itself', () => {
    const source = new Side('source')
    source.seek(['a'])
    source.bring([cardOf('a')])
    expect(bodyOf(source.hear({ kind: 'catalog.seek', body: { hubs: [hubId('a')] } }))).toEqual({
      cards: [],
      looked: 1,
    })
  })
})
