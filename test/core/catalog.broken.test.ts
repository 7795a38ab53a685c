// C9: a transfer that breaks off goes on where it was, with whoever holds the slice as far; and what comes together so is
// believed no sooner than what came from one.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cborCodec } from '../../src/adapters/codec.ts'
import type { CatalogMessage } from '../../src/core/catalog/messages.ts'
import { minute } from '../../src/core/time.ts'
import { seal } from '../../src/core/wire.ts'
import { syncIntervalMs } from './catalog.bench.ts'
import { federationOf } from './catalog.federation.ts'
import { putOf, removeOf } from './catalog.kit.ts'
import { liar, lies } from './catalog.lies.ts'
import type { World } from './catalog.world.ts'
import { hubId, peerOf } from './kit.ts'

const maxSliceRecords = 5_000
const retentionMs = 2 * minute
/** Of a message that brings part of a run: 16 KB of records as JSON, which are less as CBOR, and what is around them. */
const partBytes = 16 * 1024

/** `author` has written so many entries, which those that are named hold as well; nobody else runs. */
function scene(count: number, ...holders: string[]): World {
  const world = federationOf(['a', ...holders], { maxSliceRecords, retentionMs })
  for (let from = 0; from < count; from += 500) {
    const some = Array.from({ length: Math.min(500, count - from) }, (_, i) => from + i)
    world.write(
      'a',
      ...some.map((i) => putOf(`p${i}`, { name: `Project ${i}`, hub_url: `https://a.example.org/${i}` })),
    )
    world.pass(2 * syncIntervalMs)
  }
  world.add('v')
  world.start('v')
  return world
}

/** Weighs what v is sent of slices, and loses all that comes from one after so many parts: the line is dead, until the link is new. */
class Line {
  readonly #world: World
  readonly #meddle: World['meddle']
  #parts = 0
  bytes = 0
  breaks = 0

  constructor(world: World, meddle: World['meddle'] = (_, message) => message) {
    this.#world = world
    this.#meddle = meddle
  }

