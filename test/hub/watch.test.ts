// C18: what readers of a hub are told, in what order, and from where they can go on.

import { describe, expect, it } from 'vitest'
import type { CatalogRecord } from '../../src/core/catalog/record.ts'
import { seal } from '../../src/core/wire.ts'
import { maxEntries } from '../../src/hub/journal.ts'
import { headOf } from '../core/catalog.heads.ts'
import { at, hubId, infoOf, slug, wallStart } from '../core/kit.ts'
import { alpha, Rig, settingsFor } from './kit.ts'
import { Lookout } from './lookout.ts'

const beta = slug('beta')

const here = 'put hub me alive'

describe('a reader', () => {
  it('that is new is told what is there, and not what is gone, and then what changes', () => {
    const hub = new Lookout()
    hub.register(alpha)
    hub.register(beta)
    hub.remove(alpha)
    const { told, woken } = hub.open()
    expect(told()).toEqual(['put beta offline', here, 'caught-up'])
    expect(woken()).toBe(0)
    hub.register(alpha)
    expect(woken()).toBe(1)
    hub.beat(beta)
    hub.remove(beta)
    expect(woken()).toBe(1)
    expect(told()).toEqual(['put alpha offline', 'remove beta gone'])
    expect(told()).toEqual([])
  })

  it('is told of several changes of one thing once, as it is then', () => {
    const hub = new Lookout()
    const { told } = hub.open()
    told()
    hub.register(alpha)
    hub.beat(alpha)
    hub.register(alpha, { name: 'Another' })
    hub.beat(alpha, { status: 'degraded' })
    expect(told()).toEqual(['put alpha degraded', 'status alpha degraded'])
  })

  it('that goes on from a cursor is told of what was written and removed since, and how everything is', () => {
    const hub = new Lookout()
    hub.register(alpha)
    hub.register(beta)
    const { told, reader } = hub.open()
    told()
    reader.close()
    hub.remove(alpha)
    hub.register(slug('gamma'))
    hub.beat(beta)
    const again = hub.open(reader.cursor)
    expect(again.told()).toEqual([
      'remove alpha gone',
      'put gamma offline',
      here,
      'status beta online',
      'status gamma offline',
      'caught-up',
    ])
    expect(hub.open(again.reader.cursor).told().at(0)).toBe(here)
  })

  it('can go on from the cursor of any event', () => {
    const hub = new Lookout()
    const { reader, told } = hub.open()
    told()
    const cursors = ['alpha', 'beta', 'gamma', 'delta'].map((name) => {
      hub.register(slug(name))
      reader.next()
      return reader.cursor
    })
    const rests = cursors.map((cursor) =>
      hub
        .open(cursor)
        .told()
        .filter((one) => one.startsWith('put') && one !== here),
    )
    expect(rests.map((rest) => rest.length)).toEqual([3, 2, 1, 0])
  })

  it('of records that arrived together stands behind them only when it was told of the last', () => {
    const hub = new Lookout()
    const { reader, told } = hub.open()
    told()
    const record = (key: string, seq: number): CatalogRecord => {
      return { kind: 'project', key, seq, fields: { life: [true, [wallStart, seq, hubId('b')]] } }
    }
    const records = [record('alpha', 1), record('beta', 2)]
    const run = { hub: hubId('b'), epoch: [1, 'bb'] as [number, string], from: 0, to: 2, records }
    const delta = { ...run, head: headOf(run, records) }
    hub.turn(() => hub.rig.hear('b', 'catalog.versions', { versions: [], last: true, reply: false }))
    hub.turn(() => {
      hub.rig.member('b', 'alive')
      hub.rig.link(infoOf('b'))
      hub.rig.step({
        type: 'message',
        from: infoOf('b').peer,
        topic: 'catalog',
        value: seal('catalog.delta', delta),
      })
    })
    expect(reader.next()).toBe('put hub b alive')
    const one = reader.next()
    // It has to hear when the slice is lost of which it was told a part.
    expect(reader.cursor).toMatch(/~b~\w{7}~0/)
    expect([one, reader.next()].sort()).toEqual(['put alpha offline', 'put beta offline'])
    expect(reader.cursor).toMatch(/~b~\w{7}~2/)
  })

  it('that made its cursor up is refused, and whoever left is not woken', () => {
    const hub = new Lookout()
    expect(hub.watch.open('nonsense', () => undefined)).toMatchObject({ ok: false, code: 'invalid-cursor' })
    const { reader, told, woken } = hub.open()
    told()
    reader.close()
    hub.register(alpha)
    expect(woken()).toBe(0)
  })
})

