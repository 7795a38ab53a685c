// A whole hub, without a network: what callers are answered, and what one feature tells the others.

import { describe, expect, it } from 'vitest'
import { asSlug, type Slug } from '../../src/core/ids.ts'
import type { Answer } from '../../src/hub/calls.ts'
import { judgeHello, sayHello } from '../../src/hub/hello.ts'
import { isoOf } from '../../src/hub/iso.ts'
import { at, slug, wallStart } from '../core/kit.ts'
import { changes, hubId, infoOf, peerOf, Rig, settingsFor } from './kit.ts'

const alpha = slug('alpha')

function register(rig: Rig, name: Slug = alpha, registration: object = {}): Answer | undefined {
  return rig.ask({ type: 'register', slug: name, registration: { name: 'Alpha', ...registration } })
}

function read(rig: Rig, name: Slug = alpha) {
  const found = rig.views.project(name, at(rig.now))
  return found.ok ? found.project : found.code
}

function beat(rig: Rig, beat: object = {}, name: Slug = alpha): Answer | undefined {
  return rig.ask({ type: 'beat', slug: name, beat })
}

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
    expect(rig.views.health(at(0))).toMatchObject({ status: 'unhealthy', checks: { clock: { status: 'fail' } } })
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
    expect(rig.views.status(at(rig.now)).catalog).toMatchObject({ projects: 0, removals: 1, records: 1 })
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

describe('the projects file', () => {
  const load = (rig: Rig, ...entries: { slug: Slug; name?: string }[]) => rig.ask({ type: 'project-file', entries })
  const named = (name: string) => ({ slug: alpha, name })

  it('writes only what differs from what it last wrote, also after a restart', () => {
    const disk = new Map()
    const rig = new Rig({ disk })
    expect(load(rig, named('One'))).toMatchObject({ written: 1, removed: 0 })
    expect(load(rig, named('One'))).toMatchObject({ written: 0, removed: 0 })
    const again = new Rig({ disk, startMs: 1_000 })
    expect(load(again, named('One'))).toMatchObject({ written: 0 })
    expect(load(again, named('Two'))).toMatchObject({ written: 1 })
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
    expect(load(rig)).toMatchObject({ written: 0, removed: 1 })
    expect(read(rig)).toBe('project-removed')
    expect(read(rig, slug('other'))).toMatchObject({ slug: 'other' })
  })

  it('may be loaded before the hub is ready', () => {
    const rig = new Rig({ settings: settingsFor('me', { hasBootstrap: true }) })
    expect(load(rig, named('One'))).toBeUndefined()
    rig.pass(10_001)
    expect(read(rig)).toMatchObject({ name: 'One' })
  })
})