  /** Links v with that hub, and ends with that line after so many parts. */
  bring(from: string, parts: number, ms = 200): void {
    const world = this.#world
    this.#parts = parts
    world.meddle = (name, said) => {
      const message = this.#meddle(name, said)
      if (message === undefined || name === 'v') return this.#parts < 0 ? undefined : message
      if (isPart(message)) {
        this.bytes += cborCodec.encode(seal(message.kind, message.body)).length
        this.#parts--
      }
      return this.#parts < 0 ? undefined : message
    }
    world.link('v', from)
    for (let waited = 0; waited < syncIntervalMs && this.#parts >= 0 && !this.holds(from); waited += ms) world.pass(ms)
    if (this.#parts < 0) this.breaks++
    world.unlink('v', from)
    world.meddle = this.#meddle
  }

  holds(from: string): boolean {
    const [theirs, ours] = [from, 'v'].map((name) => this.#world.catalog(name).replicas.slice(hubId('a'))?.version.seq)
    return theirs !== undefined && ours === theirs
  }
}

const isPart = ({ kind }: CatalogMessage) => kind === 'catalog.part' || kind === 'catalog.runs'
const quarantined = (world: World) =>
  world.changes.flatMap(({ change }) => (change.type === 'quarantined' ? [`${change.reason} ${change.peer}`] : []))

describe('a slice of 5,000 records over a line that breaks after every ten parts', () => {
  const world = scene(5_000, 'b')
  const undisturbed = new Line(world)
  undisturbed.bring('a', Number.POSITIVE_INFINITY)
  world.crash('v')

  it.each([
    ['one source that comes back', ['a']],
    ['two sources in turn', ['a', 'b']],
  ])('comes from %s in the bytes of one transfer, and what was lost with each break', (_, sources) => {
    world.loseDisk('v')
    world.start('v')
    const line = new Line(world)
    for (let i = 0; i < 30 && !line.holds('a'); i++) line.bring(sources[i % sources.length] ?? '', 10)
    expect(line.holds('a')).toBe(true)
    expect(line.breaks).toBeGreaterThan(5)
    expect(line.bytes).toBeLessThan(undisturbed.bytes + line.breaks * partBytes)
    expect(quarantined(world)).toEqual([])
  })
})

describe('a run that goes on', () => {
  it('brings what was written again, written anew and removed since it broke off', () => {
    const world = scene(400, 'b')
    const line = new Line(world)
    line.bring('a', 3)
    const changes = Array.from({ length: 30 }, (_, i) => putOf(`p${i * 13}`, { name: `again ${i}` }))
    world.write('a', ...changes, removeOf('p2'), removeOf('p399'), putOf('new', { name: 'new' }))
    world.pass(2 * syncIntervalMs)
    const before = line.bytes
    line.bring('b', Number.POSITIVE_INFINITY)
    expect(world.view('v')).toEqual(world.view('a'))
    expect(line.bytes - before).toBeLessThan(7 * partBytes)
  })

  it('begins anew where what it brought was removed since, and the removal dropped by all (C14)', () => {
    const world = scene(300, 'b')
    const line = new Line(world)
    line.bring('a', 3)
    world.write('a', removeOf('p1'))
    world.pass(retentionMs + 5 * minute)
    expect(world.catalog('b').replicas.slice(hubId('a'))?.floor).toBeGreaterThan(300)
    line.bring('b', Number.POSITIVE_INFINITY)
    expect(world.view('v')).toEqual(world.view('a'))
    expect(quarantined(world)).toEqual([])
  })

  it('begins anew where the next source holds less, and loses nothing by it', () => {
    const world = scene(200, 'b')
    world.unlink('a', 'b')
    world.write('a', putOf('late', { name: 'late' }))
    world.pass(1_000)
    const line = new Line(world)
    line.bring('a', 2)
    line.bring('b', Number.POSITIVE_INFINITY)
    expect(world.view('v')).toEqual(world.view('b'))
    line.bring('a', Number.POSITIVE_INFINITY)
    expect(world.view('v')).toEqual(world.view('a'))
  })

  it('ends with what its author holds, whatever breaks and whatever is written meanwhile', () => {
    const act = fc.record({ from: fc.constantFrom('a', 'b', 'c'), parts: fc.nat(6), writes: fc.nat(40) })
    fc.assert(
      fc.property(fc.array(act, { minLength: 3, maxLength: 12 }), (acts) => {
        const world = scene(300, 'b', 'c')
        const line = new Line(world)
        for (const { from, parts, writes } of acts) {
          line.bring(from, parts, 50)
          world.write(
            'a',
            ...Array.from({ length: writes }, (_, i) => putOf(`p${i * parts}`, { name: `${parts} ${i}` })),
          )
          world.pass(500)
        }
        world.heal()
        expect(world.view('v')).toEqual(world.view('a'))
        expect(quarantined(world)).toEqual([])
      }),
      { numRuns: 15 },
    )
  })
})

describe('a run that two sent, one of whom lies', () => {
  const roster = (world: World) => () => world.catalog('b').replicas.roster
  const lying = (world: World) => liar({ name: 'b', author: 'a', lie: lies['flips a record'], roster: roster(world) })

  it('is not taken, and is fetched from each alone: where the liar began it, it is not found out by that', () => {
    const world = scene(300, 'b')
    const line = new Line(world, lying(world))
    line.bring('b', 3)
    const before = line.bytes
    line.bring('a', Number.POSITIVE_INFINITY)
    expect(world.view('v')).toEqual(world.view('a'))
    expect(quarantined(world)).toEqual([])
    // The rest, and all of it once more.
    const whole = new Line(scene(300))
    whole.bring('a', Number.POSITIVE_INFINITY)
    expect(line.bytes - before).toBeGreaterThan(whole.bytes)
  })

  it('is not taken, and where the liar ended it, it is found out when it is asked alone', () => {
    const world = scene(300, 'b')
    const line = new Line(world, lying(world))
    line.bring('a', 3)
    line.bring('b', Number.POSITIVE_INFINITY)
    expect(world.catalog('v').replicas.slice(hubId('a'))).toBeUndefined()
    expect(quarantined(world)).toEqual([`root ${peerOf('b')}`])
    line.bring('a', Number.POSITIVE_INFINITY)
    expect(world.view('v')).toEqual(world.view('a'))
    expect(quarantined(world)).toHaveLength(1)
  })

  it('costs the honest one two transfers at most, however often the liar breaks off', () => {
    const world = scene(300, 'b')
    const whole = new Line(world)
    whole.bring('a', Number.POSITIVE_INFINITY)
    world.loseDisk('v')
    world.start('v')
    const line = new Line(world, lying(world))
    let bytes = 0
    for (let i = 0; i < 10 && !line.holds('a'); i++) {
      line.bring('b', 2)
      const before = line.bytes
      line.bring('a', 5)
      bytes += line.bytes - before
    }
    expect([line.holds('a'), quarantined(world)]).toEqual([true, []])
    expect(bytes).toBeLessThan(2 * whole.bytes + line.breaks * partBytes)
  })

  it('ends well, too, where every line breaks all the time', () => {
    const world = scene(300, 'b')
    const line = new Line(world, lying(world))
    line.bring('b', 3)
    for (let i = 0; i < 20 && !line.holds('a'); i++) line.bring('a', 3)
    expect([line.holds('a'), quarantined(world)]).toEqual([true, []])
  })
})

it('a delta cannot say of itself that several sent it', () => {
  const world = federationOf(['a', 'b'], {})
  world.meddle = (_, message) => {
    if (message.kind !== 'catalog.delta') return message
    const records = message.body.records.map((record) => ({ ...record, fields: {} }))
    const body = { ...message.body, records, isMixed: true }
    return { kind: message.kind, body }
  }
  world.write('a', putOf('p', { name: 'p' }))
  world.pass(1_000)
  expect(quarantined(world)).toEqual([`root ${peerOf('a')}`])
})
