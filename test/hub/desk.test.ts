// Calls at the edges: what is said to a caller whose write did not go through, and what follows one that did.

import { describe, expect, it } from 'vitest'
import type { WriteResult } from '../../src/core/catalog/protocol.ts'
import { isoOf } from '../../src/hub/iso.ts'
import { at, slug } from '../core/kit.ts'
import { alpha, beat, Rig, read, register, settingsFor } from './kit.ts'

const written = (result: WriteResult) => {
  const rig = new Rig()
  rig.hub.desk.take(900, { type: 'register', slug: alpha, registration: {} }, at(0))
  return rig.hub.desk.written(900, result).map((step) => (step.type === 'answer' ? step.answer() : step))
}

describe('a caller whose write was not taken', () => {
  it.each([
    ['too-many-fields', 'limit-reached', 'fields'],
    ['slice-full', 'limit-reached', 'limits.slice'],
    ['unfit', 'limit-reached', 'longer'],
    ['clock-drift', 'clock-drift', 'clock'],
  ] as const)('for %s is told %s, and what to do', (outcome, code, detail) => {
    expect(written({ ok: true, outcomes: [outcome] })).toEqual([
      { ok: false, code, detail: expect.stringContaining(detail) },
    ])
    expect(written({ ok: true, outcomes: ['created', outcome] })).toMatchObject([{ ok: false, code }])
  })

  it('is answered once: what follows a write is forgotten with it', () => {
    const rig = new Rig()
    rig.hub.desk.take(900, { type: 'register', slug: alpha, registration: {} }, at(0))
    expect(rig.hub.desk.written(900, { ok: true, outcomes: ['created'] })).toHaveLength(1)
    expect(rig.hub.desk.written(900, { ok: true, outcomes: ['created'] })).toEqual([])
  })
})

describe('the limit of projects', () => {
  const full = (): Rig => {
    const { catalog } = settingsFor('me')
    const rig = new Rig({ settings: settingsFor('me', { catalog: { ...catalog, maxProjects: 2 } }) })
    register(rig, slug('a'))
    register(rig, slug('b'))
    return rig
  }

  it('names the setting, and holds for a heartbeat that would register', () => {
    const rig = full()
    expect(register(rig, slug('c'))).toMatchObject({ detail: expect.stringContaining('limits.projects (2)') })
    expect(beat(rig, { hub_url: 'http://c' }, slug('c'))).toMatchObject({ ok: false, code: 'limit-reached' })
    expect(read(rig, slug('c'))).toBe('unknown-project')
    expect(beat(rig, {}, slug('a'))).toMatchObject({ ok: true })
  })

  it('is free again once a project is removed', () => {
    const rig = full()
    rig.ask({ type: 'remove', slug: slug('a') })
    expect(register(rig, slug('c'))).toMatchObject({ ok: true, created: true })
    expect([...rig.hub.desk.projects()].sort()).toEqual(['b', 'c'])
  })
})

describe('a heartbeat', () => {
  it('that registers a project says no more of it than it was told', () => {
    const rig = new Rig()
    expect(beat(rig, { hub_url: 'http://a' })).toMatchObject({
      ok: true,
      reply: { status: 'online', next_within_s: 30 },
    })
    expect(read(rig)).toMatchObject({ name: 'alpha', hub_url: 'http://a', mesh_namespace: 'hub.alpha', version: null })
  })

  it('without reasons or a version does not keep those of the last one', () => {
    const rig = new Rig()
    register(rig)
    beat(rig, { version: '1', degraded_reasons: ['disk', 'heat'], status: 'online' })
    expect(read(rig)).toMatchObject({ version: '1', status: 'degraded', status_reasons: ['disk', 'heat'] })
    beat(rig)
    expect(read(rig)).toMatchObject({ version: null, status: 'online', status_reasons: [] })
  })
})

describe('the projects a hub knows', () => {
  it('are those that exist after a restart, without the removed', () => {
    const disk = new Map()
    const rig = new Rig({ disk })
    register(rig, slug('kept'))
    register(rig, slug('gone'))
    rig.ask({ type: 'remove', slug: slug('gone') })
    const again = new Rig({ disk, startMs: 1_000 })
    expect([...again.hub.desk.projects()]).toEqual(['kept'])
    expect(again.views.projects(at(1_000), {}).map((project) => project.slug)).toEqual(['kept'])
  })

  it('are entries of the kind project alone', () => {
    const { desk } = new Rig().hub
    expect(desk.noteProject('policy/p', true)).toBeUndefined()
    expect(desk.noteProject('project/p', true)).toBe('p')
    expect([...desk.projects()]).toEqual(['p'])
    expect(desk.noteProject('project/p', false)).toBe('p')
    expect(desk.projects().size).toBe(0)
  })
})

describe('a moment', () => {
  it('is written as the calendar has it, on every day of four centuries and a bit', () => {
    const day = 86_400_000
    for (let ms = Date.UTC(1599, 11, 30); ms < Date.UTC(2001, 2, 3); ms += day) {
      const inDay = ms + (Math.abs(ms / day) % 1_440) * 60_000 + 59_007
      if (isoOf(inDay) !== new Date(inDay).toISOString()) expect(isoOf(inDay)).toBe(new Date(inDay).toISOString())
    }
    expect(isoOf(Date.UTC(2000, 1, 29, 23, 59, 59, 999))).toBe('2000-02-29T23:59:59.999Z')
  })
})
