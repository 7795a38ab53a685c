// What a hub that was away beyond the retention does with the slices of others on its disk (C14): nobody else may hold them.

import { describe, expect, it } from 'vitest'
import { hour, minute } from '../../src/core/time.ts'
import { federationOf, holds, join, projects } from './catalog.federation.ts'
import { putOf, removeOf } from './catalog.kit.ts'
import type { World } from './catalog.world.ts'
import { hubId } from './kit.ts'

const retentionMs = 60 * minute

/** Three hubs that hold what each has written; then b is gone with its disk, and c is down for long. */
function afterLongAbsence(...meanwhile: ((world: World) => void)[]): World {
  const world = federationOf(['a', 'b', 'c'], { retentionMs })
  world.write('a', putOf('of-a', {}))
  world.write('b', putOf('of-b', {}))
  world.pass(1_000)
  world.crash('c')
  for (const happen of meanwhile) happen(world)
  world.pass(2 * retentionMs)
  return world
}

function kept(world: World, name: string): string[] {
  return [...world.node(name).disk.entries().keys()].filter((key) => key.startsWith('reserve/')).sort()
}

function shown(world: World, name: string): string[] {
  return Object.keys(projects(world, name))
}

describe('the slices of others, after an absence beyond the retention', () => {
  it('are lost by no hub where all were down and one never comes back', () => {
    const world = afterLongAbsence((all) => all.crash('a'))
    world.loseDisk('b')
    join(world, 'a')
    join(world, 'c')
    world.pass(1 * minute)
    for (const name of ['a', 'c']) expect(shown(world, name)).toEqual(['of-a', 'of-b'])
    expect([kept(world, 'a'), kept(world, 'c')]).toEqual([[], []])
  })

  it('are neither shown nor offered before others were asked, and wait on the disk through any number of starts', () => {
    const world = afterLongAbsence()
    world.loseDisk('b')
    for (let life = 0; life < 3; life++) {
      world.start('c')
      world.pass(50 * minute)
      expect([shown(world, 'c'), holds(world, 'c', 'a'), holds(world, 'c', 'b')]).toEqual([[], false, false])
      expect(kept(world, 'c')).toEqual([
        'reserve/record/a/project/of-a',
        'reserve/record/b/project/of-b',
        'reserve/slice/a',
        'reserve/slice/b',
      ])
      world.crash('c')
    }
  })

  it('are shown again by a hub that stays alone for an hour', () => {
    const world = afterLongAbsence()
    world.start('c')
    world.step('c', { type: 'alone' })
    world.pass(1 * hour + 10_000)
    expect(shown(world, 'c')).toEqual(['of-a', 'of-b'])
    world.crash('c')
    world.start('c')
    expect([shown(world, 'c'), kept(world, 'c')]).toEqual([['of-a', 'of-b'], []])
  })

  it.each([
    [false, ['of-a', 'of-b']],
    [true, ['of-a']],
  ])('are offered to others only as they were signed (C10): damaged %s', (isDamaged, offered) => {
    const world = afterLongAbsence()
    world.loseDisk('a')
    world.loseDisk('b')
    const { disk } = world.node('c')
    const key = 'record/b/project/of-b'
    const text = JSON.stringify(disk.entries().get(key)).replace('"life":', '"name":["x",[1,0,"b"]],"life":')
    if (isDamaged) disk.write([{ op: 'put', key, value: JSON.parse(text) }], true)
    world.start('c')
    world.step('c', { type: 'alone' })
    world.pass(1 * hour + 10_000)
    expect(shown(world, 'c')).toEqual(['of-a', 'of-b'])
    join(world, 'a')
    world.pass(1 * minute)
    expect(shown(world, 'a')).toEqual(offered)
    expect(world.changes.filter(({ change }) => change.type === 'quarantined')).toEqual([])
    join(world, 'b')
    world.pass(1 * minute)
    for (const name of ['a', 'b', 'c']) expect(shown(world, name)).toEqual(['of-a', 'of-b'])
    expect(new Set(world.digests()).size).toBe(1)
  })

  it('go where a peer holds as much, and bring back nothing that was removed meanwhile', () => {
    const world = afterLongAbsence((all) => {
      all.write('a', removeOf('of-b'))
      all.pass(1_000)
    })
    join(world, 'c')
    world.pass(1 * minute)
    for (const name of ['a', 'b', 'c']) expect(shown(world, name)).toEqual(['of-a'])
    expect(kept(world, 'c')).toEqual([])
    expect(new Set(world.digests()).size).toBe(1)
  })

  it('go where their author has begun a later epoch: what it has not said again was removed', () => {
    const world = afterLongAbsence((all) => {
      all.loseDisk('b')
      join(all, 'b')
      all.pass(1 * minute)
      all.write('b', removeOf('of-b'))
      all.pass(1_000)
    })
    join(world, 'c')
    world.pass(1 * minute)
    for (const name of ['a', 'b', 'c']) expect(shown(world, name)).toEqual(['of-a'])
    expect(kept(world, 'c')).toEqual([])
  })

  it('go where their author was forgotten: what it said stays where it was taken over, and is not revived elsewhere', () => {
    const world = afterLongAbsence((all) => {
      all.write('b', putOf('removed', {}))
      all.pass(1_000)
      all.crash('b')
      all.forget('a', 'b')
      all.pass(1 * minute)
      all.write('a', removeOf('removed'))
    })
    join(world, 'c')
    world.pass(1 * minute)
    for (const name of ['a', 'c'])
      expect([shown(world, name), holds(world, name, 'b')]).toEqual([['of-a', 'of-b'], false])
    expect(kept(world, 'c')).toEqual([])
  })

  it('give what a peer that holds less of them lacks', () => {
    const world = federationOf(['a', 'b', 'c'], { retentionMs })
    world.write('b', putOf('early', {}))
    world.pass(1_000)
    world.unlink('a', 'b')
    world.unlink('a', 'c')
    world.write('b', putOf('late', {}))
    world.pass(1_000)
    world.crash('c')
    world.loseDisk('b')
    world.pass(2 * retentionMs)
    join(world, 'c')
    world.pass(1 * minute)
    for (const name of ['a', 'c']) expect(shown(world, name)).toEqual(['early', 'late'])
    expect(world.catalog('a').replicas.slice(hubId('b'))?.version.seq).toBe(3)
  })

  it('do not come back without the removal that this hub itself said of them', () => {
    const world = federationOf(['a', 'b', 'c'], { retentionMs })
    world.write('b', putOf('p', {}), putOf('q', {}))
    world.pass(1_000)
    world.crash('b')
    world.write('c', removeOf('p'))
    world.pass(1_000)
    world.crash('c')
    world.loseDisk('b')
    world.loseDisk('a')
    world.pass(2 * retentionMs)
    world.start('a')
    join(world, 'c')
    world.pass(5 * minute)
    for (const name of ['a', 'c']) expect(shown(world, name)).toEqual(['q'])
  })
})
