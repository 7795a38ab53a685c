// C18 under random histories: a reader that goes from hub to hub with its cursor, is cut off in the middle of what it is
// told, and meets hubs that are behind, restarted, emptied or forgotten, ends with exactly what the hubs hold.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readCursor } from '../../src/core/catalog/cursor.ts'
import type { Joined } from '../../src/core/catalog/record.ts'
import { walk } from '../../src/core/catalog/walk.ts'
import { project, putOf, removeOf, seen } from './catalog.kit.ts'
import { World } from './catalog.world.ts'

const names = ['a', 'b', 'c'] as const
const ops = [
  'put',
  'put',
  'remove',
  'pass',
  'cut',
  'mend',
  'crash',
  'loss',
  'start',
  'start',
  'forget',
  'purge',
] as const
const act = fc.record({
  op: fc.constantFrom(...ops, 'read', 'read', 'read'),
  at: fc.constantFrom(...names),
  other: fc.constantFrom(...names),
  key: fc.constantFrom('p', 'q', 'r', 's'),
  n: fc.nat(99),
})
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never

/** Holds what it was told, and where it stands. */
class Reader {
  readonly held = new Map<string, unknown>()
  cursor = '1'

  /** Takes so many steps of what a hub tells, and is cut off. */
  read(world: World, at: string, steps: number): void {
    const replicas = world.node(at).catalog?.replicas
    const cursor = readCursor(this.cursor)
    if (replicas === undefined || cursor === undefined) return
    let left = steps
    for (const step of walk(replicas, cursor, new Set([project]))) {
      if (left-- === 0) return
      if (step.type === 'reset' && step.isTotal) this.held.clear()
      if (step.type === 'entry') this.#take(step.id, replicas.joined(step.id))
      this.cursor = step.at
    }
  }

  #take(id: string, joined: Joined): void {
    const entry = seen(joined)
    if (entry === undefined) this.held.delete(id)
    else this.held.set(id, entry)
  }
}

function perform(world: World, reader: Reader, { op, at, other, key, n }: Act): void {
  const isUp = world.node(at).catalog !== undefined
  switch (op) {
    case 'put':
      if (isUp) world.write(at, putOf(key, { name: n }, n % 3 === 0 ? ['x'] : undefined))
      break
    case 'remove':
      if (isUp) world.write(at, removeOf(key))
      break
    case 'pass':
      world.pass(n % 4 === 0 ? 12_000 : n * 10)
      break
    case 'cut':
      world.unlink(at, other)
      break
    case 'mend':
      world.link(at, other)
      break
    case 'crash':
      world.crash(at, n % 4)
      break
    case 'loss':
      world.loseDisk(at)
      world.forgetUnheld()
      break
    case 'start':
      world.start(at)
      for (const name of names) world.link(at, name)
      break
    case 'forget':
      world.forget(at, other)
      break
    case 'purge':
      world.forget(at, other, true)
      break
    case 'read':
      reader.read(world, at, n % 8)
      break
  }
}

it('a reader that goes on anywhere, however often it is cut off, holds what the hubs hold', () => {
  const history = fc.array(act, { minLength: 10, maxLength: 60, size: 'max' })
  const property = fc.property(history, fc.integer(), (acts, seed) => {
    const world = new World(seed, names)
    Object.assign(world.weather, { delayMs: 300, diskMs: 80, loss: 0.2, doubling: 0.2 })
    for (const name of names) world.start(name)
    for (const a of names) for (const b of names) world.link(a, b)
    const reader = new Reader()
    for (const each of acts) perform(world, reader, each)
    world.heal()
    reader.read(world, 'b', Number.POSITIVE_INFINITY)
    const view = Object.entries(world.view('b')).filter(([id]) => id.startsWith(`${project}/`))
    expect(Object.fromEntries(reader.held)).toEqual(Object.fromEntries(view))
  })
  fc.assert(property, { seed: 6, numRuns: Number(process.env['RUNS'] ?? 40) })
})
