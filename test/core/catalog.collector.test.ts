// What the collector drops of one catalog (C14): record by record, how much at once, and beside writes under way.

import { describe, expect, it } from 'vitest'
import type { CatalogRecord, Field } from '../../src/core/catalog/record.ts'
import { leftOf, withoutPast } from '../../src/core/catalog/retention.ts'
import { Slice } from '../../src/core/catalog/slice.ts'
import {
  Bench,
  changes,
  digestBody,
  idleMs,
  listBody,
  partOf,
  persists,
  record,
  removalRetentionMs,
  runOfB,
  sends,
  stamp,
  wantOf,
} from './catalog.bench.ts'
import { headOf } from './catalog.heads.ts'
import { putOf, removeOf } from './catalog.kit.ts'
import { hubId, peerOf, wallStart } from './kit.ts'

const me = hubId('me')
const b = hubId('b')

/** Fields by the time of their stamp; removed at that time. */
function said(fields: Record<string, Field>, removedAt?: number): CatalogRecord {
  const plain = { kind: 'project', key: 'p', seq: 1, fields: fields as CatalogRecord['fields'] }
  return removedAt === undefined ? plain : { ...plain, removed: stamp(removedAt) }
}
const life = (ms: number) => ({ life: [true, stamp(ms)] as const })
const horizon = wallStart + 100

describe('of a record', () => {
  const nothing = undefined
  const cases: readonly (readonly [string, CatalogRecord, readonly CatalogRecord[], CatalogRecord | undefined])[] = [
    ['a removal past the retention goes', said({}, 99), [], nothing],
    ['a removal within it stays', said({}, 100), [], said({}, 100)],
    ['a removal stays while a field elsewhere is covered', said({}, 50), [said(life(50))], said({}, 50)],
    ['a removal goes beside fields that are above it', said({}, 50), [said(life(51))], nothing],
    ['only the removal goes where the entry lives again', said(life(51), 50), [], said(life(51))],
    [
      'a void goes when nothing is left to guard against',
      said({ t: [null, stamp(10)], ...life(20) }),
      [],
      said(life(20)),
    ],
    [
      'a void stays while another slice holds the add',
      said({ t: [null, stamp(10)], ...life(20) }),
      [said({ t: [true, stamp(10)] })],
      said({ t: [null, stamp(10)], ...life(20) }),
    ],
    [
      'voids of two slices do not keep each other',
      said({ t: [null, stamp(10)], ...life(20) }),
      [said({ t: [null, stamp(10)] })],
      said(life(20)),
    ],
    [
      'a void stays where the record was written within the retention',
      said({ t: [null, stamp(10)], ...life(100) }),
      [],
      said({ t: [null, stamp(10)], ...life(100) }),
    ],
    ['an empty one goes with the removal that emptied it', said({}), [said({}, 50), said({}, 99)], nothing],
    ['an empty one stays beside the removal that emptied it', said({}), [said({}, 50), said({}, 100)], said({})],
    ['an empty one stays while nothing says since when it is empty', said({}), [said(life(20))], said({})],
  ]

  it.each(cases)('%s', (...[, whole, others, left]) => {
    expect(leftOf(whole, others, horizon)).toEqual(left)
  })

  it('nothing changes that has nothing to lose: it is the same one', () => {
    const whole = said({ t: [null, stamp(10)], ...life(100) }, 5)
    expect(leftOf(whole, [said({ t: [true, stamp(4)] })], horizon)).toBe(whole)
    expect(withoutPast(said(life(1)), horizon)).toEqual(said(life(1)))
  })

  it('a hub that was away drops a removal past the retention whatever it covers', () => {
    expect(withoutPast(said(life(10), 50), horizon)).toEqual(said(life(10)))
    expect(withoutPast(said({}, 50), horizon)).toBeUndefined()
    expect(withoutPast(said({}, 100), horizon)).toEqual(said({}, 100))
  })
})

