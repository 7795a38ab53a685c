// Every order of what can happen to one entry at three hubs, up to a depth (DEPTH; 4: 20,000 histories, which
// scripts/nightly plays). Beyond it the histories of catalog.laws.test.ts are random.

import { describe, expect, it } from 'vitest'
import { isAwayTooLong } from '../../src/core/catalog/absence.ts'
import { exists } from '../../src/core/catalog/record.ts'
import { readSlices } from '../../src/core/catalog/stored.ts'
import { restoreBackup, takeBackup } from './catalog.backup.ts'
import { join } from './catalog.federation.ts'
import { putOf, removeOf } from './catalog.kit.ts'
import { World } from './catalog.world.ts'
import { at } from './kit.ts'

const names = ['a', 'b', 'c'] as const
const depth = Number(process.env['DEPTH'] ?? 2)
/** Longer than any history. */
const retentionMs = 700_000

/** What a history has to keep in mind. */
interface Play {
  readonly world: World
  /** c has no link, whoever starts. */
  isApart: boolean
  /** Values differ, so that it shows which one won. */
  written: number
}

function start(play: Play, name: string): void {
  play.world.start(name)
  for (const other of names) if (!play.isApart || (name !== 'c' && other !== 'c')) play.world.link(name, other)
}

function put({ world, written }: Play, name: string): void {
  world.write(name, putOf('p', { name: written }))
}

const acts: Readonly<Record<string, (play: Play) => void>> = {
  'a adds': (play) => put(play, 'a'),
  'b adds': (play) => put(play, 'b'),
  'b patches': ({ world, written }) => {
    const isThere = world.node('b').catalog && exists(world.catalog('b').replicas.joined('project/p'))
    if (isThere) world.write('b', putOf('p', { url: written }))
  },
  'a removes': ({ world }) => void world.write('a', removeOf('p')),
  'c removes': ({ world }) => void world.write('c', removeOf('p')),
  'a forgets c': ({ world }) => world.forget('a', 'c'),
  'c loses its disk': (play) => {
    play.world.loseDisk('c')
    play.world.forgetUnheld()
    start(play, 'c')
  },
  'b is backed up': ({ world }) => takeBackup(world, 'b'),
  'b is restored': (play) => {
    const { world } = play
    const { backup } = world.node('b')
    // `hubmesh restore` refuses it.
    const isTooOld = backup !== undefined && isAwayTooLong(backup.takenAt, at(world.now).wall, retentionMs)
    if (backup === undefined || isTooOld) return
    restoreBackup(world, 'b')
    world.forgetUnheld()
    for (const slice of readSlices(backup.entries).slices) world.judge.remember(slice)
    start(play, 'b')
  },
  'c is away beyond the retention': (play) => {
    play.world.crash('c')
    play.world.pass(2 * retentionMs)
    start(play, 'c')
  },
  'c is cut off': (play) => {
    play.isApart = true
    for (const other of names) play.world.unlink('c', other)
  },
  'all meet': (play) => {
    play.isApart = false
    for (const name of names) join(play.world, name)
  },
  'a while passes': ({ world }) => world.pass(1_000),
}

/** The entry is there, everybody has heard of it, and b can go back to that. */
const begun = ['a adds', 'a while passes', 'b is backed up']

/** All lists of so many of them, but for those in which one does nothing. */
function* orders(length: number): Generator<readonly string[]> {
  if (length === 0) {
    yield begun
    return
  }
  for (const first of orders(length - 1)) {
    const isApart = first.findLast((act) => act === 'c is cut off' || act === 'all meet') === 'c is cut off'
    const isIdle = (act: string): boolean =>
      (act === 'all meet' && !isApart) || (act === 'c is cut off' && isApart) || (act === first.at(-1) && isPause(act))
    for (const act of Object.keys(acts)) if (!isIdle(act)) yield [...first, act]
  }
}

function isPause(act: string): boolean {
  return act === 'a while passes' || act === 'b is backed up'
}

function play(history: readonly string[]): World {
  const world = new World(1, names, { retentionMs })
  const state: Play = { world, isApart: false, written: 0 }
  for (const name of names) start(state, name)
  world.pass(500)
  for (const name of names) if (!world.catalog(name).isOpen) world.step(name, { type: 'alone' })
  for (const act of history) {
    state.written++
    acts[act]?.(state)
  }
  world.heal()
  world.pass(60_000)
  return world
}

/** Nothing acknowledged is lost, and nothing removed returns unless somebody was away for too long (C14). */
function complaintAbout(history: readonly string[]): string | undefined {
  try {
    const world = play(history)
    const promised = world.judge.promised()
    const isAway = history.includes('c is away beyond the retention')
    // Whoever was away may bring it back; who lost its disk is not asked whether it knew of the removal.
    const mayBeBack = isAway && history.some((act) => act.endsWith('removes'))
    expect(new Set(world.digests()).size).toBe(1)
    for (const name of names) {
      expect(world.catalog(name).behind).toBe(0)
      expect(world.view(name)).toEqual(mayBeBack ? world.view('a') : promised)
    }
    return undefined
  } catch (error) {
    return `${history.join(', ')}: ${error instanceof Error ? error.message : error}`
  }
}

describe('whatever happens to an entry, and in whatever order', () => {
  it(`all hubs agree on what was acknowledged: every history of ${depth}`, () => {
    const complaints = [...orders(depth)].flatMap((history) => complaintAbout(history) ?? [])
    expect(complaints.slice(0, 5)).toEqual([])
  })

  it('a removal of one hub is a removal at all of them, also when its author is forgotten', () => {
    const world = play([...begun, 'c is cut off', 'c removes', 'a forgets c'])
    for (const name of names) expect(world.view(name)['project/p']).toBeUndefined()
  })

  it('a slice that comes out of reserve when its hub is forgotten already is dropped in the same tick', () => {
    expect(complaintAbout([...begun, 'a forgets c', 'b is restored', 'c is away beyond the retention'])).toBeUndefined()
  })
})
