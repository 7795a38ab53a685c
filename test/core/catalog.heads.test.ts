// C10: what a hub passes on of another is taken only as that one has signed it. Each lie is told to a hub that verifies, and
// again to one that does not: there it gets through, so it is the head that keeps it out.

import { describe, expect, it } from 'vitest'
import { quarantineMs } from '../../src/core/catalog/quarantine.ts'
import { federationOf, join, projects } from './catalog.federation.ts'
import { putOf, removeOf } from './catalog.kit.ts'
import { liar, lies } from './catalog.lies.ts'
import type { World } from './catalog.world.ts'
import { hubId, peerOf } from './kit.ts'

const truth = { q: { name: 'q' }, r: { name: 'r' }, s: { name: 's' } }

/** Author a wrote and is gone, r and h hold what it wrote; v met r alone. Of what a wrote it knows `before`. */
function story(lie: string, { knowsBefore, isCredulous }: { knowsBefore: boolean; isCredulous: boolean }): World {
  const world = federationOf(['a', 'r', 'h'], { isCredulous })
  world.write('a', putOf('p', { name: 'p' }), putOf('q', { name: 'old' }))
  world.pass(1_000)
  world.add('v')
  world.start('v')
  if (knowsBefore) {
    world.link('v', 'h')
    world.pass(15_000)
    world.unlink('v', 'h')
  }
  world.write('a', putOf('q', { name: 'again' }))
  world.write('a', putOf('q', { name: 'q' }), putOf('r', { name: 'r' }))
  world.write('a', removeOf('p'), putOf('s', { name: 's' }))
  world.pass(1_000)
  world.crash('a')
  const roster = () => world.catalog('r').replicas.roster
  world.meddle = liar({ name: 'r', author: 'a', lie: lies[lie], roster })
  world.link('v', 'r')
  world.pass(30_000)
  return world
}

const shown = (world: World) =>
  world.catalog('v').replicas.slice(hubId('a')) === undefined ? {} : projects(world, 'v')
const quarantines = (world: World) =>
  world.changes.flatMap(({ at, change }) => (change.type === 'quarantined' ? [{ at, ...change }] : []))

describe.each([
  ['of nothing', false],
  ['of what was before', true],
])('to a hub that knows %s, one that', (_, knowsBefore) => {
  const before = knowsBefore ? { p: { name: 'p' }, q: { name: 'old' } } : {}

  it.each(Object.keys(lies))('%s is shut out, and the truth comes from another', (lie) => {
    const world = story(lie, { knowsBefore, isCredulous: false })
    expect(shown(world)).toEqual(before)
    const [first] = quarantines(world)
    expect(first).toMatchObject({ at: 'v', hub: 'a', peer: peerOf('r') })
    world.link('v', 'h')
    world.pass(15_000)
    expect(projects(world, 'v')).toEqual(truth)
    world.meddle = (__, message) => message
    world.write('r', putOf('t', {}))
    world.pass(1_000)
    expect(Object.keys(projects(world, 'v'))).toContain('t')
  })

  it.each([
    'flips a record',
    'drops a record',
    'adds a record',
    'reorders records',
    'drops records and says that the retention is over for them',
  ])('%s is believed where nothing is verified', (lie) => {
    // The world's judge compares what hubs hold at one version (C9).
    expect(() => story(lie, { knowsBefore, isCredulous: true })).toThrow('C9: v holds another a')
  })
})

describe('a quarantine', () => {
  it('is over after a while: whoever was mended is asked again', () => {
    const world = story('flips a record', { knowsBefore: false, isCredulous: false })
    const now = () => world.now
    expect(world.catalog('v').quarantine.forged(now())).toBe(1)
    world.meddle = (_, message) => message
    world.pass(quarantineMs)
    expect(world.catalog('v').quarantine.forged(now())).toBe(0)
    world.pass(30_000)
    expect(projects(world, 'v')).toEqual(truth)
  })

  it('is of one slice: what else the peer holds is taken from it', () => {
    const world = story('drops a record', { knowsBefore: false, isCredulous: false })
    world.write('h', putOf('of-h', {}))
    world.pass(15_000)
    expect(Object.keys(projects(world, 'v'))).toEqual(['of-h'])
    expect(new Set(quarantines(world).map(({ hub, peer, reason }) => `${hub} ${peer} ${reason}`)).size).toBe(1)
  })
})

describe('a hub that starts', () => {
  it('passes on, with the heads it has stored, what it holds of one that is gone', () => {
    const world = federationOf(['a', 'b'], {})
    world.write('a', putOf('p', { name: 'p' }))
    world.pass(1_000)
    for (const name of ['a', 'b']) world.crash(name)
    world.start('b')
    world.add('c')
    join(world, 'c')
    world.pass(15_000)
    expect(projects(world, 'c')).toEqual({ p: { name: 'p' } })
  })

  it('on a disk that does not hold what was signed says so, and fetches all of it again', () => {
    const world = federationOf(['a', 'b'], {})
    world.write('a', putOf('p', { name: 'p' }), putOf('q', { name: 'q' }))
    world.pass(1_000)
    world.crash('b')
    const { disk } = world.node('b')
    const text = JSON.stringify(disk.entries().get('record/a/project/q')).replace('["q"', '["o"')
    disk.write([{ op: 'put', key: 'record/a/project/q', value: JSON.parse(text) }], true)
    world.judge.excused.add('b')
    join(world, 'b')
    world.pass(1_000)
    expect(projects(world, 'b')['q']).toEqual({ name: 'o' })
    world.write('a', putOf('p', { name: 'pp' }), putOf('r', {}))
    world.pass(15_000)
    expect(projects(world, 'b')).toEqual({ p: { name: 'pp' }, q: { name: 'q' }, r: {} })
    const refusals = world.changes.flatMap(({ change }) => (change.type === 'run-refused' ? [change.reason] : []))
    expect([refusals, quarantines(world)]).toEqual([['unsound'], []])
    expect(world.catalog('b').replicas.slice(hubId('a'))?.surplusEpoch).toBeUndefined()
  })

  it('on what 0.2 has stored shows it all, says its own anew, and has the others sign theirs', () => {
    const world = federationOf(['a', 'b'], {})
    for (const name of ['a', 'b']) world.write(name, putOf(`of-${name}`, { name }))
    world.pass(1_000)
    for (const name of ['a', 'b']) {
      world.crash(name)
      world.node(name).disk.forgetHeads()
    }
    world.start('b')
    world.pass(1_000)
    expect(projects(world, 'b')).toEqual({ 'of-a': { name: 'a' }, 'of-b': { name: 'b' } })
    join(world, 'a')
    world.add('c')
    join(world, 'c')
    world.pass(30_000)
    for (const name of ['a', 'b', 'c']) {
      expect(projects(world, name)).toEqual({ 'of-a': { name: 'a' }, 'of-b': { name: 'b' } })
      for (const slice of world.catalog(name).replicas.slices()) expect(slice.surplusEpoch).toBeUndefined()
    }
    expect(new Set(world.digests()).size).toBe(1)
  })
})