describe('what one feature tells the others', () => {
  it('a member that dies loses its link, and is remembered', () => {
    const rig = new Rig()
    rig.member('a', 'alive')
    expect(rig.disk.has('book/a')).toBe(true)
    const effects = rig.member('a', 'dead')
    expect(effects).toContainEqual({ type: 'abort', peer: peerOf('a') })
    expect(changes(effects).map((change) => change.type)).toContain('member')
    expect(rig.views.members(at(rig.now)).map(({ hub_id, status }) => [hub_id, status])).toEqual([
      ['a', 'dead'],
      ['me', 'alive'],
    ])
  })

  it('a remembered hub is dialled after a restart', () => {
    const disk = new Map()
    new Rig({ disk }).member('a', 'alive')
    const again = new Rig({ disk, startMs: 1_000 })
    expect(again.done).toContainEqual({ type: 'connect', peer: peerOf('a'), addresses: ['/test/a'], eager: false })
    expect(again.hub.state).toBe('starting')
  })

  it('a hub forgotten after the retention is no longer remembered', () => {
    const rig = new Rig()
    rig.member('a', 'alive')
    rig.member('a', 'dead')
    rig.pass(3_700_000)
    expect(rig.disk.has('book/a')).toBe(false)
    expect(rig.views.members(at(rig.now))).toHaveLength(1)
  })

  it('a new link is greeted by every feature', () => {
    const rig = new Rig()
    register(rig)
    beat(rig)
    const kinds = (effects: ReturnType<Rig['link']>) =>
      effects.flatMap((effect) => (effect.type === 'send' ? [effect.kind] : [])).sort()
    expect(kinds(rig.link(infoOf('a')))).toEqual([
      'catalog.digest',
      'presence.leases',
      'swim.exchange',
      'tier.introduction',
    ])
    expect(kinds(rig.link(infoOf('b', { region: 'south' })))).toEqual([
      'catalog.digest',
      'presence.leases',
      'tier.introduction',
    ])
    expect(rig.views.status(at(0)).links.open).toBe(2)
    rig.step({ type: 'link-down', peer: peerOf('a'), reason: 'closed' })
    expect(rig.views.status(at(0)).links.open).toBe(1)
  })

  it('a regional hub greets another on the backbone', () => {
    const rig = new Rig({ settings: settingsFor('me', { tier: 'regional' }) })
    const pools = rig
      .link(infoOf('b', { region: 'south', tier: 'regional' }))
      .flatMap((effect) => (effect.type === 'send' && effect.kind === 'swim.exchange' ? [effect.body] : []))
    expect(pools).toEqual([expect.objectContaining({ pool: 'backbone' })])
  })

  it('tells a newcomer what it knows of other homes, and an old peer only of its own', () => {
    const rig = new Rig()
    register(rig)
    rig.member('h', 'alive')
    const lease = { slug: 'alpha', claim: [wallStart, 'h'], rev: 1, state: 'fresh', beatAt: wallStart }
    const leases = [{ ...lease, report: { isDegraded: false, reasons: [] } }]
    rig.hear('h', 'presence.leases', { home: 'h', rev: 1, leases })
    const told = (effects: ReturnType<Rig['link']>) =>
      effects.filter((effect) => effect.type === 'send' && effect.kind === 'presence.leases').length
    rig.now = 120_000
    expect(told(rig.link(infoOf('new'), wallStart + 100_000))).toBe(1)
    expect(told(rig.link(infoOf('old'), wallStart))).toBe(0)
  })

  it('drops what is published in another hub’s name, and counts it', () => {
    const rig = new Rig()
    rig.member('a', 'alive')
    const value = { v: 1, kind: 'tier.report', body: { reporter: 'a', words: [] } }
    const by = (name: string) => rig.step({ type: 'message', from: peerOf(name), topic: 'members', value })
    expect(changes(by('a'))).toEqual([])
    expect(changes(by('thief'))).toEqual([{ type: 'dropped', reason: 'foreign-voice' }])
    expect(changes(rig.step({ type: 'message', from: peerOf('a'), value: 'garbage' }))).toEqual([
      { type: 'dropped', reason: 'malformed' },
    ])
  })

  it('leaves with a word to everyone and answers no more calls', () => {
    const rig = new Rig()
    rig.member('a', 'alive')
    const effects = rig.step({ type: 'leave' })
    expect(effects.filter((effect) => effect.type === 'send').map((effect) => effect.kind)).toEqual(['swim.gossip'])
    expect(effects.filter((effect) => effect.type === 'publish').map((effect) => effect.kind)).toEqual(['tier.report'])
    expect(register(rig)).toMatchObject({ ok: false, code: 'leaving' })
    expect(rig.views.health(at(0)).state).toBe('leaving')
    expect(rig.step({ type: 'leave' })).toEqual([])
  })

  it('a refutation is durable and told to both pools', () => {
    const rig = new Rig({ settings: settingsFor('me', { tier: 'regional' }) })
    rig.member('me', 'dead', { incarnation: rig.hub.incarnation })
    const raised = rig.hub.incarnation
    expect(rig.hub.pools.map((swim) => swim.self().incarnation)).toEqual([raised, raised])
    expect(new TextDecoder().decode(rig.disk.get('hub/incarnation'))).toBe(String(raised))
  })
})

