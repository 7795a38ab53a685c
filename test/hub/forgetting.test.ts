// Hubs that an operator forgot: gone everywhere, for good, and welcome when they boot anew.

import { describe, expect, it } from 'vitest'
import type { Stamp } from '../../src/core/catalog/hlc.ts'
import type { CatalogRecord } from '../../src/core/catalog/record.ts'
import { headOf } from '../core/catalog.heads.ts'
import { at, hubId, infoOf, signed, slug, wallStart } from '../core/kit.ts'
import { changes, overhear, Rig, read, settingsFor } from './kit.ts'

const far = infoOf('far', { region: 'south', tier: 'regional' })

/** What `far` is said to be, by its own report. */
function report(rig: Rig, status: 'alive' | 'dead', incarnation = wallStart): void {
  const words = [{ ...signed({ info: far, incarnation, status: 'alive' }), status }]
  rig.hear('far', 'tier.report', { reporter: 'far', words })
}

function withDead(...names: string[]): Rig {
  const rig = new Rig()
  for (const name of names) {
    rig.member(name, 'alive')
    rig.member(name, 'dead')
  }
  return rig
}

const forget = (rig: Rig, ...names: string[]) => rig.ask({ type: 'forget', hubs: names.map(hubId), withData: false })
const known = (rig: Rig): string[] => rig.views.members(at(rig.now)).map(({ hub_id }) => hub_id)

