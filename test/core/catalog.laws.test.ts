// The catalog under random histories: whatever is lost, doubled, reordered or forgotten, all hubs end with the same.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { entryId, withoutCovered } from '../../src/core/catalog/record.ts'
import { readSlices } from '../../src/core/catalog/stored.ts'
import { restoreBackup, takeBackup } from './catalog.backup.ts'
import { putOf, removeOf } from './catalog.kit.ts'
import { World } from './catalog.world.ts'
import { hubId } from './kit.ts'

const names = ['a', 'b', 'c'] as const
const name = fc.constantFrom(...names)
const key = fc.constantFrom('p', 'q', 'r')
const tags = fc.subarray(['x', 'y', 'z'])

type Act = (world: World) => void

const put = fc.tuple(name, key, fc.nat(99), fc.option(tags)).map(([at, slug, value, set]): Act => {
  return (world) => void (world.node(at).catalog && world.write(at, putOf(slug, { name: value }, set ?? undefined)))
})
const patch = fc.tuple(name, key, fc.nat(99)).map(([at, slug, value]): Act => {
  return (world) => void (world.node(at).catalog && world.write(at, putOf(slug, { url: value })))
})
/** More than one part of a run. */
const bulk = fc.tuple(name, fc.nat(99)).map(([at, value]): Act => {
  const writes = Array.from({ length: 12 }, (_, i) => putOf(`bulk-${i}`, { name: value, text: 'x'.repeat(1_500) }))
  return (world) => void (world.node(at).catalog && world.write(at, ...writes))
})
const remove = fc.tuple(name, key).map(([at, slug]): Act => {
  return (world) => void (world.node(at).catalog && world.write(at, removeOf(slug)))
})
const pass = fc.constantFrom(1, 10, 30, 90, 120, 300, 3_500, 12_000).map(
  (ms): Act =>
    (world) =>
      world.pass(ms),
)
const cut = fc.tuple(name, name).map(
  ([a, b]): Act =>
    (world) =>
      world.unlink(a, b),
)
const mend = fc.tuple(name, name).map(
  ([a, b]): Act =>
    (world) =>
      world.link(a, b),
)
const crash = fc.tuple(name, fc.nat(5)).map(
  ([at, lost]): Act =>
    (world) =>
      world.crash(at, lost),
)
const restart = name.map((at): Act => {
  return (world) => {
    world.start(at)
    for (const other of names) world.link(at, other)
  }
})
const fill = fc.tuple(name, fc.boolean()).map(([at, isFull]): Act => {
  return (world) => {
    world.node(at).disk.isFull = isFull
  }
})
const loss = name.map((at): Act => {
  return (world) => {
    world.loseDisk(at)
    world.forgetUnheld()
  }
})
const damage = fc.tuple(name, fc.nat(50)).map(
  ([at, which]): Act =>
    (world) =>
      world.damage(at, which),
)
const backup = name.map(
  (at): Act =>
    (world) =>
      takeBackup(world, at),
)
const restore = name.map((at): Act => {
  return (world) => {
    const { backup } = world.node(at)
    restoreBackup(world, at)
    world.forgetUnheld()
    if (backup !== undefined) for (const slice of readSlices(backup.entries).slices) world.judge.remember(slice)
  }
})

/** Its clock is off from now on: by more than the drift, which is 30 s, or right again. */
const skew = fc.tuple(name, fc.constantFrom(-150_000, -40_000, 0, 40_000, 150_000)).map(([at, ms]): Act => {
  return (world) => {
    world.node(at).skewMs = ms
  }
})

const forget = fc.tuple(name, name).map(
  ([at, whom]): Act =>
    (world) =>
      world.forget(at, whom),
)

const forgetWithData = fc.tuple(name, name).map(
  ([at, whom]): Act =>
    (world) =>
      world.forget(at, whom, true),
)

const plain = fc.tuple(name, key, fc.nat(99)).map(([at, slug, value]): Act => {
  return (world) => void (world.node(at).catalog && world.write(at, putOf(slug, { name: value })))
})

/** Longer than any history. */
const retentionMs = 700_000

interface Chapter {
  readonly acts: readonly Act[]
  /** Quiet after it. */
  readonly ms: number
}

function play(chapters: readonly Chapter[], seed: number): World {
  const world = new World(seed, names, { retentionMs })
  for (const at of names) world.start(at)
  for (const a of names) for (const b of names) world.link(a, b)
  for (const { acts, ms } of chapters) {
    Object.assign(world.weather, { delayMs: 300, diskMs: 80, loss: 0.2, doubling: 0.2 })
    for (const act of acts) act(world)
    world.heal()
    world.pass(ms)
  }
  // C10: weather is no lie.
  const forged = world.changes.filter(({ change }) => change.type === 'quarantined' && change.reason !== 'withheld')
  expect(forged).toEqual([])
  return world
}

function expectAgreement(world: World): void {
  expect(new Set(world.digests()).size).toBe(1)
  for (const at of names) {
    expect(world.view(at)).toEqual(world.view('a'))
    expect(world.catalog(at).behind).toBe(0)
    expectPruned(world, at)
  }
}

/** C7, C13: nothing covered is kept by its author, nothing of an earlier epoch by anyone. */
function expectPruned(world: World, at: string): void {
  const { replicas } = world.catalog(at)
  for (const record of replicas.slice(hubId(at))?.records() ?? []) {
    const joined = replicas.joined(entryId(record))
    expect(joined.removed && withoutCovered(record, joined.removed)).toBeUndefined()
  }
  for (const slice of replicas.slices()) expect(slice.surplus()).toBeUndefined()
}

