// A hub that was away for longer than removals are kept (C14): what it leaves behind, says anew and says of it.

import { describe, expect, it } from 'vitest'
import { minute } from '../../src/core/time.ts'
import { federationOf, join } from './catalog.federation.ts'
import { putOf, removeOf } from './catalog.kit.ts'
import type { World } from './catalog.world.ts'
import { hubId } from './kit.ts'

const retentionMs = 60 * minute
const all = ['a', 'b', 'c'] as const

function federation(): World {
  return federationOf(all, { retentionMs })
}

function keys(world: World, name: string): string[] {
  return Object.keys(world.view(name)).map((id) => id.slice('project/'.length))
}

/** What a hub said that it announced anew. */
function announced(world: World, name: string): readonly string[] | undefined {
  const said = world.changes.flatMap(({ at, change }) => (at === name && change.type === 'opened' ? [change] : []))
  return said.findLast(({ anew }) => anew !== undefined)?.anew
}

function expectAlike(world: World): void {
  for (const name of all) expect(world.view(name)).toEqual(world.view('a'))
  expect(new Set(world.digests()).size).toBe(1)
}

describe('a hub that was away beyond the retention', () => {
  it('starts with its own slice alone, fetches all others, and says its own anew and which entries those are', () => {
    const world = federation()
    world.write('a', putOf('of-a', {}))
    world.write('c', putOf('of-c', {}), putOf('gone', {}))
    world.pass(1_000)
    world.write('c', removeOf('gone'))
    world.pass(1_000)
    world.crash('c')
    world.pass(2 * retentionMs)
    world.write('a', putOf('new', {}))
    world.start('c')
    expect(keys(world, 'c')).toEqual(['of-c'])
    expect([...world.node('c').disk.entries().keys()].filter((key) => key.startsWith('record/a/'))).toEqual([])
    join(world, 'c')
    world.pass(1 * minute)
    for (const name of all) expect(keys(world, name)).toEqual(['new', 'of-a', 'of-c'])
    expect([announced(world, 'c'), world.catalog('c').absence.announced]).toEqual([['project/of-c'], 1])
    expect(world.catalog('a').replicas.slice(hubId('c'))?.version.epoch[0]).toBe(2)
    expectAlike(world)
  })

  it('within the retention keeps what it holds and announces nothing', () => {
    const world = federation()
    world.write('a', putOf('of-a', {}))
    world.pass(1_000)
    world.crash('c')
    world.pass(0.8 * retentionMs)
    world.start('c')
    expect(keys(world, 'c')).toEqual(['of-a'])
    join(world, 'c')
    world.pass(1 * minute)
    expect(announced(world, 'c')).toBeUndefined()
  })

  it('takes nothing back that others still hold its word against', () => {
    const world = federation()
    world.write('c', putOf('p', {}), putOf('q', {}))
    world.pass(1_000)
    world.crash('c')
    world.write('a', removeOf('p'))
    world.pass(2 * retentionMs)
    join(world, 'c')
    world.pass(1 * minute)
    for (const name of all) expect(keys(world, name)).toEqual(['q'])
    expect(announced(world, 'c')).toEqual(['project/q'])
    world.pass(2 * retentionMs)
    expect(world.catalog('b').replicas.slice(hubId('a'))?.size).toBe(0)
    expectAlike(world)
  })

  it('loses nothing that it alone knew: an entry that was removed meanwhile is back, and it says so', () => {
    const world = federation()
    world.write('a', putOf('p', { name: 'p' }))
    world.pass(1_000)
    for (const other of ['a', 'b']) world.unlink('c', other)
    world.write('c', putOf('p', { url: 'u' }))
    world.pass(1_000)
    world.crash('c')
    world.write('b', removeOf('p'))
    world.pass(2 * retentionMs)
    expect(world.catalog('a').replicas.joined('project/p')).toEqual({ fields: {} })
    join(world, 'c')
    world.pass(1 * minute)
    for (const name of all) expect(world.view(name)).toEqual({ 'project/p': { url: 'u' } })
    expect(announced(world, 'c')).toEqual(['project/p'])
    expectAlike(world)
  })

  it('finds what it had removed removed: nobody dropped what it has signed while it was away (C14)', () => {
    const world = federation()
    for (const other of ['a', 'b']) world.unlink('c', other)
    world.write('c', putOf('p', { url: 'u' }))
    world.pass(1_000)
    world.write('a', putOf('p', { name: 'p' }))
    world.pass(1_000)
    world.crash('c')
    world.write('b', removeOf('p'))
    world.pass(1_000)
    world.crash('b')
    world.pass(2 * retentionMs)
    join(world, 'c')
    world.pass(1 * minute)
    world.write('c', putOf('q', {}))
    world.pass(1_000)
    expect(keys(world, 'a')).toEqual(['q'])
    join(world, 'b')
    world.pass(1 * minute)
    for (const name of all) expect(keys(world, name)).toEqual(['q'])
    expectAlike(world)
  })

  it('is still away for too long when it stops before it has announced its own', () => {
    const world = federation()
    world.write('c', putOf('of-c', {}))
    world.write('a', putOf('of-a', {}))
    world.pass(1_000)
    world.crash('c')
    world.pass(2 * retentionMs)
    world.start('c')
    world.pass(1 * minute)
    world.crash('c')
    join(world, 'c')
    world.pass(1 * minute)
    expect(announced(world, 'c')).toEqual(['project/of-c'])
    expectAlike(world)
    world.crash('c')
    join(world, 'c')
    expect(world.catalog('c').absence.isOver).toBe(true)
  })
})