describe('what a hub says of itself', () => {
  it('shows regions, their hubs and whether the view is whole', () => {
    const rig = new Rig()
    const south = { info: infoOf('far', { region: 'south', tier: 'regional' }), incarnation: 1, status: 'alive' }
    rig.hear('far', 'tier.report', { reporter: 'far', words: [south] })
    rig.member('a', 'alive')
    expect(rig.views.status(at(0)).view).toMatchObject({
      state: 'converged',
      regions: {
        north: { hubs_alive: 2, hubs_known: 2, state: 'converged' },
        south: { hubs_alive: 1, hubs_known: 1, state: 'converged' },
      },
      digests_alive: 1,
    })
    rig.now = 10
    rig.member('a', 'dead')
    const cut = rig.views.status(at(20)).view
    expect(cut.regions['north']).toMatchObject({ hubs_alive: 1, hubs_known: 2 })
    rig.hear('far', 'tier.report', { reporter: 'far', words: [{ ...south, status: 'left' }] })
    expect(rig.views.status(at(30)).view.state).toBe('partitioned')
  })

  it('warns when it is attached to nobody although it could be', () => {
    const rig = new Rig({ settings: settingsFor('me') })
    rig.member('up', 'alive', { info: infoOf('up', { tier: 'regional' }) })
    expect(rig.views.health(at(0)).checks['hierarchy']).toMatchObject({ status: 'pass' })
    expect(rig.views.health(at(0)).checks['gossip']).toMatchObject({ status: 'warn' })
    rig.link(infoOf('up', { tier: 'regional' }))
    expect(rig.views.health(at(0)).status).toBe('healthy')
    rig.hear('up', 'tier.attached', { hub: 'up', accepted: false })
    expect(rig.views.health(at(0)).checks['hierarchy']).toMatchObject({ status: 'warn' })
    expect(rig.views.health(at(0)).status).toBe('degraded')
  })

  it.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [951_782_399_999, '2000-02-28T23:59:59.999Z'],
    [951_868_800_000, '2000-03-01T00:00:00.000Z'],
    [1_709_164_800_123.9, '2024-02-29T00:00:00.123Z'],
    [4_102_444_799_000, '2099-12-31T23:59:59.000Z'],
    [-1, '1969-12-31T23:59:59.999Z'],
  ])('%d ms is %s', (ms, text) => {
    expect(isoOf(ms)).toBe(text)
    expect(isoOf(ms)).toBe(new Date(Math.floor(ms)).toISOString())
  })
})

describe('a hello', () => {
  const settings = settingsFor('me')
  const said = (change: object = {}, info = infoOf('you')) => {
    const envelope = sayHello(settingsFor('you'), info, { incarnation: 1, now: at(0) })
    return { ...envelope, body: { ...(envelope.body as object), ...change } }
  }

  it('of the same federation, under its own key and name, is taken', () => {
    const judged = judgeHello(settings, peerOf('you'), said())
    expect(judged).toMatchObject({ ok: true, hello: { info: { hub: 'you' }, incarnation: 1, wall: wallStart } })
  })

  it.each([
    ['another federation', said({ federation: 'other' }), 'other-federation'],
    ['a key that is not its own', said({}, { ...infoOf('you'), peer: peerOf('thief') }), 'foreign-key'],
    ['the name of the one it greets', said({}, { ...infoOf('you'), hub: hubId('me') }), 'same-name'],
    ['another wire version', { ...said(), v: 2 }, 'wire-version'],
    ['nonsense', 'hello', 'malformed-hello'],
  ])('with %s is refused', (_, value, reason) => {
    expect(judgeHello(settings, peerOf('you'), value)).toEqual({ ok: false, reason })
  })

  it('and slugs are checked before they reach the hub', () => {
    expect(asSlug('UPPER')).toBeUndefined()
  })
})
