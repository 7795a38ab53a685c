// What a hub says of itself and of others: its checks, its view, its members, and how it sees through several pools.

import { describe, expect, it } from 'vitest'
import type { Status } from '../../src/core/membership/member.ts'
import { isoOf } from '../../src/hub/iso.ts'
import { everyone, factsOf, peerOf as keyOf } from '../../src/hub/sight.ts'

import { at, hubId, infoOf, jsonCodec, peerOf, rumor, signed, slug, wallStart } from '../core/kit.ts'
import { beat, changes, Rig, register, settingsFor } from './kit.ts'

const epoch = [1, 'bb']
const far = signed({ info: infoOf('far', { region: 'south', tier: 'regional' }), incarnation: 3, status: 'alive' })

function report(rig: Rig, status: Status = 'alive'): void {
  rig.hear('far', 'tier.report', { reporter: 'far', words: [signed({ ...far, status })] })
}

function regional(): Rig {
  return new Rig({ settings: settingsFor('me', { tier: 'regional' }) })
}

/** A word about `a` in one of the pools of a regional hub. */
function word(rig: Rig, pool: string, [status, incarnation = wallStart]: readonly [Status, number?]): void {
  const rumors = [rumor({ info: infoOf('a', { tier: 'regional' }), incarnation, status })]
  rig.hear('gossip', 'swim.gossip', { pool, rumors })
}

describe('the status of a hub', () => {
  it('counts the digests that hubs keep, by what peers told within the last two minutes', () => {
    const rig = new Rig()
    rig.link(infoOf('b'))
    rig.pass(60_000)
    const digests = (ms: number): number => rig.views.status(at(ms)).view.digests_alive
    rig.hear('b', 'catalog.digest', { digest: 'other', reply: false })
    expect(digests(rig.now)).toBe(1)
    rig.hear('b', 'catalog.digest', { digest: 'other', reply: false, held: [['other', 0]] })
    expect([0, 120_000, 120_001].map((ms) => digests(rig.now + ms))).toEqual([2, 2, 1])
    expect(rig.views.digestsAlive(at(rig.now))).toBe(2)
  })

  it('says how many entries it announced anew after it was away for too long (C14)', () => {
    const before = new Rig()
    register(before)
    const { wall } = at(before.now)
    before.disk.set('hub/lived', jsonCodec.encode({ wall, sure: wall }))
    const sync = (ms: number) =>
      new Rig({ disk: new Map(before.disk), startMs: ms }).views.health(at(ms)).checks['sync']
    expect(sync(1_000)?.details).toBe('no slice is known to be behind')
    expect(sync(before.settings.catalog.removalRetentionMs)).toMatchObject({
      status: 'pass',
      details: expect.stringContaining('2 entries of this hub were announced anew'),
    })
  })

  it('counts its projects as a reader of all of them would', () => {
    const rig = new Rig()
    for (const name of ['p', 'q', 'r']) register(rig, slug(name))
    beat(rig, {}, slug('q'))
    beat(rig, { status: 'degraded' }, slug('r'))
    rig.ask({ type: 'remove', slug: slug('p') })
    register(rig, slug('s'))
    const all = rig.views.projects(at(rig.now), {})
    const countsOf = (status: string) => {
      const some = all.filter((project) => project.status === status)
      return { all: some.length, own: some.filter(({ home }) => home === 'me').length }
    }
    const counts = rig.views.projectCounts(at(rig.now))
    expect(Object.fromEntries(counts)).toEqual({
      online: countsOf('online'),
      degraded: countsOf('degraded'),
      offline: countsOf('offline'),
    })
    expect([counts.get('online'), counts.get('offline')?.all]).toEqual([{ all: 1, own: 1 }, 1])
    const { projects, records, removals } = rig.views.status(at(rig.now)).catalog
    expect([projects, records, removals]).toEqual([3, 5, 1])
  })

  it('says lagging while a single slice is behind, and so do its checks', () => {
    const rig = new Rig()
    rig.link(infoOf('b'))
    expect(rig.views.health(at(0)).checks['sync']?.details).toBe('no slice is known to be behind')
    rig.hear('b', 'catalog.versions', { versions: [['b', epoch, 3]], last: true, reply: false })
    expect(rig.views.health(at(0)).checks['sync']).toEqual({ status: 'pass', details: '1 slices are being fetched' })
    expect(rig.views.status(at(0)).view.state).toBe('lagging')
  })

  it('dates the state of the view by the change that brought it', () => {
    const rig = new Rig()
    report(rig)
    expect(rig.views.status(at(5)).view).toMatchObject({ state: 'converged', since: isoOf(wallStart) })
    report(rig, 'dead')
    rig.views.note(at(70))
    expect(rig.views.status(at(90)).view).toMatchObject({ state: 'partitioned', since: isoOf(wallStart + 70) })
    rig.views.note(at(100))
    expect(rig.views.status(at(120)).view).toMatchObject({ state: 'partitioned', since: isoOf(wallStart + 70) })
  })

  it('calls a region partitioned when its hubs are dead, not when they have all left', () => {
    const rig = new Rig()
    rig.member('a', 'alive')
    report(rig)
    report(rig, 'left')
    const { regions, state } = rig.views.status(at(0)).view
    expect(regions['south']).toMatchObject({ hubs_alive: 0, hubs_known: 1, state: 'converged' })
    expect(state).toBe('converged')
    const cut = new Rig()
    cut.member('a', 'alive')
    report(cut)
    report(cut, 'dead')
    expect(cut.views.status(at(0)).view).toMatchObject({
      state: 'partitioned',
      regions: { north: { hubs_alive: 2, state: 'converged' }, south: { hubs_alive: 0, state: 'partitioned' } },
    })
  })

  it('counts links, kept peers that are not linked, the slice’s number and the time it runs', () => {
    const rig = new Rig()
    rig.member('a', 'alive')
    rig.member('b', 'alive')
    rig.link(infoOf('a'))
    const before = rig.views.status(at(0)).catalog.seq
    register(rig)
    const status = rig.views.status(at(2_500))
    expect(status.links).toEqual({ open: 1, dialling: 1, parents: [] })
    expect(status.catalog).toMatchObject({ projects: 1, slices: 1, removals: 0, seq: before + 1 })
    expect([status.uptime_s, rig.views.health(at(2_500)).uptime_s]).toEqual([2.5, 2.5])
  })
})

