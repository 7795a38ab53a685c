// A hub whose store was damaged (C13): what it relies on, what it gets back, and that no sequence number is used twice.

import { describe, expect, it } from 'vitest'
import { minute } from '../../src/core/time.ts'
import { Bench, changes, maxClockDriftMs, record } from './catalog.bench.ts'
import { federation, join, projects } from './catalog.federation.ts'
import { putOf, removeOf } from './catalog.kit.ts'
import type { World } from './catalog.world.ts'
import { hubId } from './kit.ts'

const me = hubId('me')

function ownVersion(world: World, name: string) {
  return world.catalog(name).replicas.slice(hubId(name))?.version
}

/** The batches that a store of b got, so that tests can name the one that goes missing. */
const firstWrite = 2

describe('a hub whose store was damaged', () => {
  it('goes on in a later epoch, with what peers hold of it and what they have not heard of', () => {
    const world = federation('a', 'b')
    world.write('b', putOf('told', {}))
    world.pass(1_000)
    world.unlink('a', 'b')
    world.write('b', putOf('untold', {}))
    world.pass(1_000)
    world.damage('b', firstWrite)
    join(world, 'b')
    world.pass(1 * minute)
    for (const name of ['a', 'b']) expect(Object.keys(projects(world, name))).toEqual(['told', 'untold'])
    expect(ownVersion(world, 'b')?.epoch[0]).toBe(2)
  })

  it('alone keeps what can be read, and shows it when it may write', () => {
    const world = federation('a')
    world.step('a', { type: 'alone' })
    world.pass(1_000)
    world.write('a', putOf('p', {}), putOf('q', {}))
    world.pass(1_000)
    world.write('a', removeOf('q'))
    world.pass(1_000)
    world.damage('a', 0)
    world.start('a')
    expect(projects(world, 'a')).toEqual({})
    world.step('a', { type: 'alone' })
    world.pass(1_000)
    expect(Object.keys(projects(world, 'a'))).toEqual(['p'])
  })

  it('does not offer what it holds of others before they were asked, and keeps what nobody else holds', () => {
    const world = federation('a', 'b', 'c')
    world.write('a', putOf('of-a', {}))
    world.write('c', putOf('of-c', {}))
    world.pass(1_000)
    world.damage('b', firstWrite)
    world.loseDisk('c')
    world.start('b')
    expect(projects(world, 'b')).toEqual({})
    world.crash('a')
    world.loseDisk('a')
    join(world, 'a')
    join(world, 'b')
    world.pass(2 * minute)
    expect(Object.keys(projects(world, 'a'))).toContain('of-c')
  })

  it('is still one that recovers when it ends before its new epoch is open', () => {
    const world = federation('a', 'b')
    world.write('b', putOf('p', {}), putOf('q', {}))
    world.pass(1_000)
    world.damage('b', firstWrite + 1)
    world.start('b')
    world.crash('b')
    join(world, 'b')
    world.pass(1 * minute)
    expect([ownVersion(world, 'b')?.epoch[0], Object.keys(projects(world, 'a'))]).toEqual([2, ['p', 'q']])
  })

  it('opens no epoch while its clock is so far behind that what could be read would be refused', () => {
    const records = [record('p', 1, 2 * maxClockDriftMs)]
    const bench = new Bench({ lostOwn: { hub: me, epoch: 4, records } })
    bench.step({ type: 'alone' })
    expect(bench.catalog.isOpen).toBe(false)
    bench.pass(2 * maxClockDriftMs)
    bench.step({ type: 'tick' })
    expect(changes(bench.persisted(true), 'opened')).toHaveLength(1)
    expect(bench.has('p')).toBe(true)
  })
})
