// Hubs that lost their disk (C13): what they open, what they get back, and what must never come back.

import { describe, expect, it } from 'vitest'
import {
  Bench,
  changes,
  digestBody,
  listBody,
  maxClockDriftMs,
  partOf,
  persists,
  record,
  runOfB,
  sends,
} from './catalog.bench.ts'
import { federation, join } from './catalog.federation.ts'
import { putOf, removeOf } from './catalog.kit.ts'
import { syncIntervalMs } from './catalog.node.ts'
import type { World } from './catalog.world.ts'
import { hubId } from './kit.ts'

const me = hubId('me')

function surplusOf(world: World, name: string): number {
  return [...world.catalog(name).replicas.slices()].reduce((sum, slice) => sum + (slice.surplus()?.to ?? 0), 0)
}

function epochOf(world: World, name: string): number | undefined {
  return world.catalog(name).replicas.slice(hubId(name))?.version.epoch[0]
}

describe('a hub whose disk is gone', () => {
  it('gets back what its peers hold of it, under a new epoch', () => {
    const world = federation('a', 'b')
    world.write('a', putOf('p', { name: 'p' }, ['x']))
    world.pass(500)
    world.loseDisk('a')
    join(world, 'a')
    world.pass(1_000)
    expect(world.view('a')).toEqual({ 'project/p': { name: 'p', 'tag:x': true } })
    expect(world.view('b')).toEqual(world.view('a'))
    expect([epochOf(world, 'a'), surplusOf(world, 'b')]).toEqual([2, 0])
    expect(new Set(world.digests()).size).toBe(1)
  })

  it('keeps removed what it had removed', () => {
    const world = federation('a', 'b')
    world.write('a', putOf('p', {}), putOf('q', {}))
    world.pass(500)
    world.write('a', removeOf('p'))
    world.pass(500)
    world.loseDisk('a')
    join(world, 'a')
    world.pass(1_000)
    expect(Object.keys(world.view('a'))).toEqual(['project/q'])
    expect(world.view('b')).toEqual(world.view('a'))
  })

  it('writes at once where it has opened alone, and loses neither that nor the old', () => {
    const world = federation('a', 'b')
    world.write('a', putOf('p', { name: 'old' }), putOf('q', { name: 'q' }))
    world.pass(500)
    world.loseDisk('a')
    world.start('a')
    world.step('a', { type: 'alone' })
    world.pass(100)
    world.write('a', putOf('p', { name: 'new' }), putOf('r', { name: 'r' }))
    world.pass(500)
    world.link('a', 'b')
    world.pass(2_000)
    const view = { 'project/p': { name: 'new' }, 'project/q': { name: 'q' }, 'project/r': { name: 'r' } }
    expect([world.view('a'), world.view('b')]).toEqual([view, view])
    expect(surplusOf(world, 'b')).toBe(0)
    expect(new Set(world.digests()).size).toBe(1)
  })

  it('gets the newest of what several peers hold, also from one that comes late', () => {
    const world = federation('a', 'b', 'c')
    world.write('a', putOf('p', { name: 'first' }))
    world.pass(500)
    world.unlink('a', 'b')
    world.unlink('b', 'c')
    world.write('a', putOf('p', { name: 'second' }))
    world.pass(500)
    world.loseDisk('a')
    world.start('a')
    world.link('a', 'b')
    world.pass(1_000)
    expect(world.view('a')).toEqual({ 'project/p': { name: 'first' } })
    world.link('b', 'c')
    world.link('a', 'c')
    world.pass(2 * syncIntervalMs)
    for (const name of ['a', 'b', 'c']) expect(world.view(name)).toEqual({ 'project/p': { name: 'second' } })
    expect(new Set(world.digests()).size).toBe(1)
  })

  it('does not get back a tag that it removed since, from a peer that was away', () => {
    const world = federation('a', 'b', 'c')
    world.write('a', putOf('p', {}, ['x', 'y']))
    world.pass(500)
    world.crash('c')
    world.loseDisk('a')
    join(world, 'a')
    world.pass(1_000)
    world.write('a', putOf('p', {}, ['y']))
    world.pass(500)
    join(world, 'c')
    world.pass(2_000)
    for (const name of ['a', 'b', 'c']) expect(world.view(name)).toEqual({ 'project/p': { 'tag:y': true } })
    expect(surplusOf(world, 'c')).toBe(0)
  })

  it('gets back also what it lost twice', () => {
    const world = federation('a', 'b', 'c')
    world.write('a', putOf('p', {}))
    world.pass(500)
    world.crash('c')
    world.loseDisk('a')
    join(world, 'a')
    world.pass(1_000)
    world.write('a', putOf('q', {}))
    world.pass(500)
    world.loseDisk('a')
    join(world, 'c')
    world.pass(1_000)
    join(world, 'a')
    world.pass(2_000)
    for (const name of ['a', 'b', 'c']) expect(Object.keys(world.view(name))).toEqual(['project/p', 'project/q'])
    expect(epochOf(world, 'a')).toBe(3)
  })

  it('gets everything back beside another that lost its disk as well', () => {
    const world = federation('a', 'b', 'c')
    world.write('a', putOf('p', {}))
    world.write('b', putOf('q', {}))
    world.pass(500)
    world.loseDisk('a')
    world.loseDisk('b')
    world.start('a')
    world.start('b')
    world.link('a', 'b')
    world.pass(500)
    world.link('a', 'c')
    world.link('b', 'c')
    world.pass(2 * syncIntervalMs)
    for (const name of ['a', 'b', 'c']) expect(Object.keys(world.view(name))).toEqual(['project/p', 'project/q'])
    expect(new Set(world.digests()).size).toBe(1)
  })

  it('leaves nothing of an earlier epoch on any disk', () => {
    const world = federation('a', 'b')
    world.write('a', putOf('p', {}))
    world.pass(500)
    world.loseDisk('a')
    join(world, 'a')
    world.pass(2_000)
    expect([...world.node('b').disk.entries().keys()].filter((key) => key.startsWith('surplus/'))).toEqual([])
    world.crash('b')
    world.start('b')
    expect(world.view('b')).toEqual(world.view('a'))
  })
})

