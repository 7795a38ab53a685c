// Removals that have done their work (C14): what goes, what stays because it still guards something, and who hears of it.

import { describe, expect, it } from 'vitest'
import { readCursor } from '../../src/core/catalog/cursor.ts'
import { entryId } from '../../src/core/catalog/record.ts'
import { walk } from '../../src/core/catalog/walk.ts'
import { minute } from '../../src/core/time.ts'
import { federationOf, join } from './catalog.federation.ts'
import { project, putOf, removeOf } from './catalog.kit.ts'
import type { World } from './catalog.world.ts'
import { hubId } from './kit.ts'

const retentionMs = 60 * minute

function federation(...names: string[]): World {
  return federationOf(names, { retentionMs })
}

/** Every record that a hub holds, by author and entry. */
function held(world: World, name: string): string[] {
  const slices = [...world.catalog(name).replicas.slices()]
  return slices.flatMap((slice) => [...slice.records()].map((record) => `${slice.hub} ${entryId(record)}`)).sort()
}

function stored(world: World, name: string): string[] {
  return [...world.node(name).disk.entries().keys()].filter((key) => key.startsWith('record/'))
}

function keys(world: World, name: string): string[] {
  return Object.keys(world.view(name)).map((id) => id.slice('project/'.length))
}

function expectAlike(world: World, ...names: readonly string[]): void {
  const [first = ''] = names
  for (const name of names) expect(world.view(name)).toEqual(world.view(first))
  expect(new Set(names.map((name) => world.catalog(name).replicas.digest())).size).toBe(1)
}

describe('a removal', () => {
  it('is kept for the retention, then it is gone from memory and disk, in a version of its author', () => {
    const world = federation('a', 'b')
    world.write('a', putOf('p', {}), putOf('q', {}))
    world.write('b', putOf('p', { url: 'u' }))
    world.pass(1_000)
    world.write('b', removeOf('p'))
    world.pass(1_000)
    world.pass(retentionMs - 2_000)
    expect(held(world, 'a')).toEqual(['a project/p', 'a project/q', 'b project/p'])
    world.pass(2 * minute)
    for (const name of ['a', 'b']) {
      expect(held(world, name)).toEqual(['a project/q'])
      expect(stored(world, name)).toEqual(['record/a/project/q'])
    }
    expectAlike(world, 'a', 'b')
  })

  it('is not missed by a hub that starts from what is left on its disk', () => {
    const world = federation('a', 'b')
    world.write('a', putOf('p', {}), putOf('q', {}))
    world.pass(1_000)
    world.write('a', removeOf('p'))
    world.pass(retentionMs + 2 * minute)
    const before = world.digests()
    for (const name of ['a', 'b']) world.crash(name)
    for (const name of ['a', 'b']) world.start(name)
    expect(world.digests()).toEqual(before)
    expect([held(world, 'a'), held(world, 'b')]).toEqual([['a project/q'], ['a project/q']])
  })

  it('stays on an entry that lives again, but for the removal itself', () => {
    const world = federation('a', 'b')
    world.write('a', putOf('p', { name: 'old' }))
    world.pass(1_000)
    world.write('a', removeOf('p'))
    world.pass(1_000)
    world.write('a', putOf('p', { name: 'new' }, ['x']))
    world.pass(retentionMs + 2 * minute)
    for (const name of ['a', 'b']) {
      expect(world.view(name)).toEqual({ 'project/p': { name: 'new', 'tag:x': true } })
      expect(world.catalog(name).replicas.joined('project/p').removed).toBeUndefined()
    }
  })

  it('is kept, however old, while the slice of a dead hub says what it covers; and goes when that hub is forgotten', () => {
    const world = federation('a', 'b', 'c')
    world.write('c', putOf('p', {}))
    world.pass(1_000)
    world.crash('c')
    world.write('a', removeOf('p'))
    world.pass(3 * retentionMs)
    expect([keys(world, 'a'), keys(world, 'b'), held(world, 'b')]).toEqual([[], [], ['a project/p', 'c project/p']])
    world.forget('a', 'c')
    world.pass(2 * minute)
    for (const name of ['a', 'b']) expect(held(world, name)).toEqual(['a forgotten/c'])
    expectAlike(world, 'a', 'b')
  })

  it('is heard of, after it is gone, by a hub that was cut off for longer and never stopped', () => {
    const world = federation('a', 'b')
    world.write('b', ...Array.from({ length: 40 }, (_, i) => putOf(`p${i}`, { text: 'x'.repeat(1_000) })))
    world.write('a', putOf('mine', {}))
    world.pass(2_000)
    world.unlink('a', 'b')
    world.write('b', ...Array.from({ length: 20 }, (_, i) => removeOf(`p${i}`)), removeOf('mine'))
    world.pass(2 * retentionMs)
    world.write('b', putOf('last', {}))
    world.pass(1_000)
    expect(keys(world, 'a')).toHaveLength(41)
    world.crash('b')
    world.start('b')
    world.link('a', 'b')
    world.pass(1 * minute)
    expect(keys(world, 'a')).toHaveLength(21)
    expectAlike(world, 'a', 'b')
    world.pass(retentionMs)
    expect(held(world, 'a')).toEqual(held(world, 'b'))
  })

  it('that a watching reader was not told of makes it begin anew, once it is gone (C18)', () => {
    const world = federation('a', 'b')
    world.write('a', putOf('p', {}), putOf('q', {}))
    world.pass(1_000)
    const reasons = (cursor: string): string[] => {
      const steps = [...walk(world.catalog('b').replicas, readCursor(cursor) ?? new Map(), new Set([project]))]
      return steps.flatMap((step) => (step.type === 'reset' ? [step.reason] : []))
    }
    const told = walk(world.catalog('b').replicas, new Map(), new Set([project]))
    let step = told.next()
    while (step.done !== true) step = told.next()
    world.write('a', removeOf('p'))
    world.pass(retentionMs - 1_000)
    expect(reasons(step.value)).toEqual([])
    world.pass(2 * minute)
    expect(reasons(step.value)).toEqual(['trimmed'])
  })

  it('is heard of also from a hub that never had what was dropped', () => {
    const world = federation('a', 'b')
    world.write('b', putOf('p', {}), putOf('q', {}))
    world.pass(1_000)
    world.unlink('a', 'b')
    world.write('b', removeOf('p'))
    world.pass(2 * retentionMs)
    world.add('n')
    world.start('n')
    world.link('n', 'b')
    world.pass(1_000)
    world.crash('b')
    world.crash('n')
    world.start('n')
    world.link('n', 'a')
    world.pass(1 * minute)
    expect([keys(world, 'n'), keys(world, 'a')]).toEqual([['q'], ['q']])
  })
})

