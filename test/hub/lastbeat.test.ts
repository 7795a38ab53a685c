// When a project last beat outlives a restart of all hubs (P8).

import { describe, expect, it } from 'vitest'
import { isoOf } from '../../src/hub/iso.ts'
import { slug, wallStart } from '../core/kit.ts'
import { beat, Rig, read, register } from './kit.ts'

describe('a hub that was down, and all others with it', () => {
  it('knows when its projects last beat, and calls none of them online', () => {
    const rig = new Rig()
    register(rig)
    beat(rig)
    rig.pass(301_000)
    const again = new Rig({ disk: rig.disk, startMs: rig.now + 1_000 })
    expect(read(again)).toMatchObject({
      status: 'offline',
      status_reasons: ['heartbeat-stale'],
      home: 'me',
      last_heartbeat_at: isoOf(wallStart),
    })
    beat(again)
    expect(read(again)).toMatchObject({ status: 'online', last_heartbeat_at: isoOf(wallStart + again.now) })
  })

  it('forgets it with the project', () => {
    const rig = new Rig()
    register(rig)
    beat(rig)
    rig.pass(301_000)
    expect(rig.disk.has('beat/alpha')).toBe(true)
    rig.ask({ type: 'remove', slug: slug('alpha') })
    rig.pass(301_000)
    expect(rig.disk.has('beat/alpha')).toBe(false)
  })
})
