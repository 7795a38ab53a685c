// How many states of the catalog live hubs are in (C17): what makes a split view visible on every hub.

import { describe, expect, it } from 'vitest'
import { aliveIntervals, Census, settledIntervals } from '../../src/core/catalog/census.ts'
import { hour } from '../../src/core/time.ts'
import { Bench, digestBody, record, runOfB, sends, syncIntervalMs } from './catalog.bench.ts'
import { putOf } from './catalog.kit.ts'
import { World } from './catalog.world.ts'
import { peerOf } from './kit.ts'

const settledMs = settledIntervals * syncIntervalMs
const aliveMs = aliveIntervals * syncIntervalMs

/** What each hub that runs counts. */
function counted(world: World): number[] {
  return [...world.nodes.values()].flatMap((node) => node.catalog?.currency.digestsAlive(world.now) ?? [])
}

/** A row of hubs, each linked to the next alone. */
function row(names: readonly string[]): World {
  const world = new World(1, names)
  for (const name of names) world.start(name)
  world.step(names[0] ?? '', { type: 'alone' })
  for (const [index, name] of names.entries()) world.link(name, names[index + 1] ?? name)
  world.pass(6 * syncIntervalMs)
  return world
}

/** Its clock is hours ahead, so nobody takes what it writes: it stays in a state of its own. */
function goApart(world: World, name: string): void {
  world.node(name).skewMs = 2 * hour
  world.write(name, putOf('apart', { name: 'a' }))
}

describe('the number of states of the catalog', () => {
  it('is 1 while everybody is in one, be it for hours or for moments', () => {
    const world = row(['a', 'b', 'c', 'd'])
    const seen = new Set(counted(world))
    for (let i = 0; i < 150; i++) {
      world.write(['a', 'b', 'c', 'd'][i % 4] ?? 'a', putOf(`p${i % 7}`, { i }))
      world.pass(i < 110 ? 313 : 20_000)
      for (const count of counted(world)) seen.add(count)
    }
    expect([...seen]).toEqual([1])
  })

  it('is 2 on every hub, however far, when one of them is in a state of its own', () => {
    const world = row(['a', 'b', 'c', 'd', 'e', 'f'])
    goApart(world, 'a')
    world.pass(settledMs / 2)
    expect(counted(world)).toEqual([1, 1, 1, 1, 1, 1])
    world.pass(settledMs / 2 + 9 * syncIntervalMs)
    expect(counted(world)).toEqual([2, 2, 2, 2, 2, 2])
  })

  it('is 2 for whoever goes on from state to state, when one hub stays behind', () => {
    const world = new World(1, ['a', 'b', 'c'])
    world.heal()
    world.write('b', putOf('p', { i: 0 }))
    world.pass(settledMs)
    goApart(world, 'a')
    for (let i = 0; i < 150; i++) {
      world.write('b', putOf('busy', { i }))
      world.pass(1_000)
    }
    expect(counted(world).slice(1)).toEqual([1, 1])
    // A hub that takes nothing any more, and still compares.
    const behind = { digest: 'behind', reply: false, held: [['behind', 0]] as [string, number][] }
    world.step('b', { type: 'message', from: peerOf('a'), message: { kind: 'catalog.digest', body: behind } })
    for (let i = 0; i < 30; i++) {
      world.write('b', putOf('busy', { i }))
      world.pass(1_000)
    }
    expect(['b', 'c'].map((name) => world.catalog(name).currency.digestsAlive(world.now))).toEqual([2, 2])
  })

  it('is 1 again when that hub is gone for as long as word of it may travel', () => {
    const world = row(['a', 'b', 'c'])
    goApart(world, 'a')
    world.pass(settledMs + 8 * syncIntervalMs)
    expect(counted(world)).toEqual([2, 2, 2])
    world.crash('a')
    world.pass(aliveMs + syncIntervalMs)
    expect(counted(world)).toEqual([1, 1])
  })

  it('costs no byte while nobody differs, and tells of no more than a few states', () => {
    const bench = Bench.opened()
    bench.link()
    const own = bench.catalog.replicas.digest()
    bench.hear(digestBody(own))
    const asked = sends(bench.pass(5 * settledMs), 'catalog.digest')
    expect(asked).toHaveLength(5 * settledIntervals)
    for (const body of asked) expect(body).toEqual({ digest: own, reply: true })
    const held = Array.from({ length: 8 }, (_, i): [string, number] => [`other${i}`, 10 * i])
    for (const more of [0, 100]) {
      const told = held.map(([digest, ago]): [string, number] => [`${digest}-${more}`, ago])
      bench.hear({ kind: 'catalog.digest', body: { digest: 'differs', reply: false, held: told } })
    }
    const [said] = sends(bench.hear(digestBody(own, true)), 'catalog.digest')
    expect(said?.held).toHaveLength(8)
    expect(said?.held?.slice(0, 2)).toEqual([
      [own, 0],
      ['other0-0', 0],
    ])
    expect(bench.catalog.currency.digestsAlive(bench.now)).toBe(17)
  })

  it('does not count a state that this hub was in when others were, and counts it when they stay', () => {
    const bench = Bench.opened()
    bench.link()
    const before = bench.catalog.replicas.digest()
    bench.pass(settledMs)
    const hear = (ago: number) =>
      bench.hear({ kind: 'catalog.digest', body: { digest: 'x', reply: false, held: [[before, ago]] } })
    bench.delta(runOfB([0, 1], [record('p', 1)]))
    const alive = (): number => bench.catalog.currency.digestsAlive(bench.now)
    expect(alive()).toBe(1)
    bench.pass(3 * syncIntervalMs)
    hear(syncIntervalMs + 1)
    expect(alive()).toBe(1)
    hear(0)
    expect(alive()).toBe(2)
  })

  it('keeps no more states than it bounds, the newest of them', () => {
    const census = new Census(syncIntervalMs, 0)
    const now = 10 * syncIntervalMs
    census.hold('own', now)
    for (let i = 0; i < 200; i++) census.hear('other', [[`s${i}`, 0]], now)
    expect(census.alive(now)).toBe(65)
    expect(census.alive(now + aliveMs + 1)).toBe(1)
  })
})