describe('a slow reader', () => {
  /** As many changes as a journal holds, and more. */
  function flood(hub: Lookout): void {
    hub.turn(() => {
      for (let i = 0; i < 2 * maxEntries; i++) {
        hub.watch.note({ type: 'entry', id: `project/p${i}`, exists: false }, at(hub.rig.now))
      }
    })
  }

  it('that is too far behind is told so once, and then everything, removals included', () => {
    const hub = new Lookout()
    hub.register(alpha)
    hub.register(beta)
    const { told, reader } = hub.open()
    told()
    hub.remove(alpha)
    flood(hub)
    expect(told()).toEqual([
      'reset all null slow',
      'put beta offline',
      'remove alpha gone',
      here,
      'status beta offline',
      'caught-up',
    ])
    hub.register(alpha)
    expect(told()).toEqual(['put alpha offline'])
    expect(hub.open(reader.cursor).told()[0]).toBe(here)
  })

  it('that is overtaken while it catches up goes on from where it is, until it has caught up', () => {
    const hub = new Lookout()
    hub.register(alpha)
    const { told, reader } = hub.open()
    expect(reader.next()).toBe('put alpha offline')
    flood(hub)
    hub.register(beta)
    expect(told()).toEqual([here, 'put beta offline', here, 'status alpha offline', 'status beta offline', 'caught-up'])
  })
})

describe('the status of a project', () => {
  const home = {
    home: 'b',
    rev: 5,
    leases: [
      {
        slug: 'alpha',
        claim: [wallStart, 'b'],
        rev: 5,
        state: 'fresh',
        beatAt: wallStart,
        report: { isDegraded: false, reasons: [] },
      },
    ],
  }

  /** alpha beats at hub b. */
  function elsewhere(): { hub: Lookout; told: () => string[] } {
    const hub = new Lookout(new Rig({ settings: settingsFor('me') }))
    hub.register(alpha)
    hub.turn(() => hub.rig.member('b', 'alive'))
    const { told } = hub.open()
    told()
    const presence = seal('presence.leases', home)
    hub.turn(() => hub.rig.step({ type: 'message', from: infoOf('b').peer, topic: 'presence', value: presence }))
    expect(told()).toEqual(['status alpha online'])
    return { hub, told }
  }

  it('is told when its home is suspected, dies, and has been dead for the grace', () => {
    const { hub, told } = elsewhere()
    hub.turn(() => hub.rig.member('b', 'suspect'))
    expect(told()).toEqual(['status hub b suspect', 'status alpha degraded'])
    hub.turn(() => hub.rig.member('b', 'dead'))
    expect(told()).toEqual(['status hub b dead', 'status alpha degraded'])
    hub.pass(29_999)
    expect(told().filter((one) => one.includes('alpha'))).toEqual([])
    hub.pass(2)
    expect(told()).toEqual(['status alpha offline'])
  })

  it('is told within half a minute when its home has said nothing for too long', () => {
    const { hub, told } = elsewhere()
    for (let i = 0; i < 89; i++) {
      hub.rig.now += 1_000
      hub.turn(() => undefined)
    }
    expect(told()).toEqual([])
    for (let i = 0; i < 32; i++) {
      hub.rig.now += 1_000
      hub.turn(() => undefined)
    }
    expect(told()).toEqual(['status alpha offline'])
  })

  it('is told when its beats are late, and when they stop', () => {
    const hub = new Lookout()
    hub.register(alpha)
    hub.beat(alpha)
    const { told } = hub.open()
    told()
    hub.pass(60_002)
    expect(told()).toEqual(['status alpha degraded'])
    hub.pass(30_000)
    expect(told()).toEqual(['status alpha offline'])
  })
})

describe('hubs', () => {
  it('are told of when they come, change, and are forgotten', () => {
    const hub = new Lookout()
    const { told } = hub.open()
    told()
    hub.turn(() => hub.rig.member('b', 'alive'))
    expect(told()).toEqual(['put hub b alive'])
    hub.turn(() => hub.rig.member('b', 'dead'))
    expect(told()).toEqual(['status hub b dead'])
    const before = hub.open()
    before.told()
    hub.turn(() => hub.rig.ask({ type: 'forget', hubs: [hubId('b')], withData: false }))
    expect(told()).toEqual(['remove hub b gone'])
    expect(hub.open(before.reader.cursor).told()).toEqual(['remove hub b gone', here, 'caught-up'])
  })
})