describe('forgetting', () => {
  it.each(['dead', 'left'] as const)('a hub that is %s leaves nothing of it, also not on the disk', (status) => {
    const rig = new Rig()
    rig.member('a', 'alive')
    rig.member('a', status)
    expect(rig.disk.has('book/a')).toBe(true)
    expect(forget(rig, 'a')).toEqual({ ok: true, type: 'forgotten' })
    expect(known(rig)).toEqual(['me'])
    expect(rig.disk.has('book/a')).toBe(false)
    expect(rig.views.why(hubId('a'), at(rig.now))).toMatchObject({ ok: false, code: 'unknown-hub' })
  })

  it.each(['alive', 'suspect'] as const)('is refused for a hub that is %s', (status) => {
    const rig = new Rig()
    rig.member('a', 'alive')
    if (status === 'suspect') rig.member('a', status)
    expect(forget(rig, 'a')).toMatchObject({ ok: false, code: 'hub-alive', detail: expect.stringContaining(status) })
    expect(known(rig)).toEqual(['a', 'me'])
  })

  it.each([
    [false, 'p'],
    [true, 'unknown-project'],
  ])('is of its slice, too; with its data: %j (C15)', (withData, left) => {
    const rig = withDead('a')
    const stamp: Stamp = [wallStart, 0, hubId('a')]
    const fields: CatalogRecord['fields'] = { life: [true, stamp], name: ['p', stamp] }
    const records: CatalogRecord[] = [{ kind: 'project', key: 'p', seq: 1, fields }]
    rig.link(infoOf('a'))
    const run = { hub: hubId('a'), epoch: [1, 'aa'] as [number, string], from: 0, to: 1, records }
    rig.hear('a', 'catalog.delta', { ...run, head: headOf(run, records) })
    const shown = () => {
      const found = read(rig, slug('p'))
      return typeof found === 'string' ? found : found.name
    }
    expect(shown()).toBe('p')
    expect(rig.disk.has('slice/a')).toBe(true)
    expect(rig.ask({ type: 'forget', hubs: [hubId('a')], withData })).toMatchObject({ ok: true })
    rig.pass(1_000)
    expect(shown()).toBe(left)
    expect([...rig.disk.keys()].filter((key) => /^(slice|record|surplus)\/a(\/|$)/.test(key))).toEqual([])
    const again = new Rig({ disk: rig.disk, startMs: 60_000 })
    expect(again.hub.catalog.replicas.slice(hubId('a'))).toBeUndefined()
  })

  it.each([
    // Beside them the entry of the directory and the word that forgets.
    [18, { ok: true }],
    [19, { ok: false, code: 'limit-reached', detail: expect.stringContaining('19 entries') }],
  ])('is refused where what they wrote does not fit into the slice: %j entries', (count, expected) => {
    const rig = withDead('a')
    const records = Array.from({ length: count }, (_, i): CatalogRecord => {
      return { kind: 'project', key: `p${i}`, seq: i + 1, fields: { life: [true, [wallStart, 0, hubId('a')]] } }
    })
    rig.link(infoOf('a'))
    const run = { hub: hubId('a'), epoch: [1, 'aa'] as [number, string], from: 0, to: count, records }
    rig.hear('a', 'catalog.delta', { ...run, head: headOf(run, records) })
    expect(forget(rig, 'a')).toMatchObject(expected)
  })

  it('is refused for a hub that nobody knows, and for the hub itself', () => {
    expect(forget(new Rig(), 'nobody')).toMatchObject({ ok: false, code: 'unknown-hub' })
    expect(forget(new Rig(), 'me')).toMatchObject({ ok: false, code: 'hub-alive' })
  })

  it('is of all or of none', () => {
    const rig = withDead('a', 'b')
    rig.member('c', 'alive')
    expect(forget(rig, 'a', 'c', 'b')).toMatchObject({ ok: false, code: 'hub-alive' })
    expect(known(rig)).toEqual(['a', 'b', 'c', 'me'])
    expect(forget(rig, 'a', 'b', 'a')).toMatchObject({ ok: true })
    expect(known(rig)).toEqual(['c', 'me'])
  })

  it('holds against what others still say of that boot, and after a restart', () => {
    const rig = withDead('a')
    forget(rig, 'a')
    const again = new Rig({ disk: rig.disk, startMs: 60_000 })
    for (const hub of [rig, again]) {
      const dropped = changes(hub.member('a', 'alive'))
      expect(dropped).toContainEqual({ type: 'dropped', reason: 'forgotten' })
      hub.member('a', 'left')
      expect(known(hub)).toEqual(['me'])
    }
  })

  it('is over when the hub boots anew', () => {
    const rig = withDead('a')
    forget(rig, 'a')
    rig.member('a', 'alive', { incarnation: wallStart + 60_000 })
    expect(known(rig)).toEqual(['a', 'me'])
    const again = new Rig({ disk: rig.disk, startMs: 90_000 })
    again.member('a', 'alive', { incarnation: wallStart + 60_000 })
    expect(known(again)).toEqual(['a', 'me'])
  })

  it('reaches hubs of other regions, which are only reported', () => {
    const rig = new Rig()
    report(rig, 'alive')
    report(rig, 'dead')
    expect(forget(rig, 'far')).toMatchObject({ ok: true })
    expect(known(rig)).toEqual(['me'])
    report(rig, 'alive')
    expect(known(rig)).toEqual(['me'])
    report(rig, 'alive', wallStart + 60_000)
    expect(known(rig)).toEqual(['far', 'me'])
  })

  it('reaches every hub that hears of it', () => {
    const rig = withDead('a')
    const other = new Rig({ settings: settingsFor('you') })
    other.member('a', 'alive')
    forget(rig, 'a')
    rig.pass(2_000)
    overhear(other, 'me', rig.done)
    expect(known(other)).toEqual(['you'])
  })

  it('is taken back by a hub that was only cut off, as soon as it hears of it', () => {
    const rig = new Rig()
    const lost = new Rig({ settings: settingsFor('lost', { tier: 'regional' }) })
    const info = infoOf('lost')
    const { incarnation } = lost.hub
    rig.member('lost', 'alive', { info, incarnation })
    rig.member('lost', 'dead', { info, incarnation })
    forget(rig, 'lost')
    rig.pass(2_000)
    overhear(lost, 'me', rig.done)
    expect(lost.hub.incarnation).toBe(incarnation + 1)
    expect(lost.hub.pools.map((swim) => swim.self())).toEqual([lost.hub.self.word, lost.hub.self.word])
    expect(new TextDecoder().decode(lost.disk.get('hub/incarnation'))).toBe(String(incarnation + 1))
    rig.hear('lost', 'swim.gossip', { pool: 'region/north', rumors: [lost.hub.self.word] })
    expect(known(rig)).toEqual(['lost', 'me'])
  })
})