/** Plays many histories made of these acts. */
function expectAlways(acts: readonly fc.Arbitrary<Act>[], seed: number, claim: (world: World) => void): void {
  const history = fc.array(fc.oneof(...acts), { minLength: 8, maxLength: 50, size: 'max' })
  const property = fc.property(history, fc.integer(), (played, weather) =>
    claim(play([{ acts: played, ms: 0 }], weather)),
  )
  fc.assert(property, { seed, numRuns: Number(process.env['RUNS'] ?? 40) })
}

/** Plays several of them with long quiet between, in which removals fall due: at any point of the next history. */
function expectForYears(acts: readonly fc.Arbitrary<Act>[], seed: number, claim: (world: World) => void): void {
  const history = fc.array(fc.oneof(...acts), { minLength: 4, maxLength: 30, size: 'max' })
  const ms = fc.integer({ min: 0, max: retentionMs })
  const chapters = fc.array(fc.record({ acts: history, ms }), { minLength: 2, maxLength: 4 })
  const property = fc.property(chapters, fc.integer(), (played, weather) => claim(play(played, weather)))
  fc.assert(property, { seed, numRuns: Number(process.env['RUNS'] ?? 40) })
}

/** C14: the hubs that were down judge time by what they last knew; after that and the retention nothing removed is kept. */
function expectCollected(world: World): void {
  world.pass(5 * retentionMs)
  expect(new Set(world.digests()).size).toBe(1)
  for (const at of names) {
    for (const slice of world.catalog(at).replicas.slices()) {
      for (const { fields, removed } of slice.records())
        expect([Object.keys(fields).length > 0, removed]).toEqual([true, undefined])
    }
    const stored = [...world.node(at).disk.entries().keys()].filter((key) => key.startsWith('record/'))
    const slices = [...world.catalog(at).replicas.slices()]
    const held = slices.flatMap((slice) =>
      [...slice.records()].map((record) => `record/${slice.hub}/${entryId(record)}`),
    )
    // A disk that was full may lack some of others' slices until the next of them moves.
    expect(stored.filter((key) => !held.includes(key))).toEqual([])
  }
}

/** C14: after an absence of all hubs nothing is lost, also of what one said that lost its disk; what was removed may be back. */
function expectKept(world: World): void {
  const promised = Object.entries(world.judge.promised())
  for (const at of names) world.crash(at)
  world.loseDisk('b')
  world.pass(2 * retentionMs)
  world.heal()
  world.pass(60_000)
  expect(new Set(world.digests()).size).toBe(1)
  for (const at of names) {
    expect(world.catalog(at).reserve.size).toBe(0)
    expect(world.view(at)).toMatchObject(Object.fromEntries(promised))
  }
}

function expectPromised(world: World): void {
  expectAgreement(world)
  expect(world.view('a')).toEqual(world.judge.promised())
}

describe('however the network treats them, hubs that meet again', () => {
  it('hold the same catalog, and it is what was acknowledged', () => {
    expectAlways([put, put, bulk, patch, remove, pass, pass, cut, mend], 1, expectPromised)
  })

  it('have lost nothing that was acknowledged before a crash', () => {
    expectAlways(
      [put, put, bulk, patch, remove, pass, pass, cut, mend, crash, restart, restart, fill],
      2,
      expectPromised,
    )
  })

  it('have all that the others held of a hub when its disk was lost', () => {
    expectAlways([plain, plain, bulk, patch, remove, pass, pass, cut, mend, loss, restart, restart], 3, expectPromised)
  })

  it('have lost nothing by forgetting hubs, be they dead, cut off or alive', () => {
    const acts = [put, put, bulk, patch, remove, pass, pass, cut, mend, crash, restart, restart, forget, forget]
    expectAlways(acts, 5, expectPromised)
  })

  it('revive nothing and lose nothing while removals are dropped, and keep none of them in the end', () => {
    const acts = [put, put, bulk, patch, remove, remove, pass, pass, cut, mend, crash, restart, restart, fill, forget]
    expectForYears(acts, 6, (world) => {
      expectPromised(world)
      expectCollected(world)
      expectPromised(world)
    })
  })

  it('get back no removal that was dropped, nor what it removed, from the epochs of lost disks', () => {
    expectForYears([plain, plain, patch, remove, remove, pass, cut, mend, loss, restart, restart], 7, (world) => {
      expectPromised(world)
      expectCollected(world)
      expectPromised(world)
    })
  })

  it('have lost nothing when all were away for longer than the retention and one comes back without its disk', () => {
    expectAlways([plain, plain, bulk, patch, remove, pass, pass, cut, mend, loss, restart, restart], 8, expectKept)
  })

  it('hold what was acknowledged also where clocks were far off, once they are right and the time has come', () => {
    const acts = [put, put, bulk, patch, remove, pass, pass, cut, mend, crash, restart, restart, skew, skew]
    expectAlways(acts, 8, expectPromised)
  })

  it('have all that the others held of a hub that was restored, and all that was in its backup', () => {
    const acts = [plain, plain, bulk, patch, remove, remove, pass, pass, cut, mend, forget]
    expectAlways([...acts, backup, backup, restore, restore, restart, restart, restart], 103, (world) => {
      world.pass(60_000)
      expectPromised(world)
    })
  })

  it('agree also when everything happens at once', () => {
    const acts = [
      put,
      put,
      bulk,
      patch,
      remove,
      pass,
      pass,
      cut,
      mend,
      crash,
      loss,
      damage,
      backup,
      restore,
      restart,
      restart,
      restart,
      fill,
      forget,
      forgetWithData,
    ]
    expectAlways(acts, 4, expectAgreement)
  })
})
