// Traps of forgetting (C15) that a review found: each lost something, brought something back, or left hubs apart for ever.

import { describe, expect, it } from 'vitest'
import { syncIntervalMs } from './catalog.bench.ts'
import { federation, holds, join, projects } from './catalog.federation.ts'
import { putOf } from './catalog.kit.ts'
import type { World } from './catalog.world.ts'
import { hubId } from './kit.ts'

function cutOff(world: World, name: string): void {
  for (const other of world.nodes.keys()) world.unlink(name, other)
}

describe('a tag that was removed stays removed', () => {
  it.each(['a hub that was cut off', 'the forgotten hub itself'])(
    'when %s still holds the slice that added it',
    (who) => {
      const world = federation('a', 'x', 'z')
      world.write('x', putOf('p', { name: 'p' }, ['b']))
      world.pass(500)
      cutOff(world, 'z')
      world.write('a', putOf('p', { name: 'p2' }, []))
      world.pass(500)
      world.crash('x')
      world.forget('a', 'x')
      world.pass(500)
      world.write('a', putOf('p', { name: 'p3' }, []))
      world.pass(500)
      if (who === 'the forgotten hub itself') join(world, 'x')
      else world.link('a', 'z')
      world.pass(3 * syncIntervalMs)
      expect(projects(world, 'a')).toEqual({ p: { name: 'p3' } })
    },
  )

  it('when who removed it is forgotten with its data', () => {
    const world = federation('a', 'x', 'z')
    world.write('a', putOf('p', { name: 'p' }, ['b']))
    world.pass(500)
    world.write('x', putOf('p', { name: 'q' }, []))
    world.pass(500)
    world.crash('x')
    world.forget('z', 'x', true)
    world.pass(2 * syncIntervalMs)
    expect([projects(world, 'a'), holds(world, 'a', 'x')]).toEqual([{ p: { name: 'p' } }, false])
  })
})

describe('forgetting', () => {
  it('with its data a hub that forgot another keeps that forgotten, and what it had taken over', () => {
    const world = federation('a', 'x', 'w', 'z')
    world.write('w', putOf('wp', { name: 'wp' }))
    world.pass(500)
    cutOff(world, 'z')
    world.crash('w')
    world.forget('x', 'w')
    world.pass(500)
    world.crash('x')
    world.forget('a', 'x', true)
    world.pass(500)
    world.link('a', 'z')
    world.pass(6 * syncIntervalMs)
    for (const name of ['a', 'z']) {
      expect([projects(world, name), holds(world, name, 'w')]).toEqual([{ wp: { name: 'wp' } }, false])
    }
    expect(new Set(world.digests()).size).toBe(1)
  })

  it('up to an epoch that nobody can have had is of no effect', () => {
    const world = federation('a', 'x')
    world.write('x', putOf('p', { name: 'p' }))
    world.pass(500)
    const fields = { 'incarnation:1': true, [`epoch:${Number.MAX_SAFE_INTEGER}/zz`]: true, with_data: true }
    world.write('a', { op: 'put', kind: 'forgotten', key: 'x', fields, initial: {}, sets: {} })
    world.pass(500)
    world.write('x', putOf('q', { name: 'q' }))
    world.pass(500)
    expect(projects(world, 'a')).toEqual({ p: { name: 'p' }, q: { name: 'q' } })
    expect(world.catalog('x').replicas.slice(hubId('x'))?.version.epoch[0]).toBe(1)
  })

  it('up to an earlier epoch, asked for before a later one was heard of, takes nothing of that back', () => {
    const world = federation('a', 'b', 'x', 'z')
    world.write('x', putOf('p', { name: 'p' }))
    world.pass(500)
    cutOff(world, 'a')
    world.forget('b', 'x', true)
    world.pass(500)
    world.write('x', putOf('q', { name: 'q' }))
    world.pass(500)
    world.crash('x')
    world.unlink('b', 'z')
    world.forget('b', 'x', true)
    world.pass(500)
    Object.assign(world.weather, { diskMs: 80 })
    world.link('a', 'b')
    world.pass(1)
    world.write('a', putOf('busy', {}))
    world.forget('a', 'x', true)
    world.pass(2_000)
    world.link('b', 'z')
    world.link('a', 'z')
    world.pass(5 * syncIntervalMs)
    for (const name of ['a', 'b', 'z']) expect([name, holds(world, name, 'x')]).toEqual([name, false])
    expect(new Set(world.digests()).size).toBe(1)
  })

  it('a hub whose entry fits into no other slice leaves that where it is, and keeps no other hub from going', () => {
    const many = (prefix: string) => Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`${prefix}${i}`, 1]))
    const world = federation('a', 'b', 'x', 'y')
    world.write('b', putOf('p', many('b')))
    world.write('a', putOf('p', many('a')))
    world.pass(500)
    world.write('x', putOf('p', many('x')))
    world.write('y', putOf('q', { name: 'q' }))
    world.pass(500)
    world.crash('x')
    world.crash('y')
    world.forget('a', 'x')
    world.forget('a', 'y')
    world.pass(5 * syncIntervalMs)
    for (const name of ['a', 'b']) expect([holds(world, name, 'x'), holds(world, name, 'y')]).toEqual([true, false])
    expect(Object.keys(projects(world, 'b')['p'] as object)).toContain('x199')
  })
})