describe('the collector', () => {
  it('looks at 1,000 entries a minute, until it has been round', () => {
    const bench = Bench.opened({ maxSliceRecords: 5_000 })
    bench.link()
    const removals = Array.from({ length: 2_500 }, (_, i) => ({
      ...record(`p${i}`, i + 1),
      fields: {},
      removed: stamp(0),
    }))
    const run = runOfB([0, 2_500], removals)
    bench.delta({ ...run, head: { ...run.head, horizon: wallStart + 1 } })
    bench.persisted(true, 2)
    bench.step({ type: 'link-down', peer: peerOf('b') })
    bench.now = removalRetentionMs + 1
    const sizes = [0, idleMs, idleMs].map((ms) => {
      const [batch] = persists(bench.pass(ms), false)
      bench.persisted(true, 2)
      return [batch?.batch.length, bench.catalog.replicas.slice(b)?.size]
    })
    expect(sizes).toEqual([
      [1_001, 1_500],
      [1_001, 500],
      [501, 0],
    ])
  })

  it('lets a write under way be, and drops what is left with the next batch', () => {
    const bench = Bench.opened()
    bench.write(putOf('p', {}), putOf('q', {}))
    bench.persisted(true)
    bench.write(removeOf('p'), removeOf('q'))
    bench.persisted(true)
    bench.now = removalRetentionMs + 1
    bench.write(putOf('p', {}))
    expect(persists(bench.pass(2 * idleMs), true)).toEqual([])
    const [dropped] = persists(bench.persisted(true), true)
    expect(dropped?.batch).toMatchObject([
      { op: 'put', key: 'slice/me', value: { seq: 7, size: 1, floor: 5 } },
      { op: 'del', key: 'record/me/project/q' },
    ])
    bench.persisted(true)
    expect([bench.has('p'), bench.seq(), bench.catalog.replicas.slice(me)?.size]).toEqual([true, 7, 1])
  })

  it('has dropped nothing that the disk did not take', () => {
    const bench = Bench.opened()
    bench.write(putOf('p', {}))
    bench.persisted(true)
    bench.write(removeOf('p'))
    bench.persisted(true)
    bench.now = removalRetentionMs + 1
    const [first] = persists(bench.pass(idleMs), true)
    expect(bench.persisted(false).map(({ type }) => type)).toEqual(['change'])
    expect(bench.catalog.replicas.slice(me)?.size).toBe(1)
    expect(persists(bench.pass(1_000), true)).toEqual([first])
    bench.persisted(true)
    expect(bench.catalog.replicas.slice(me)?.size).toBe(0)
  })

  it('waits until everything is here that a peer holds: what a removal covers may still be to come', () => {
    const bench = new Bench()
    bench.link()
    bench.hear(
      listBody([
        [b, [1, 'bb'], 1],
        [hubId('c'), [1, 'c'], 1],
      ]),
    )
    bench.hear(partOf(runOfB([0, 1], [{ ...record('p', 1), fields: {}, removed: stamp(50) }])))
    bench.now = removalRetentionMs + 51
    const kept = (): number | undefined => bench.catalog.replicas.slice(b)?.size
    bench.step({ type: 'tick' })
    expect(kept()).toBe(1)
    bench.hear(partOf({ ...runOfB([0, 1], [record('p', 1, 40)], [1, 'c']), hub: hubId('c') }))
    bench.hear(digestBody(bench.catalog.replicas.digest()))
    bench.pass(2 * idleMs)
    expect([kept(), bench.has('p')]).toEqual([1, false])
  })

  it('leaves out of what is announced anew old removals that it learned late to be old', () => {
    const removal = { ...record('p', 1), fields: {}, removed: stamp(50) }
    const head = headOf({ hub: me, epoch: [1, 'x'], to: 1 }, [removal])
    const own = new Slice(me, { epoch: [1, 'x'], seq: 1 }, { head })
    own.restore(removal)
    const bench = new Bench({ slices: [own], isReturning: true })
    bench.now = removalRetentionMs + 1_000
    bench.link('b')
    // By what it knows so far the retention is not over: it was down, and cannot tell for how long.
    bench.sleep(removalRetentionMs)
    bench.hear(
      listBody([
        [b, [1, 'bb'], 1],
        [hubId('c'), [1, 'c'], 1],
      ]),
    )
    bench.hear(partOf(runOfB([0, 1], [record('p', 1, 40)])))
    expect(bench.has('p')).toBe(false)
    bench.hear(partOf({ ...runOfB([0, 1], [record('q', 1, removalRetentionMs + 500)], [1, 'c']), hub: hubId('c') }))
    const [opening] = persists(bench.hear(listBody([])), true)
    expect(opening?.batch).toMatchObject([
      { key: 'slice/me', value: { epoch: [2, expect.any(String)], size: 0 } },
      { op: 'del' },
    ])
    expect(changes(bench.persisted(true), 'opened')).toMatchObject([{ anew: [] }])
    expect(bench.has('p')).toBe(true)
  })

  it('serves the whole slice to who stands below what was dropped, and what is left to who stands above', () => {
    const bench = Bench.opened()
    bench.link()
    bench.write(putOf('p', {}), putOf('q', {}))
    bench.persisted(true)
    bench.write(removeOf('p'))
    bench.persisted(true)
    bench.write(putOf('r', {}))
    bench.persisted(true)
    bench.now = removalRetentionMs + 1
    bench.pass(idleMs)
    bench.persisted(true)
    const epoch = bench.catalog.replicas.slice(me)?.version.epoch ?? [0, '']
    const ask = (have: number) =>
      sends(bench.hear(wantOf({ hub: me, epoch, have, to: 0, after: have })), 'catalog.part').flatMap(
        ({ parts }) => parts,
      )
    const floor = bench.catalog.replicas.slice(me)?.floor ?? 0
    expect(ask(floor - 1)).toMatchObject([{ from: 0, after: 0, floor, records: [{ key: 'q' }, { key: 'r' }] }])
    expect(ask(floor)).toMatchObject([{ from: floor, records: [{ key: 'r' }] }])
    expect(ask(floor)[0]).not.toHaveProperty('floor')
  })

  it('takes no floor above the run that names it', () => {
    const bench = Bench.opened()
    bench.link()
    bench.hear(listBody([[b, [1, 'bb'], 1]]))
    const effects = bench.hear(partOf({ ...runOfB([0, 1], [record('p', 1)]), floor: 2 }))
    expect(changes(effects, 'run-refused')).toMatchObject([{ reason: 'malformed' }])
  })
})
