// A whole hub, without a network: what one feature tells the others, and what the hub says of itself.

import { describe, expect, it } from 'vitest'
import { asSlug } from '../../src/core/ids.ts'
import { seal, wireVersion } from '../../src/core/wire.ts'
import { judgeHello, sayHello } from '../../src/hub/hello.ts'
import { isoOf } from '../../src/hub/iso.ts'

import { at, signed, slug, wallStart } from '../core/kit.ts'

import { beat, changes, hubId, infoOf, peerOf, Rig, register, settingsFor } from './kit.ts'

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

  it('a member that is back without a link is dialled at once, and one with a link is left alone', () => {
    const rig = new Rig()
    rig.member('a', 'alive')
    rig.member('a', 'dead')
    const connect = { type: 'connect', peer: peerOf('a'), addresses: ['/test/a'], eager: false }
    const dials = (effects: ReturnType<Rig['member']>) => effects.filter(({ type }) => /connect/.test(type))
    const back = rig.member('a', 'alive', { incarnation: wallStart + 1 })
    expect(dials(back)).toEqual([{ type: 'disconnect', peer: peerOf('a') }, connect])
    rig.link(infoOf('a'))
    expect(dials(rig.member('a', 'alive', { incarnation: wallStart + 2 }))).toEqual([])
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
      'clock.ask',
      'presence.leases',
      'swim.digest',
      'tier.introduction',
    ])
    expect(kinds(rig.link(infoOf('b', { region: 'south' })))).toEqual([
      'catalog.digest',
      'clock.ask',
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
      .flatMap((effect) => (effect.type === 'send' && effect.kind === 'swim.digest' ? [effect.body] : []))
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
    expect(told(rig.link(infoOf('new'), 59_999))).toBe(1)
    expect(told(rig.link(infoOf('old'), 60_000))).toBe(0)
  })

  it('tells what projects do over a young link directly, and later by gossip alone', () => {
    const rig = new Rig()
    register(rig)
    rig.link(infoOf('a'))
    beat(rig)
    const leases = (ms: number) =>
      rig.pass(ms).flatMap((effect) => {
        const isLease = (effect.type === 'send' || effect.type === 'publish') && effect.kind === 'presence.leases'
        return isLease ? [effect.type] : []
      })
    expect(new Set(leases(1_000))).toEqual(new Set(['publish', 'send']))
    rig.pass(10_000)
    beat(rig, { status: 'degraded' })
    expect(new Set(leases(1_000))).toEqual(new Set(['publish']))
  })

  it('drops what is published in another hub’s name, and counts it', () => {
    const rig = new Rig()
    rig.member('a', 'alive')
    const value = seal('tier.report', { reporter: 'a', words: [] })
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
    const info = infoOf('far', { region: 'south', tier: 'regional' })
    const south = signed({ info, incarnation: 1, status: 'alive' })
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
    rig.hear('far', 'tier.report', { reporter: 'far', words: [signed({ ...south, status: 'left' })] })
    expect(rig.views.status(at(30)).view.state).toBe('partitioned')
  })

  it('is whole when the only other hub has left in order', () => {
    const rig = new Rig()
    rig.member('a', 'alive')
    rig.member('a', 'left')
    expect(rig.views.status(at(0)).view).toMatchObject({ state: 'converged', regions: { north: { hubs_known: 2 } } })
    rig.member('b', 'alive')
    rig.member('b', 'dead')
    expect(rig.views.status(at(0)).view.state).toBe('partitioned')
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

  it('warns softly when more projects are registered at it than network.max_clusters', () => {
    const settings = settingsFor('me')
    const rig = new Rig({ settings: { ...settings, hierarchy: { ...settings.hierarchy, maxClusters: 1 } } })
    const check = () => rig.views.health(at(0)).checks['hierarchy']
    register(rig, slug('one'))
    expect(check()?.status).toBe('pass')
    register(rig, slug('two'))
    expect(check()).toEqual({ status: 'warn', details: '2 projects are registered here; network.max_clusters is 1' })
    rig.ask({ type: 'remove', slug: slug('one') })
    expect(check()?.status).toBe('pass')
  })

  it('warns when it takes more children than it should', () => {
    const settings = settingsFor('me', { tier: 'regional' })
    const rig = new Rig({ settings: { ...settings, hierarchy: { ...settings.hierarchy, maxChildHubs: 1 } } })
    for (const name of ['a', 'b']) {
      rig.link(infoOf(name))
      rig.hear(name, 'tier.attach', { hub: name, insist: true })
    }
    expect(rig.views.health(at(0)).checks['hierarchy']).toMatchObject({ status: 'warn' })
    expect(rig.views.health(at(0)).checks['hierarchy']?.details).toContain('max_child_hubs')
  })

  it('tells others its labels', () => {
    const rig = new Rig({ settings: settingsFor('me', { labels: { zone: 'a' } }) })
    expect(rig.hub.info.labels).toEqual({ zone: 'a' })
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
    const envelope = sayHello(settingsFor('you'), info, 1)
    return { ...envelope, body: { ...(envelope.body as object), ...change } }
  }

  it('of the same federation, under its own key and name, is taken', () => {
    const judged = judgeHello(settings, peerOf('you'), said())
    expect(judged).toMatchObject({ ok: true, hello: { info: { hub: 'you' }, uptimeMs: 1 } })
  })

  it.each([
    ['another federation', said({ federation: 'other' }), 'other-federation'],
    ['a key that is not its own', said({}, { ...infoOf('you'), peer: peerOf('thief') }), 'foreign-key'],
    ['the name of the one it greets', said({}, { ...infoOf('you'), hub: hubId('me') }), 'same-name'],
    ['another wire version', { ...said(), v: wireVersion + 1 }, 'wire-version'],
    ['nonsense', 'hello', 'malformed-hello'],
  ])('with %s is refused', (_, value, reason) => {
    expect(judgeHello(settings, peerOf('you'), value)).toMatchObject({ ok: false, reason })
  })

  it('and slugs are checked before they reach the hub', () => {
    expect(asSlug('UPPER')).toBeUndefined()
  })
})
