// What local callers of a whole hub are answered: registering, removing, heartbeats, the projects file.

import { describe, expect, it } from 'vitest'
import { isoOf } from '../../src/hub/iso.ts'
import { at, slug, wallStart } from '../core/kit.ts'
import { alpha, beat, infoOf, Rig, read, register, settingsFor } from './kit.ts'

describe('a hub alone', () => {
  it('is ready at once when it was given nobody to wait for', () => {
    const rig = new Rig()
    expect(rig.hub.state).toBe('ready')
    expect(rig.views.health(at(0))).toMatchObject({ status: 'healthy', state: 'ready', hub_id: 'me' })
  })

  it('waits for the join grace when it was given somebody, and refuses calls meanwhile', () => {
    const rig = new Rig({ settings: settingsFor('me', { hasBootstrap: true }) })
    expect(register(rig)).toMatchObject({ ok: false, code: 'starting' })
    rig.pass(9_999)
    expect(rig.hub.state).toBe('starting')
    rig.pass(2)
    expect(rig.hub.state).toBe('ready')
    expect(register(rig)).toEqual({ ok: true, type: 'registered', created: true })
  })

  it('is ready as soon as a linked peer has nothing to teach it', () => {
    const rig = new Rig({ settings: settingsFor('me', { hasBootstrap: true }) })
    rig.link(infoOf('a'))
    expect(rig.hub.state).toBe('starting')
    rig.hear('a', 'catalog.versions', { versions: [], last: true, reply: false })
    expect(rig.hub.state).toBe('ready')
  })

  it('raises its incarnation above the last one, also when its clock went backwards', () => {
    const disk = new Map()
    const first = new Rig({ disk, startMs: 50_000 })
    first.member('me', 'dead', { incarnation: first.hub.incarnation })
    const raised = first.hub.incarnation
    expect(raised).toBe(wallStart + 50_001)
    expect(new Rig({ disk, startMs: 0 }).hub.incarnation).toBe(raised + 1)
  })
})

describe('registering', () => {
  it('creates, then updates, and keeps what was not mentioned', () => {
    const rig = new Rig()
    expect(register(rig, alpha, { hub_url: 'http://a', tags: ['x', 'y'] })).toMatchObject({ created: true })
    rig.now = 5_000
    expect(register(rig, alpha, { name: 'Beta', tags: ['y', 'z'], allow_fanout: ['hub.b'] })).toMatchObject({
      created: false,
    })
    expect(read(rig)).toMatchObject({
      id: 'alpha',
      slug: 'alpha',
      name: 'Beta',
      hub_url: 'http://a',
      mesh_namespace: 'hub.alpha',
      tags: ['y', 'z'],
      allow_fanout: ['hub.b'],
      created_at: isoOf(wallStart),
      updated_at: isoOf(wallStart + 5_000),
    })
  })

  it('names a project after its slug when it is given no name', () => {
    const rig = new Rig()
    rig.ask({ type: 'register', slug: alpha, registration: {} })
    expect(read(rig)).toMatchObject({ name: 'alpha', hub_url: null, tags: [], allow_fanout: [] })
  })

  it('changes the revision with the content and with nothing else', () => {
    const rig = new Rig()
    register(rig)
    const revision = () => (read(rig) as { revision: string }).revision
    const first = revision()
    beat(rig)
    expect(revision()).toBe(first)
    register(rig)
    expect(revision()).not.toBe(first)
  })

  it('is refused beyond limits.projects and limits.slice, and updates still pass', () => {
    const rig = new Rig()
    for (const name of ['a', 'b', 'c', 'd', 'e']) expect(register(rig, slug(name))).toMatchObject({ ok: true })
    expect(register(rig, slug('f'))).toMatchObject({ ok: false, code: 'limit-reached' })
    expect(register(rig, slug('a'))).toMatchObject({ ok: true, created: false })
  })

  it('survives a restart on the same disk, and is gone with the disk', () => {
    const disk = new Map()
    register(new Rig({ disk }))
    expect(read(new Rig({ disk, startMs: 1_000 }))).toMatchObject({ name: 'Alpha' })
    expect(read(new Rig())).toBe('unknown-project')
  })

  it('is not acknowledged, nor visible, while the disk refuses; it takes effect when the disk works again', () => {
    const rig = new Rig()
    rig.diskWorks = false
    expect(register(rig)).toMatchObject({ ok: false, code: 'storage-failed' })
    expect(read(rig)).toBe('unknown-project')
    expect(rig.views.health(at(rig.now))).toMatchObject({
      status: 'unhealthy',
      checks: { storage: { status: 'fail' } },
    })
    expect(register(rig)).toMatchObject({ ok: false, code: 'storage-failed' })
    rig.diskWorks = true
    rig.pass(1_500)
    expect(read(rig)).toMatchObject({ name: 'Alpha' })
    expect(rig.views.health(at(rig.now)).status).toBe('healthy')
  })

  it('stamps no write while the clock is far behind what was seen', () => {
    const rig = new Rig()
    rig.now = 100_000
    register(rig)
    rig.now = 0
    expect(register(rig)).toMatchObject({ ok: false, code: 'clock-drift' })
    expect(rig.views.health(at(0))).toMatchObject({ status: 'degraded', checks: { clock: { status: 'warn' } } })
  })
})

