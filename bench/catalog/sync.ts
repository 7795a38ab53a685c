// What one comparison costs (C11): two catalogs of 1,000 hubs with 100 entries each, the real codec between them. Which
// slices differ is drawn; `mixed`: each hub is ahead in half of them. A slice's head (C10) travels with its
// records and counts as one of them. Beside it what negentropy paid for the same versions, measured once and elsewhere.

import type { Epoch } from '../../src/core/catalog/slice.ts'
import { Random } from '../../src/core/random.ts'
import { type Holdings, Pair } from '../../test/core/catalog.pair.ts'
import type { Report, Row } from '../row.ts'

const hubs = 1_000
/** Two hubs own a slice each, which is the same at both. */
const names = ['a', 'b', ...Array.from({ length: hubs - 2 }, (_, i) => `hub-${i + 2}`)]
/** Bytes that a 64-bit name for each difference would take: the floor of every method that knows nothing of slices. */
const floorBytes = 8

/**
 * Not measured in this run. Differences → bytes beside the records by github.com/hoytech/negentropy (js, commit 6edb041, frames unlimited) over
 * the same 1,000 versions, each an item named by its SHA-256; the request for the records is not in it.
 */
const negentropy: ReadonlyMap<number, number> = new Map([
  [0, 670],
  [1, 3_124],
  [100, 85_134],
  [300, 136_394],
  [998, 145_270],
])

const said = { a: 'the asker ahead', b: 'the asked ahead', mixed: 'each ahead in half' } as const
type Ahead = keyof typeof said

export async function sync(): Promise<Report> {
  const equal = compared(0, 'a')
  const rows: Row[] = [
    {
      what: 'sync of equal states, each way',
      measured: `${Math.max(...equal.frames.map(({ bytes }) => bytes))} B`,
      target: '≤ 64 B',
      isMet: equal.frames.length === 2 && equal.frames.every(({ bytes }) => bytes <= 64),
    },
  ]
  for (const ahead of ['a', 'b'] as const) {
    const { beside, roundTrips } = compared(1, ahead)
    rows.push({
      what: `one difference in 100,000, ${said[ahead]}`,
      measured: `${beside} B, ${roundTrips} RT`,
      target: '≤ 400 B, 2 RT',
      isMet: beside <= 400 && roundTrips <= 2,
    })
  }
  for (const count of [100, 300, 998]) {
    for (const ahead of ['mixed', 'a', 'b'] as const) {
      const bytes = compared(count, ahead).beside / count
      rows.push({
        what: `${count} differences, ${said[ahead]}, a record (floor ${floorBytes} B)`,
        measured: `${bytes.toFixed(1)} B`,
        target: `≤ ${2 * floorBytes} B`,
        isMet: bytes <= 2 * floorBytes,
      })
    }
  }
  const text = [...negentropy].map(
    ([count, bytes]) =>
      `not measured here: negentropy (js, 6edb041), ${count} differences: ${bytes} B beside the records`,
  )
  return { rows, text }
}

function compared(count: number, ahead: Ahead): ReturnType<Pair['compare']> {
  const random = new Random(count + 1)
  const before = new Map(names.map((name) => [name, 100 + random.below(900)]))
  const ids = names.map((_, nth): Epoch => [1, (nth * 7_919 + 0x1000_0000).toString(16)])
  const changed = new Map(random.sample(names.slice(2), count).map((name, nth) => [name, nth % 2 === 0]))
  const held = (side: 'a' | 'b'): Holdings =>
    new Map(
      names.map((name, nth) => {
        const isEven = changed.get(name)
        const isAhead = isEven !== undefined && (ahead === 'mixed' ? isEven === (side === 'a') : ahead === side)
        return [name, [ids[nth] as Epoch, (before.get(name) ?? 0) + Number(isAhead)]]
      }),
    )
  const pair = new Pair(held('a'), held('b'))
  const cost = pair.compare()
  if (pair.a.replicas.digest() !== pair.b.replicas.digest()) throw new Error('the two do not hold the same')
  return cost
}
