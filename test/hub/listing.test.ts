// What callers read of projects is kept as text: it must be what a fresh look would say, whatever happened since.

import { describe, expect, it } from 'vitest'
import { Random } from '../../src/core/random.ts'
import type { ProjectQuery } from '../../src/hub/calls.ts'
import type { Project } from '../../src/hub/shapes.ts'
import { at, infoOf, peerOf, slug } from '../core/kit.ts'
import { Lookout } from './lookout.ts'

const slugs = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'].map((name) => slug(name))

function listed(hub: Lookout, query: ProjectQuery = {}): Project[] {
  return JSON.parse(hub.watch.listing.list(query, at(hub.rig.now)).body)
}

function names(hub: Lookout, query: ProjectQuery = {}): string[] {
  return listed(hub, query).map((project) => project.slug)
}

const withoutBeat = ({ last_heartbeat_at: _, ...rest }: Project) => rest

/** All pages, and the totals that they told. */
function pages(hub: Lookout, query: ProjectQuery): { readonly pages: string[][]; readonly totals: number[] } {
  const found: string[][] = []
  const totals: number[] = []
  for (let after: ProjectQuery['after'], isEnd = false; !isEnd && found.length < 20; ) {
    const page = hub.watch.listing.list({ ...query, ...(after && { after }) }, at(hub.rig.now))
    found.push(JSON.parse(page.body).map((project: Project) => project.slug))
    totals.push(page.total)
    after = page.next
    isEnd = after === undefined
  }
  return { pages: found, totals }
}

