// C17: how fresh what a hub answers is, region by region.

import { describe, expect, it } from 'vitest'
import { hour, second } from '../../src/core/time.ts'
import { isoOf } from '../../src/hub/iso.ts'
import { at, signed, wallStart } from '../core/kit.ts'
import { infoOf, Rig, settingsFor } from './kit.ts'

const far = signed({ info: infoOf('far', { region: 'south', tier: 'regional' }), incarnation: 3, status: 'alive' })

/** A local hub in `north`; `far` reports for `south`. */
function rigWithReports(): Rig {
  const rig = new Rig({ settings: settingsFor('me', { tier: 'local' }) })
  rig.hear('far', 'tier.report', { reporter: 'far', words: [far] })
  return rig
}

const regionsOf = (rig: Rig) => rig.views.status(rig.moment()).view.regions

describe('a region', () => {
  it('is as of when its reporters were last known to stand by their words, whatever the wall clock does', () => {
    const rig = rigWithReports()
    rig.now = 4_000
    expect([regionsOf(rig)['north']?.as_of, regionsOf(rig)['south']?.as_of]).toEqual([
      isoOf(wallStart + 4_000),
      isoOf(wallStart),
    ])
    rig.wrongMs = hour
    expect(regionsOf(rig)['south']?.as_of).toBe(isoOf(wallStart + hour))
    expect(rig.views.freshness(rig.moment())).toMatchObject({ region: 'south', asOf: wallStart + hour })
  })

  it('whose hubs this hub watches and believes dead is as of when they were called so', () => {
    const rig = new Rig({ settings: settingsFor('me', { tier: 'regional' }) })
    const info = infoOf('far', { region: 'south', tier: 'regional' })
    const pool = 'backbone'
    rig.hear('far', 'swim.gossip', { pool, rumors: [signed({ info, incarnation: wallStart, status: 'alive' })] })
    rig.now = 1_000
    expect(regionsOf(rig)['south']).toMatchObject({ as_of: isoOf(wallStart + 1_000), state: 'converged' })
    const death = { accused: 'far', incarnation: wallStart, status: 'dead', by: 'someone', path: 'probe', health: 0 }
    rig.hear('gossip', 'swim.gossip', { pool, rumors: [death] })
    rig.now = 60_000
    expect(regionsOf(rig)['south']).toMatchObject({ as_of: isoOf(wallStart + 1_000), state: 'partitioned' })
    expect(rig.views.freshness(rig.moment())).toEqual({
      state: 'partitioned',
      region: 'south',
      asOf: wallStart + 1_000,
    })
    expect(rig.views.members(rig.moment()).map(({ as_of }) => as_of)).toEqual([
      isoOf(wallStart + 1_000),
      isoOf(wallStart + 60_000),
    ])
  })

  it('of whose hubs a slice is behind is lagging, as of when that was found', () => {
    const rig = rigWithReports()
    rig.link(far.info)
    rig.now = 2_000
    rig.hear('far', 'catalog.versions', { versions: [['far', [1, 'bb'], 3]], last: true, reply: false })
    rig.hear('far', 'tier.report', { reporter: 'far', words: [{ ...far }] })
    rig.now = 2_500
    expect(regionsOf(rig)).toMatchObject({ north: { state: 'converged' }, south: { state: 'lagging' } })
    expect(Date.parse(regionsOf(rig)['south']?.as_of ?? '')).toBeLessThanOrEqual(wallStart + 2_000)
    const part = { hub: 'far', epoch: [1, 'bb'], from: 0, to: 3, after: 0, records: [], done: true }
    rig.hear('far', 'catalog.part', { parts: [part] })
    expect(regionsOf(rig)['south']).toMatchObject({ state: 'converged' })
  })

  it('that is watched is as of now with every answer, however soon the next one follows', () => {
    const rig = new Rig()
    for (let i = 0; i < 3; i++) {
      expect(rig.views.freshness(rig.moment())).toMatchObject({ region: 'north', asOf: rig.moment().wall })
      rig.now += 60
    }
    const reported = rigWithReports()
    for (const now of [50, 120]) {
      reported.now = now
      expect(reported.views.freshness(reported.moment())).toMatchObject({ region: 'south', asOf: wallStart })
    }
  })

  it('whose hubs have all left makes no answer stale', () => {
    const rig = rigWithReports()
    const left = signed({ ...far, status: 'left' })
    rig.hear('far', 'tier.report', { reporter: 'far', words: [left] })
    const moment = at(rig.now + 100 * second)
    expect(rig.views.freshness(moment)).toEqual({ state: 'converged', region: 'north', asOf: moment.wall })
  })
})
