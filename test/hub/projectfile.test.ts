// What a projects file does to the catalog, reading after reading.

import { describe, expect, it } from 'vitest'
import type { Slug } from '../../src/core/ids.ts'
import { restoredOps } from '../../src/hub/backup.ts'
import { jsonCodec, slug } from '../core/kit.ts'
import { alpha, diskOf, hubId, infoOf, Rig, read, register, settingsFor } from './kit.ts'

const load = (rig: Rig, ...entries: { slug: Slug; name?: string }[]) => rig.ask({ type: 'project-file', entries })
const named = (name: string) => ({ slug: alpha, name })
const wrote = (written: number, removed = 0, refused: string[] = []) => ({
  ok: true,
  type: 'project-file',
  result: { written, removed, refused },
})

describe('the projects file', () => {
  it('writes only what differs from what it last wrote, also after a restart', () => {
    const disk = new Map()
    const rig = new Rig({ disk })
    expect(load(rig, named('One'))).toEqual(wrote(1))
    expect(load(rig, named('One'))).toEqual(wrote(0))
    const again = new Rig({ disk, startMs: 1_000 })
    expect(load(again, named('One'))).toEqual(wrote(0))
    expect(load(again, named('Two'))).toEqual(wrote(1))
    expect(read(again)).toMatchObject({ name: 'Two' })
  })

  it('leaves what was changed or removed through the API as it is until its own text changes', () => {
    const rig = new Rig()
    load(rig, named('One'))
    register(rig, alpha, { name: 'By hand' })
    load(rig, named('One'))
    expect(read(rig)).toMatchObject({ name: 'By hand' })
    rig.ask({ type: 'remove', slug: alpha })
    load(rig, named('One'))
    expect(read(rig)).toBe('project-removed')
    load(rig, named('Two'))
    expect(read(rig)).toMatchObject({ name: 'Two' })
  })

  it('removes what leaves the file, and only what the file put there', () => {
    const rig = new Rig()
    register(rig, slug('other'))
    load(rig, named('One'))
    expect(load(rig)).toEqual(wrote(0, 1))
    expect(read(rig)).toBe('project-removed')
    expect(read(rig, slug('other'))).toMatchObject({ slug: 'other' })
  })

  it('may be loaded before the hub is ready', () => {
    const rig = new Rig({ settings: settingsFor('me', { hasBootstrap: true }) })
    expect(load(rig, named('One'))).toBeUndefined()
    rig.pass(10_001)
    expect(read(rig)).toMatchObject({ name: 'One' })
  })

  it('finds what it put there before a restore, although the own slice opens only then', () => {
    const first = new Rig()
    load(first, named('One'), { slug: slug('gone') })
    const taken = first.views.backup(first.moment())
    const disk = diskOf(restoredOps(taken.ok ? taken.backup : { hub: hubId('me'), takenAt: 0, entries: [] }))
    const rig = new Rig({ disk, settings: settingsFor('me', { hasBootstrap: true }), startMs: 1_000 })
    expect(load(rig, named('Two'))).toBeUndefined()
    rig.pass(10_001)
    expect([read(rig), read(rig, slug('gone'))]).toMatchObject([{ name: 'Two' }, 'project-removed'])
    expect(load(rig)).toEqual(wrote(0, 1))
  })

  it('is asked for again where the clock was found wrong before it was written', () => {
    const rig = new Rig({ settings: settingsFor('me', { hasBootstrap: true }) })
    load(rig, named('One'))
    rig.link(infoOf('peer'))
    rig.hear('peer', 'clock.tell', { wall: rig.moment().wall - 3_600_000 })
    rig.pass(10_001)
    expect(rig.answer(1)).toMatchObject({ ok: false, code: 'clock-drift' })
    rig.hear('peer', 'clock.tell', { wall: rig.moment().wall })
    expect(load(rig, named('One'))).toEqual(wrote(1))
  })

  it('leaves alone what was there before it, or came again through the API, when it no longer lists it', () => {
    const rig = new Rig()
    register(rig, alpha, { name: 'By hand' })
    expect(load(rig, named('Filed'))).toEqual(wrote(1))
    expect(load(rig)).toEqual(wrote(0))
    expect(read(rig)).toMatchObject({ name: 'Filed' })
    const beta = slug('beta')
    load(rig, { slug: beta })
    rig.now += 5
    rig.ask({ type: 'remove', slug: beta })
    register(rig, beta, { name: 'Again by hand' })
    expect(load(rig)).toEqual(wrote(0))
    expect(read(rig, beta)).toMatchObject({ name: 'Again by hand' })
    // And it has forgotten both: listed again, they are written again.
    expect(load(rig, named('Filed'), { slug: beta, name: 'B' })).toEqual(wrote(2))
  })

  it('still removes what it put there when others have changed it, or it has itself, also after a restart', () => {
    const disk = new Map()
    const rig = new Rig({ disk })
    load(rig, named('One'))
    register(rig, alpha, { name: 'By hand' })
    load(rig, named('Two'))
    const again = new Rig({ disk, startMs: 1_000 })
    expect(load(again)).toEqual(wrote(0, 1))
    expect(read(again)).toBe('project-removed')
  })

  it('goes on removing what version 0.2 put there, which did not note when', () => {
    const disk = new Map<string, Uint8Array>()
    const rig = new Rig({ disk })
    load(rig, named('One'), { slug: slug('gone') })
    rig.ask({ type: 'remove', slug: slug('gone') })
    for (const [key, value] of disk) {
      if (!key.startsWith('file/')) continue
      const { hash } = jsonCodec.decode(value) as { hash: string }
      disk.set(key, jsonCodec.encode(hash))
    }
    const again = new Rig({ disk, startMs: 1_000 })
    expect(load(again, named('One'), { slug: slug('gone') })).toEqual(wrote(0))
    expect(load(again)).toEqual(wrote(0, 1))
  })

  it('takes all entries but those that do not fit, says which, and tries these again', () => {
    const base = settingsFor('me')
    const disk = new Map()
    const small = { ...base, catalog: { ...base.catalog, maxProjects: 3, maxSliceRecords: 3 } }
    const rig = new Rig({ settings: small, disk })
    const listed = ['a', 'b', 'c', 'd'].map((name) => ({ slug: slug(name) }))
    expect(load(rig, ...listed)).toEqual(wrote(2, 0, ['d', 'c']))
    expect(load(rig, ...listed)).toEqual(wrote(0, 0, ['d', 'c']))
    const larger = { ...base, catalog: { ...base.catalog, maxProjects: 4, maxSliceRecords: 5 } }
    const again = new Rig({ settings: larger, disk, startMs: 1_000 })
    expect(load(again, ...listed)).toEqual(wrote(2))
  })

  it('loses nothing when the disk or the clock does not take it: the next reading writes it', () => {
    const rig = new Rig()
    rig.diskWorks = false
    expect(load(rig, named('One'))).toMatchObject({ ok: false, code: 'storage-failed' })
    rig.diskWorks = true
    rig.pass(2_000)
    expect(load(rig, named('One'))).toEqual(wrote(1))
    rig.wrongMs = 3_600_000
    expect(load(rig, named('Two'))).toMatchObject({ ok: false, code: 'clock-drift' })
    rig.wrongMs = 0
    expect([load(rig, named('Two')), load(rig, named('Two'))]).toEqual([wrote(1), wrote(0)])
  })
})