describe('removing', () => {
  it('leaves a removal that says so, until the project is registered again', () => {
    const rig = new Rig()
    register(rig)
    expect(rig.ask({ type: 'remove', slug: alpha })).toEqual({ ok: true, type: 'removed' })
    expect(read(rig)).toBe('project-removed')
    expect(rig.ask({ type: 'remove', slug: alpha })).toMatchObject({ ok: false, code: 'project-removed' })
    expect(beat(rig, { hub_url: 'http://a' })).toMatchObject({ ok: false, code: 'project-removed' })
    expect(rig.views.status(at(rig.now)).catalog).toMatchObject({ projects: 0, removals: 1, records: 2 })
    expect(register(rig)).toMatchObject({ created: true })
    expect(read(rig)).toMatchObject({ name: 'Alpha', tags: [] })
  })

  it('of a project nobody knows is refused', () => {
    expect(new Rig().ask({ type: 'remove', slug: alpha })).toMatchObject({ ok: false, code: 'unknown-project' })
  })

  it('takes the project offline with its lease', () => {
    const rig = new Rig()
    register(rig)
    beat(rig)
    rig.ask({ type: 'remove', slug: alpha })
    rig.pass(3_000)
    register(rig)
    expect(read(rig)).toMatchObject({ status: 'offline', home: null, last_heartbeat_at: null })
  })
})

describe('heartbeats', () => {
  it('bring a project online, then late, then offline', () => {
    const rig = new Rig()
    register(rig)
    expect(read(rig)).toMatchObject({ status: 'offline', status_reasons: ['no-heartbeat'] })
    expect(beat(rig, { version: '2.1' })).toEqual({
      ok: true,
      type: 'beaten',
      reply: { slug: 'alpha', status: 'online', next_within_s: 30 },
    })
    expect(read(rig)).toMatchObject({
      status: 'online',
      home: 'me',
      region: 'north',
      version: '2.1',
      last_heartbeat_at: isoOf(wallStart),
    })
    rig.pass(60_100)
    expect(read(rig)).toMatchObject({ status: 'degraded', status_reasons: ['heartbeat-late'] })
    rig.pass(30_100)
    expect(read(rig)).toMatchObject({ status: 'offline', status_reasons: ['heartbeat-stale'] })
    expect(rig.views.projects(at(rig.now), { status: 'offline' })).toHaveLength(1)
    expect(rig.views.projects(at(rig.now), { status: 'online' })).toHaveLength(0)
  })

  it('may say that the project is degraded, and why', () => {
    const rig = new Rig()
    register(rig)
    expect(beat(rig, { degraded_reasons: ['disk'] })).toMatchObject({ reply: { status: 'degraded' } })
    expect(read(rig)).toMatchObject({ status: 'degraded', status_reasons: ['disk'] })
    beat(rig, { status: 'degraded' })
    expect(read(rig)).toMatchObject({ status_reasons: ['self-reported'] })
    beat(rig, { status: 'online' })
    expect(read(rig)).toMatchObject({ status: 'online', status_reasons: [] })
  })

  it('register an unknown project that says where it is, and refuse one that does not', () => {
    const rig = new Rig()
    expect(beat(rig)).toMatchObject({ ok: false, code: 'unknown-project' })
    expect(beat(rig, { hub_url: 'http://a', mesh_namespace: 'ns' })).toMatchObject({ ok: true })
    expect(read(rig)).toMatchObject({ hub_url: 'http://a', mesh_namespace: 'ns', status: 'online' })
  })

  it('register nothing where unknown projects are to be rejected', () => {
    const { presence } = settingsFor('me')
    const rig = new Rig({ settings: settingsFor('me', { presence: { ...presence, unknownProjects: 'reject' } }) })
    expect(beat(rig, { hub_url: 'http://a' })).toMatchObject({ ok: false, code: 'unknown-project' })
  })

  it('of a project whose home dies leave it degraded for the grace, then offline', () => {
    const rig = new Rig()
    register(rig)
    rig.member('a', 'alive')
    const lease = { slug: 'alpha', claim: [wallStart, 'a'], rev: 1, state: 'fresh', beatAt: wallStart }
    const leases = [{ ...lease, report: { isDegraded: false, reasons: [] } }]
    rig.hear('a', 'presence.leases', { home: 'a', rev: 1, leases })
    expect(read(rig)).toMatchObject({ status: 'online', home: 'a' })
    rig.member('a', 'suspect')
    expect(read(rig)).toMatchObject({ status: 'degraded', status_reasons: ['home-suspect'] })
    rig.member('a', 'dead')
    expect(read(rig)).toMatchObject({ status: 'degraded', status_reasons: ['home-lost'] })
    rig.pass(30_000)
    expect(read(rig)).toMatchObject({ status: 'offline', status_reasons: ['home-lost'] })
    expect(beat(rig)).toMatchObject({ ok: true, reply: { status: 'online' } })
    expect(read(rig)).toMatchObject({ home: 'me' })
  })
})
