// C2: a stamp further ahead than the drift is refused at every hop, whichever way it comes, and taken when its time has come.

import { describe, expect, it } from 'vitest'
import { hour } from '../../src/core/time.ts'
import {
  Bench,
  changes,
  epochOfB,
  listBody,
  maxClockDriftMs,
  partOf,
  record,
  replies,
  runOfB,
  stamp,
} from './catalog.bench.ts'
import { putOf, seen } from './catalog.kit.ts'
import { World } from './catalog.world.ts'
import { hubId } from './kit.ts'

const early = maxClockDriftMs + 1_000
const refused = [{ type: 'run-refused', hub: 'b', reason: 'drift' }]

describe('a record from the future', () => {
  it('is refused as a delta, as part of a run, and as a delta that waited for its turn', () => {
    const bench = Bench.opened()
    bench.link()
    expect(changes(bench.delta(runOfB([0, 1], [record('p', 1, early)])), 'run-refused')).toEqual(refused)
    bench.hear(listBody([[hubId('b'), epochOfB, 1]]))
    const part = partOf(runOfB([0, 1], [record('p', 1, early)]))
    expect(changes(bench.hear(part), 'run-refused')).toEqual(refused)
    bench.delta(runOfB([1, 2], [record('q', 2, early)]))
    expect(changes(bench.delta(runOfB([0, 1], [record('p', 1, 1)])), 'run-refused')).toEqual(refused)
    expect([bench.has('p'), bench.has('q'), bench.seq('b')]).toEqual([true, false, 1])
  })

  it('goes nowhere: no hub takes it from the one that made it, so none can pass it on, until its time has come', () => {
    const names = ['a', 'b', 'c', 'd']
    const world = new World(7, names)
    world.heal()
    world.node('a').skewMs = 2 * hour
    world.write('a', putOf('early', { name: 'a' }))
    world.pass(hour)
    const holders = () =>
      names.filter((name) => seen(world.catalog(name).replicas.joined('project/early')) !== undefined)
    expect(holders()).toEqual(['a'])
    world.node('a').skewMs = 0
    world.pass(hour + maxClockDriftMs)
    expect(holders()).toEqual(names)
  })
})

describe('a hub whose clock is too far behind to stamp', () => {
  it('still says the removal instead of what it covers: that takes no stamp of its own (C7)', () => {
    const bench = Bench.opened()
    bench.now = 1_000
    bench.write(putOf('p', { name: 'P' }))
    bench.persisted(true)
    bench.now = 60_000
    bench.delta(runOfB([0, 1], [record('q', 1, 60_000)]))
    bench.now = 20_000
    expect(replies(bench.write(putOf('r', {})))).toMatchObject([[2, { ok: false, code: 'clock-drift' }]])
    bench.delta(runOfB([1, 2], [{ ...record('p', 2), fields: {}, removed: stamp(2_000) }]))
    bench.persisted(true)
    expect(bench.catalog.replicas.slice(hubId('me'))?.get('project/p')).toMatchObject({
      fields: {},
      removed: stamp(2_000),
    })
  })
})