describe('the checks of a hub', () => {
  it('count who is alive or suspected among the others, itself left out', () => {
    const rig = new Rig()
    for (const name of ['a', 'b', 'c']) rig.member(name, 'alive')
    rig.member('b', 'suspect')
    rig.member('c', 'dead')
    expect(rig.views.health(at(0)).checks['membership']?.details).toBe('2 of 3 other hubs are alive')
  })

  it('warn of no link only where somebody could be linked', () => {
    const rig = new Rig()
    expect(rig.views.health(at(0)).checks['gossip']).toEqual({ status: 'pass', details: '0 links are open' })
    rig.member('a', 'alive')
    expect(rig.views.health(at(0)).checks['gossip']?.status).toBe('warn')
    rig.link(infoOf('a'))
    expect(rig.views.health(at(0)).checks['gossip']).toEqual({ status: 'pass', details: '1 links are open' })
  })

  it('name the parents, or say why there is none', () => {
    const checked = (rig: Rig): string | undefined => rig.views.health(at(0)).checks['hierarchy']?.details
    const local = new Rig()
    expect(checked(local)).toBe('no hub above is known')
    local.member('up', 'alive', { info: infoOf('up', { tier: 'regional' }) })
    expect(checked(local)).toBe('attached to up')
    expect(checked(new Rig({ settings: settingsFor('me', { tier: 'global' }) }))).toBe('a global hub has no parent')
  })
})