describe('hubs that drop early and late', () => {
  it('stand at the same versions, and a newcomer sees the same from either', () => {
    const world = federation('a', 'b', 'c')
    world.write('c', putOf('p', {}, ['x', 'y']), putOf('q', {}, ['x', 'y']))
    world.pass(1_000)
    world.write('a', removeOf('p'), putOf('q', {}, ['y']))
    world.pass(1_000)
    // Time that has surely come is behind at a hub that was down while nobody wrote.
    world.crash('b')
    world.pass(20 * minute)
    join(world, 'b')
    world.pass(retentionMs - 10 * minute)
    expect([held(world, 'a').includes('a project/p'), held(world, 'b').includes('a project/p')]).toEqual([false, true])
    expectAlike(world, 'a', 'b', 'c')
    for (const [name, source] of [
      ['d', 'a'],
      ['e', 'b'],
    ] as const) {
      world.add(name)
      world.start(name)
      world.link(name, source)
      world.pass(1 * minute)
    }
    for (const a of world.nodes.keys()) for (const b of world.nodes.keys()) world.link(a, b)
    world.pass(1 * minute)
    expect(world.view('d')).toEqual({ 'project/q': { 'tag:y': true } })
    expectAlike(world, 'a', 'b', 'c', 'd', 'e')
    world.pass(retentionMs)
    for (const name of ['a', 'b', 'c', 'd', 'e']) expect(held(world, name)).not.toContain('a project/p')
  })

  it('drop nothing early because a clock jumps, be it while they run or while they are down', () => {
    const world = federation('a', 'b', 'c')
    world.write('c', putOf('p', {}))
    world.pass(1_000)
    world.crash('c')
    world.write('a', putOf('p', { url: 'u' }), putOf('q', {}))
    world.pass(1_000)
    world.write('b', removeOf('p'), removeOf('q'))
    world.pass(1_000)
    world.node('a').skewMs = 2 * retentionMs
    world.pass(10 * minute)
    expect(held(world, 'a')).toContain('b project/q')
    world.crash('a')
    join(world, 'a')
    world.pass(10 * minute)
    expect(held(world, 'a')).toContain('b project/q')
    join(world, 'c')
    world.pass(1 * minute)
    for (const name of ['a', 'b', 'c']) expect(keys(world, name)).toEqual([])
  })
})

describe('10,000 projects that come and go while a hub is away', () => {
  it('do not return with it, and leave nothing in memory or on the disks once the retention is over', () => {
    const world = federationOf(['a', 'b', 'c'], { retentionMs, maxSliceRecords: 20_000 })
    const part = (from: number) => Array.from({ length: 1_000 }, (_, i) => `p${from + i}`)
    world.write('a', ...Array.from({ length: 50 }, (_, i) => putOf(`kept${i}`, {})))
    world.write('c', ...part(0).map((name) => putOf(name, {})))
    world.pass(1_000)
    const records = held(world, 'a').length - 1_000
    const entries = world.node('a').disk.entries().size - 1_000
    world.crash('c')
    for (let from = 0; from < 10_000; from += 1_000) {
      world.write(from % 2_000 === 0 ? 'a' : 'b', ...part(from).map((name) => putOf(name, {})))
      world.pass(3_000)
      world.write(from % 2_000 === 0 ? 'b' : 'a', ...part(from).map((name) => removeOf(name)))
      world.pass(3_000)
    }
    expect(held(world, 'a').length).toBeGreaterThan(10_000)
    world.pass(0.8 * retentionMs)
    join(world, 'c')
    world.pass(1 * minute)
    for (const name of ['a', 'b', 'c']) expect(keys(world, name)).toHaveLength(50)
    world.pass(2 * retentionMs)
    for (const name of ['a', 'b', 'c']) {
      expect(keys(world, name)).toHaveLength(50)
      expect(Math.abs(held(world, name).length - records)).toBeLessThanOrEqual(0.1 * records)
      expect(Math.abs(world.node(name).disk.entries().size - entries)).toBeLessThanOrEqual(0.1 * entries)
    }
    expectAlike(world, 'a', 'b', 'c')
    expect(world.catalog('a').replicas.slice(hubId('a'))?.size).toBe(50)
  })
})