describe('a list of projects', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('is what a fresh look says after everything that may change it (%i)', (seed) => {
    const hub = new Lookout()
    const random = new Random(seed)
    hub.turn(() => hub.rig.link(infoOf('b')))
    let rev = 1
    const tell = (name: string, state: string): void => {
      const lease = { slug: name, claim: [hub.rig.now + 1, 'b'], rev: ++rev, state, beatAt: 1_000 + rev }
      const leases = [{ ...lease, report: { isDegraded: random.real() < 0.3, reasons: [] } }]
      hub.turn(() => hub.rig.hear('b', 'presence.leases', { home: 'b', rev, leases }))
    }
    const acts: readonly ((name: (typeof slugs)[number]) => void)[] = [
      (name) =>
        hub.register(name, { name: `n${Math.floor(random.real() * 4)}`, tags: random.real() < 0.5 ? ['x'] : [] }),
      (name) => hub.remove(name),
      (name) => hub.beat(name),
      (name) => hub.beat(name, { status: 'degraded', version: '2' }),
      (name) => tell(name, 'fresh'),
      (name) => tell(name, 'lapsed'),
      () => hub.pass(random.real() * 40_000),
      () => hub.turn(() => hub.rig.member('b', random.pick(['alive', 'suspect', 'dead', 'left'] as const) ?? 'alive')),
      () => hub.turn(() => hub.rig.step({ type: 'link-down', peer: peerOf('b'), reason: 'closed' })),
    ]
    for (let n = 0; n < 120; n++) {
      random.pick(acts)?.(random.pick(slugs) ?? slug('alpha'))
      const now = at(hub.rig.now)
      const fresh = [...hub.rig.views.projects(now, {})].map(withoutBeat)
      expect(listed(hub).map(withoutBeat)).toEqual(fresh)
      const degraded = fresh.filter(({ status }) => status === 'degraded').map((project) => project.slug)
      expect(names(hub, { status: 'degraded' })).toEqual(degraded)
      const byName = fresh.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.slug < b.slug ? -1 : 1))
      expect(names(hub, { sort: 'name' })).toEqual(byName.map((project) => project.slug))
      for (const name of slugs) {
        const one = hub.watch.listing.read(name, now)
        const found = hub.rig.views.project(name, now)
        expect(one === undefined ? undefined : JSON.parse(one.body)).toEqual(found.ok ? found.project : undefined)
      }
    }
  })

  it('has the same mark while nothing but heartbeats changes, and another when anything else does', () => {
    const hub = new Lookout()
    for (const name of slugs) hub.register(name)
    for (const name of slugs) hub.beat(name)
    const mark = (query: ProjectQuery = {}): string => hub.watch.listing.list(query, at(hub.rig.now)).mark
    const before = mark()
    hub.pass(20_000)
    for (const name of slugs) hub.beat(name)
    hub.pass(20_000)
    for (const name of slugs) hub.beat(name)
    expect(mark()).toBe(before)
    const [first] = slugs
    hub.beat(first ?? slug('alpha'), { version: '2' })
    expect(mark()).not.toBe(before)
    const beta = mark({ q: 'beta' })
    hub.register(slug('gamma'), { name: 'Another' })
    expect(mark({ q: 'beta' })).toBe(beta)
  })

  it('tells reasons apart that look alike in a row', () => {
    const hub = new Lookout()
    hub.register(slug('alpha'))
    const reasons = () => listed(hub)[0]?.status_reasons
    hub.beat(slug('alpha'), { degraded_reasons: ['x,y'] })
    expect(reasons()).toEqual(['x,y'])
    hub.beat(slug('alpha'), { degraded_reasons: ['x', 'y'] })
    expect(reasons()).toEqual(['x', 'y'])
  })

  it('has no home for a project that was removed and registered again at once', () => {
    const hub = new Lookout()
    hub.register(slug('alpha'))
    hub.beat(slug('alpha'), { version: '2' })
    hub.pass(2_000)
    hub.remove(slug('alpha'))
    hub.register(slug('alpha'))
    expect(listed(hub)[0]?.status).toBe('offline')
    hub.pass(2_000)
    expect(listed(hub)[0]).toMatchObject({ home: null, version: null })
  })

  it('has heartbeats that are no older than a presence refresh', () => {
    const hub = new Lookout()
    hub.register(slug('alpha'))
    hub.beat(slug('alpha'))
    const beatAt = () => listed(hub)[0]?.last_heartbeat_at
    const first = beatAt()
    hub.pass(29_000)
    hub.beat(slug('alpha'))
    expect(beatAt()).toBe(first)
    hub.pass(1_001)
    expect(beatAt()).not.toBe(first)
  })

  it('is the same object while nothing changes', () => {
    const hub = new Lookout()
    for (const name of slugs) hub.register(name)
    const list = () => hub.watch.listing.list({ tag: 'x' }, at(hub.rig.now))
    const first = list()
    expect(list()).toBe(first)
    hub.remove(slug('alpha'))
    expect(list()).not.toBe(first)
  })

  it('is filtered by status, tag, region, home and words, and ordered either way', () => {
    const hub = new Lookout()
    hub.register(slug('alpha'), { name: 'Zebra', tags: ['x', 'y'] })
    hub.register(slug('beta'), { name: 'yak', tags: ['x'] })
    hub.register(slug('gamma'), { name: 'XYLO' })
    hub.beat(slug('beta'))
    expect(names(hub, { tag: 'x' })).toEqual(['alpha', 'beta'])
    expect(names(hub, { tag: 'x', q: 'ZEB' })).toEqual(['alpha'])
    expect(names(hub, { q: 'amm' })).toEqual(['gamma'])
    expect(names(hub, { status: 'online' })).toEqual(['beta'])
    expect(names(hub, { home: hub.rig.hub.info.hub })).toEqual(['beta'])
    expect(names(hub, { region: hub.rig.hub.info.region })).toEqual(['beta'])
    expect(names(hub, { region: 'nowhere' })).toEqual([])
    expect(names(hub, { sort: 'name' })).toEqual(['gamma', 'alpha', 'beta'])
    expect(names(hub, { sort: 'name', isReversed: true })).toEqual(['beta', 'alpha', 'gamma'])
    expect(names(hub, { isReversed: true })).toEqual(['gamma', 'beta', 'alpha'])
    expect(names(hub, { sort: 'updated_at' }).toSorted()).toEqual(['alpha', 'beta', 'gamma'])
  })

  it('comes in pages that lack nothing and tell nothing twice, in both directions', () => {
    const hub = new Lookout()
    for (const name of slugs) hub.register(name, { name: 'same' })
    const sorted = ['alpha', 'beta', 'delta', 'epsilon', 'gamma']
    expect(pages(hub, { limit: 2 })).toEqual({
      pages: [['alpha', 'beta'], ['delta', 'epsilon'], ['gamma']],
      totals: [5, 5, 5],
    })
    expect(pages(hub, { limit: 5 }).pages).toEqual([sorted])
    expect(pages(hub, { limit: 2, sort: 'name', isReversed: true }).pages.flat()).toEqual(sorted.toReversed())
    expect(pages(hub, { limit: 1, q: 'ta' })).toEqual({ pages: [['beta'], ['delta']], totals: [2, 2] })
  })

  it('goes on behind the place of a cursor although what stood there is gone', () => {
    const hub = new Lookout()
    for (const name of slugs) hub.register(name)
    const page = hub.watch.listing.list({ limit: 2 }, at(hub.rig.now))
    hub.remove(slug('beta'))
    hub.register(slug('aardvark'))
    expect(names(hub, { limit: 2, ...(page.next && { after: page.next }) })).toEqual(['delta', 'epsilon'])
  })
})
