// The directory of hubs: what each says of itself, how long it stays, and how it goes.

import { describe, expect, it } from 'vitest'
import { type Card, cardIn, cardText } from '../../src/core/catalog/card.ts'
import type { Stamp } from '../../src/core/catalog/hlc.ts'
import type { CatalogRecord } from '../../src/core/catalog/record.ts'
import { isoOf } from '../../src/hub/iso.ts'
import type { Settings } from '../../src/hub/settings.ts'
import type { DirectoryEntry } from '../../src/hub/shapes.ts'
import { headOf } from '../core/catalog.heads.ts'
import { hubId, infoOf, peerOf, testKeys, wallStart } from '../core/kit.ts'
import { overhear, Rig, settingsFor } from './kit.ts'

const entry = (rig: Rig, name = 'me'): DirectoryEntry | undefined =>
  rig.views.directory().find(({ hub_id }) => hub_id === name)
const seq = (rig: Rig): number | undefined => rig.hub.catalog.replicas.slice(hubId('me'))?.version.seq
const restarted = (rig: Rig, settings: Settings = rig.settings, startMs = rig.now + 1_000): Rig =>
  new Rig({ settings, disk: rig.disk, startMs })

/** A slice of `name` arrives that says these things of it. */
function hear(rig: Rig, name: string, fields: Readonly<Record<string, unknown>>): void {
  const stamp: Stamp = [wallStart, 0, hubId(name)]
  const said = Object.entries({ life: true, ...fields }).map(([field, value]) => [field, [value, stamp]])
  const record: CatalogRecord = { kind: 'hub', key: name, seq: 1, fields: Object.fromEntries(said) }
  rig.link(infoOf(name))
  const run = { hub: hubId(name), epoch: [1, 'aa'] as [number, string], from: 0, to: 1, records: [record] }
  rig.hear(name, 'catalog.delta', { ...run, head: headOf(run, [record]) })
}

function saidBy(name: string): Record<string, unknown> {
  const { hub: _, ...said } = infoOf(name)
  return said
}

describe('the own entry', () => {
  it('says what the hub is from its first batch on, and is written anew only when that has changed', () => {
    const rig = new Rig()
    const { peer, region, tier, version, addresses } = infoOf('me')
    const own = { hub_id: 'me', peer_id: peer, region, tier, version, addresses, status: 'alive', records: 1 }
    expect(entry(rig)).toMatchObject({ ...own, coordinates: null, labels: {} })
    expect(seq(rig)).toBe(1)
    rig.pass(600_000)
    expect(seq(restarted(rig))).toBe(1)
    const coordinates = { latitude: 1, longitude: 2 }
    const settings = { ...rig.settings, version: '9.9.9', coordinates, labels: { zone: 'z' } }
    const upgraded = restarted(rig, settings)
    expect(entry(upgraded)).toMatchObject({ version: '9.9.9', coordinates, labels: { zone: 'z' }, records: 1 })
    expect(seq(upgraded)).toBe(2)
    expect(entry(restarted(upgraded, rig.settings))).toMatchObject({ version, coordinates: null, labels: {} })
  })

  it('is not about how the hub feels', () => {
    const rig = new Rig()
    rig.hub.self.degrade(['slow'])
    rig.pass(120_000)
    expect(rig.hub.info.degraded).toEqual(['slow'])
    expect(seq(rig)).toBe(1)
  })

  it('is sealed by the hub, with what a later version wrote into it, and sealed anew when it is not', () => {
    const rig = new Rig()
    const own = (): CatalogRecord | undefined => rig.hub.catalog.replicas.slice(hubId('me'))?.get('hub/me')
    const isSealed = (): boolean => {
      const { signature = '', ...card } = cardIn(own()) ?? {}
      return testKeys(peerOf('me')).verify(infoOf('me').peer, cardText('test', card as Card), signature)
    }
    expect(isSealed()).toBe(true)
    const put = { op: 'put', kind: 'hub', key: 'me', initial: {}, sets: {} } as const
    const later = { ...put, fields: { capabilities: ['edge'] } }
    for (const effect of rig.hub.catalog.step({ type: 'write', writes: [later], extra: [] }, rig.moment())) {
      if (effect.type === 'persist') rig.step({ type: 'persisted', owner: 'catalog', token: effect.token, ok: true })
      if (effect.type === 'sign') rig.step({ type: 'signed', signature: testKeys(peerOf('me')).sign(effect.text) })
    }
    expect([own()?.fields['capabilities']?.[0], isSealed()]).toEqual([['edge'], false])
    rig.pass(120_000)
    expect([isSealed(), cardIn(own())?.said['capabilities']]).toEqual([true, ['edge']])
  })

  it('returns when the hub was forgotten and lives', () => {
    const rig = new Rig()
    const lost = new Rig({ settings: settingsFor('lost', { tier: 'regional' }) })
    const { incarnation, info } = lost.hub
    rig.member('lost', 'alive', { info, incarnation })
    lost.pass(2_000)
    overhear(rig, 'lost', lost.done)
    expect(entry(rig, 'lost')?.peer_id).toBe(info.peer)
    rig.member('lost', 'dead', { info, incarnation })
    rig.ask({ type: 'forget', hubs: [hubId('lost')], withData: false })
    rig.pass(2_000)
    expect(entry(rig, 'lost')).toBeUndefined()
    const from = lost.done.length
    overhear(lost, 'me', rig.done)
    lost.pass(2_000)
    overhear(rig, 'lost', lost.done.slice(from))
    for (const each of [rig, lost]) expect(entry(each, 'lost')?.peer_id).toBe(info.peer)
  })
})