describe('the members a hub shows', () => {
  it('carry the round trip once it was measured, and only their own hub its parents', () => {
    const rig = new Rig()
    rig.member('a', 'alive')
    const shown = () => rig.views.members(at(rig.now)).map(({ hub_id, rtt_ms, parents }) => [hub_id, rtt_ms, parents])
    expect(shown()).toEqual([
      ['a', null, null],
      ['me', null, []],
    ])
    rig.link(infoOf('a'))
    const ping = rig.pass(1_000).find((effect) => effect.type === 'send' && effect.kind === 'swim.ping')
    if (ping?.type !== 'send') throw new Error('nobody was pinged')
    const { seq } = ping.body as { seq: number }
    rig.hear('a', 'swim.ack', { pool: 'region/north', seq, rumors: [] })
    expect(shown()[0]).toEqual(['a', expect.any(Number), null])
  })

  it('carry the coordinates that were told, else none', () => {
    const rig = new Rig()
    const coordinates = { latitude: 1, longitude: 2 }
    rig.member('a', 'alive', { info: { ...infoOf('a'), coordinates } })
    expect(rig.views.members(at(0)).map((member) => member.coordinates)).toEqual([coordinates, null])
  })
})

describe('what a hub sees of another', () => {
  it('is the best word of its pools: the higher incarnation, then the better status', () => {
    const rig = regional()
    const status = (): unknown => [
      everyone(rig.hub, at(0)).get(hubId('a'))?.status,
      factsOf(rig.hub, hubId('a'))?.status,
      rig.views.members(at(0)).find((member) => member.hub_id === 'a')?.status,
    ]
    word(rig, 'region/north', ['alive'])
    word(rig, 'backbone', ['alive'])
    word(rig, 'region/north', ['suspect'])
    expect(status()).toEqual(['alive', 'alive', 'alive'])
    word(rig, 'backbone', ['dead'])
    expect(status()).toEqual(['suspect', 'suspect', 'suspect'])
    word(rig, 'backbone', ['alive', wallStart + 1])
    word(rig, 'backbone', ['left', wallStart + 1])
    expect(status()).toEqual(['left', 'left', 'left'])
    word(rig, 'region/north', ['alive', wallStart + 2])
    expect(status()).toEqual(['alive', 'alive', 'alive'])
  })

  it('of itself is alive since its boot, of nobody nothing', () => {
    const rig = new Rig({ startMs: 40 })
    expect(factsOf(rig.hub, hubId('me'))).toMatchObject({ info: rig.hub.info, status: 'alive', since: at(40) })
    expect(factsOf(rig.hub, hubId('nobody'))).toBeUndefined()
    expect(keyOf(rig.hub, hubId('nobody'))).toBeUndefined()
    report(rig)
    expect(keyOf(rig.hub, hubId('far'))).toBe(peerOf('far'))
  })

  it('of a project is its home’s region, and how long the home is silent', () => {
    const rig = new Rig()
    register(rig)
    report(rig)
    const lease = { slug: 'alpha', claim: [wallStart, 'far'], rev: 1, state: 'fresh', beatAt: wallStart }
    const leases = [{ ...lease, report: { isDegraded: false, reasons: [] } }]
    rig.hear('far', 'presence.leases', { home: 'far', rev: 1, leases })
    const seen = (ms: number) => rig.views.projects(at(ms), {}).map(({ region, status }) => [region, status])
    expect([seen(90_000), seen(90_001)]).toEqual([[['south', 'online']], [['south', 'offline']]])
  })
})

describe('a link', () => {
  it('that comes and goes is a change, once each', () => {
    const rig = new Rig()
    const links = (effects: ReturnType<Rig['link']>) => changes(effects).filter((change) => change.type === 'link')
    const link = { type: 'link', peer: peerOf('a'), hub: 'a' }
    expect(links(rig.link(infoOf('a')))).toEqual([{ ...link, isUp: true }])
    const down = () => links(rig.step({ type: 'link-down', peer: peerOf('a'), reason: 'aborted' }))
    expect(down()).toEqual([{ ...link, isUp: false, reason: 'aborted' }])
    expect(down()).toEqual([])
  })
})
