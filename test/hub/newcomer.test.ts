// What a hub that joins a large federation learns first: who is there and what is up, then the slices, small ones first.
// The product's driver on simulated ports, in virtual time.

import { beforeAll, describe, expect, it } from 'vitest'
import { addressOf, Fabric } from '../../simulations/engine/fabric.ts'
import { Site, type Watcher } from '../../simulations/engine/site.ts'
import { TrafficMeter } from '../../simulations/engine/stats.ts'
import { Trace } from '../../simulations/engine/trace.ts'
import { World } from '../../simulations/engine/world.ts'
import { simulatedSettings } from '../../simulations/settings.ts'
import { cborCodec } from '../../src/adapters/codec.ts'
import type { Region } from '../../src/core/ids.ts'
import { type Millis, second } from '../../src/core/time.ts'
import type { Answer } from '../../src/hub/calls.ts'
import { directoryOf } from '../../src/hub/directory.ts'
import type { Hub } from '../../src/hub/hub.ts'
import { hubId, slug } from '../core/kit.ts'

/** What each has written, large ones first by name; the first one alone is where newcomers ask. */
const sizes: ReadonlyMap<string, number> = new Map([
  ['a-large', 900],
  ['b-large', 600],
  ['c-large', 600],
  ['d-large', 600],
  ['e-large', 600],
  ['w-small', 5],
  ['x-small', 4],
  ['y-small', 3],
])
const names = [...sizes.keys()]
/** Projects of each that beat. */
const beating = 3

/** When (ms since it started) the newcomer first knew of each. */
const known = new Map<string, Millis>()
const at = (what: string): Millis => known.get(what) ?? Number.POSITIVE_INFINITY

function siteOf(fabric: Fabric, name: string, index: number): Site {
  const nothing = () => undefined
  const settings = { codec: cborCodec, settingsFor: simulatedSettings }
  const watcher: Watcher = { ...settings, onChange: nothing, onStart: nothing, onEnd: nothing }
  const [first = ''] = names
  const others = name === first ? [] : [first]
  const plan = {
    hub: hubId(name),
    region: 'r0' as Region,
    tier: 'regional',
    bootstrap: others.map(hubId),
    skewMs: 0,
  } as const
  return new Site(fabric, watcher, { index, plan, bootstrap: others.map(addressOf), address: addressOf(name) })
}

function fill({ desk, hub }: Site): void {
  const slugs = Array.from({ length: sizes.get(hub) ?? 0 }, (_, i) => slug(`${hub}-${i}`))
  const entries = slugs.map((one) => ({
    slug: one,
    name: `Project ${one}`,
    hub_url: `https://${hub}.example.org/${one}`,
  }))
  const expectOk = (answer: Answer) => expect(answer.ok).toBe(true)
  desk?.call({ type: 'project-file', entries }, (answer) => {
    expectOk(answer)
    for (const one of slugs.slice(0, beating)) desk.call({ type: 'beat', slug: one, beat: {} }, expectOk)
  })
}

function look(hub: Hub | undefined, since: Millis): void {
  if (hub === undefined) return
  const note = (what: string, isKnown: boolean): void => {
    if (isKnown && !known.has(what)) known.set(what, since)
  }
  note(
    'members',
    names.every((name) => hub.pools.some((swim) => swim.members().get(hubId(name))?.status === 'alive')),
  )
  note('leases', hub.presence.leases().size === beating * names.length)
  const listed = directoryOf(hub.catalog, () => undefined).filter(({ peer_id }) => peer_id !== null)
  note(
    'directory',
    names.every((name) => listed.some(({ hub_id }) => hub_id === name)),
  )
  note(
    'confirmed',
    names.every((name) => listed.some(({ hub_id, provisional }) => hub_id === name && !provisional)),
  )
  // And the entry of the directory.
  for (const [name, size] of sizes) note(name, hub.catalog.replicas.slice(hubId(name))?.size === size + 1)
}

beforeAll(() => {
  const world = new World(1, new Trace())
  const fabric = new Fabric(world, new TrafficMeter())
  const sites = names.map((name, index) => siteOf(fabric, name, index))
  for (const site of sites) site.start()
  world.run(5 * second)
  for (const site of sites) fill(site)
  world.run(15 * second)
  const fresh = siteOf(fabric, 'newcomer', sites.length)
  fresh.start()
  const startedAt = world.now
  while (known.size < names.length + 4 && world.now < startedAt + 60 * second) {
    world.run(world.now + 1)
    look(fresh.running, world.now - startedAt)
  }
})

describe('a newcomer', () => {
  const [large = [], small = []] = ['large', 'small'].map((size) => names.filter((name) => name.endsWith(size)))
  const first = (some: readonly string[]) => Math.min(...some.map(at))
  const last = (some: readonly string[]) => Math.max(...some.map(at))

  it('knows who is there and what is up before it holds the first large slice', () => {
    expect([...known.keys()].sort()).toEqual([...names, 'confirmed', 'directory', 'leases', 'members'].sort())
    expect(last(['members', 'leases'])).toBeLessThan(first(large))
  })

  it('lists every hub, as that says of itself, before it holds the first large slice (C20)', () => {
    expect(at('directory')).toBeLessThan(first(large))
    expect(at('confirmed')).toBe(last(large))
  })

  it('holds every small slice before the first large one', () => {
    expect(last(small)).toBeLessThan(first(large))
  })
})