describe('opening a slice (C13)', () => {
  it('waits for the first peer that has told all, then opens once, however many say so', () => {
    const bench = new Bench()
    bench.link('b')
    bench.link('c')
    const digest = bench.catalog.replicas.digest()
    expect(persists(bench.hear(digestBody(digest), 'b'), true)).toHaveLength(1)
    expect(bench.hear(digestBody(digest), 'c')).toEqual([])
    const done = bench.persisted(true)
    expect(changes(done, 'opened')).toMatchObject([{ epoch: [1, expect.any(String)] }])
    expect([persists(done, true), bench.catalog.isOpen, bench.seq()]).toEqual([[], true, 1])
  })

  it('tells every peer that it did', () => {
    const bench = new Bench()
    bench.link('b')
    bench.step({ type: 'alone' })
    const digest = bench.catalog.replicas.digest()
    const [told] = sends(bench.persisted(true), 'catalog.digest')
    expect(told).toMatchObject({ reply: true })
    expect(told?.digest).not.toBe(digest)
  })

  it('is above the epoch that could not be read, and above any that a peer lists', () => {
    const unreadable = new Bench({ lostOwn: { hub: hubId('me'), epoch: 4, records: [] } })
    unreadable.step({ type: 'alone' })
    expect(changes(unreadable.persisted(true), 'opened')).toMatchObject([{ epoch: [5, expect.any(String)] }])
    const listed = new Bench()
    listed.link()
    listed.hear(listBody([[me, [7, 'x'], 3]]))
    listed.step({ type: 'alone' })
    expect(changes(listed.persisted(true), 'opened')).toMatchObject([{ epoch: [8, expect.any(String)] }])
  })

  it('does not wait for a run that was refused, and takes it when the clock is right', () => {
    const bench = new Bench()
    bench.link()
    const lost = { ...runOfB([0, 1], [record('p', 1, maxClockDriftMs + 50)], [3, 'x']), hub: me }
    const listed = listBody([[me, [3, 'x'], 1]])
    bench.hear(listed)
    expect(changes(bench.hear(partOf(lost)), 'run-refused')).toHaveLength(1)
    expect(bench.catalog.isOpen).toBe(false)
    bench.step({ type: 'alone' })
    bench.persisted(true)
    expect(bench.catalog.replicas.slice(me)?.version).toMatchObject({ epoch: [4, expect.any(String)], seq: 1 })
    bench.now = 100
    expect(sends(bench.hear(listed), 'catalog.want')).toHaveLength(1)
    bench.hear(partOf(lost))
    bench.persisted(true)
    expect(bench.has('p')).toBe(true)
    expect(bench.hear(listed)).toEqual([])
  })

  it('rises above each lost epoch while the one before it is still being opened', () => {
    const bench = new Bench()
    bench.link('b')
    bench.link('c')
    bench.hear(listBody([[me, [3, 'x'], 1]]), 'b')
    expect(
      persists(bench.hear(partOf({ ...runOfB([0, 1], [record('p', 1)], [3, 'x']), hub: me }), 'b'), true),
    ).toHaveLength(1)
    bench.hear(listBody([[me, [5, 'y'], 1]]), 'c')
    bench.hear(partOf({ ...runOfB([0, 1], [record('q', 1)], [5, 'y']), hub: me }), 'c')
    expect(persists(bench.persisted(true), true)).toHaveLength(1)
    bench.persisted(true)
    expect(bench.catalog.replicas.slice(me)?.version.epoch[0]).toBe(6)
    expect([bench.has('p'), bench.has('q')]).toEqual([true, true])
  })

  it('takes an earlier epoch over without another new one', () => {
    const bench = new Bench({ lostOwn: { hub: hubId('me'), epoch: 5, records: [] } })
    bench.link()
    bench.step({ type: 'alone' })
    bench.persisted(true)
    bench.hear(listBody([[me, [3, 'x'], 1]]))
    bench.hear(partOf({ ...runOfB([0, 1], [record('p', 1)], [3, 'x']), hub: me }))
    expect(changes(bench.persisted(true), 'entry')).toHaveLength(1)
    expect(bench.catalog.replicas.slice(me)?.version).toMatchObject({ epoch: [6, expect.any(String)], seq: 2 })
  })

  it('recovers more than a full slice, and a refused batch keeps the rest to be fetched', () => {
    const bench = Bench.opened({ maxSliceRecords: 2 })
    bench.link()
    bench.write(putOf('p', {}), putOf('q', {}))
    bench.persisted(false)
    const listed = listBody([[me, [1, '!old'], 2]])
    const old = { ...runOfB([0, 2], [record('r', 1), record('s', 2)], [1, '!old']), hub: me }
    bench.hear(listed)
    bench.hear(partOf(old))
    bench.pass(1_000)
    bench.persisted(true)
    expect(bench.has('r')).toBe(false)
    bench.hear(listed)
    bench.hear(partOf(old))
    bench.persisted(true)
    expect(['p', 'q', 'r', 's'].map((key) => bench.has(key))).toEqual([true, true, true, true])
  })
})