describe('the directory', () => {
  it('shows a hub by its card, as provisional, until its slice has come (C20)', () => {
    const [rig, far] = [new Rig(), new Rig({ settings: settingsFor('far') })]
    const record = far.hub.catalog.replicas.slice(hubId('far'))?.get('hub/far') as CatalogRecord
    const card = cardIn(record) as Card
    rig.link(infoOf('relay'))
    const versions = [
      [hubId('far'), [1, 'aa'], 7],
      [hubId('odd'), [1, 'aa'], 7],
    ]
    const asked = rig.hear('relay', 'catalog.versions', { versions, last: true, reply: false })
    const seek = asked.find((effect) => effect.type === 'send' && effect.kind === 'catalog.seek')
    expect(seek).toMatchObject({ to: peerOf('relay'), body: { hubs: ['far', 'odd'] } })
    rig.hear('relay', 'catalog.cards', { cards: [card, { ...card, hub: 'odd' }], looked: 2 })
    const { peer_id, tier, addresses } = far.views.directory()[0] as DirectoryEntry
    const shown = { peer_id, tier, addresses, records: 0, provisional: true, updated_at: isoOf(card.at) }
    expect(entry(rig, 'far')).toMatchObject(shown)
    expect([entry(rig, 'odd'), entry(rig)?.provisional]).toEqual([undefined, false])
    hear(rig, 'far', saidBy('far'))
    expect(entry(rig, 'far')).toMatchObject({ peer_id: infoOf('far').peer, records: 1, provisional: false })
  })

  it('lists whoever holds a part of the catalog, as the member lists have it', () => {
    const rig = new Rig()
    hear(rig, 'a', saidBy('a'))
    expect(entry(rig, 'a')).toMatchObject({ peer_id: infoOf('a').peer, status: 'unknown', records: 1 })
    rig.member('a', 'alive')
    expect(entry(rig, 'a')?.status).toBe('alive')
    hear(rig, 'odd', { peer: 7, addresses: 'none' })
    expect(entry(rig, 'odd')).toMatchObject({ peer_id: null, tier: null, addresses: [], updated_at: null, records: 1 })
    expect(rig.views.directory().map(({ hub_id }) => hub_id)).toEqual(['a', 'me', 'odd'])
  })

  it('still has the dead when no member list has them, so that they can be forgotten', () => {
    const rig = new Rig()
    hear(rig, 'a', saidBy('a'))
    rig.member('a', 'alive')
    rig.member('a', 'dead')
    rig.step({ type: 'link-down', peer: peerOf('a'), reason: 'closed' })
    rig.pass(2 * rig.settings.membership.deadRetentionMs)
    const forget = () => rig.ask({ type: 'forget', hubs: [hubId('a')], withData: false })
    // Cut off from all, it may only not have heard of it.
    expect(forget()).toMatchObject({ ok: false, code: 'unknown-hub' })
    rig.link(infoOf('b'))
    expect(forget()).toMatchObject({ ok: false, code: 'unknown-hub' })
    rig.pass(300_000)
    expect(rig.hub.beliefAbout(hubId('a'), rig.moment())?.incarnation).toBeGreaterThan(wallStart)
    expect(rig.views.member(hubId('a'), rig.moment())).toBeUndefined()
    expect(entry(rig, 'a')).toMatchObject({ status: 'unknown', peer_id: infoOf('a').peer })
    expect(forget()).toMatchObject({ ok: true })
    rig.pass(2_000)
    expect(entry(rig, 'a')).toBeUndefined()
    expect(entry(restarted(rig), 'a')).toBeUndefined()
    // One that boots now is above what was forgotten.
    rig.member('a', 'alive', { incarnation: wallStart + rig.now })
    expect(rig.views.member(hubId('a'), rig.moment())?.status).toBe('alive')
  })

  it('lets nobody forget hubs that it may only not have heard of yet, or is linked with', () => {
    const rig = new Rig()
    hear(rig, 'a', saidBy('a'))
    rig.link(infoOf('b'))
    const forget = () => rig.ask({ type: 'forget', hubs: [hubId('a')], withData: false })
    rig.pass(600_000)
    expect(forget()).toMatchObject({ ok: false, code: 'unknown-hub' })
    rig.step({ type: 'link-down', peer: peerOf('a'), reason: 'closed' })
    expect(forget()).toMatchObject({ ok: true })
    const early = new Rig()
    hear(early, 'a', saidBy('a'))
    early.step({ type: 'link-down', peer: peerOf('a'), reason: 'closed' })
    early.link(infoOf('b'))
    expect(early.ask({ type: 'forget', hubs: [hubId('a')], withData: false })).toMatchObject({ code: 'unknown-hub' })
  })

  it('does not make up hubs that nobody knows', () => {
    expect(new Rig().ask({ type: 'forget', hubs: [hubId('none')], withData: false })).toMatchObject({
      code: 'unknown-hub',
    })
  })
})
