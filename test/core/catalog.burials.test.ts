// Forgotten hubs (C15): their slices go, what they said stays, and they may come back.

import { describe, expect, it } from 'vitest'
import { federation, holds, join, projects } from './catalog.federation.ts'
import { putOf, removeOf } from './catalog.kit.ts'
import { syncIntervalMs } from './catalog.node.ts'
import type { World } from './catalog.world.ts'
import { hubId } from './kit.ts'

function onDisk(world: World, name: string, whom: string): string[] {
  return [...world.node(name).disk.entries().keys()].filter((key) => key.split('/')[1] === whom)
}

describe('a forgotten hub', () => {
  it('leaves what it alone wrote to who forgot it; its slice is gone everywhere, also from the disks', () => {
    const world = federation('a', 'b', 'c')
    world.write('c', putOf('p', { name: 'p' }, ['x']), putOf('q', {}))
    world.pass(200)
    world.write('c', removeOf('q'))
    world.pass(200)
    world.crash('c')
    world.forget('a', 'c')
    world.pass(500)
    for (const name of ['a', 'b']) {
      expect([projects(world, name), holds(world, name, 'c')]).toEqual([{ p: { name: 'p', 'tag:x': true } }, false])
      expect(onDisk(world, name, 'c')).toEqual([])
      expect(world.catalog(name).replicas.joined('project/q').removed?.[2]).toBe('c')
    }
    expect(world.catalog('b').replicas.slice(hubId('b'))?.size).toBe(0)
    expect(new Set(world.digests()).size).toBe(1)
  })

  it('takes nothing with it that only another hub had heard: that one adopts it', () => {
    const world = federation('a', 'b', 'c')
    world.unlink('a', 'c')
    world.unlink('a', 'b')
    world.write('c', putOf('late', { name: 'late' }))
    world.pass(200)
    world.crash('c')
    world.forget('a', 'c')
    world.pass(200)
    expect(projects(world, 'a')).toEqual({})
    world.link('a', 'b')
    world.pass(2 * syncIntervalMs)
    for (const name of ['a', 'b']) {
      expect([projects(world, name), holds(world, name, 'c')]).toEqual([{ late: { name: 'late' } }, false])
    }
    expect(new Set(world.digests()).size).toBe(1)
  })

  it('takes everything with it when that is asked for, but revives nothing that it removed', () => {
    const world = federation('a', 'b', 'c')
    world.write('a', putOf('gone', { name: 'gone' }))
    world.write('c', putOf('own', { name: 'own' }), putOf('gone', { url: 'u' }))
    world.pass(200)
    world.unlink('a', 'b')
    world.write('c', removeOf('gone'))
    world.pass(200)
    world.crash('c')
    world.forget('b', 'c', true)
    world.pass(200)
    world.link('a', 'b')
    world.pass(2 * syncIntervalMs)
    for (const name of ['a', 'b']) expect([projects(world, name), holds(world, name, 'c')]).toEqual([{}, false])
    expect(world.catalog('a').replicas.joined('project/own').fields).toEqual({})
  })

  it('that returns says all of it anew in a later epoch, and nobody takes its old one', () => {
    const world = federation('a', 'b', 'c')
    world.write('c', putOf('p', { name: 'p' }))
    world.pass(200)
    world.crash('c')
    world.forget('a', 'c')
    world.pass(200)
    join(world, 'c')
    world.pass(2 * syncIntervalMs)
    for (const name of ['a', 'b', 'c']) {
      expect(projects(world, name)).toEqual({ p: { name: 'p' } })
      expect(world.catalog(name).replicas.slice(hubId('c'))?.version.epoch[0]).toBe(2)
    }
    expect(new Set(world.digests()).size).toBe(1)
  })

  it('stays forgotten after a restart of who forgot it, also when the slice was not dropped before', () => {
    const world = federation('a', 'b', 'c')
    world.write('c', putOf('p', { name: 'p' }))
    world.pass(200)
    world.crash('c')
    world.forget('a', 'c')
    world.pass(500)
    world.crash('a', 9)
    join(world, 'a')
    world.pass(2 * syncIntervalMs)
    expect([projects(world, 'a'), holds(world, 'a', 'c')]).toEqual([{ p: { name: 'p' } }, false])
    expect(onDisk(world, 'a', 'c')).toEqual([])
  })

  it('is forgotten together with another that says the same, and that is kept once', () => {
    const world = federation('a', 'b', 'c', 'd')
    world.write('c', putOf('p', { name: 'p' }))
    world.pass(200)
    world.forget('d', 'c')
    world.pass(500)
    world.crash('c')
    world.crash('d')
    world.forget('a', 'c')
    world.forget('a', 'd')
    world.pass(2 * syncIntervalMs)
    for (const name of ['a', 'b']) {
      expect(projects(world, name)).toEqual({ p: { name: 'p' } })
      expect([holds(world, name, 'c'), holds(world, name, 'd')]).toEqual([false, false])
    }
  })
})
